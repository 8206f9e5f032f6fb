"""Pictures for paper, screen and files: heat and outlines over the grey picture; pure functions on arrays.

Everything reads on a grey printer too: heat is edged by dark-and-light contour lines, outlines by a dark rim.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.result import CALLED_CELLS, Correction, Heatmap, Mask, PackResult, Result
from reports.records import Picture

HEAT_FLOOR = 0.3
_AT_THRESHOLD = 0.45
"""Heat with which a map of tiles begins, at their threshold."""
HATCH_COLOUR = (70, 70, 70)
"""RGB of the lines over what no tile was answered of."""
_HEAT_CONTOURS = (0.45, 0.7, 0.9)
_HEAT_OPACITY = 0.72
_HEAT_STEPS = 1024
_HALF = 128
_PRINT_SIDE = 900
_Colour = tuple[int, int, int]
CALLED_COLOUR, OUTLINE_COLOUR = (255, 140, 0), (94, 220, 208)
"""RGB of the circles around cells that were called, and of every other outline."""
_OUTLINE_COLOURS: tuple[_Colour, _Colour] = ((0, 40, 40), OUTLINE_COLOUR)
_CALLED_COLOURS: tuple[_Colour, _Colour] = ((40, 10, 0), CALLED_COLOUR)
_CONTOUR_COLOURS: tuple[_Colour, _Colour] = ((0, 0, 0), (255, 255, 255))

# Inferno-like, each step lighter than the one before: position, red, green, blue.
_HEAT_STOPS = np.array(
    [
        (0.00, 40, 11, 84),
        (0.25, 101, 21, 110),
        (0.45, 159, 42, 99),
        (0.60, 212, 72, 66),
        (0.75, 245, 125, 21),
        (0.90, 250, 193, 39),
        (1.00, 252, 255, 164),
    ],
    dtype=np.float32,
)


def report_pictures(
    result: Result, shown: NDArray[np.float32] | None, *, pixel_aspect: float = 1.0
) -> dict[str, Picture]:
    """Return the pictures that a report prints, keyed as ``build_report`` asks for them.

    ``shown`` is (row, column) float32 0..1 as read, or (row, column, 3) in colour; ``pixel_aspect`` the
    height of a pixel over its width.
    ``key`` is the picture as read, ``<pack>/<finding>`` a map over it, ``<pack>`` outlines without a map,
    ``<pack>/corrected`` the picture as the model saw it after a turn. Maps stand upright where it was turned.
    """
    if shown is None:
        return {}
    pictures = {"key": Picture(pixels=to_bytes(shown), pixel_aspect=pixel_aspect)}
    outlines_shown = False
    for pack in result.results:
        corrected = pack.correction
        if corrected is not None and (corrected.quarter_turns % 4 or corrected.inverted):
            pixels = to_bytes(as_corrected(shown, corrected))
            pictures[f"{pack.stamp.pack_id}/corrected"] = Picture(
                pixels=pixels, pixel_aspect=_turned_aspect(pixel_aspect, corrected)
            )
        maps = _maps(pack, result, shown, pixel_aspect)
        outlines_shown = outlines_shown or bool(maps)
        pictures |= maps
    if not outlines_shown:
        pictures |= _outline_pictures(result, shown, pixel_aspect)
    return pictures


def drawn_heat(heatmap: Heatmap) -> NDArray[np.float32]:
    """Return (row, column) heat as it is drawn: of tiles nothing below their threshold."""
    if not heatmap.of_tiles:
        return heatmap.values
    over = (heatmap.values - heatmap.threshold) / max(1.0 - heatmap.threshold, 1e-6)
    return np.where(over >= 0, _AT_THRESHOLD + (1 - _AT_THRESHOLD) * over, 0.0).astype(np.float32)


def hatch_of(silent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the lines, (row, column), that are drawn over what no tile was answered of."""
    rows, columns = silent.shape
    apart = max(8, max(rows, columns) // 60)
    slope = np.add.outer(np.arange(rows), np.arange(columns)) % apart
    lines: NDArray[np.bool_] = silent & (slope < max(2, apart // 5))
    return lines


def overlay(
    shown: NDArray[np.float32],
    heat: NDArray[np.float32] | None = None,
    outlines: Sequence[NDArray[np.bool_]] = (),
    *,
    longest_side: int = _PRINT_SIDE,
    called: Sequence[NDArray[np.bool_]] = (),
    silent: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Return (row, column, 3) RGB uint8: a picture with heat over it and outlines around masks.

    ``shown`` (row, column), or (row, column, 3) in colour, ``heat`` and ``outlines`` (row, column) are of one
    size, values 0..1. Heat is transparent below
    ``HEAT_FLOOR``; outlines of ``called`` are small, and many: all lines are thin then,
    those of ``called`` in a colour of their own and twice as wide. ``silent`` places are hatched.
    The picture is enlarged to ``longest_side`` where it is smaller, so that lines are fine.
    """
    import cv2

    rows, columns = shown.shape[:2]
    factor = max(1.0, longest_side / max(rows, columns))
    size = (round(columns * factor), round(rows * factor))
    level = to_bytes(np.clip(shown, 0.0, 1.0))
    if factor > 1.0:
        level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    rgb = level if level.ndim == 3 else np.asarray(cv2.cvtColor(level, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    heat_large: NDArray[np.float32] | None = None
    if heat is not None:
        heat_large = np.asarray(cv2.resize(heat, size, interpolation=cv2.INTER_CUBIC), dtype=np.float32)
        alpha = heat_opacity(heat_large)
        step = np.rint(_heat_position(heat_large) * 255.0).astype(np.uint8)
        colours = cv2.applyColorMap(step, _heat_bytes())
        rgb = np.asarray(cv2.blendLinear(colours, rgb, alpha, 1 - alpha), dtype=np.uint8)
    if silent is not None:
        large = cv2.resize(silent.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        rgb[hatch_of(large)] = HATCH_COLOUR
    stroke = max(1, round(max(size) / 450))
    rim = cv2.LINE_AA if factor > 1.0 else cv2.LINE_8
    thin = max(1, round(max(size) / 1200)) if called else stroke
    drawn = [(mask, _OUTLINE_COLOURS, thin) for mask in outlines]
    drawn += [(mask, _CALLED_COLOURS, 2 * thin) for mask in called]
    for mask, edge, width in drawn:
        shape = cv2.resize(mask.astype(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
        shape = cv2.GaussianBlur(shape, (0, 0), max(1.0, factor))
        _trace(cv2, rgb, shape >= _HALF, edge, stroke=width, rim=rim)
    if heat_large is not None:
        for bound in _HEAT_CONTOURS:
            _trace(cv2, rgb, heat_large >= bound, _CONTOUR_COLOURS, stroke=max(1, stroke - 1), rim=rim)
    return rgb


def called_apart(masks: Sequence[Mask]) -> tuple[list[NDArray[np.bool_]], list[NDArray[np.bool_]]]:
    """Return the pixels of the masks: of all others, and of cells that were called."""
    others = [mask.pixels for mask in masks if mask.code != CALLED_CELLS]
    return others, [mask.pixels for mask in masks if mask.code == CALLED_CELLS]


def heat_colours(heat: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return (row, column, 3) float32 0..255 for heat (row, column) 0..1."""
    colours: NDArray[np.float32] = _heat_table()[
        np.rint(_heat_position(heat) * (_HEAT_STEPS - 1)).astype(np.intp)
    ]
    return colours


def _heat_position(heat: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return where heat 0..1 lies on the scale of colours, 0..1."""
    position: NDArray[np.floating[Any]] = np.clip((heat - HEAT_FLOOR) / (1 - HEAT_FLOOR), 0, 1)
    return position


@cache
def _heat_table() -> NDArray[np.float32]:
    """Return (step, 3): interpolated once, since a batch draws a hundred maps a second."""
    steps = np.linspace(0, 1, _HEAT_STEPS)
    channels = [np.interp(steps, _HEAT_STOPS[:, 0], _HEAT_STOPS[:, channel]) for channel in (1, 2, 3)]
    return np.stack(channels, axis=-1).astype(np.float32)


@cache
def _heat_bytes() -> NDArray[np.uint8]:
    """Return (256, 1, 3): the colours in eight bits, as OpenCV looks them up."""
    table = _heat_table()[np.rint(np.linspace(0, _HEAT_STEPS - 1, 256)).astype(np.intp)]
    return np.ascontiguousarray(np.rint(table)[:, None, :].astype(np.uint8))


def heat_opacity(heat: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the opacity of heat 0..1 on paper; see ``heat_rise``."""
    return heat_rise(heat) * np.float32(_HEAT_OPACITY)


def heat_rise(heat: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return 0..1 for heat 0..1: nothing below ``HEAT_FLOOR``, then rising quickly."""
    rise: NDArray[np.float32] = np.clip((heat - HEAT_FLOOR) / 0.25, 0, 1).astype(np.float32)
    return rise


def as_corrected(shown: NDArray[np.float32], correction: Correction) -> NDArray[np.float32]:
    """Return the picture as the model saw it: turned, light and dark exchanged; never mirrored."""
    turned = np.rot90(shown, correction.quarter_turns)
    return np.ascontiguousarray(1.0 - turned if correction.inverted else turned)


def to_bytes(shown: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return 0..1 as 0..255."""
    pixels: NDArray[np.uint8] = np.clip(np.rint(shown * 255.0), 0, 255).astype(np.uint8)
    return pixels


def _maps(
    pack: PackResult, result: Result, shown: NDArray[np.float32], pixel_aspect: float
) -> Mapping[str, Picture]:
    return {
        f"{pack.stamp.pack_id}/{heatmap.finding}": _overlay_picture(
            shown, heatmap, _masks(result.results, shown.shape[:2]), pack.correction, pixel_aspect
        )
        for heatmap in pack.heatmaps
        if heatmap.shown and heatmap.values.shape == shown.shape[:2]
    }


def _outline_pictures(
    result: Result, shown: NDArray[np.float32], pixel_aspect: float
) -> Mapping[str, Picture]:
    return {
        pack.stamp.pack_id: _overlay_picture(shown, None, masks, pack.correction, pixel_aspect)
        for pack in result.results
        if (masks := _masks((pack,), shown.shape[:2]))
    }


def _overlay_picture(
    shown: NDArray[np.float32],
    heatmap: Heatmap | None,
    masks: Sequence[Mask],
    correction: Correction | None,
    pixel_aspect: float,
) -> Picture:
    outlines, called = called_apart(masks)
    heat = None if heatmap is None else drawn_heat(heatmap)
    silent = None if heatmap is None else heatmap.silent
    if correction is not None:
        turns = correction.quarter_turns
        shown = as_corrected(shown, correction)
        heat = None if heat is None else np.ascontiguousarray(np.rot90(heat, turns))
        silent = None if silent is None else np.ascontiguousarray(np.rot90(silent, turns))
        outlines = [np.ascontiguousarray(np.rot90(mask, turns)) for mask in outlines]
        called = [np.ascontiguousarray(np.rot90(mask, turns)) for mask in called]
        pixel_aspect = _turned_aspect(pixel_aspect, correction)
    pixels = overlay(shown, heat, outlines, called=called, silent=silent)
    return Picture(pixels=pixels, pixel_aspect=pixel_aspect)


def _turned_aspect(pixel_aspect: float, correction: Correction) -> float:
    return 1.0 / pixel_aspect if correction.quarter_turns % 2 else pixel_aspect


def _masks(packs: Sequence[PackResult], shape: tuple[int, ...]) -> list[Mask]:
    return [mask for pack in packs for mask in pack.masks if mask.pixels.shape == shape]


def _trace(
    cv2: Any,
    rgb: NDArray[np.uint8],
    shape: NDArray[np.bool_],
    colours: tuple[_Colour, _Colour],
    *,
    stroke: int,
    rim: int,
) -> None:
    """Draw the edge of a shape: a dark rim under a light line, so that it shows on any ground.

    ``rim`` is how OpenCV draws the rim: smoothed lines of some width cost more than all else together.
    """
    contours, _ = cv2.findContours(shape.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    cv2.polylines(rgb, contours, True, colours[0], stroke + 2, rim)
    cv2.polylines(rgb, contours, True, colours[1], stroke, cv2.LINE_AA)
