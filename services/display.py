"""What the window needs of imaging: pixels, grey pictures, windows and their lookup tables."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.image import Image, ReadingUnit, Window

_MOST_ENTRIES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named grey window for a modality; ``key`` is 1..9."""

    key: int
    name: str
    window: Window


def load_image(unit: ReadingUnit, index: int = 0, cancelled: Callable[[], bool] | None = None) -> Image:
    """Return frame ``index`` of the unit (0-based, reading order), decoded under supervision.

    Raises:
        Cancelled: ``cancelled`` said so while a slide was read.
        ImagingError: it could not be read; the message says why.
    """
    from imaging.read import read_image

    return read_image(unit, index, cancelled)


def warm_up() -> None:
    """Start the decoder in good time, so that the first image does not wait; call it in the background."""
    from imaging import decode

    decode.warm_up()


def presentation(
    image: Image, window: Window | None = None, *, inverted: bool = False
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Return (row, column) float32 in 0..1, bright = dense; RGB images stay (row, column, 3) uint8."""
    from imaging import display

    if image.is_colour:
        return 255 - image.values if inverted else image.values
    grey = display.presentation(image, _own_if_first(image, window))
    return np.subtract(np.float32(1), grey) if inverted else grey


def first_window(image: Image) -> Window:
    """Return the window that the image is first shown with."""
    from imaging import display

    return display.default_window(image)


def lookup_table(
    image: Image, window: Window, *, inverted: bool = False
) -> tuple[NDArray[np.uint8], float, float]:
    """Return (table, first, step): the grey of value v is ``table[round((v - first) / step)]``, clipped."""
    first, last = image.value_range or _range_of(image)
    span = max(last - first, 0.0)
    whole = float(first).is_integer() and span.is_integer() and span < _MOST_ENTRIES
    entries = int(span) + 1 if whole else _MOST_ENTRIES
    step = 1.0 if whole else max(span, 1e-6) / (entries - 1)
    ramp = (first + np.arange(entries, dtype=np.float64) * step).astype(np.float32).reshape(1, -1)
    grey = presentation(replace(image, values=ramp, overlays=()), window, inverted=inverted)
    table: NDArray[np.uint8] = np.rint(grey[0] * np.float32(255)).astype(np.uint8)
    return table, float(first), step


def presets(unit: ReadingUnit) -> tuple[Preset, ...]:
    """Return the named windows for the unit's modality (CT has several, most others none)."""
    from imaging import display

    windows = display.presets(unit.header.modality)[:9]
    return tuple(
        Preset(key=number, name=window.label, window=window) for number, window in enumerate(windows, start=1)
    )


def _own_if_first(image: Image, window: Window | None) -> Window | None:
    # The first window may stand for the file's own table, which imaging applies where no window is named.
    return None if window is None or window == first_window(image) else window


def _range_of(image: Image) -> tuple[float, float]:
    finite = image.values[np.isfinite(image.values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 255.0)
