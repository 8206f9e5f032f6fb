"""Slides put together of real tiles, with known places: pyramids as scanners write them; torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import Bytes, unit_hash
from training.samples import Sample

PLACES, ENLARGED = 6, 4
"""Places a side of a slide; how many times finer than the tiles its finest level is."""
GLASS = (243, 242, 240)
_MARGIN = 1.2
"""Glass around the places, in places: no whole number, so that tiles that are read lie across places."""
_SMALLEST_LEVEL = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedSlide:
    """A slide's pixels at its finest (row, column, 3), and which of its places are malignant (row, column).

    ``first`` is (top, left) of the first place, ``side`` how many pixels a place spans.
    """

    name: str
    pixels: Bytes
    malignant: NDArray[np.bool_]
    first: tuple[int, int]
    side: int


def composed_slides(samples: Sequence[Sample], count: int) -> list[ComposedSlide]:
    """Return slides of colour tiles; all copies of a source tile lie on one slide.

    Half of each slide, from one side on, is malignant; every fourth slide has nothing malignant.
    """
    units = sorted({sample.unit for sample in samples}, key=lambda unit: unit_hash(f"slide {unit}"))
    home = {unit: number % count for number, unit in enumerate(units)}
    slides = []
    for number in range(count):
        own = [sample for sample in samples if home[sample.unit] == number]
        slides.append(_composed(own, number))
    return slides


def write_pyramid(pixels: Bytes, file: Path, um_per_pixel: float | None) -> None:
    """Write a tiled TIFF with levels halved until they are small, and the scale where it is given."""
    import tifffile

    level = pixels
    with tifffile.TiffWriter(file, bigtiff=True) as writer:
        for number in range(16):
            scale = None if um_per_pixel is None else (1e4 / um_per_pixel / 2**number,) * 2
            writer.write(
                level,
                subfiletype=int(number > 0),
                tile=(256, 256),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": 90},
                resolutionunit="CENTIMETER" if scale else "NONE",
                resolution=scale,
            )
            if max(level.shape) <= _SMALLEST_LEVEL:
                return
            level = np.asarray(cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _composed(samples: Sequence[Sample], number: int) -> ComposedSlide:
    rng = np.random.default_rng(number)
    malignant = np.zeros((PLACES, PLACES), np.bool_)
    if number % 4 != 3:
        malignant[: PLACES // 2] = True
        malignant = np.rot90(malignant, number % 4).copy()
    kinds = [[s for s in samples if s.truth == truth] for truth in (0, 1)]
    side = samples[0].grey.shape[0] * ENLARGED
    margin = round(side * _MARGIN)
    page = np.full((2 * margin + PLACES * side, 2 * margin + PLACES * side, 3), GLASS, np.uint8)
    for row, column in np.ndindex(malignant.shape):
        choice = kinds[int(malignant[row, column])]
        colour = choice[int(rng.integers(len(choice)))].colour
        assert colour is not None
        turned = np.rot90(colour, int(rng.integers(4)))
        tile = cv2.resize(np.ascontiguousarray(turned), (side, side), interpolation=cv2.INTER_CUBIC)
        top, left = margin + row * side, margin + column * side
        page[top : top + side, left : left + side] = tile
    return ComposedSlide(
        name=f"slide-{number}", pixels=page, malignant=malignant, first=(margin, margin), side=side
    )
