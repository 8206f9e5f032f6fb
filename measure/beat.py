"""End-diastole and end-systole, from the volume of the left ventricle through the beat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SMOOTHED_FROM = 10
"""Phases from which the curve is smoothed before its ends are looked for."""
_LATEST, _EARLIEST = 0.75, 0.15
"""Share of the beat between end-diastole and end-systole."""
_JUMP = 0.3
"""Share of the stroke and the mean volume by which neighbouring phases may not differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The phases (from 0) of end-diastole and end-systole; ``doubts`` are codes of what is not as in life."""

    diastole: int
    systole: int
    doubts: tuple[str, ...] = ()


def beat_of(curve: NDArray[np.float64]) -> Beat:
    """Return the phases of the largest and the smallest volume of (phase,) in ml.

    The curve is taken as one that comes round again, and smoothed over three phases where there are many:
    one wrong outline does not decide.
    """
    smooth = smoothed(curve)
    diastole, systole = int(smooth.argmax()), int(smooth.argmin())
    doubts = []
    count = len(curve)
    if count >= _SMOOTHED_FROM:
        way = ((systole - diastole) % count) / count
        if not _EARLIEST <= way <= _LATEST:
            doubts.append("timing")
        jumps = np.abs(curve - (np.roll(curve, 1) + np.roll(curve, -1)) / 2)
        if float(jumps.max()) > _JUMP * float(curve.mean()):
            doubts.append("jumps")
    return Beat(diastole=diastole, systole=systole, doubts=tuple(doubts))


def smoothed(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (phase,) smoothed with the weights 1, 2, 1 around the beat, from ten phases on."""
    if len(curve) < _SMOOTHED_FROM:
        return curve
    return np.asarray((np.roll(curve, 1) + 2 * curve + np.roll(curve, -1)) / 4)
