"""What a table model is worth in parts of its patients: ranking, and what it says too much or too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import Figure, area_under_curve, measured
from training.table_cross import OutOfFold
from training.table_data import Cohort, Floats, part_of
from training.table_scores import comparable_pairs, concordance, ratio, true_share

FEWEST = 10
"""Patients with the event, and without it, of whom a subgroup's figures say something."""
Chosen = NDArray[np.int64]


def subgroup_figures(
    cohort: Cohort, found: OutOfFold, groups: Mapping[str, NDArray[np.bool_]]
) -> dict[str, Any]:
    """Return the figures of each subgroup, and which have too few patients with or without the event."""
    figures: list[dict[str, object]] = []
    too_few: list[dict[str, object]] = []
    for name, belongs in groups.items():
        place = np.flatnonzero(belongs)
        own = part_of(cohort, place)
        having, free = outcomes(own)
        if min(having, free) < FEWEST:
            row = {"population": name, "patients": len(place), "with_event": having, "without_event": free}
            too_few.append(row)
            continue
        chance = found.probabilities(cohort.model)[:, place, 0]
        figures += [one.as_table() for one in (_ranking(name, own, chance), _excess(name, own, chance))]
    return {"figures": figures, "too_few": too_few}


def halves_by(cohort: Cohort, code: str, words: str) -> dict[str, NDArray[np.bool_]]:
    """Return both halves of the patients by a number: those under its median, and the others."""
    values = np.array([float(row[code]) for row in cohort.values])
    middle = float(np.median(values))
    return {
        f"{words} under {middle:g}": values < middle,
        f"{words} {middle:g} and over": values >= middle,
    }


def by_choice(cohort: Cohort, code: str, names: Mapping[str, str]) -> dict[str, NDArray[np.bool_]]:
    """Return the patients of each of some choices; `names` are choices to words, equal words being joined."""
    values = [names.get(str(row[code])) for row in cohort.values]
    return {name: np.array([value == name for value in values]) for name in dict.fromkeys(names.values())}


def outcomes(cohort: Cohort) -> tuple[int, int]:
    """Return how many had the event (by the horizon), and how many are known not to have had it by then."""
    had = cohort.y > 0
    if cohort.model == "cox":
        return int((had & (cohort.days <= cohort.horizon)).sum()), int((cohort.days > cohort.horizon).sum())
    return int(had.sum()), int((~had).sum())


def _ranking(name: str, own: Cohort, chance: Floats) -> Figure:
    if own.model == "cox":
        right, possible = concordance(chance), comparable_pairs(own)
        return measured(name, "C-index", own.group, lambda i: ratio(right * possible, possible, i))
    return measured(
        name,
        "AUC",
        own.group,
        lambda i: float(np.mean([area_under_curve(row[i], own.y[i]) for row in chance])),
    )


def _excess(name: str, own: Cohort, chance: Floats) -> Figure:
    said = chance.mean(axis=0)
    return measured(
        name, "said minus true, mean", own.group, lambda i: float(said[i].mean()) - true_share(own, i)
    )
