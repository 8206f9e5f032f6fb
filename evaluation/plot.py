"""The reliability of scores as a picture: what was said against what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE, MARGIN, BAND = 720, 90, 110
"""Pixels: the square of the plot, the room around it, and the band of bars below it."""
_INK, _PALE, _MARK, _BAR = (40, 40, 40), (205, 205, 205), (150, 80, 20), (190, 170, 150)
_NARROWEST = 26
"""Pixels that a bar needs for its number."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
Picture = NDArray[np.uint8]


def reliability_png(rows: Sequence[Mapping[str, Any]], title: str) -> bytes:
    """Return a PNG of a reliability table: points by bin, as large as their images are many, and bars below.

    ``title`` is drawn in Latin letters alone (the only ones at hand here).
    """
    page = np.full((SIDE + 2 * MARGIN + BAND, SIDE + 2 * MARGIN, 3), 255, np.uint8)
    _frame(page)
    _words(page, title.encode("ascii", "replace").decode(), (MARGIN, MARGIN - 54), 0.8)
    most = max((int(row["images"]) for row in rows), default=0)
    filled = [row for row in rows if row["images"]]
    for row in rows:
        _bar(page, row, most)
    spots = [_place(float(row["mean_score"]), float(row["ill"])) for row in filled]
    for first, second in pairwise(spots):
        cv2.line(page, first, second, _MARK, 2, cv2.LINE_AA)
    for row, spot in zip(filled, spots, strict=True):
        cv2.circle(page, spot, 4 + round(14 * (row["images"] / most) ** 0.5), _MARK, -1, cv2.LINE_AA)
    done, data = cv2.imencode(".png", page)
    assert done
    return bytes(data)


def _frame(page: Picture) -> None:
    for step in range(11):
        x, y = _place(step / 10, step / 10)
        cv2.line(page, (x, MARGIN), (x, MARGIN + SIDE), _PALE, 1)
        cv2.line(page, (MARGIN, y), (MARGIN + SIDE, y), _PALE, 1)
        _words(page, f"{step / 10:.1f}", (x - 14, MARGIN + SIDE + 24), 0.5)
        _words(page, f"{step / 10:.1f}", (MARGIN - 40, y + 5), 0.5)
    cv2.rectangle(page, (MARGIN, MARGIN), (MARGIN + SIDE, MARGIN + SIDE), _INK, 1)
    cv2.line(page, _place(0, 0), _place(1, 1), _INK, 1, cv2.LINE_AA)
    _words(
        page,
        "mean of what was said, in each bin; bars: how many are in it",
        (MARGIN, MARGIN + SIDE + 54),
        0.6,
    )
    _words(page, "share of which it was true (above the line: scored too low)", (MARGIN, MARGIN - 26), 0.55)


def _bar(page: Picture, row: Mapping[str, Any], most: int) -> None:
    if not most:
        return
    floor = MARGIN + SIDE + 70 + BAND - 20
    left, right = _place(float(row["from"]), 0)[0], _place(float(row["to"]), 0)[0]
    height = round((BAND - 30) * int(row["images"]) / most)
    cv2.rectangle(page, (left + 4, floor - height), (right - 4, floor), _BAR, -1)
    if right - left >= _NARROWEST:
        _words(page, str(row["images"]), ((left + right) // 2 - 10, floor + 18), 0.45)


def _place(score: float, ill: float) -> tuple[int, int]:
    return MARGIN + round(SIDE * score), MARGIN + SIDE - round(SIDE * ill)


def _words(page: Picture, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(page, text, at, _FONT, size, _INK, 1, cv2.LINE_AA)
