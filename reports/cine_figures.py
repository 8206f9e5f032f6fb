"""Pictures of a measured heart: outlines at end-diastole and end-systole, and volumes through the beat."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.result import Curve, VolumeMask

_SIDE = 700
_COLOURS: Mapping[str, tuple[int, int, int]] = {
    "lv": (230, 60, 60),
    "myocardium": (60, 180, 75),
    "rv": (60, 120, 230),
}
"""RGB of the outlines and curves, by code; each is named in words beside the picture."""
_OTHER = (255, 170, 0)
_INK, _PALE = (40, 40, 40), (215, 215, 215)
_WIDE, _HIGH, _MARGIN = 1200, 640, 110
_LETTERS = 1.05
"""Size of the letters of a curve, which is printed half a page wide."""
_STEPS, _MOST_TIMES = (1, 2, 5, 10, 50, 100, 200, 250, 500), 6
Grey = NDArray[np.float32]
Picture = NDArray[np.uint8]


def colour_of(code: str) -> tuple[int, int, int]:
    """Return the RGB in which a structure is drawn, in the window and on paper."""
    return _COLOURS.get(code.removesuffix("_volume"), _OTHER)


def outlined(grey: Grey, masks: Mapping[str, NDArray[np.bool_]], pixel_aspect: float = 1.0) -> Picture:
    """Return (row, column, 3) RGB: a picture (row, column) 0..1 cut to the heart, with outlines by code."""
    import cv2

    box = _box_around(masks, grey.shape)
    cut = grey[box]
    factor = _SIDE / max(cut.shape)
    size = (round(cut.shape[1] * factor), round(cut.shape[0] * factor * pixel_aspect))
    low, high = (float(end) for end in np.percentile(cut, (1, 99.5)))
    level = np.clip(np.rint((cut - low) / max(high - low, 1e-3) * 255), 0, 255).astype(np.uint8)
    rgb = cv2.cvtColor(cv2.resize(level, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)
    for code, mask in masks.items():
        shape = cv2.resize(mask[box].astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        soft = cv2.GaussianBlur(shape, (0, 0), factor / 2)
        edges, _ = cv2.findContours((soft >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.polylines(rgb, edges, True, (0, 0, 0), 5, cv2.LINE_AA)
        cv2.polylines(rgb, edges, True, colour_of(code), 3, cv2.LINE_AA)
    return np.asarray(rgb, np.uint8)


def beside(pictures: Sequence[Picture]) -> Picture:
    """Return pictures (row, column, 3) of one height side by side, a white gap between."""
    gap = np.full((pictures[0].shape[0], 16, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    return np.concatenate(parts, axis=1)


def heart_slice(volumes: Sequence[VolumeMask], phase: int) -> int:
    """Return the slice in the middle of the left ventricle at a phase."""
    left = next((mask for mask in volumes if mask.code == "lv"), volumes[0])
    held = np.flatnonzero((left.labels[:, phase] == left.value).any((1, 2)))
    return int(held[len(held) // 2]) if len(held) else len(left.labels) // 2


def curve_picture(curves: Sequence[Curve]) -> Picture:
    """Return (row, column, 3) RGB: volumes in ml by phase or by time in ms, both ends of the beat marked."""
    import cv2

    page = np.full((_HIGH, _WIDE, 3), 255, np.uint8)
    times = curves[0].times_ms or tuple(float(phase + 1) for phase in range(len(curves[0].values)))
    highest = _round_up(max(max(curve.values) for curve in curves))
    first, last = times[0], max(times[-1], times[0] + 1e-6)

    def place(time: float, value: float) -> tuple[int, int]:
        across = _MARGIN + (time - first) / (last - first) * (_WIDE - 2 * _MARGIN)
        return round(across), round(_HIGH - _MARGIN - value / highest * (_HIGH - 1.6 * _MARGIN))

    for step in range(5):
        value = highest * step / 4
        cv2.line(page, place(first, value), place(last, value), _PALE, 1, cv2.LINE_AA)
        _words(page, f"{value:.0f}", (12, place(first, value)[1] + 10))
    _words(page, "ml", (12, 34))
    _words(page, "ms" if curves[0].times_ms else "phase", (_WIDE - _MARGIN - 20, _HIGH - 20))
    for time in _round_times(first, last):
        _words(page, f"{time:.0f}", (place(time, 0)[0] - 28, _HIGH - _MARGIN + 42))
    for code, phase in curves[0].marks:
        across = place(times[phase], 0)[0]
        cv2.line(page, (across, place(first, 0)[1]), (across, place(first, highest)[1]), _INK, 1, cv2.LINE_AA)
        _words(page, code.upper(), (across - 16, place(first, highest)[1] - 12))
    for curve in curves:
        spots = [place(time, value) for time, value in zip(times, curve.values, strict=True)]
        for one, other in pairwise(spots):
            cv2.line(page, one, other, colour_of(curve.code), 3, cv2.LINE_AA)
        for spot in spots:
            cv2.circle(page, spot, 5, colour_of(curve.code), -1, cv2.LINE_AA)
        _words(
            page,
            curve.code.split("_")[0].upper(),
            (spots[-1][0] + 14, spots[-1][1] + 6),
            colour_of(curve.code),
        )
    return page


def _round_times(first: float, last: float) -> list[float]:
    """Return round numbers from the first time to the last, few enough to stand beside one another."""
    span = last - first
    step = next((one for one in _STEPS if span / one <= _MOST_TIMES), span / _MOST_TIMES)
    start = int(np.ceil(first / step))
    return [step * number for number in range(start, int(last // step) + 1)]


def _words(page: Picture, text: str, corner: tuple[int, int], colour: tuple[int, int, int] = _INK) -> None:
    import cv2

    cv2.putText(page, text, corner, cv2.FONT_HERSHEY_SIMPLEX, _LETTERS, colour, 2, cv2.LINE_AA)


def _round_up(value: float) -> float:
    step = 40.0 if value > 100 else 20.0
    return max(step, float(np.ceil(value / step)) * step)


def _box_around(masks: Mapping[str, NDArray[np.bool_]], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a square around all outlines, three fifths as wide again as they are."""
    inside = np.any(list(masks.values()), axis=0)
    if not inside.any():
        return slice(None), slice(None)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    half = max(rows[-1] - rows[0], columns[-1] - columns[0]) * 0.8
    middle = (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2
    cuts = [
        slice(max(0, round(centre - half)), min(size, round(centre + half) + 1))
        for centre, size in zip(middle, shape, strict=True)
    ]
    return cuts[0], cuts[1]
