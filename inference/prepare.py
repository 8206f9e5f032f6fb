"""From grey to the network's input as a manifest says it, and to the upright frame in which networks look.

The upright frame is the stored picture after its Correction: turned by quarters, and inverted where it was
inverted.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.result import Correction
from inference.framing import Frame, frame_of
from inference.manifest import InputSpec, MaskRegion, Outline
from inference.postprocess import largest_parts, map_at, masks_at
from inference.preprocess import (
    Box,
    prepare_region,
    resize_stretched,
    stretch_percentiles,
    turn_quarters,
)

Grey = NDArray[np.float32]
Picture = NDArray[np.float32]
"""Grey, (row, column), or colour, (row, column, 3), float32 0..1."""
Outlines = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)
WHOLE = Box(top=0.0, left=0.0, bottom=1.0, right=1.0)
LARGEST_REGION_SIDE = 512
"""Pixels of the longer side at which outlines are handed to packs that look inside them."""
LARGEST_PICTURE_SIDE = 1024
"""Pixels of the longer side from which networks and gates get their pictures: shrinking once is faster."""
_STEPS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a network reads of one picture, (channel, row, column) float32, and the box it is of.

    ``region_found`` is False where the outlines were empty and the whole picture was taken instead.
    """

    tensor: Grey
    box: Box
    region_found: bool = True


def in_steps(grey: Grey) -> Grey:
    """Return grey (row, column) 0..1 in 255 steps, as the 8-bit pictures that networks learned from.

    The same pixels stored with more bits then give the same input, to the last digit.
    """
    steps = cv2.convertScaleAbs(grey, alpha=float(_STEPS))
    return np.divide(steps, np.float32(_STEPS), dtype=np.float32)


def prepare(picture: Picture, spec: InputSpec, outlines: Mapping[str, Outlines]) -> Prepared:
    """Return the input for an upright picture; ``outlines`` are upright, by code, for the region rule."""
    region = spec.region
    if isinstance(region, MaskRegion):
        rule = spec.intensity
        inside = np.logical_or.reduce([outlines[code] for code in region.codes])
        found = prepare_region(
            picture,
            inside,
            size=spec.size,
            margin=region.margin,
            outside=region.outside,
            low=rule.low,
            high=rule.high,
            stretched=rule.rule == "percentile",
        )
        if found is not None:
            return Prepared(tensor=_finished(found.tensor[0, 0], spec), box=found.box)
    frame = frame_of((picture.shape[0], picture.shape[1]), spec.size, spec.resize)
    tensor = _finished(_framed(picture, frame, spec), spec)
    return Prepared(tensor=tensor, box=frame.box, region_found=not isinstance(region, MaskRegion))


def _framed(picture: Picture, frame: Frame, spec: InputSpec) -> Picture:
    """Return what the network's frame shows, (row, column) or (row, column, 3), 0..1."""
    shown = picture[frame.shown_rows, frame.shown_columns]
    height, width = frame.rows.stop - frame.rows.start, frame.columns.stop - frame.columns.start
    values = resize_stretched(shown, height=height, width=width)
    if spec.intensity.rule == "percentile":
        values = stretch_percentiles(values, low=spec.intensity.low, high=spec.intensity.high)
    if (height, width) == spec.size:
        return values
    padded = np.full((*spec.size, *picture.shape[2:]), spec.pad, dtype=np.float32)
    padded[frame.rows, frame.columns] = values
    return padded


def _finished(values: Picture, spec: InputSpec) -> Picture:
    """Return (channel, row, column) as the network reads it: grey repeated, then normalised."""
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)
    if len(planes) < spec.channels:
        planes = np.repeat(planes, spec.channels, axis=0)
    normalise = spec.normalise
    if normalise is not None:
        mean, std = (np.array(each, np.float64)[:, None, None] for each in (normalise.mean, normalise.std))
        return np.ascontiguousarray((planes * normalise.scale - mean) / std, dtype=np.float32)
    return np.ascontiguousarray(planes)


def without_small_parts(probabilities: Grey, outline: Outline) -> Grey:
    """Return (code, row, column) probabilities with 0 in the parts that are too small to belong."""
    inside = np.asarray(probabilities >= outline.threshold, dtype=np.bool_)
    dropped = inside & ~largest_parts(inside, share=outline.smallest_part)
    return np.where(dropped, np.float32(0.0), probabilities)


def outlines_at(probabilities: Grey, outline: Outline, shape: tuple[int, int], box: Box = WHOLE) -> Outlines:
    """Return the outlines, (code, row, column), of (code, row, column) probabilities at a shape.

    ``box`` is the place in the picture that the probabilities are of; what lies outside belongs to nothing.
    Beyond LARGEST_REGION_SIDE the probabilities are interpolated in eight bits, several times faster: that
    moves an outline by a small part of a pixel of the network's.
    """
    if box != WHOLE:
        return np.stack([map_at(plane, box=box, shape=shape) >= outline.threshold for plane in probabilities])
    if max(shape) <= LARGEST_REGION_SIDE:
        return masks_at(probabilities, shape=shape, threshold=outline.threshold)
    steps = np.rint(probabilities * _STEPS).astype(np.uint8)
    size = (shape[1], shape[0])
    least = math.ceil(_STEPS * outline.threshold)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) >= least for plane in steps])


def in_whole_picture(probabilities: Grey, box: Box) -> Grey:
    """Return (code, row, column) probabilities of a box as those of the whole picture, 0 outside the box."""
    if box == WHOLE:
        return probabilities
    shape = (probabilities.shape[1], probabilities.shape[2])
    return np.stack([map_at(plane, box=box, shape=shape) for plane in probabilities])


def region_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the shape at which outlines are handed on: the picture's own, or shrunk."""
    scale = min(1.0, LARGEST_REGION_SIDE / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def put_right(grey: Picture, correction: Correction | None) -> Picture:
    """Bring a stored picture into the upright frame."""
    if correction is None:
        return grey
    turned = turn_quarters(grey, correction.quarter_turns) if correction.quarter_turns else grey
    return np.asarray(1.0 - turned, dtype=np.float32) if correction.inverted else turned


def upright_shape(shape: tuple[int, int], correction: Correction | None) -> tuple[int, int]:
    """Return the shape of a stored picture in the upright frame."""
    turned = correction is not None and correction.quarter_turns % 2 == 1
    return (shape[1], shape[0]) if turned else shape


def as_stored(values: NDArray[Scalar], correction: Correction | None) -> NDArray[Scalar]:
    """Bring (row, column) of the upright frame back to the stored orientation; values stay as they are."""
    if correction is None or not correction.quarter_turns:
        return values
    return np.ascontiguousarray(np.rot90(values, -correction.quarter_turns))
