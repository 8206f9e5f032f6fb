"""Shows an image: windows, tables and photometric sense, to grey in 0..1.

The grey of ``presentation`` is what the screen shows first and what every model gets.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.image import Image, VoiTable, Window

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as JPEG has it."""


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
