"""Measure what the gates see on images, and set their limits from training patients' percentiles.

Torch-free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.manifest import Gate
from inference.quality import GATE_MEASURES, MASK_MEASURES, measure_picture

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Which measure is bounded on which side; `slack` widens the limit by a share of the values' range."""

    gate: Gate
    measure: str
    low: bool
    high: bool
    slack: float = 0.1


def measures_of(grey: Grey, masks: NDArray[np.float32], bounds: Sequence[Bound]) -> dict[str, float]:
    """Return the bounded measures of a picture and of its soft masks (code, row, column)."""
    of_picture = tuple(b.measure for b in bounds if b.gate != "plausibility")
    values = measure_picture(grey, of_picture)
    return values | {b.measure: MASK_MEASURES[b.measure](masks) for b in bounds if b.gate == "plausibility"}


def set_limits(
    values: Mapping[str, NDArray[np.float64]], bounds: Sequence[Bound], *, tail: float
) -> list[dict[str, object]]:
    """Return manifest limits that leave out the share `tail` of the training images on each bounded side."""
    limits: list[dict[str, object]] = []
    for bound in bounds:
        assert bound.measure in GATE_MEASURES[bound.gate]
        low, high = np.quantile(values[bound.measure], (tail, 1 - tail))
        room = bound.slack * float(high - low)
        limit: dict[str, object] = {"gate": bound.gate, "measure": bound.measure}
        if bound.low:
            limit["minimum"] = float(f"{low - room:.4g}")
        if bound.high:
            limit["maximum"] = float(f"{high + room:.4g}")
        limits.append(limit)
    return limits
