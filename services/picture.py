"""An image made ready for the screen: a pyramid of grey indices, and a lookup table for the visible part."""

import numpy as np
from numpy.typing import NDArray

from core.image import Image, ReadingUnit, Window
from services import display

SMALLEST_SIDE = 256
_ENTRIES = 65536


class Picture:
    """One decoded frame as a pyramid; level ``n`` is (row, column) at 1 / 2**n of the size."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._cached: tuple[tuple[Window, bool], NDArray[np.uint8]] | None = None
        if image.is_colour:
            base: NDArray[np.uint8] | NDArray[np.uint16] = np.ascontiguousarray(image.values, dtype=np.uint8)
            self._first, self._scale = 0.0, 1.0
        else:
            base, self._first, self._scale = _indices(image.values)
        self._levels = _pyramid(base)

    @property
    def level_count(self) -> int:
        """How many levels there are; 0 is full size."""
        return len(self._levels)

    @property
    def byte_count(self) -> int:
        """How much memory the picture takes."""
        return sum(level.nbytes for level in self._levels) + self.image.values.nbytes

    def level_for(self, scale: float) -> int:
        """Return the coarsest level that still has a pixel for each screen pixel at ``scale``."""
        level = 0
        while scale <= 0.5 and level + 1 < self.level_count:
            scale *= 2
            level += 1
        return level

    def render(
        self, window: Window, *, inverted: bool, level: int, part: tuple[int, int, int, int]
    ) -> NDArray[np.uint8]:
        """Return the ``part`` (top, left, bottom, right in level pixels) as (row, column[, 3]) uint8."""
        top, left, bottom, right = part
        cut = self._levels[level][top:bottom, left:right]
        if cut.ndim == 3:
            return np.ascontiguousarray(255 - cut if inverted else cut, dtype=np.uint8)
        return np.ascontiguousarray(self._table(window, inverted)[cut])

    def size_at(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level."""
        rows, columns = self._levels[level].shape[:2]
        return int(rows), int(columns)

    def _table(self, window: Window, inverted: bool) -> NDArray[np.uint8]:
        key = (window, inverted)
        if self._cached is None or self._cached[0] != key:
            table, first, step = display.lookup_table(self.image, window, inverted=inverted)
            values = self._first + np.arange(_ENTRIES, dtype=np.float64) * self._scale
            places = np.clip(np.rint((values - first) / step), 0, len(table) - 1).astype(np.intp)
            self._cached = (key, table[places])
        return self._cached[1]


def thumbnail(unit: ReadingUnit, side: int = 128) -> NDArray[np.uint8]:
    """Return the middle frame of a unit as it is first shown, at most about ``side`` * 2 pixels wide.

    Raises:
        ImagingError: it could not be read; the message says why.
    """
    picture = Picture(display.load_image(unit, unit.frames // 2))
    rows, columns = picture.size_at(0)
    level = picture.level_for(min(1.0, side / max(rows, columns)))
    rows, columns = picture.size_at(level)
    window = display.first_window(picture.image)
    small = picture.render(window, inverted=False, level=level, part=(0, 0, rows, columns))
    step = max(1, max(rows, columns) // (2 * side))
    return np.ascontiguousarray(small[::step, ::step])


def _indices(values: NDArray[np.float32] | NDArray[np.uint8]) -> tuple[NDArray[np.uint16], float, float]:
    finite = np.nan_to_num(values.astype(np.float32, copy=False))
    low, high = float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))
    span = high - low
    if span <= 0 or not np.isfinite(span):
        return np.zeros(values.shape, dtype=np.uint16), low if np.isfinite(low) else 0.0, 1.0
    scale = 1.0 if span < _ENTRIES and _is_whole(finite) else span / (_ENTRIES - 1)
    return np.rint((finite - low) / scale).astype(np.uint16), low, scale


def _is_whole(values: NDArray[np.float32]) -> bool:
    return bool(np.array_equal(values, np.rint(values)))


def _pyramid(base: NDArray[np.uint8] | NDArray[np.uint16]) -> list[NDArray[np.uint8] | NDArray[np.uint16]]:
    levels = [base]
    while min(levels[-1].shape[:2]) >= 2 * SMALLEST_SIDE:
        finer = levels[-1][: levels[-1].shape[0] // 2 * 2, : levels[-1].shape[1] // 2 * 2].astype(np.uint32)
        total = finer[0::2, 0::2] + finer[1::2, 0::2] + finer[0::2, 1::2] + finer[1::2, 1::2]
        mean = (total + 2) // 4
        levels.append(mean.astype(np.uint8) if base.dtype == np.uint8 else mean.astype(np.uint16))
    return levels
