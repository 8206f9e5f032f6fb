"""From a network's logit to a calibrated probability with its interval, and to a position beside a threshold.

A table is three tuples of one length: ``logits`` (strictly ascending), ``lower`` and ``upper`` (p0 and p1 of
an inductive Venn-Abers predictor at those logits; 0..1, never falling). Between two logits p0 and p1 are
interpolated linearly; beyond the ends they stay as at the end. The probability is p1 / (1 - p0 + p1), the
interval is [p0, p1].

A network that nobody calibrated has the method ``none``: its own score, with the interval [0, 1], which is
undecided at every threshold.

Where p0 and p1 stand still, different logits get one probability: a table that rises keeps their order.

Source: Vovk, Petej, Venn-Abers predictors, UAI 2014; Vovk, Petej, Fedorova, NeurIPS 2015.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.result import Position
from inference.manifest import Calibration

Calibrated = tuple[float, float, float]
"""Probability, lower end and upper end of its interval, all 0..1."""


def table_fault(logits: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> str | None:
    """Return what is wrong with a table, or None."""
    if not len(logits) == len(lower) == len(upper):
        return "logits, lower and upper must be of one length"
    if len(logits) < 2:
        return "needs two logits or more"
    if any(second <= first for first, second in pairwise(logits)):
        return "logits must ascend"
    for name, values in (("lower", lower), ("upper", upper)):
        if any(second < first for first, second in pairwise(values)):
            return f"{name} must not fall"
    if any(low > high for low, high in zip(lower, upper, strict=True)):
        return "lower must not lie above upper"
    return None


def calibrated(table: Calibration, logit: float) -> Calibrated:
    """Return the probability of a logit and its interval."""
    if table.method == "none":
        return _sigmoid(logit), 0.0, 1.0
    low = float(np.interp(logit, table.logits, table.lower))
    high = float(np.interp(logit, table.logits, table.upper))
    return high / (1.0 - low + high) if high > 0.0 else 0.0, low, high


def position_of(value: Calibrated, threshold: float) -> Position:
    """Return where a score stands: undecided where its interval crosses the threshold."""
    _, low, high = value
    if low >= threshold:
        return "above"
    return "below" if high < threshold else "undecided"


def _sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    return 1.0 / (1.0 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1.0 + math.exp(logit))
