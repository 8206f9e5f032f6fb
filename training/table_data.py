"""A table of patients ready for fitting: values by input as the application reads them, terms, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    follow-up of a Cox model. `horizon` is its day. `asked` are the values of each patient that models are
    asked with in use, where those are not the ones that they are fitted to.
    """

    model: Model
    ids: tuple[str, ...]
    group: tuple[str, ...]
    values: tuple[Values, ...]
    y: NDArray[np.int64]
    days: Floats
    horizon: float = 0.0
    labels: tuple[str, ...] = ("event",)
    asked: tuple[Values, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def part_of(cohort: Cohort, place: NDArray[np.intp]) -> Cohort:
    """Return some of a cohort's patients."""
    return replace(
        cohort,
        ids=tuple(cohort.ids[i] for i in place),
        group=tuple(cohort.group[i] for i in place),
        values=tuple(cohort.values[i] for i in place),
        y=cohort.y[place],
        days=cohort.days[place],
        asked=tuple(cohort.asked[i] for i in place) if cohort.asked else (),
    )


def raw_terms(cohort: Cohort, terms: Sequence[Term]) -> Floats:
    """Return (patient, term): each function of each value, neither centred nor scaled."""
    return _bare(cohort.values, terms)


def asked_terms(cohort: Cohort, terms: Sequence[Term]) -> Floats:
    """Return the raw terms that models are asked with."""
    return _bare(cohort.asked or cohort.values, terms)


def _bare(patients: Sequence[Values], terms: Sequence[Term]) -> Floats:
    bare = [
        Term(input=t.input, function=t.function, centre=0.0, scale=1.0, number=t.number, choice=t.choice)
        for t in terms
    ]
    return np.array([[term.of(values[term.input]) for term in bare] for values in patients])


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
    members: dict[str, list[int]] = {}
    for index, group in enumerate(cohort.group):
        members.setdefault(group, []).append(index)
    for label in np.unique(cohort.y):
        groups = [group for group, own in members.items() if cohort.y[own[0]] == label]
        groups.sort(key=lambda group: unit_hash(f"{salt}/{group}"))
        start = int(unit_hash(f"{salt}/{label}") * count)
        for place, group in enumerate(groups):
            folds[members[group]] = (place + start) % count
    return folds
