"""Models that are tables: Cox, logistic and multinomial regression on a patient's values, in numpy.

Each has terms (a function of one value, centred and scaled) and, for each label, an intercept and a
coefficient for each term. The score of a label is the sum of coefficient times term: 0 for the average
patient that the table was made from. Cox: survival(day) = baseline(day) ** exp(score), the baseline being
that of a score of 0. Logistic: the odds' logarithm is intercept plus score. Multinomial: the softmax of
these.

How sure an estimate is: a logistic model has a calibration table, whose bounds are those of a cross
Venn-Abers predictor, and so may a Cox model, by the logarithm of its cumulative hazard at the horizon, from
patients weighted by how likely their outcome was to be known; else a Cox model, and a multinomial one, have
refits to resampled patients. A multinomial model says besides which
labels belong to the conformal set: every one at least as probable as the true label of nine of ten patients
was. It may be empty.

Source: Cox, J R Stat Soc B 34:187, 1972; Vovk, Petej, Fedorova, NeurIPS 2015; Vovk, Gammerman, Shafer,
Algorithmic Learning in a Random World, 2005.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inference.calibration import calibrated
from inference.manifest import Calibration

Values = Mapping[str, float | str]
Function = Literal["identity", "log", "steps", "above", "below", "equals"]
FUNCTIONS: tuple[Function, ...] = ("identity", "log", "steps", "above", "below", "equals")
NEEDS_NUMBER: tuple[Function, ...] = ("steps", "above", "below")
"""Functions that take a number besides: the width of the steps, the knot."""
_INTERVAL_PERCENTILES = (2.5, 97.5)
_LARGEST_EXPONENT = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One function of one input: ``(function(value) - centre) / scale``.

    ``steps`` goes down to the next multiple of ``number``; ``above`` and ``below`` are how far the value
    lies beyond the knot ``number``, else 0; ``equals`` is 1 for the choice ``choice``, else 0.
    """

    input: str
    function: Function
    centre: float
    scale: float
    number: float = 0.0
    choice: str = ""

    def of(self, value: float | str) -> float:
        """Return the term for a value of its input."""
        return (self._raw(value) - self.centre) / self.scale

    def _raw(self, value: float | str) -> float:
        if self.function == "equals":
            return float(value == self.choice)
        number = float(value)
        if self.function == "log":
            return math.log(number)
        if self.function == "steps":
            return math.floor(number / self.number) * self.number
        if self.function == "above":
            return max(0.0, number - self.number)
        if self.function == "below":
            return max(0.0, self.number - number)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Survival of the average patient: rising days, and the share alive after each, which never rises."""

    days: tuple[float, ...]
    survival: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableModel:
    """A model's numbers; see the module.

    ``intercepts`` is (label,), ``coefficients`` (label, term). ``draws`` are the same from resampled
    patients: (draw, label, 1 + term), the intercept first; a model with ``bounds``, a Venn-Abers table,
    has none: its interval is that of p0, p1 and its own probability. Of a Cox
    model the intercept is the logarithm of the cumulative baseline hazard at the horizon. ``set_threshold``
    is the least probability of a label in the conformal set.
    """

    model: Literal["cox", "logistic", "multinomial"]
    terms: tuple[Term, ...]
    intercepts: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    draws: NDArray[np.float64] | None = None
    bounds: Calibration | None = None
    baseline: Baseline | None = None
    set_threshold: float | None = None

    def estimate(self, values: Values) -> tuple["Estimate", ...]:
        """Return the estimate of each label; an input that is missing counts as the average patient's."""
        terms = np.array([self._term(term, values) for term in self.terms], dtype=np.float64)
        parts = self.coefficients * terms
        scores = parts.sum(axis=1)
        probabilities = self._probabilities(self.intercepts + scores)
        lows, highs = self._bounds(self.intercepts + scores, terms)
        averages = self._probabilities(self.intercepts)
        if self.model == "multinomial":
            parts = parts - parts.mean(axis=0)
        return tuple(
            Estimate(
                probability=float(probabilities[label]),
                low=float(min(lows[label], probabilities[label])),
                high=float(max(highs[label], probabilities[label])),
                average=float(averages[label]),
                score=float(parts[label].sum()),
                effects=self._by_input(parts[label]),
                survival=self._survival(float(scores[label])),
                in_set=self._in_set(float(probabilities[label])),
            )
            for label in range(len(self.intercepts))
        )

    def _term(self, term: Term, values: Values) -> float:
        return term.of(values[term.input]) if term.input in values else 0.0

    def _probabilities(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities for intercept plus score, whose last axis are the labels."""
        sums = np.clip(sums, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
        if self.model == "cox":
            return np.asarray(-np.expm1(-np.exp(sums)), dtype=np.float64)
        if self.model == "logistic":
            return np.asarray(1.0 / (1.0 + np.exp(-sums)), dtype=np.float64)
        powers = np.exp(sums - sums.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)

    def _bounds(
        self, sums: NDArray[np.float64], terms: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and the upper end of each label's interval."""
        if self.draws is None:
            assert self.bounds is not None
            ends = np.array([calibrated(self.bounds, float(logit))[1:] for logit in sums], dtype=np.float64)
            return ends[:, 0], ends[:, 1]
        drawn = self._probabilities(self.draws[:, :, 0] + self.draws[:, :, 1:] @ terms)
        lows, highs = np.percentile(drawn, _INTERVAL_PERCENTILES, axis=0)
        return lows, highs

    def _in_set(self, probability: float) -> bool | None:
        """Whether a label belongs to the conformal set; None where the model has no threshold."""
        return None if self.set_threshold is None else probability >= self.set_threshold

    def _by_input(self, parts: NDArray[np.float64]) -> Mapping[str, float]:
        effects: dict[str, float] = {}
        for term, part in zip(self.terms, parts, strict=True):
            effects[term.input] = effects.get(term.input, 0.0) + float(part)
        return effects

    def _survival(self, score: float) -> tuple[tuple[float, float], ...]:
        if self.baseline is None:
            return ()
        hazard = math.exp(max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, score)))
        curve = zip(self.baseline.days, self.baseline.survival, strict=True)
        return tuple((day, alive**hazard) for day, alive in curve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a table says of one label; probabilities are 0..1.

    ``effects`` are the parts of ``score`` by input. ``survival`` is (day, share alive), empty where the
    model has no baseline. ``in_set`` is whether the label belongs to the conformal set, None without one.
    """

    probability: float
    low: float
    high: float
    average: float
    score: float
    effects: Mapping[str, float]
    survival: tuple[tuple[float, float], ...]
    in_set: bool | None = None
