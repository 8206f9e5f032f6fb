"""A table of patients ready for fitting: values by input as the application reads them, terms, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.table_model import Term, Values
from training.data import unit_hash

Floats = NDArray[np.float64]
Model = Literal["cox", "logistic", "multinomial"]
SMALLEST_SCALE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The patients of one recipe: an id and the values of each, and the outcome.

    `group` joins what must stay in one fold. `y` is the event (0 or 1) or the label's number; `days` is the
    follow-up of a Cox model. `horizon` is its day.
    """

    model: Model
    ids: tuple[str, ...]
    group: tuple[str, ...]
    values: tuple[Values, ...]
    y: NDArray[np.int64]
    days: Floats
    horizon: float = 0.0
    labels: tuple[str, ...] = ("event",)

    def __len__(self) -> int:
        return len(self.ids)


def raw_terms(cohort: Cohort, terms: Sequence[Term]) -> Floats:
    """Return (patient, term): each function of each value, neither centred nor scaled."""
    bare = [
        Term(input=t.input, function=t.function, centre=0.0, scale=1.0, number=t.number, choice=t.choice)
        for t in terms
    ]
    return np.array([[term.of(values[term.input]) for term in bare] for values in cohort.values])


def centred(raw: Floats, terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return terms centred at the mean of some patients; numbers are scaled by their spread, choices by 1."""
    means, spreads = raw.mean(axis=0), raw.std(axis=0)
    return tuple(
        Term(
            input=term.input,
            function=term.function,
            centre=float(mean),
            scale=1.0 if term.function == "equals" else max(float(spread), SMALLEST_SCALE),
            number=term.number,
            choice=term.choice,
        )
        for term, mean, spread in zip(terms, means, spreads, strict=True)
    )


def standardised(raw: Floats, terms: Sequence[Term]) -> Floats:
    """Return raw terms as the application reads them: centred and scaled."""
    centre = np.array([term.centre for term in terms])
    scale = np.array([term.scale for term in terms])
    return np.asarray((raw - centre) / scale)


def folds_of(cohort: Cohort, count: int, salt: str) -> NDArray[np.int64]:
    """Return the fold of each patient: groups stay together, outcomes are spread evenly; by hash alone."""
    folds = np.zeros(len(cohort), dtype=np.int64)
    first = {group: index for index, group in reversed(list(enumerate(cohort.group)))}
    for label in np.unique(cohort.y):
        groups = [group for group, index in first.items() if cohort.y[index] == label]
        groups.sort(key=lambda group: unit_hash(f"{salt}/{group}"))
        start = int(unit_hash(f"{salt}/{label}") * count)
        for place, group in enumerate(groups):
            for index in (i for i, name in enumerate(cohort.group) if name == group):
                folds[index] = (place + start) % count
    return folds
