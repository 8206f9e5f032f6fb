"""The base and the apex of the left ventricle: where short-axis outlines are least sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CUT_BASE, _CUT_APEX = 0.85, 0.3
"""Share of the largest area, in an outer slice, from which the stack ends inside the ventricle."""
_FEWEST_SLICES = 5
_SHORTEST_MM = 60.0
"""Of a grown ventricle, as far as it lies in the stack: less is a part of it where the stack ends inside it.

A limit of our own judgement: well below the length of a grown heart.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The slices from base to apex that hold the ventricle at end-diastole, and what of it lies where.

    ``thirds_ml`` are base, middle and apex. ``doubts`` are codes: ``base_cut`` and ``apex_cut`` where the
    stack ends inside the ventricle, ``incomplete`` where then only a short part of it was seen,
    ``few_slices``, ``hole`` where a slice between others holds nothing.
    """

    slices: tuple[int, ...]
    thirds_ml: tuple[float, float, float]
    doubts: tuple[str, ...]


def ends_of(
    areas_mm2: NDArray[np.float64], heights_mm: NDArray[np.float64], right_mm2: NDArray[np.float64]
) -> Ends:
    """Return what lies at the ends of the ventricle whose ``areas_mm2`` (slice,) these are at one phase.

    The base is where the right ventricle lies, or else where the areas are larger.
    """
    held = np.flatnonzero(areas_mm2 > 0)
    if not len(held):
        return Ends(slices=(), thirds_ml=(0.0, 0.0, 0.0), doubts=("few_slices",))
    first, last = int(held[0]), int(held[-1])
    middle = (first + last) / 2
    weights = right_mm2 if right_mm2.sum() > 0 else areas_mm2
    heavy = float(np.arange(len(weights)) @ weights / weights.sum())
    if heavy > middle:
        first, last = last, first
    step = 1 if last >= first else -1
    order = tuple(range(first, last + step, step))
    doubts = _doubts(areas_mm2, order)
    length = float(heights_mm[min(order) : max(order) + 1].sum())
    if length < _SHORTEST_MM and {"base_cut", "apex_cut"} & set(doubts):
        doubts = (*doubts, "incomplete")
    parts = np.array_split(np.array(order), 3)
    sums = [float(areas_mm2[part] @ heights_mm[part] / 1000) if len(part) else 0.0 for part in parts]
    return Ends(slices=order, thirds_ml=(sums[0], sums[1], sums[2]), doubts=doubts)


def _doubts(areas: NDArray[np.float64], order: tuple[int, ...]) -> tuple[str, ...]:
    largest, outer = float(areas.max()), (0, len(areas) - 1)
    doubts = []
    if order[0] in outer and areas[order[0]] > _CUT_BASE * largest:
        doubts.append("base_cut")
    if order[-1] in outer and areas[order[-1]] > _CUT_APEX * largest:
        doubts.append("apex_cut")
    if len(order) < _FEWEST_SLICES:
        doubts.append("few_slices")
    if any(areas[number] == 0 for number in order):
        doubts.append("hole")
    return tuple(doubts)
