"""Count how often the interval of an estimate holds what happened to patients that no refit had seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import share_interval
from inference.table_model import Term
from training.table_cross import FOLDS, OutOfFold, probabilities, refits
from training.table_data import Cohort, Floats, centred, folds_of, raw_terms, standardised
from training.table_scores import GROUPS, fifths_of, true_share

PERCENTILES = (2.5, 97.5)


def interval_figures(cohort: Cohort, terms: Sequence[Term], found: OutOfFold) -> dict[str, Any]:
    """Return, for fifths of the patients by what was said of them, the mean interval and what was true.

    `inside` counts the repeats in which the share with the event lies between the means of both ends;
    `inside_with_chance` those in which the 95 % interval of that share, in so many patients, meets them.
    """
    chance = found.probabilities(cohort.model)[:, :, 0]
    bounds = np.stack([_out_of_fold(cohort, terms, found, repeat) for repeat in range(len(chance))])
    rows = []
    for number in range(GROUPS):
        parts = [fifths_of(row)[number] for row in chance]
        said = [float(row[part].mean()) for row, part in zip(chance, parts, strict=True)]
        ends = np.array([own[part].mean(axis=0) for own, part in zip(bounds, parts, strict=True)])
        true = np.array([true_share(cohort, part) for part in parts])
        chances = np.array([share_interval(float(one), len(parts[0])) for one in true])
        rows.append(
            {
                "patients": len(parts[0]),
                "said": round(float(np.mean(said)), 4),
                "low": round(float(ends[:, 0].mean()), 4),
                "high": round(float(ends[:, 1].mean()), 4),
                "true": round(float(true.mean()), 4),
                "inside": _count((ends[:, 0] <= true) & (true <= ends[:, 1])),
                "inside_with_chance": _count((ends[:, 0] <= chances[:, 1]) & (chances[:, 0] <= ends[:, 1])),
            }
        )
    return {
        "repeats": len(chance),
        "groups": len(rows) * len(chance),
        "inside": sum(row["inside"] for row in rows),
        "inside_with_chance": sum(row["inside_with_chance"] for row in rows),
        "fifths": rows,
    }


def _out_of_fold(cohort: Cohort, terms: Sequence[Term], found: OutOfFold, repeat: int) -> Floats:
    """Return (patient, 2): the ends of each patient's interval, from refits to the other folds alone."""
    raw, folds = raw_terms(cohort, terms), folds_of(cohort, FOLDS, f"outer-{repeat}")
    bounds = np.zeros((len(cohort), 2))
    for fold in range(FOLDS):
        seen, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        x = standardised(raw, centred(raw[seen], terms))
        penalty = found.penalties[repeat * FOLDS + fold]
        drawn = refits(cohort, x, seen, penalty, np.random.default_rng(1000 * repeat + fold))
        sums = drawn[:, 0, 0][:, None] + drawn[:, 0, 1:] @ x[left].T
        chances = probabilities(sums[:, :, None], cohort.model)[:, :, 0]
        said = probabilities(found.sums[repeat, left, :1], cohort.model)[:, 0]
        low, high = np.percentile(chances, PERCENTILES, axis=0)
        bounds[left] = np.stack([np.minimum(low, said), np.maximum(high, said)], axis=1)
    return bounds


def _count(chosen: NDArray[np.bool_]) -> int:
    return int(chosen.sum())
