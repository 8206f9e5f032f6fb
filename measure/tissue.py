"""Finds stained tissue on the overview of a slide, and the places of tiles on it; pure functions on arrays.

Classical, so that nothing is learned from one scanner: glass is bright and without colour, stain has colour,
and ink is of colours that haematoxylin and eosin do not have.

Source of the threshold: Otsu, IEEE SMC 9:62, 1979.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GLASS_PERCENTILE = 99.0
_SAMPLED_SIDE = 512
_LEAST_GLASS = 170.0
"""Brightness below which the brightest of a picture is no glass, and colours are taken as they are."""
_SATURATION = 0.05, 0.14
"""Where the threshold of saturation lies at least and at most: a picture that is all tissue has no glass."""
_DARKEST = 0.12
"""Value below which a place is black: ink, the edge of the glass, or what was not scanned."""
_INK_HUES = 65.0, 215.0
"""Degrees of green, turquoise and light blue ink; haematoxylin lies beyond, at 225 to 290."""
_DEEP_INK, _DEEP_INK_HUES = 0.75, (215.0, 250.0)
"""Blue ink is more saturated than any stain."""
_STROKE_SHARE = 0.003
"""Of the longer side: half the width of the finest stroke of ink."""
_CLOSE_SHARE, _HOLE_SHARE, _PART_SHARE = 0.004, 0.002, 0.0002
"""How far gaps are closed (of the longer side); the largest hole filled, the least part kept (of all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePlan:
    """Where tiles lie: ``places`` are (top, left) in pixels of the finest level, row by row."""

    side: int
    step: int
    places: tuple[tuple[int, int], ...]


def find_tissue(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return (row, column) of where stained tissue lies on an overview (row, column, 3) RGB."""
    import cv2

    balanced = _balanced(picture)
    hsv = cv2.cvtColor(balanced, cv2.COLOR_RGB2HSV_FULL)
    hue, saturation, value = (hsv[..., n].astype(np.float32) for n in range(3))
    hue *= np.float32(360 / 256)
    saturation /= np.float32(255)
    value /= np.float32(255)
    smooth = np.asarray(cv2.GaussianBlur(saturation, (0, 0), 1.0), np.float32)
    ink = (hue >= _INK_HUES[0]) & (hue < _INK_HUES[1]) & (saturation >= _SATURATION[1])
    ink |= (hue >= _DEEP_INK_HUES[0]) & (hue < _DEEP_INK_HUES[1]) & (saturation >= _DEEP_INK)
    ink = _without_specks(ink)
    found = (smooth >= _threshold(smooth)) & (value >= _DARKEST) & ~ink
    return np.asarray(_whole(found) & ~ink, np.bool_)


def tiles_on(
    tissue: NDArray[np.bool_], shape: tuple[int, int], side: int, overlap: float, least_tissue: float
) -> TilePlan:
    """Return the tiles of ``side`` pixels that lie on tissue, on a slide of ``shape`` (rows, columns).

    ``overlap`` is the share of a side that neighbours have in common, ``least_tissue`` that of a tile that
    is tissue on the overview. The last tiles of a row and column end at the edge.
    """
    import cv2

    step = max(1, round(side * (1.0 - overlap)))
    tops, lefts = (_starts(length, side, step) for length in shape)
    sums = cv2.integral(tissue.astype(np.uint8)).astype(np.int64)
    scale = tissue.shape[0] / shape[0], tissue.shape[1] / shape[1]
    top, bottom = _edges(tops, side, scale[0], tissue.shape[0])
    left, right = _edges(lefts, side, scale[1], tissue.shape[1])
    inside = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)]
    inside += sums[np.ix_(top, left)] - sums[np.ix_(bottom, left)]
    area = (bottom - top)[:, None] * (right - left)[None]
    rows, columns = np.nonzero(inside >= least_tissue * area)
    places = tuple((int(tops[row]), int(lefts[column])) for row, column in zip(rows, columns, strict=True))
    return TilePlan(side=side, step=step, places=places)


def _balanced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with its glass white; without glass as it is."""
    import cv2

    step = max(1, max(picture.shape) // _SAMPLED_SIDE)
    glass = np.percentile(picture[::step, ::step].reshape(-1, 3), _GLASS_PERCENTILE, axis=0)
    if glass.min() < _LEAST_GLASS:
        return picture
    tables = np.minimum(np.arange(256)[:, None] * (255.0 / glass), 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, tables[None]), np.uint8)


def _threshold(saturation: NDArray[np.float32]) -> float:
    import cv2

    levels = np.rint(np.minimum(saturation, 1.0) * 255).astype(np.uint8)
    found, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(np.clip(found / 255, *_SATURATION))


def _without_specks(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return strokes with their fringe alone: single dark nuclei may be as blue as ink."""
    import cv2

    strokes = cv2.erode(ink.astype(np.uint8), _round_kernel(ink.shape, _STROKE_SHARE))
    return np.asarray(cv2.dilate(strokes, _round_kernel(ink.shape, 3 * _STROKE_SHARE)), np.bool_)


def _whole(found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what was found with gaps closed, small holes filled and specks dropped."""
    import cv2

    kernel = _round_kernel(found.shape, _CLOSE_SHARE)
    closed = np.asarray(cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, kernel), np.bool_)
    filled = closed | _small_parts(~closed, _HOLE_SHARE)
    return np.asarray(filled & ~_small_parts(filled, _PART_SHARE), np.bool_)


def _round_kernel(shape: tuple[int, ...], share: float) -> NDArray[np.uint8]:
    import cv2

    reach = 2 * max(1, round(max(shape) * share)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)), np.uint8)


def _small_parts(mask: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    import cv2

    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    small = np.asarray(stats[:, cv2.CC_STAT_AREA] < share * mask.size, np.bool_)
    small[0] = False
    return np.asarray(small[parts], np.bool_) if count > 1 else np.zeros_like(mask)


def _starts(length: int, side: int, step: int) -> NDArray[np.int64]:
    if length <= side:
        return np.zeros(1, np.int64)
    regular = np.arange(0, length - side, step, dtype=np.int64)
    return np.append(regular, length - side)


def _edges(
    starts: NDArray[np.int64], side: int, scale: float, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where tiles begin and end on the overview, at least one of its pixels apart."""
    first = np.minimum(np.rint(starts * scale).astype(np.int64), most - 1)
    last = np.minimum(np.maximum(np.rint((starts + side) * scale).astype(np.int64), first + 1), most)
    return first, last
