"""Turn a grey picture into what a network reads.

Pure array functions, shared by the application and the training.

`grey` is always float32 (row, column) in 0..1, presentation values, bright = dense; where a network reads
colour, it is (row, column, 3). Nothing here ever mirrors an image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
MINIMUM_RANGE = 1e-3
"""The smallest spread of grey values (of 0..1) that is stretched as if it were contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in normalised coordinates (0..1 of the height and the width).

    It may reach beyond the image.
    """

    top: float
    left: float
    bottom: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What a network that looks only inside a mask reads, and where it lies.

    `tensor` is (1, 1, row, column); `mask` (row, column) 0..1 is the region in the same crop; `box` its
    place.
    """

    tensor: Grey
    mask: Grey
    box: Box


def prepare_whole(grey: Grey, *, size: tuple[int, int], low: float, high: float) -> Grey:
    """Make the (1, 1, row, column) input of a network that reads the whole image, stretched to `size`."""
    resized = resize_stretched(grey, height=size[0], width=size[1])
    return np.asarray(stretch_percentiles(resized, low=low, high=high)[None, None], dtype=np.float32)


def prepare_region(
    grey: Grey,
    region: NDArray[np.bool_],
    *,
    size: tuple[int, int],
    margin: float,
    outside: float,
    low: float,
    high: float,
    stretched: bool = True,
) -> Region | None:
    """Make the input of a network that reads only inside `region` (row, column, like `grey`).

    Crops to the region's box plus `margin`, stretches the percentiles of the values inside (unless not
    `stretched`), and fills the rest with the constant `outside`. Returns None where the region is empty.
    `tensor` of a picture in colour is (1, 1, row, column, 3).
    """
    soft = region.astype(np.float32)
    box = box_around(soft, margin=margin)
    if box is None:
        return None
    crop = crop_box(grey, box, height=size[0], width=size[1])
    mask = np.clip(crop_box(soft, box, height=size[0], width=size[1]), 0.0, 1.0)
    values = stretch_percentiles(crop, low=low, high=high, inside=mask > 0.5) if stretched else crop
    return Region(tensor=fill_outside(values, mask, value=outside)[None, None], mask=mask, box=box)


def resize_stretched(grey: Grey, *, height: int, width: int) -> Grey:
    """Resize (row, column) to `height` x `width` without keeping the aspect.

    Shrinking averages over areas.
    """
    shrinks = grey.shape[0] >= height and grey.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (width, height), interpolation=method), dtype=np.float32)


def stretch_percentiles(
    grey: Grey, *, low: float, high: float, inside: NDArray[np.bool_] | None = None
) -> Grey:
    """Map the percentiles `low`..`high` (0..100) of all values, or of those `inside`, to 0..1, and clip."""
    values = grey if inside is None or not inside.any() else grey[inside]
    bottom, top = percentiles(values, low, high)
    spread = max(top - bottom, MINIMUM_RANGE)
    stretched: Grey = grey - np.float32(bottom)
    stretched /= np.float32(spread)
    return np.clip(stretched, 0.0, 1.0, out=stretched)


def percentiles(values: Grey, *wanted: float) -> tuple[float, ...]:
    """Return percentiles (0..100) of finite values, interpolated linearly as `numpy.percentile` does.

    That one takes two to three times as long: it looks for values that are not numbers as well.
    """
    flat = values.ravel()
    last = flat.size - 1
    places = [percent / 100.0 * last for percent in wanted]
    pairs = [(int(place), min(int(place) + 1, last)) for place in places]
    ordered = np.partition(flat, sorted({index for pair in pairs for index in pair}))
    ends = ((float(ordered[below]), float(ordered[above])) for below, above in pairs)
    return tuple(
        low + (high - low) * (place - int(place)) for (low, high), place in zip(ends, places, strict=True)
    )


def turn_quarters(grey: Grey, quarters: int) -> Grey:
    """Turn (row, column) counter-clockwise by `quarters` times 90 degrees; never mirrors."""
    return np.ascontiguousarray(np.rot90(grey, quarters))


def box_around(mask: Grey, *, margin: float, threshold: float = 0.5) -> Box | None:
    """Find the box around a soft mask (row, column) at any resolution.

    Widened by `margin` of its own size a side.

    Returns None where no value reaches the threshold.
    """
    rows = np.flatnonzero((mask >= threshold).any(axis=1))
    columns = np.flatnonzero((mask >= threshold).any(axis=0))
    if rows.size == 0:
        return None
    height, width = mask.shape
    top, bottom = rows[0] / height, (rows[-1] + 1) / height
    left, right = columns[0] / width, (columns[-1] + 1) / width
    tall, wide = (bottom - top) * margin, (right - left) * margin
    return Box(top=top - tall, left=left - wide, bottom=bottom + tall, right=right + wide)


def crop_box(grey: Grey, box: Box, *, height: int, width: int) -> Grey:
    """Sample the box from (row, column) into `height` x `width`; what lies beyond the image repeats its edge.

    Large images are first shrunk by areas so that the linear sampling does not skip pixels.
    """
    source = _shrunk_for(grey, box, height=height, width=width)
    rows, columns = source.shape[:2]
    step_y, step_x = (box.bottom - box.top) * rows / height, (box.right - box.left) * columns / width
    first_y, first_x = box.top * rows + step_y / 2 - 0.5, box.left * columns + step_x / 2 - 0.5
    affine = np.array([[step_x, 0.0, first_x], [0.0, step_y, first_y]], dtype=np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(source, affine, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.float32)


def _shrunk_for(grey: Grey, box: Box, *, height: int, width: int) -> Grey:
    rows, columns = grey.shape[:2]
    shrink_y = max(1.0, (box.bottom - box.top) * rows / height)
    shrink_x = max(1.0, (box.right - box.left) * columns / width)
    if shrink_y < 1.5 and shrink_x < 1.5:
        return grey
    size = (max(1, round(columns / shrink_x)), max(1, round(rows / shrink_y)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def fill_outside(crop: Grey, mask: Grey, *, value: float) -> Grey:
    """Blend a crop into the constant `value` where the soft mask (same shape, 0..1) falls to zero."""
    seen = mask if crop.ndim == 2 else mask[..., None]
    return (crop * seen + value * (1.0 - seen)).astype(np.float32)
