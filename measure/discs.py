"""Volumes by the method of discs: area of a slice times the way to its neighbours.

Source: Schulz-Menger et al., J Cardiovasc Magn Reson 22:19, 2020 (summation of short-axis slices).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MYOCARDIUM_G_PER_ML = 1.05
_MM3_PER_ML = 1000.0


def disc_heights_mm(positions_mm: Sequence[float], usual_mm: float) -> NDArray[np.float64]:
    """Return for each slice half the way to either neighbour; ``usual_mm`` stands beyond the ends.

    With slices at one distance each disc is as high as that; where one is missing its neighbours share its
    height.
    """
    steps = np.diff(np.asarray(positions_mm, dtype=np.float64))
    below = np.concatenate([[usual_mm], np.abs(steps)])
    above = np.concatenate([np.abs(steps), [usual_mm]])
    return np.asarray((below + above) / 2)


def volumes_ml(
    masks: NDArray[np.bool_], pixel_area_mm2: float, heights_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the volume (phase,) of masks (slice, phase, row, column)."""
    areas = masks.sum((2, 3)) * pixel_area_mm2
    return np.asarray(heights_mm @ areas / _MM3_PER_ML)
