"""Volumes through the beat in the theme's colours, with the phase in sight; a click goes to a phase."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.result import Curve
from services import overlays
from ui.theme import SMALL_PX, Theme, interface_font

_HEIGHT, _HEAD, _FOOT, _EDGE, _END = 150, 22, 22, 34, 26
_LINES, _MOST_TIMES = 4, 5
_NICE = (10, 20, 25, 50, 100, 200, 250, 500)


class BeatCurve(QWidget):
    """One line for each ventricle; dashed lines mark end-diastole and end-systole."""

    phase_chosen = Signal(int)

    def __init__(self, theme: Theme, curves: tuple[Curve, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._curves = theme, curves
        self.phase: int | None = None
        self._times = curves[0].times_ms or tuple(float(one + 1) for one in range(len(curves[0].values)))
        highest = max(max(curve.values) for curve in curves)
        step = next((nice for nice in _NICE if nice * _LINES >= highest), highest / _LINES)
        self._ticks = [step * number for number in range(_LINES + 1) if step * (number - 1) < highest]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(self.tr("Click to see the heart at that phase of the beat."))
        self.setAccessibleName(self.tr("Volume through the beat"))
        spans = (
            self.tr("{name}: {low} to {high} {unit}").format(
                name=curve.label,
                low=round(min(curve.values)),
                high=round(max(curve.values)),
                unit=curve.unit,
            )
            for curve in curves
        )
        self.setAccessibleDescription("; ".join(spans))
        theme.changed.connect(self.update)

    def show_phase(self, phase: int | None) -> None:
        """Mark the phase that is in sight."""
        if phase != self.phase:
            self.phase = phase
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of curve, words and axes."""
        return QSize(260, _HEIGHT)

    def phase_at(self, x: float) -> int:
        """Return the phase that was taken nearest to a place."""
        return min(range(len(self._times)), key=lambda phase: abs(self._across(phase) - x))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the phase under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.phase_chosen.emit(self.phase_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the mouse while its button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.phase_chosen.emit(self.phase_at(event.position().x()))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw axes, marks, the phase in sight and the curves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(SMALL_PX))
        self._paint_axes(painter)
        self._paint_marks(painter)
        if self.phase is not None and self.phase < len(self._times):
            painter.setPen(QPen(self._theme.color("accent"), 2))
            across = self._across(self.phase)
            painter.drawLine(QPointF(across, _HEAD), QPointF(across, _HEIGHT - _FOOT))
        for curve in self._curves:
            self._paint_curve(painter, curve)

    def _paint_axes(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        last = float(self.width() - _END)
        for tick in self._ticks:
            up = self._up(tick)
            painter.setPen(QPen(self._theme.color("line"), 1))
            painter.drawLine(QPointF(_EDGE, up), QPointF(last, up))
            painter.setPen(self._theme.color("muted"))
            text = f"{tick:g}"
            place = QPointF(_EDGE - 6 - metrics.horizontalAdvance(text), up + metrics.ascent() / 2 - 1)
            painter.drawText(place, text)
        painter.drawText(QPointF(0, metrics.ascent()), self._curves[0].unit)
        unit = self.tr("ms") if self._curves[0].times_ms else self.tr("phase")
        base = float(_HEIGHT - metrics.descent())
        right = self.width() - metrics.horizontalAdvance(unit)
        painter.drawText(QPointF(right, base), unit)
        for time in self._round_times():
            text = f"{time:g}"
            place_x = self._at(time) - metrics.horizontalAdvance(text) / 2
            if place_x + metrics.horizontalAdvance(text) < right - 4:
                painter.drawText(QPointF(place_x, base), text)

    def _round_times(self) -> list[float]:
        first, last = self._times[0], self._times[-1]
        span = max(last - first, 1.0)
        steps = (1, 2, 5, 10, 50, 100, 200, 250, 500)
        step = next((one for one in steps if span / one <= _MOST_TIMES), span / _MOST_TIMES)
        start = -(-first // step) * step
        return [start + step * number for number in range(_MOST_TIMES + 2) if start + step * number <= last]

    def _paint_marks(self, painter: QPainter) -> None:
        metrics = painter.fontMetrics()
        for code, phase in self._curves[0].marks:
            across = self._across(phase)
            painter.setPen(QPen(self._theme.color("muted"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(across, _HEAD), QPointF(across, _HEIGHT - _FOOT))
            text = code.upper()
            left = min(across - metrics.horizontalAdvance(text) / 2, self.width() - _END)
            painter.setPen(self._theme.color("ink"))
            painter.drawText(QPointF(left, metrics.ascent()), text)

    def _paint_curve(self, painter: QPainter, curve: Curve) -> None:
        colour = QColor(*overlays.outline_colour(curve.code))
        spots = [QPointF(self._across(phase), self._up(value)) for phase, value in enumerate(curve.values)]
        painter.setPen(QPen(colour, 2))
        for one, following in pairwise(spots):
            painter.drawLine(one, following)
        painter.setBrush(colour)
        for phase, spot in enumerate(spots):
            reach = 4.5 if phase == self.phase else 2.0
            painter.drawEllipse(spot, reach, reach)
        painter.setPen(self._theme.color("ink"))
        name = curve.code.split("_")[0].upper()
        painter.drawText(QPointF(spots[-1].x() + 6, spots[-1].y() + painter.fontMetrics().ascent() / 2), name)

    def _across(self, phase: int) -> float:
        return self._at(self._times[phase])

    def _at(self, time: float) -> float:
        first, last = self._times[0], self._times[-1]
        share = (time - first) / (last - first) if last > first else 0.0
        return _EDGE + share * (self.width() - _EDGE - _END)

    def _up(self, value: float) -> float:
        return _HEIGHT - _FOOT - value / self._ticks[-1] * (_HEIGHT - _FOOT - _HEAD)
