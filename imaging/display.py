"""Shows an image: windows, tables and photometric sense, to grey in 0..1 or to 8 bits.

The grey of ``presentation`` is what the screen shows first and what every model gets.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.image import Image, VoiTable, Window

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as JPEG has it."""
_MOST_LEVELS = 1 << 16
_ROWS_AT_ONCE = 64
"""Keeps the work of ``render`` within the processor's cache."""


def presentation(image: Image, window: Window | None = None) -> NDArray[np.float32]:
    """Return (row, column) float32 in 0..1 as displayed, where bright is dense.

    ``inverted`` is honoured; colour becomes luma. ``window`` defaults to the file's own first table or
    window, else the full stored range.
    """
    if image.is_colour:
        return np.asarray((image.values.astype(np.float32) @ _LUMA) / np.float32(255), np.float32)
    return _shown(image.values.astype(np.float32, copy=False), image, window)


def default_window(image: Image) -> Window:
    """Return the window that ``presentation`` uses first (for a table: one that spans it)."""
    if image.windows and _is_sane(image.windows[0], image):
        return image.windows[0]
    if image.voi_tables:
        table = image.voi_tables[0]
        return _window_over(table.first, table.first + len(table.outputs) - 1)
    return full_window(image)


def full_window(image: Image) -> Window:
    """Return the window over the full stored range."""
    low, high = image.value_range or (0.0, 255.0)
    return _window_over(low, high)


def window_is_absurd(image: Image) -> bool:
    """Return whether the file's own first window shows nothing of its values and was therefore not used."""
    return bool(image.windows) and not image.is_colour and not _is_sane(image.windows[0], image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A grey image as indices (row, column) uint16 into ``values`` (level,) float32, its modality values.

    Made once for an image, so that a new window costs one small table and one look-up a pixel.
    """

    indices: NDArray[np.uint16]
    values: NDArray[np.float32]


def levels_of(image: Image) -> Levels:
    """Return the levels of a grey image; values that are not whole numbers are brought to 65,536 steps."""
    values = image.values
    low, high = float(values.min()), float(values.max())
    whole = high - low < _MOST_LEVELS and bool((values == np.rint(values)).all())
    step = 1.0 if whole else max((high - low) / (_MOST_LEVELS - 1), float(np.finfo(np.float32).tiny))
    count = round((high - low) / step) + 1
    scaled = (values - np.float32(low)) if whole else np.rint((values - np.float32(low)) / np.float32(step))
    indices = np.minimum(scaled, count - 1).astype(np.uint16)
    return Levels(indices=indices, values=np.linspace(low, high, count, dtype=np.float32))


def lookup_table(image: Image, levels: Levels, window: Window | None = None) -> NDArray[np.uint8]:
    """Return the shown grey (level,) uint8 of each level; the same sense as ``presentation``."""
    grey = _shown(levels.values, image, window)
    return np.asarray(np.rint(grey * np.float32(255)), np.uint8)


def render(levels: Levels, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (row, column) uint8 as displayed; ``levels.indices`` may be cut to the visible part before."""
    shown = np.empty_like(levels.indices, np.uint8)
    for top in range(0, len(shown), _ROWS_AT_ONCE):
        shown[top : top + _ROWS_AT_ONCE] = table[levels.indices[top : top + _ROWS_AT_ONCE]]
    return shown


def presets(modality: str | None) -> tuple[Window, ...]:
    """Return the named windows for a modality."""
    table = _preset_tables().get((modality or "").upper(), [])
    return tuple(
        Window(center=float(entry["center"]), width=float(entry["width"]), label=str(entry["label"]))
        for entry in table
    )


def apply_window(values: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """Return ``values`` through ``window`` as 0..1.

    Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.
    """
    center, width = np.float32(window.center), np.float32(window.width)
    if window.function == "SIGMOID":
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + np.exp(-4 * (values - center) / width)), np.float32)
    if window.function == "LINEAR_EXACT":
        shown = (values - center) / width + np.float32(0.5)
    elif width <= 1:
        return (values > center - np.float32(0.5)).astype(np.float32)
    else:
        shown = (values - (center - np.float32(0.5))) / (width - 1) + np.float32(0.5)
    return np.clip(shown, 0, 1, out=shown)


def _shown(values: NDArray[np.float32], image: Image, window: Window | None) -> NDArray[np.float32]:
    grey = _through(values, image, window)
    return np.subtract(np.float32(1), grey, dtype=np.float32) if image.inverted else grey


def _through(values: NDArray[np.float32], image: Image, window: Window | None) -> NDArray[np.float32]:
    if window is not None:
        return apply_window(values, window)
    if image.voi_tables and not (image.windows and _is_sane(image.windows[0], image)):
        return _apply_table(values, image.voi_tables[0])
    return apply_window(values, default_window(image))


def _apply_table(values: NDArray[np.float32], table: VoiTable) -> NDArray[np.float32]:
    index = np.clip(np.rint(values) - np.float32(table.first), 0, len(table.outputs) - 1).astype(np.intp)
    return np.asarray(table.outputs[index], np.float32)


def _is_sane(window: Window, image: Image) -> bool:
    """Whether the window can show at least some of the stored range."""
    if not (np.isfinite(window.center) and np.isfinite(window.width) and window.width > 0):
        return False
    low, high = image.value_range or (-np.inf, np.inf)
    return window.center + window.width / 2 > low and window.center - window.width / 2 < high


def _window_over(low: float, high: float) -> Window:
    """Return the exact window that shows ``low`` black and ``high`` white."""
    return Window(center=(low + high) / 2, width=max(high - low, 1e-6), function="LINEAR_EXACT")


@cache
def _preset_tables() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("presets.toml").read_text(encoding="utf-8"))
