"""Opens a slide image lazily: an overview, its scale, and any part at any size, with bounded memory.

Decoding is done by OpenSlide in a supervised child of its own (see ``imaging.decode``), so that a slide that
is read for minutes keeps no other image waiting, and a hostile one ends the child at most.
"""

import atexit
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import (
    Cancelled,
    DamagedImageError,
    FarlightError,
    SlidePlaceError,
    TooLargeError,
    UnsupportedPixelsError,
)
from core.image import Image, ImageRef, ReadingUnit
from imaging.decode import Decoder
from imaging.source import open_source

OVERVIEW_SIDE = 2048
"""Pixels of the longer side of the one picture that stands for a slide."""
SCALES_UM = 0.02, 20.0
"""Micrometres a pixel between which a file is believed: 72 dpi, which many programs write, is 353."""
_SQUARE = 0.05
"""Share by which a pixel may be longer than wide."""
_MOST_SIDE, _MOST_PIXELS = 4_000_000, 1 << 42
_OVERVIEW_LEVELS = (OVERVIEW_SIDE, 1 << 26), (1024, 1 << 26), (0, 1 << 30)
"""Which level the overview is made of, the first that fits: its longer side at least, its pixels at most."""
_BLOCK = 512
_PART_TIMEOUT_S = 60.0

_decoder = Decoder(timeout_s=_PART_TIMEOUT_S)
atexit.register(_decoder.close)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """An opened slide; sizes are (rows, columns), the finest first. ``um_per_pixel`` None is unknown."""

    path: Path
    sizes: tuple[tuple[int, int], ...]
    um_per_pixel: float | None = None
    vendor: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns at its finest."""
        return self.sizes[0]

    def downsample(self, level: int) -> float:
        """Return how many pixels of the finest level stand for one of another."""
        return self.shape[0] / self.sizes[level][0]

    def read(
        self, top: float, left: float, size: tuple[float, float], shape: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Return a part as ``shape`` (row, column, 3) RGB, averaged over areas where it shrinks.

        ``top``, ``left`` and ``size`` (rows, columns) are pixels of the finest level; beyond it is glass.

        Raises:
            ImagingError: it cannot be read; the class says why.
        """
        level = self._level_for(min(size[0] / shape[0], size[1] / shape[1]))
        scale = self.downsample(level)
        asked = {
            "level": level,
            "top": round(top),
            "left": round(left),
            "rows": max(1, round(size[0] / scale)),
            "columns": max(1, round(size[1] / scale)),
        }
        pixels = np.asarray(_ask(self.path, **asked)[0], np.uint8)
        if pixels.shape != (asked["rows"], asked["columns"], 3):
            raise DamagedImageError("part of another size")
        return resized(pixels, shape)

    def overview(self, cancelled: Callable[[], bool] | None = None) -> NDArray[np.uint8]:
        """Return the whole slide as (row, column, 3) RGB of at most ``OVERVIEW_SIDE``, block by block.

        Raises:
            Cancelled: ``cancelled`` said so.
            TooLargeError: it has no level small enough to be read in a while.
            ImagingError: it cannot be read.
        """
        rows, columns = self._overview_level()
        factor = max(1.0, max(rows, columns) / OVERVIEW_SIDE)
        shape = max(1, round(rows / factor)), max(1, round(columns / factor))
        down, across = self.shape[0] / shape[0], self.shape[1] / shape[1]
        picture = np.empty((*shape, 3), np.uint8)
        for top in range(0, shape[0], _BLOCK):
            for left in range(0, shape[1], _BLOCK):
                if cancelled is not None and cancelled():
                    raise Cancelled
                part = picture[top : top + _BLOCK, left : left + _BLOCK]
                size = part.shape[0] * down, part.shape[1] * across
                part[:] = self.read(top * down, left * across, size, (part.shape[0], part.shape[1]))
        return picture

    def _overview_level(self) -> tuple[int, int]:
        """Return the size of the level that the overview is made of: the smallest that is large enough.

        Where only a far larger one has its full size, a smaller one that is soon read is better.
        """
        for least, most in _OVERVIEW_LEVELS:
            fitting = [size for size in self.sizes if max(size) >= least and size[0] * size[1] <= most]
            if fitting:
                return min(fitting)
        raise TooLargeError("a slide without small levels")

    def _level_for(self, factor: float) -> int:
        """Return the coarsest level that still has a pixel for each one asked for."""
        fitting = [n for n in range(len(self.sizes)) if self.downsample(n) <= factor * (1 + 1e-6)]
        return max(fitting, key=self.downsample, default=0)


def open_slide(path: Path) -> Slide:
    """Open a slide.

    Raises:
        SlidePlaceError: it lies in a zip file or among encrypted copies.
        UnsupportedPixelsError: OpenSlide knows no such format.
        TooLargeError: it claims a size that no slide has.
        ImagingError: it is damaged, or cannot be read.
    """
    facts = _ask(path)[1]
    try:
        sizes = tuple((int(rows), int(columns)) for rows, columns in facts["sizes"])
        scale = _scale(facts["um_down"], facts["um_across"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedImageError("facts") from error
    if not sizes or any(min(size) < 1 for size in sizes):
        raise DamagedImageError("no levels")
    if max(sizes[0]) > _MOST_SIDE or sizes[0][0] * sizes[0][1] > _MOST_PIXELS:
        raise TooLargeError("claimed size of a slide")
    return Slide(path=path, sizes=sizes, um_per_pixel=scale, vendor=str(facts.get("vendor", "")))


def read_slide_image(
    unit: ReadingUnit, file: Path, shown_path: str, cancelled: Callable[[], bool] | None = None
) -> Image:
    """Return the overview of a slide, with the spacing of its pixels where the file says the scale.

    What OpenSlide does not know is read as any other picture, as far as that reaches.

    Raises:
        Cancelled: ``cancelled`` said so.
        ImagingError: it cannot be read; the class says why.
    """
    try:
        slide = open_slide(file)
    except UnsupportedPixelsError:
        from imaging.raster_file import read_raster_image

        return read_raster_image(file, shown_path, 0)
    picture = slide.overview(cancelled)
    picture.setflags(write=False)
    spacing = None
    if slide.um_per_pixel is not None:
        down, across = (full / small for full, small in zip(slide.shape, picture.shape[:2], strict=True))
        spacing = slide.um_per_pixel * down / 1000, slide.um_per_pixel * across / 1000
    uid = unit.sop_instance_uids[0] if unit.sop_instance_uids else None
    return Image(
        ref=ImageRef(file=shown_path, sop_instance_uid=uid),
        values=picture,
        pixel_spacing_mm=spacing,
        spacing_source=None if spacing is None else "file",
        notes=("slide-overview",),
    )


def resized(pixels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return (row, column, 3) pixels at another size, averaged over areas where they shrink."""
    if pixels.shape[:2] == shape:
        return pixels
    import cv2

    shrinks = shape[0] <= pixels.shape[0] and shape[1] <= pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (shape[1], shape[0]), interpolation=method), np.uint8)


def _ask(path: Path, **parameters: Any) -> tuple[NDArray[Any], dict[str, Any]]:
    if not path.is_file():
        with open_source(path):  # tells a stick that is gone, a file that may not be read
            raise SlidePlaceError
    try:
        return _decoder.decode("slide", os.fsencode(path), **parameters)
    except FarlightError:
        with open_source(path) as stream:
            stream.read(1)
        raise


def _scale(down: Any, across: Any) -> float | None:
    """Return micrometres a pixel, None where the file is silent, says nonsense or has oblong pixels."""
    if down is None or across is None:
        return None
    low, high = sorted((float(down), float(across)))
    if not (SCALES_UM[0] <= low and high <= SCALES_UM[1]) or high > low * (1 + _SQUARE):
        return None
    return math.sqrt(low * high)
