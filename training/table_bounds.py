"""What table models say of how sure they are: Venn-Abers bounds, crossed, and conformal sets of groups.

Of a Cox model many patients' outcome at the horizon is not known: bounds are fitted to those of whom it is,
each weighted by how likely that was (inverse probability of censoring), and compared with Kaplan-Meier.

Both are fitted to what the models said of patients out of fold. A pack's are fitted to all patients. To
measure them, those of each outer fold are fitted in the same way to the patients of the other folds alone.

Source: Vovk, Petej, Fedorova, NeurIPS 2015 (cross Venn-Abers); Vovk, Gammerman, Shafer, Algorithmic Learning
in a Random World, 2005, and Vovk, Ann Math Artif Intell 74:9, 2015 (conformal sets, crossed); Robins,
Rotnitzky, in AIDS Epidemiology, 1992 (weights by censoring).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration import Table, fit_table
from evaluation.figures import Figure, measured, share_interval
from evaluation.scores import BINS
from inference.table_model import Term
from training.table_cross import FOLDS, OutOfFold, cross_validate, probabilities
from training.table_data import Cohort, Floats, folds_of, part_of
from training.table_scores import censoring_weights, true_share

REPEATS = 3
"""Cross-validations that a table or a threshold is fitted to, so that it hangs less on one parting."""
COVERAGE = 0.9
_SALT = "bounds-"


def bounds_table_of(cohort: Cohort, terms: Sequence[Term]) -> Table:
    """Return p0 and p1 by what a model with one label says: the mean of those of cross-validations' folds.

    It is the logit of a logistic model, and the logarithm of a Cox model's hazard up to the horizon.

    Each fold's are of an inductive Venn-Abers predictor, fitted to what the model without the fold said of
    its patients. The source merges the probabilities that come of them; here the bounds are wanted.
    """
    tables, (truth, weights) = [], _at_horizon(cohort)
    for repeat, logits in enumerate(_out_of_fold(cohort, terms)[:, :, 0]):
        folds = folds_of(cohort, FOLDS, f"outer-{_SALT}{repeat}")
        for fold in range(FOLDS):
            own = np.flatnonzero((folds == fold) & (weights > 0))
            tables.append(fit_table(logits[own], truth[own], weights[own] / weights[own].mean()))
    knots = np.unique(np.concatenate([table.logits for table in tables]))
    bounds = np.mean([table.bounds(knots) for table in tables], axis=0)
    lower, upper = np.maximum.accumulate(bounds, axis=0).T
    return Table(logits=knots, lower=lower, upper=upper)


def _at_horizon(cohort: Cohort) -> tuple[NDArray[np.int64], Floats]:
    """Return who had the event by the horizon, and how much each counts: 0 where that is not known."""
    if cohort.model != "cox":
        return cohort.y, np.ones(len(cohort))
    had = (cohort.y > 0) & (cohort.days <= cohort.horizon)
    return had.astype(np.int64), censoring_weights(cohort)


def set_threshold_of(cohort: Cohort, terms: Sequence[Term]) -> float:
    """Return the least probability with which a group belongs to the conformal set.

    It is the mean of those of the cross-validations: each is of single fits, as the pack's model is.
    """
    chances = probabilities(_out_of_fold(cohort, terms), cohort.model)
    own = chances[:, np.arange(len(cohort)), cohort.y]
    return float(np.mean([conformal_threshold(row) for row in own]))


def conformal_threshold(own: Floats) -> float:
    """Return what the own group of COVERAGE of patients reaches, and of one more: 0 where they are too few.

    `own` (patient,) are the probabilities of the patients' own groups.
    """
    rank = math.ceil((len(own) + 1) * COVERAGE)
    return float(np.sort(own)[::-1][rank - 1]) if rank <= len(own) else 0.0


def nested_bounds(cohort: Cohort, terms: Sequence[Term], found: OutOfFold) -> dict[str, object]:
    """Return how often bounds hold whose table was made without the fold, and how wide they are.

    They are those that the application shows: p0, p1, and the model's own probability where it lies outside.
    They are compared with what was true in each repeat; counts are summed, all else is the mean.
    `groups_covered_by_points` counts the same for the probabilities alone, without any bounds.
    """
    said = found.probabilities(cohort.model)[:, :, 0]
    bounds = np.zeros((*said.shape, 2))
    for repeat, seen, left in _outer_folds(cohort, len(said)):
        table = bounds_table_of(part_of(cohort, seen), terms)
        bounds[repeat, left] = table.bounds(found.sums[repeat, left, 0])
    bounds[:, :, 0] = np.minimum(bounds[:, :, 0], said)
    bounds[:, :, 1] = np.maximum(bounds[:, :, 1], said)
    held, points = _groups_held(bounds, cohort), _groups_held(np.stack([said, said], axis=2), cohort)
    counts = {"groups_covered": held, "groups_covered_by_points": points}
    return {**_together([_widths(one, cohort) for one in bounds]), **counts}


def _widths(bounds: Floats, cohort: Cohort) -> dict[str, object]:
    """Return where bounds (patient, 2) lie in the mean, beside the share with the event."""
    low, high = bounds.mean(axis=0)
    return {
        "mean_lower": round(float(low), 4),
        "mean_upper": round(float(high), 4),
        "share_ill": round(true_share(cohort, np.arange(len(cohort))), 4),
        "mean_width": round(float(high - low), 4),
        "groups": BINS,
    }


def _groups_held(bounds: Floats, cohort: Cohort) -> int:
    """Return of how many groups the share with the event agrees with the means of bounds.

    `bounds` is (repeat, patient, 2). A share agrees where its 95 % interval (Wilson) meets their means, which
    allows for chance also where all of a group had the event, or none; of a Cox model it is that of
    Kaplan-Meier, as if nobody had been lost: too narrow, so that fewer groups agree.
    """
    held = 0
    for one in bounds:
        for group in np.array_split(np.argsort(one.mean(axis=1), kind="stable"), BINS):
            low, high = one[group].mean(axis=0)
            least, most = share_interval(true_share(cohort, group), len(group))
            held += bool(low <= most and least <= high)
    return held


def nested_sets(population: str, cohort: Cohort, terms: Sequence[Term], found: OutOfFold) -> dict[str, Any]:
    """Return how often the own group was in the set made without the fold, and how large sets were."""
    chance = found.probabilities(cohort.model)
    named = np.zeros(chance.shape, np.bool_)
    for repeat, seen, left in _outer_folds(cohort, len(chance)):
        threshold = set_threshold_of(part_of(cohort, seen), terms)
        named[repeat, left] = chance[repeat, left] >= threshold
    held = named[:, np.arange(len(cohort)), cohort.y].mean(axis=0)
    sizes = named.sum(axis=2)
    figures = [
        _mean_figure(population, "own group among those named, share", cohort, held),
        _mean_figure(population, "groups named, mean", cohort, sizes.mean(axis=0)),
    ]
    return {
        "figures": [figure.as_table() for figure in figures],
        "sizes": {str(n): round(float((sizes == n).mean()), 4) for n in range(chance.shape[2] + 1)},
        "by_group": [
            {
                "group": label,
                "patients": int((cohort.y == row).sum()),
                "held": round(float(held[cohort.y == row].mean()), 4),
                "named": round(float(sizes[:, cohort.y == row].mean()), 4),
            }
            for row, label in enumerate(cohort.labels)
        ],
    }


def _together(repeats: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return the rows of all repeats as one: groups are counted, all else is the mean."""
    answer: dict[str, object] = {"repeats": len(repeats)}
    for name in repeats[0]:
        values = [row[name] for row in repeats]
        answer[name] = sum(values) if name.startswith("groups") else round(float(np.mean(values)), 4)
    return answer


def _mean_figure(population: str, metric: str, cohort: Cohort, each: Floats) -> Figure:
    return measured(population, metric, cohort.group, lambda i: float(each[i].mean()))


def _out_of_fold(cohort: Cohort, terms: Sequence[Term]) -> Floats:
    """Return (repeat, patient, label): what models said that had not seen the patient."""
    return cross_validate(cohort, terms, REPEATS, _SALT).sums


def _outer_folds(cohort: Cohort, repeats: int) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
    """Yield repeat, the patients seen and those left out, as `cross_validate` parts them."""
    for repeat in range(repeats):
        folds = folds_of(cohort, FOLDS, f"outer-{repeat}")
        for fold in range(FOLDS):
            yield repeat, np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
