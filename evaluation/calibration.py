"""Fit the calibration table of a pack: inductive Venn-Abers on a grid of logits.

Source: Vovk, Petej, Venn-Abers predictors, UAI 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
KNOTS = 97
RAMP = 0.004
"""How much the whole table rises beside its steps, so that different logits keep their order."""
REACH = 40.0
"""Logits at which the table ends, far beyond what networks say (further where one says more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Probabilities p0 (`lower`) and p1 (`upper`) at ascending logits."""

    logits: Values
    lower: Values
    upper: Values

    def probabilities(self, logits: Values) -> Values:
        """Return the calibrated probability of each logit, as the application computes it."""
        low, high = self.bounds(logits).T
        return np.asarray(high / (1 - low + high))

    def bounds(self, logits: Values) -> Values:
        """Return (logit, 2): p0 and p1 of each logit, between which its probability lies."""
        return np.stack([np.interp(logits, self.logits, ends) for ends in (self.lower, self.upper)], axis=1)


def fit_table(logits: Values, truth: NDArray[np.int64], weights: Values | None = None) -> Table:
    """Fit on (image,) logits and truth (0 or 1) of patients that the weights have not seen."""
    weights = np.ones(len(logits)) if weights is None else weights
    inner = np.unique(np.quantile(logits, np.linspace(0, 1, KNOTS - 2)))
    reach = max(REACH, 1.5 * float(np.abs(inner).max()))
    knots = np.unique(np.concatenate([[-reach], inner, [reach]]))
    lower = np.array([_fitted_at(logits, truth, weights, knot, 0) for knot in knots])
    upper = np.array([_fitted_at(logits, truth, weights, knot, 1) for knot in knots])
    ramp = np.interp(knots, [-reach, inner[0], inner[-1], reach], [0.0, 0.1, 0.9, 1.0])
    return Table(
        logits=knots,
        lower=np.maximum.accumulate((1 - RAMP) * lower + RAMP * ramp),
        upper=np.maximum.accumulate((1 - RAMP) * upper + RAMP * ramp),
    )


def rising_fit(values: Values, weights: Values) -> Values:
    """Return the non-falling sequence closest to `values` (pool adjacent violators)."""
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values, weights, strict=True):
        means.append(float(value))
        masses.append(float(weight))
        counts.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            mass = masses[-2] + masses[-1]
            means[-2] = (means[-2] * masses[-2] + means[-1] * masses[-1]) / mass
            masses[-2] = mass
            counts[-2] += counts[-1]
            del means[-1], masses[-1], counts[-1]
    return np.repeat(means, counts)


def calibration_error(
    probabilities: Values, truth: NDArray[np.int64], *, bins: int = 10, equal_mass: bool = False
) -> float:
    """Return the expected calibration error over bins of equal width, or of equal numbers of images."""
    if equal_mass:
        groups = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    else:
        place = np.minimum((probabilities * bins).astype(int), bins - 1)
        groups = [np.flatnonzero(place == index) for index in range(bins)]
    gaps = [len(g) * abs(probabilities[g].mean() - truth[g].mean()) for g in groups if len(g)]
    return float(sum(gaps) / len(truth))


def mix_weights(truth: NDArray[np.int64], prevalence: float) -> Values:
    """Return a weight for each image (image,), mean 1, under which the share ill is `prevalence`."""
    ill = float(truth.mean())
    return np.where(truth == 1, prevalence / ill, (1 - prevalence) / (1 - ill))


def at_other_mix(probabilities: Values, *, stated: float, wanted: float) -> Values:
    """Return probabilities stated for one share ill as they would be at another (Bayes)."""
    odds = probabilities / (1 - probabilities) * (wanted / (1 - wanted)) / (stated / (1 - stated))
    return np.asarray(odds / (1 + odds))


def threshold_for(probabilities: Values, truth: NDArray[np.int64], sensitivity: float) -> float:
    """Return the highest threshold at which at least `sensitivity` of the ill lie at or above it."""
    of_the_ill = np.sort(probabilities[truth == 1])[::-1]
    return float(of_the_ill[int(np.ceil(sensitivity * len(of_the_ill))) - 1])


def _fitted_at(logits: Values, truth: NDArray[np.int64], weights: Values, knot: float, label: int) -> float:
    everything = np.append(logits, knot)
    order = np.argsort(everything, kind="stable")
    labels = np.append(truth, label).astype(np.float64)[order]
    # equal logits share one value, as isotonic regression demands
    unique, start = np.unique(everything[order], return_index=True)
    masses = np.add.reduceat(np.append(weights, 1.0)[order], start)
    sums = np.add.reduceat(np.append(weights, 1.0)[order] * labels, start)
    fitted = rising_fit(sums / masses, masses)
    return float(fitted[np.searchsorted(unique, knot)])
