"""What each value contributed as bars, resemblance to groups as bars, survival as a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import SMALL_PX, Theme, interface_font

_ROW, _BAR, _WORDS = 40, 8, 18
_LEAST, _BETWEEN = 260, 10
_CURVE_HEIGHT, _EDGE, _FOOT = 120, 30, 20
_TICKS = (0, 50, 100)
_DAY_STEPS = (30, 60, 90, 180, 365, 730, 1825)
_MOST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One bar with its words; ``length`` is -1..1 from the middle, or 0..1 from the left."""

    name: str
    text: str
    length: float
    interval: tuple[float, float] | None = None


class BarsView(QWidget):
    """Bars below one another: name and value above each; the accessible text says the same in words.

    Right of the middle the accent, left of it grey with a border: the side says it, the colour follows.
    """

    def __init__(
        self, theme: Theme, rows: Sequence[BarRow], *, two_sided: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._rows, self._two_sided = theme, tuple(rows), two_sided
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of all rows."""
        return QSize(_LEAST, self.height_at(max(self.width(), _LEAST)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Take the height that the rows need at this width: long names go on in further lines."""
        super().resizeEvent(event)
        self.setFixedHeight(self.height_at(self.width()))

    def height_at(self, width: int) -> int:
        """Return the height of all rows."""
        return sum(_ROW + (len(self.name_lines(row, width)) - 1) * _WORDS for row in self._rows)

    def name_lines(self, row: BarRow, width: int) -> list[str]:
        """Return the lines of a name; its value stands at the end of the last, which has room for it."""
        metrics = QFontMetrics(interface_font(SMALL_PX))
        value = metrics.horizontalAdvance(row.text) + _BETWEEN
        lines = [""]
        for word in row.name.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and metrics.horizontalAdvance(longer) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        if metrics.horizontalAdvance(lines[-1]) + value > width:
            lines.append("")
        return lines

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw every row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(SMALL_PX))
        top = 0
        for row in self._rows:
            lines = self.name_lines(row, self.width())
            self._paint_words(painter, row, lines, top)
            self._paint_bar(painter, row, top + len(lines) * _WORDS + 4.0)
            top += _ROW + (len(lines) - 1) * _WORDS

    def _paint_words(self, painter: QPainter, row: BarRow, lines: list[str], top: int) -> None:
        metrics = painter.fontMetrics()
        base = float(top + metrics.ascent() + 2)
        painter.setPen(self._theme.color("muted"))
        for number, line in enumerate(lines):
            name = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width())  # one endless word
            painter.drawText(QPointF(0, base + number * _WORDS), name)
        painter.setPen(self._theme.color("ink"))
        value = metrics.horizontalAdvance(row.text)
        painter.drawText(QPointF(self.width() - value, base + (len(lines) - 1) * _WORDS), row.text)

    def _paint_bar(self, painter: QPainter, row: BarRow, top: float) -> None:
        width = float(self.width())
        zero, reach = (width / 2, width / 2 - 1) if self._two_sided else (0.0, width)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("line"))
        painter.drawRoundedRect(QRectF(0, top + _BAR / 2 - 1, width, 2), 1, 1)
        length = max(-1.0, min(1.0, row.length)) * reach
        bar = QRectF(min(zero, zero + length), top, max(abs(length), 1.0), _BAR)
        if row.interval is not None:
            low, high = (zero + reach * end for end in row.interval)
            faded = self._theme.color("muted")
            faded.setAlpha(120)
            painter.setBrush(faded)
            painter.drawRoundedRect(QRectF(low, top + 1, max(high - low, 2.0), _BAR - 2), 3, 3)
            painter.setBrush(self._theme.color("accent"))
            painter.drawEllipse(QPointF(zero + length, top + _BAR / 2), 5, 5)
            return
        if length >= 0:
            painter.setBrush(self._theme.color("accent"))
        else:
            painter.setPen(QPen(self._theme.color("outline"), 1))
            painter.setBrush(self._theme.color("button_press"))
        painter.drawRoundedRect(bar, 2, 2)
        if self._two_sided:
            painter.setPen(QPen(self._theme.color("muted"), 1))
            painter.drawLine(QPointF(zero, top - 3), QPointF(zero, top + _BAR + 3))


class CurveView(QWidget):
    """Shares over days as steps, of 100, with a dashed line at one day."""

    def __init__(
        self,
        theme: Theme,
        points: Sequence[tuple[float, float]],
        mark: float,
        unit: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._points, self._mark, self._unit = theme, tuple(points), mark, unit
        self._last = max(self._points[-1][0], mark, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of curve and axes."""
        return QSize(260, _CURVE_HEIGHT + _FOOT)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw axes, mark and curve."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(SMALL_PX))
        self._paint_axes(painter)
        painter.setPen(QPen(self._theme.color("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._place(self._mark, 0.0), self._place(self._mark, 1.0))
        painter.setPen(QPen(self._theme.color("accent"), 2))
        for (day, share), (later, then) in pairwise(self._points):
            painter.drawLine(self._place(day, share), self._place(later, share))
            painter.drawLine(self._place(later, share), self._place(later, then))

    def _paint_axes(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        for tick in _TICKS:
            at = self._place(0.0, tick / 100)
            painter.setPen(QPen(self._theme.color("line"), 1))
            painter.drawLine(at, self._place(self._last, tick / 100))
            painter.setPen(self._theme.color("muted"))
            text = str(tick)
            painter.drawText(
                QPointF(_EDGE - 6 - metrics.horizontalAdvance(text), at.y() + metrics.ascent() / 2 - 1), text
            )
        step = next((days for days in _DAY_STEPS if self._last / days <= _MOST_STEPS), _DAY_STEPS[-1])
        base = _CURVE_HEIGHT + metrics.ascent() + 2.0
        for day in range(0, int(self._last) + 1, step):
            text = f"{day} {self._unit}" if day == 0 else str(day)
            x = self._place(day, 0.0).x() - (0 if day == 0 else metrics.horizontalAdvance(text) / 2)
            painter.drawText(QPointF(min(x, self.width() - metrics.horizontalAdvance(text)), base), text)

    def _place(self, day: float, share: float) -> QPointF:
        width = self.width() - _EDGE - 4
        return QPointF(_EDGE + width * day / self._last, 6 + (_CURVE_HEIGHT - 10) * (1 - share))
