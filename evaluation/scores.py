"""What scores are worth against the truth: area, calibration, rates at operating points, reliability."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration import calibration_error
from evaluation.figures import Figure, Labels, Values, area_under_curve, measured, pairs_apart, share
from evaluation.split import patients_of_each_kind

BINS = 10
"""Bins of the calibration error and rows of the reliability table."""
Statistic = Callable[[NDArray[np.int64]], float]


def score_figures(
    population: str,
    patients: Sequence[str],
    scores: Values,
    truth: Labels,
    points: Mapping[str, float],
) -> list[Figure]:
    """Return AUC, calibration, and sensitivity and specificity at each operating point (name: threshold).

    ``scores`` are probabilities (image,), ``truth`` is 0 or 1; intervals come from resampling patients.
    """
    statistics: list[tuple[str, Statistic, int]] = [
        ("AUC", lambda i: area_under_curve(scores[i], truth[i]), pairs_apart(patients, truth)),
        (
            "calibration error, 10 bins of equal width",
            lambda i: calibration_error(scores[i], truth[i], bins=BINS),
            0,
        ),
        (
            "calibration error, 10 bins of equal mass",
            lambda i: calibration_error(scores[i], truth[i], bins=BINS, equal_mass=True),
            0,
        ),
        ("Brier score", lambda i: float(np.mean((scores[i] - truth[i]) ** 2)), 0),
    ]
    well, ill = patients_of_each_kind(patients, [int(value) for value in truth])
    for name, threshold in points.items():
        sensitivity, specificity = _rates(name, threshold, scores, truth)
        statistics += [(*sensitivity, ill), (*specificity, well)]
    return [
        measured(population, metric, patients, statistic, trials=trials)
        for metric, statistic, trials in statistics
    ]


def reliability(scores: Values, truth: Labels) -> list[dict[str, object]]:
    """Return, for each tenth of the scale, how many images, the mean score, and the share that is ill."""
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    rows: list[dict[str, object]] = []
    for index in range(BINS):
        inside = place == index
        row: dict[str, object] = {"from": index / BINS, "to": (index + 1) / BINS, "images": int(inside.sum())}
        if inside.any():
            row |= {
                "mean_score": round(float(scores[inside].mean()), 4),
                "ill": round(float(truth[inside].mean()), 4),
            }
        rows.append(row)
    return rows


def bounds_of(intervals: Values, truth: Labels) -> dict[str, object]:
    """Compare intervals (image, 2) with what was true: over all, and in ten groups of equal size.

    A group is covered where its share with the finding lies between the means of both bounds, each widened
    by two standard errors of such a share.
    """
    order = np.argsort(intervals.mean(1), kind="stable")
    covered = 0
    for group in np.array_split(order, BINS):
        low, high = intervals[group].mean(0)
        middle = min(max(truth[group].mean(), 1e-3), 1 - 1e-3)
        error = 2 * float(np.sqrt(middle * (1 - middle) / len(group)))
        covered += int(low - error <= truth[group].mean() <= high + error)
    return {
        "mean_lower": round(float(intervals[:, 0].mean()), 4),
        "mean_upper": round(float(intervals[:, 1].mean()), 4),
        "share_ill": round(float(truth.mean()), 4),
        "mean_width": round(float((intervals[:, 1] - intervals[:, 0]).mean()), 4),
        "groups_covered": covered,
        "groups": BINS,
    }


def refusal_row(gates: Sequence[str | None]) -> dict[str, object]:
    """Return how many images were refused, and by which gate; None is an image that was answered."""
    refused = [gate for gate in gates if gate is not None]
    by_gate = {gate: refused.count(gate) for gate in sorted(set(refused))}
    return {
        "images": len(gates),
        "refused": round(share(np.array([gate is not None for gate in gates])), 4),
        "by_gate": by_gate,
    }


def _rates(name: str, threshold: float, scores: Values, truth: Labels) -> list[tuple[str, Statistic]]:
    return [
        (f"sensitivity at {name}", lambda i: share(scores[i][truth[i] == 1] >= threshold)),
        (f"specificity at {name}", lambda i: share(scores[i][truth[i] == 0] < threshold)),
    ]
