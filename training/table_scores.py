"""What out-of-fold answers of table models are worth: ranking, calibration, accuracy, with intervals.

Each figure is the mean over the repeats of cross-validation; its interval comes from resampling patients.

Source: Harrell et al., JAMA 247:2543, 1982 (C-index); Uno et al., JASA 102:527, 2007 (time-dependent area,
inverse probability of censoring); Kaplan, Meier, JASA 53:457, 1958; Graf et al., Stat Med 18:2529, 1999.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration import calibration_error
from evaluation.figures import Figure, area_under_curve, measured
from training.table_cross import OutOfFold
from training.table_data import Cohort, Floats
from training.table_fit import fit_cox, fit_logistic

GROUPS = 5
BINS = 10
Chosen = NDArray[np.int64]


def survival_figures(
    population: str, cohort: Cohort, found: OutOfFold, most: int | None = None
) -> list[Figure]:
    """Return C-index, area, Brier score and calibration of a Cox model at its horizon; at most `most`."""
    event, days, day = cohort.y > 0, cohort.days, cohort.horizon
    comparable = comparable_pairs(cohort)
    right = concordance(found.scores)
    weight = censoring_weights(cohort)
    case, control = event & (days <= day), days > day
    pairs = np.where(case, weight, 0.0)[:, None] * control[None, :].astype(float)
    chance = found.probabilities("cox")[:, :, 0]
    squares = np.mean((chance - case) ** 2, axis=0) * weight
    statistics: list[tuple[str, Callable[[Chosen], float]]] = [
        ("C-index", lambda i: ratio(right * comparable, comparable, i)),
        (f"time-dependent AUC at {day:g} days", lambda i: ratio(right * pairs, pairs, i)),
        (f"Brier score at {day:g} days", lambda i: float(squares[i].sum() / weight[i].sum())),
        (
            f"calibration error at {day:g} days, 5 groups",
            lambda i: _mean(survival_calibration_error(row[i], days[i], event[i], day) for row in chance),
        ),
        ("calibration slope", lambda i: _cox_slope(found, cohort, i)),
    ]
    return [measured(population, metric, cohort.group, statistic) for metric, statistic in statistics[:most]]


def event_figures(population: str, cohort: Cohort, found: OutOfFold, most: int | None = None) -> list[Figure]:
    """Return area, Brier score and calibration of a logistic model; at most `most`."""
    y, chance = cohort.y, found.probabilities("logistic")[:, :, 0]
    statistics: list[tuple[str, Callable[[Chosen], float]]] = [
        ("AUC", lambda i: float(np.mean([area_under_curve(row[i], y[i]) for row in chance]))),
        ("Brier score", lambda i: float(np.mean((chance[:, i] - y[i]) ** 2))),
        (
            "calibration error, 5 groups of equal size",
            lambda i: _mean(calibration_error(row[i], y[i], bins=GROUPS, equal_mass=True) for row in chance),
        ),
        (
            "calibration slope",
            lambda i: _mean(
                fit_logistic(row[i][:, None], y[i].astype(float), 1e-6).coefficients[0, 0]
                for row in found.sums[:, :, 0]
            ),
        ),
    ]
    return [measured(population, metric, cohort.group, statistic) for metric, statistic in statistics[:most]]


def group_figures(population: str, cohort: Cohort, found: OutOfFold, most: int | None = None) -> list[Figure]:
    """Return accuracy, area one against the rest, calibration of a model of groups; at most `most`."""
    y, chance = cohort.y, found.probabilities("multinomial")
    hits = (chance.argmax(axis=2) == y).astype(np.int64)
    hit = hits.mean(axis=0)
    best = chance.max(axis=2)
    statistics: list[tuple[str, Callable[[Chosen], float]]] = [
        ("accuracy", lambda i: float(hit[i].mean())),
        ("AUC, one group against the rest, mean", lambda i: _mean_area(chance[:, i], y[i])),
        (
            "calibration error of the nearest group, 5 groups of equal size",
            lambda i: _mean(
                calibration_error(said[i], right[i], bins=GROUPS, equal_mass=True)
                for said, right in zip(best, hits, strict=True)
            ),
        ),
        ("share of its patients per group found, mean", lambda i: _mean_recall(hit[i], y[i])),
    ]
    return [measured(population, metric, cohort.group, statistic) for metric, statistic in statistics[:most]]


def confusion(cohort: Cohort, found: OutOfFold) -> list[list[int]]:
    """Return how often patients of each group (row) were nearest to each (column), all repeats together."""
    nearest = found.probabilities("multinomial").argmax(axis=2)
    size = len(cohort.labels)
    return [
        [int(((nearest == column) & (cohort.y == row)).sum()) for column in range(size)]
        for row in range(size)
    ]


def fifths_of(chance: Floats) -> list[NDArray[np.intp]]:
    """Return patients in fifths by what was said of them, the lowest first."""
    return np.array_split(np.argsort(chance, kind="stable"), GROUPS)


def true_share(cohort: Cohort, chosen: NDArray[np.intp]) -> float:
    """Return which share of some patients had the event: by Kaplan-Meier at the horizon, or counted."""
    if cohort.model == "cox":
        return 1 - kaplan_meier(cohort.days[chosen], cohort.y[chosen] > 0, cohort.horizon)
    return float(cohort.y[chosen].mean())


def reliability_groups(cohort: Cohort, found: OutOfFold) -> list[dict[str, object]]:
    """Return, for fifths of the patients by what was said, what was said and what was true.

    Of a model of groups it is the nearest group: what was said of it, and how often it was the patient's own.
    Fifths are made in each repeat anew; each number is the mean over the repeats.
    """
    if cohort.model == "multinomial":
        return _nearest_groups(cohort, found)
    chance = found.probabilities(cohort.model)[:, :, 0]
    fifths = [fifths_of(row) for row in chance]
    rows: list[dict[str, object]] = []
    for number in range(GROUPS):
        parts = [own[number] for own in fifths]
        said = _mean(float(row[part].mean()) for row, part in zip(chance, parts, strict=True))
        true = _mean(true_share(cohort, part) for part in parts)
        rows.append({"patients": len(parts[0]), "said": round(said, 4), "true": round(true, 4)})
    return rows


def _nearest_groups(cohort: Cohort, found: OutOfFold) -> list[dict[str, object]]:
    chance = found.probabilities("multinomial")
    best, hits = chance.max(axis=2), chance.argmax(axis=2) == cohort.y
    fifths = [fifths_of(row) for row in best]
    rows: list[dict[str, object]] = []
    for number in range(GROUPS):
        parts = [own[number] for own in fifths]
        said = _mean(float(row[part].mean()) for row, part in zip(best, parts, strict=True))
        true = _mean(float(row[part].mean()) for row, part in zip(hits, parts, strict=True))
        rows.append({"patients": len(parts[0]), "said": round(said, 4), "true": round(true, 4)})
    return rows


def reliability_bins(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the same rows as the plot of `evaluation.plot` reads them."""
    said = [float(str(row["said"])) for row in rows]
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(said)), 1.0]
    bins: list[dict[str, object]] = [
        {"from": low, "to": high, "images": row["patients"], "mean_score": row["said"], "ill": row["true"]}
        for row, low, high in zip(rows, edges[:-1], edges[1:], strict=True)
    ]
    return bins


def concordance(scores: Floats) -> Floats:
    """Return (patient, other): how often, over the repeats, the first scored higher (ties half)."""
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for row in scores:
        total += (row[:, None] > row[None, :]) + 0.5 * (row[:, None] == row[None, :])
    return total / len(scores)


def kaplan_meier(days: Floats, event: NDArray[np.bool_], day: float) -> float:
    """Return the share without the event at a day."""
    at, had = np.unique(days[event & (days <= day)], return_counts=True)
    at_risk = len(days) - np.searchsorted(np.sort(days), at, side="left")
    return float(np.prod(1.0 - had / at_risk))


def censoring_weights(cohort: Cohort) -> Floats:
    """Return 1 / probability that a patient's outcome at the horizon is known; 0 where it is not."""
    event, days, day = cohort.y > 0, cohort.days, cohort.horizon
    known = np.where(event & (days <= day), days - 1e-9, day)
    uncensored = np.array([kaplan_meier(days, ~event, float(at)) for at in known])
    weight = np.where((event & (days <= day)) | (days > day), 1.0 / np.maximum(uncensored, 1e-6), 0.0)
    return np.asarray(weight)


def survival_calibration_error(chance: Floats, days: Floats, event: NDArray[np.bool_], day: float) -> float:
    """Return the mean distance of what was said and Kaplan-Meier over fifths of the patients."""
    parts = np.array_split(np.argsort(chance, kind="stable"), GROUPS)
    gaps = [abs(float(chance[p].mean()) - (1 - kaplan_meier(days[p], event[p], day))) for p in parts]
    return float(np.mean(gaps))


def comparable_pairs(cohort: Cohort) -> NDArray[np.bool_]:
    """Return (patient, other): whether the first is known to have had the event before the other."""
    return np.asarray((cohort.days[:, None] < cohort.days[None, :]) & (cohort.y > 0)[:, None])


def ratio(counted: Floats, possible: NDArray[np.generic], chosen: Chosen) -> float:
    """Return the sum of what was counted over pairs of chosen patients, by the sum of what is possible."""
    times = np.bincount(chosen, minlength=len(counted)).astype(float)
    below = float(times @ possible.astype(float) @ times)
    return float(times @ counted @ times) / below if below else float("nan")


def _cox_slope(found: OutOfFold, cohort: Cohort, chosen: Chosen) -> float:
    days, event = cohort.days[chosen], cohort.y[chosen].astype(float)
    fits = (fit_cox(row[chosen][:, None], days, event, 1e-6, cohort.horizon) for row in found.scores)
    return _mean(fitted.coefficients[0, 0] for fitted in fits)


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _mean_area(chance: Floats, y: NDArray[np.int64]) -> float:
    labels = range(chance.shape[2])
    areas = [
        area_under_curve(row[:, label], (y == label).astype(np.int64)) for row in chance for label in labels
    ]
    return float(np.mean(areas))


def _mean_recall(hit: Floats, y: NDArray[np.int64]) -> float:
    return float(np.mean([hit[y == label].mean() for label in np.unique(y)]))
