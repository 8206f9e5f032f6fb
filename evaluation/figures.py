"""Figures with intervals: bootstrap over patients, areas under curves, rates, overlaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure: what, in whom, how much, between what (95 %), from how many."""

    population: str
    metric: str
    value: float
    interval: tuple[float, float] | None
    patients: int
    images: int

    def as_table(self) -> dict[str, object]:
        """Return the figure as the manifest and `figures.json` write it."""
        table: dict[str, object] = {
            "population": self.population,
            "metric": self.metric,
            "value": round(self.value, 4),
        }
        if self.interval is not None:
            low, high = self.interval
            table["interval"] = [round(min(low, self.value), 4), round(max(high, self.value), 4)]
        return {**table, "patients": self.patients, "images": self.images}


def measured(
    population: str,
    metric: str,
    patients: Sequence[str],
    statistic: Callable[[NDArray[np.int64]], float],
) -> Figure:
    """Compute `statistic(indices of images)` on all images, and its interval by resampling patients."""
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    images_of = [np.flatnonzero(owner == index) for index in range(len(names))]
    rng = np.random.default_rng(2026)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(0, len(names), len(names))
        value = statistic(np.concatenate([images_of[index] for index in chosen]))
        if np.isfinite(value):
            drawn.append(value)
    everything = np.arange(len(owner))
    interval = (float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))) if drawn else None
    return Figure(
        population=population,
        metric=metric,
        value=float(statistic(everything)),
        interval=interval,
        patients=len(names),
        images=len(owner),
    )


def area_under_curve(scores: Values, truth: Labels) -> float:
    """Return the area under the ROC curve (ties count half); NaN where one class is missing."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int(truth.sum())
    negative = len(truth) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def share(chosen: NDArray[np.bool_]) -> float:
    """Return the share that is true; NaN of nothing."""
    return float(chosen.mean()) if chosen.size else float("nan")


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the overlap of two masks.

    Twice the common area through the sum of both (1 where both are empty).
    """
    total = int(predicted.sum()) + int(truth.sum())
    return 2 * int((predicted & truth).sum()) / total if total else 1.0
