"""Bring what a network returns back to the image it was asked about: pure array functions.

Arrays are (row, column); what was turned before the network looked is turned back by the caller.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.preprocess import Box

Map = NDArray[np.float32]


def masks_at(probabilities: Map, *, shape: tuple[int, int], threshold: float = 0.5) -> NDArray[np.bool_]:
    """Bring (code, row, column) probabilities to the image's shape linearly, then threshold."""
    return np.stack([_resized(plane, shape) >= threshold for plane in probabilities])


def largest_parts(masks: NDArray[np.bool_], *, share: float) -> NDArray[np.bool_]:
    """Keep of each mask (code, row, column) the parts of at least `share` of its largest part."""
    return np.stack([_large_parts(mask, share) for mask in masks])


def map_at(activation: Map, *, box: Box, shape: tuple[int, int]) -> Map:
    """Lay an activation map (row, column) 0..1 over the box it was made of; outside the box it is zero."""
    rows, columns = activation.shape
    step_y = rows / ((box.bottom - box.top) * shape[0])
    step_x = columns / ((box.right - box.left) * shape[1])
    first_y = (0.5 - box.top * shape[0]) * step_y - 0.5
    first_x = (0.5 - box.left * shape[1]) * step_x - 0.5
    affine = np.array([[step_x, 0.0, first_x], [0.0, step_y, first_y]], dtype=np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    placed = cv2.warpAffine(activation, affine, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    rows, columns = _inside(box.top, box.bottom, shape[0]), _inside(box.left, box.right, shape[1])
    inside = np.zeros(shape, dtype=np.float32)
    np.clip(placed[rows, columns], 0.0, 1.0, out=inside[rows, columns])
    return inside


def _inside(low: float, high: float, size: int) -> slice:
    """Return the pixels whose middle lies from `low` to `high`, shares of `size`."""
    middles = (np.arange(size) + 0.5) / size
    first, last = np.searchsorted(middles, (low, high))
    return slice(int(first), int(last))


def _resized(plane: Map, shape: tuple[int, int]) -> Map:
    return np.asarray(
        cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )


def _large_parts(mask: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = np.flatnonzero(areas >= share * areas[1:].max())
    return np.isin(parts, kept[kept != 0])
