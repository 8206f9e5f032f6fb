"""The words at the edges of an image: what it is, how it is shown, which side is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from ui.view_state import ViewState

MARGIN = 14
PLATE_PX = 12
BACKING = QColor(
    0, 0, 0, 190
)  # over white it leaves ink at more than 7 : 1, the warning at more than 4.5 : 1
BACKING_PX = 4
PLATE, HEADING_INK = QColor("#1d3136"), QColor("#e8edf1")
INK, SIDE_INK, WARNING = QColor("#d5dde3"), QColor("#e8edf1"), QColor("#e3b04b")
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignHCenter
_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """What stands at the edges of the view."""

    heading: str = ""  # which of two images side by side this is
    top_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()
    sides: tuple[str, str, str, str] | None = None  # left, top, right, bottom of the stored image
    side_note: str = ""


def paint_words(
    painter: QPainter,
    view: QSize,
    corners: Corners,
    state: ViewState,
    *,
    scale_percent: int,
    caption: tuple[str, ...],
) -> None:
    """Write the corners, the window and zoom, the overlay's caption and the sides."""
    facts = (
        QCoreApplication.translate("viewer", "W {width} · L {level}").format(
            width=round(state.window.width), level=round(state.window.center)
        ),
        QCoreApplication.translate("viewer", "Zoom {percent} %").format(percent=scale_percent),
    )
    writer = _Writer(painter, view)
    if corners.heading:
        writer.head(corners.heading)
    writer.down(corners.top_left, _LEFT)
    writer.down(facts, _RIGHT)
    writer.up(corners.bottom_right, _RIGHT)
    writer.up([line for text in caption for line in writer.broken(text)], _LEFT)
    if corners.sides is None and corners.side_note:
        writer.beside_middle(corners.side_note.split("\n"))
    elif corners.sides is not None:
        writer.round(_turned(corners.sides, state.quarter_turns))


def stored_sides(orientation: tuple[str, str] | None) -> tuple[str, str, str, str] | None:
    """Return the letters at left, top, right and bottom of the stored image.

    Source: DICOM PS3.3 C.7.6.1.1.1 (Patient Orientation: direction of the rows, then of the columns).
    """
    if orientation is None or not all(part and part[0] in _OPPOSITE for part in orientation):
        return None
    right, bottom = orientation[0][0], orientation[1][0]
    return _OPPOSITE[right], _OPPOSITE[bottom], right, bottom


def _turned(sides: tuple[str, str, str, str], quarter_turns: int) -> tuple[str, str, str, str]:
    for _ in range(quarter_turns):
        sides = (sides[3], sides[0], sides[1], sides[2])
    return sides


class _Writer:
    """Writes short lines over a picture so that they can be read on black and on white."""

    def __init__(self, painter: QPainter, view: QSize) -> None:
        self._painter, self._view = painter, view
        self._line = painter.fontMetrics().height()
        self._top = MARGIN
        self._middle = view.height() // 2 - self._line // 2
        self._lowest = view.height() - MARGIN - self._line

    def head(self, text: str) -> None:
        """Write which image this is, on a plate of its own; all else stands below it."""
        painter, metrics = self._painter, self._painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._view.width() - 4 * MARGIN)
        width = metrics.horizontalAdvance(shown) + 2 * PLATE_PX
        plate = QRectF((self._view.width() - width) / 2, MARGIN - 4, width, self._line + 8)
        path = QPainterPath()
        path.addRoundedRect(plate, 5, 5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(path, PLATE)
        painter.setPen(HEADING_INK)
        painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), shown)
        painter.restore()
        self._top = round(plate.bottom()) + 8

    def down(self, texts: Sequence[str], side: Qt.AlignmentFlag) -> None:
        """Write lines from the top."""
        for number, text in enumerate(texts):
            self._write(text, self._top + self._line * number, side)

    def up(self, texts: Sequence[str], side: Qt.AlignmentFlag) -> None:
        """Write lines that end at the bottom."""
        for number, text in enumerate(reversed(texts)):
            self._write(text, self._lowest - self._line * number, side)

    def broken(self, text: str) -> list[str]:
        """Return a sentence in lines beside the letter at the bottom, whole: what a map is not is not cut."""
        metrics, room = self._painter.fontMetrics(), self._view.width() // 2 - 2 * MARGIN
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and metrics.horizontalAdvance(longer) > room:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def beside_middle(self, texts: Sequence[str]) -> None:
        """Write a warning at the middle of the left edge."""
        for number, text in enumerate(texts):
            self._write(text, self._middle + self._line * number, _LEFT, WARNING)

    def round(self, sides: tuple[str, str, str, str]) -> None:
        """Write a letter at each edge."""
        left, top, right, bottom = sides
        self._write(left, self._middle, _LEFT, SIDE_INK)
        self._write(right, self._middle, _RIGHT, SIDE_INK)
        self._write(top, self._top, _CENTRE, SIDE_INK)
        self._write(bottom, self._lowest, _CENTRE, SIDE_INK)

    def _write(self, text: str, top: int, side: Qt.AlignmentFlag, color: QColor = INK) -> None:
        painter, metrics, across = self._painter, self._painter.fontMetrics(), self._view.width()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, across * 2 // 3)
        width = metrics.horizontalAdvance(shown)
        left = {_LEFT: MARGIN, _RIGHT: across - MARGIN - width, _CENTRE: (across - width) // 2}[side]
        base = top + metrics.ascent()
        plate = QRectF(left, top, width, self._line).adjusted(-BACKING_PX, 0, BACKING_PX, 0)
        painter.fillRect(plate, BACKING)
        painter.setPen(color)
        painter.drawText(left, base, shown)
