"""Which side is left: by the header, as far as what the models outlined does not speak against it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.result import Mask, Side

LEFT, RIGHT = "left_", "right_"


def side_of(orientation: tuple[str, str] | None, masks: Iterable[Mask]) -> Side:
    """Return whether left and right are known from the header's orientation of rows and columns.

    Masks of paired organs (``left_lung`` and ``right_lung``) must lie apart along the axis that the header
    names, the left one towards the patient's left: a mirrored, turned or wrongly labelled picture, or
    organs that changed sides, are ``contradicted``.

    Source: DICOM PS3.3 C.7.6.1.1.1 (Patient Orientation: direction of the rows, then of the columns).
    """
    if orientation is None:
        return "unverified"
    row, column = (part[:1] for part in orientation)
    if row in ("L", "R"):
        axis, sign = 1, 1.0 if row == "L" else -1.0
    elif column in ("L", "R"):
        axis, sign = 0, 1.0 if column == "L" else -1.0
    else:
        return "unverified"
    for step in _steps_to_the_left(masks):
        if sign * step[axis] <= abs(step[1 - axis]):
            return "contradicted"
    return "verified"


def _steps_to_the_left(masks: Iterable[Mask]) -> Iterable[NDArray[np.float64]]:
    """Yield (rows, columns) from the middle of each right organ to the middle of its left fellow."""
    middles = {mask.code: _middle(mask) for mask in masks if mask.pixels.any()}
    for code, middle in middles.items():
        fellow = middles.get(RIGHT + code.removeprefix(LEFT)) if code.startswith(LEFT) else None
        if fellow is not None:
            yield middle - fellow


def _middle(mask: Mask) -> NDArray[np.float64]:
    import cv2

    pixels = np.ascontiguousarray(mask.pixels).view(np.uint8)
    rows = cv2.reduce(pixels, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    columns = cv2.reduce(pixels, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    total = rows.sum()
    return np.array([np.arange(len(rows)) @ rows / total, np.arange(len(columns)) @ columns / total])
