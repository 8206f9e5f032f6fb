"""A score on its line from 0 to 100: the interval as a band, the threshold as a tick, words under both."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.result import Finding
from ui.theme import SMALL_PX, Theme, interface_font

EDGE = 8  # half of the dot
BESIDE = 6
ENDS = ("0", "100")
LINE_Y = 11
GAP = 12


class ScoreLine(QWidget):
    """Draws one finding's score; the accessible name says the same in words."""

    def __init__(self, theme: Theme, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._finding = finding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        score, threshold = (round(one * 100) for one in (finding.probability, finding.threshold))
        said = self.tr("Score {score} of 100, threshold {threshold}").format(score=score, threshold=threshold)
        self._score = self.tr("score {value}").format(value=score)
        if finding.interval is not None:
            low, high = (round(end * 100) for end in finding.interval)
            self._score = self.tr("score {value} ({low} to {high})").format(value=score, low=low, high=high)
            interval = self.tr("Interval of the score: {low} to {high}").format(low=low, high=high)
            self.setToolTip(interval)
            said = f"{said}. {interval}"
        self.setAccessibleName(said)
        metrics = QFontMetrics(interface_font(SMALL_PX))
        self._left, self._right = (EDGE + BESIDE + metrics.horizontalAdvance(end) for end in ENDS)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of line and words."""
        return QSize(260, 40)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw line, band, tick and dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(SMALL_PX))
        finding = self._finding
        tint = self._theme.color(
            {"above": "critical", "undecided": "warning", "below": "muted"}[finding.position]
        )
        painter.setPen(QPen(self._theme.color("line"), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(self._x(0), LINE_Y), QPointF(self._x(1), LINE_Y))
        if finding.interval is not None:
            band = QRectF(
                QPointF(self._x(finding.interval[0]), LINE_Y - 4),
                QPointF(self._x(finding.interval[1]), LINE_Y + 4),
            )
            faded = tint.lighter(100)
            faded.setAlpha(110)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded)
            painter.drawRoundedRect(band, 4, 4)
        painter.setPen(QPen(self._theme.color("ink"), 2))
        mark = self._x(finding.threshold)
        painter.drawLine(QPointF(mark, LINE_Y - 9), QPointF(mark, LINE_Y + 9))
        painter.setPen(QPen(self._theme.color("card"), 1.5))
        painter.setBrush(tint)
        painter.drawEllipse(QPointF(self._x(finding.probability), LINE_Y), 6, 6)
        self._paint_words(painter)

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(self._theme.color("muted"))
        metrics = painter.fontMetrics()
        middle = LINE_Y + (metrics.ascent() - metrics.descent()) / 2
        first, last = ENDS
        painter.drawText(QPointF(0, middle), first)
        painter.drawText(QPointF(self.width() - metrics.horizontalAdvance(last), middle), last)
        texts = [
            (
                self._finding.threshold,
                self.tr("threshold {value}").format(value=round(self._finding.threshold * 100)),
            ),
            (self._finding.probability, self._score),
        ]
        (low, low_text), (high, high_text) = sorted(texts)
        low_width, high_width = metrics.horizontalAdvance(low_text), metrics.horizontalAdvance(high_text)
        room = self.width() - low_width - high_width - GAP
        left = min(max(self._x(low) - low_width / 2, 0.0), float(room))
        right = min(
            max(self._x(high) - high_width / 2, left + low_width + GAP), float(self.width() - high_width)
        )
        base = LINE_Y + 12 + metrics.ascent()
        painter.drawText(QPointF(left, base), low_text)
        painter.drawText(QPointF(right, base), high_text)

    def _x(self, value: float) -> float:
        return self._left + max(0.0, min(1.0, value)) * (self.width() - self._left - self._right)
