"""Opens slide images and reads parts of them with OpenSlide; runs in the decoder process only.

A slide of many gigabytes is never read whole: the coded content of a request is its path. The slide that was
asked for last stays open.
"""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.claims import Parameters, RefusedError, require_claim

_WHITE = (255, 255, 255)
_MOST_LEVELS = 64
_open: dict[str, Any] = {}


def read_slide(content: bytes, parameters: Parameters) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return facts of the slide at a path, or with ``level`` the pixels of a part as (row, column, 3) RGB.

    ``left`` and ``top`` are pixels of the finest level, ``rows`` and ``columns`` of the level that is read.
    """
    path = os.fsdecode(content)
    try:
        slide = _slide(path)
        if "level" not in parameters:
            return np.zeros(0, np.uint8), _facts(slide)
        return _part(slide, parameters), {}
    except BaseException:
        _close()  # an error of OpenSlide stays with the opened slide
        raise


def _slide(path: str) -> Any:
    import openslide

    if path not in _open:
        _close()
        try:
            _open[path] = openslide.OpenSlide(path)
        except openslide.OpenSlideUnsupportedFormatError as error:
            raise RefusedError("E105", "no slide format") from error
    return _open[path]


def _close() -> None:
    while _open:
        _open.popitem()[1].close()


def _facts(slide: Any) -> dict[str, Any]:
    """Return sizes as (rows, columns), and what the file says of its scale; None where it is silent."""
    if slide.level_count > _MOST_LEVELS:
        raise RefusedError("E104", "levels")
    said = slide.properties
    return {
        "sizes": [[rows, columns] for columns, rows in slide.level_dimensions],
        "vendor": str(said.get("openslide.vendor", "")),
        "um_down": _number(said.get("openslide.mpp-y")),
        "um_across": _number(said.get("openslide.mpp-x")),
        "objective": _number(said.get("openslide.objective-power")),
    }


def _part(slide: Any, parameters: Parameters) -> NDArray[np.uint8]:
    rows, columns = int(parameters["rows"]), int(parameters["columns"])
    require_claim(rows, columns, 4, parameters)
    place = int(parameters["left"]), int(parameters["top"])
    pixels = np.asarray(slide.read_region(place, int(parameters["level"]), (columns, rows)), np.uint16)
    alpha = pixels[..., 3:]
    ground = np.array(_background(slide), np.uint16)
    return ((pixels[..., :3] * alpha + ground * (255 - alpha) + 127) // 255).astype(np.uint8)


def _background(slide: Any) -> tuple[int, ...]:
    """Return the colour of glass, as the scanner says it: what was not scanned is laid on it."""
    said = str(slide.properties.get("openslide.background-color", ""))
    try:
        colour = bytes.fromhex(said)
    except ValueError:
        return _WHITE
    return tuple(colour) if len(colour) == 3 else _WHITE


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None
