"""How thick the wall of the left ventricle is, and how evenly, on short-axis slices."""

import numpy as np
from numpy.typing import NDArray

MYOCARDIUM, LEFT = 2, 3
"""What the numbers in an array of labels mean; 0 is the rest."""
SECTORS = 24
_STEP_MM = 0.25
_REACH_MM = 110.0
_FEWEST_PIXELS = 20
_ENDS = 5
"""One slice in so many is left out at each end: the wall is cut aslant there."""
_THICKEST_PERCENTILE = 98.0


def wall_thickness_mm(labels: NDArray[np.uint8], pixel_mm: tuple[float, float]) -> NDArray[np.float64]:
    """Return (slice, sector) thickness in mm of labels (slice, row, column) of one phase.

    Rays from the middle of the cavity count the wall that they pass, each the mean of three neighbours.
    Slices without wall or cavity are left out, and a fifth of the others at each end.
    """
    whole = [
        one
        for one in labels
        if min(int((one == LEFT).sum()), int((one == MYOCARDIUM).sum())) >= _FEWEST_PIXELS
    ]
    cut = len(whole) // _ENDS
    kept = whole[max(cut, 1) : max(2, len(whole) - cut)] or whole
    if not kept:
        return np.zeros((0, SECTORS))
    rays = np.array([_rays(one == LEFT, one == MYOCARDIUM, pixel_mm) for one in kept])
    return np.asarray((rays + np.roll(rays, 1, axis=1) + np.roll(rays, -1, axis=1)) / 3)


def wall_measurements(
    diastole: NDArray[np.uint8], systole: NDArray[np.uint8], pixel_mm: tuple[float, float]
) -> dict[str, float]:
    """Return by code: the thickest wall at end-diastole in mm, and how uneven it is at end-systole in %.

    ``lv_wall_spread`` is the standard deviation over all sectors by their mean: a part that does not thicken
    makes it large. Empty where the wall is not seen in one of the two.
    """
    full, empty = wall_thickness_mm(diastole, pixel_mm), wall_thickness_mm(systole, pixel_mm)
    if not full.size or not empty.size or empty.mean() <= 0:
        return {}
    return {
        "lv_wall_max": float(np.percentile(full, _THICKEST_PERCENTILE)),
        "lv_wall_spread": float(100.0 * empty.std() / empty.mean()),
    }


def _rays(
    cavity: NDArray[np.bool_], wall: NDArray[np.bool_], pixel_mm: tuple[float, float]
) -> NDArray[np.float64]:
    down, across = pixel_mm
    rows, columns = np.nonzero(cavity)
    steps = np.arange(0.0, _REACH_MM, _STEP_MM)
    angles = (np.arange(SECTORS) + 0.5) * 2 * np.pi / SECTORS
    places = np.rint(rows.mean() + np.outer(np.sin(angles), steps) / down).astype(int)
    sides = np.rint(columns.mean() + np.outer(np.cos(angles), steps) / across).astype(int)
    inside = (places >= 0) & (places < wall.shape[0]) & (sides >= 0) & (sides < wall.shape[1])
    passed = wall[places.clip(0, wall.shape[0] - 1), sides.clip(0, wall.shape[1] - 1)] & inside
    return np.asarray(passed.sum(axis=1) * _STEP_MM, dtype=np.float64)
