"""Figures with intervals: bootstrap over patients, areas under curves, rates, overlaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
RESAMPLES = 1000
_TAIL, _NORMAL_97_5 = 0.025, 1.959964
_NO_WIDTH = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure: what, in whom, how much, between what (95 %), from how many."""

    population: str
    metric: str
    value: float
    interval: tuple[float, float] | None
    patients: int
    images: int
    exact: bool = False
    """Whether the interval is that of so many patients, because every resample gave the same figure."""

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
        if self.exact:
            table["interval_by"] = "exact"
        return {**table, "patients": self.patients, "images": self.images}


def measured(
    population: str,
    metric: str,
    patients: Sequence[str],
    statistic: Callable[[NDArray[np.int64]], float],
    *,
    trials: int = 0,
) -> Figure:
    """Compute `statistic(indices of images)` on all images, and its interval by resampling patients.

    Where all resamples give the same (ten of ten were found), they say nothing of chance: the interval is
    then that of a share in as many independent ``trials``, and None where the figure is no share (0).
    """
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
    value = float(statistic(everything))
    interval = (float(np.quantile(drawn, _TAIL)), float(np.quantile(drawn, 1 - _TAIL))) if drawn else None
    says_nothing = interval is not None and interval[1] - interval[0] < _NO_WIDTH
    if says_nothing:
        interval = share_interval(value, trials) if trials else None
    return Figure(
        population=population,
        metric=metric,
        value=value,
        interval=interval,
        exact=says_nothing and interval is not None,
        patients=len(names),
        images=len(owner),
    )


def share_interval(value: float, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (0..1) that was seen in so many independent trials.

    Source: all or none: Clopper, Pearson, Biometrika 26:404, 1934; between them: Wilson, JASA 22:209, 1927.
    """
    if value >= 1.0:
        return float(_TAIL ** (1 / trials)), 1.0
    if value <= 0.0:
        return 0.0, float(1 - _TAIL ** (1 / trials))
    squared = _NORMAL_97_5**2 / trials
    middle = (value + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (value * (1 - value) + squared / 4)) / (1 + squared)
    return float(middle - half), float(middle + half)


def pairs_apart(patients: Sequence[str], truth: Labels) -> int:
    """Return how many pairs of an ill and a well patient there are without any patient twice.

    That all pairs of an ill and a well one are in order is no likelier than that these are, and these are
    independent: their number bounds an area under the curve of which every resample is perfect.
    """
    ill, well = ({p for p, value in zip(patients, truth, strict=True) if value == side} for side in (1, 0))
    return min(len(ill), len(well), len(ill | well) // 2)


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
