"""Long names and studies: one line where it fits, else two; dots in the middle only where two do not do."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import BODY_PX, TITLE_PX, Theme, interface_font

MOST_CHARACTERS = 400  # more than two lines of any screen hold
_BREAKS_TRIED = 8  # spaces about the middle


def clipped(text: str) -> str:
    """Return a text that can be laid out at once: of one that nobody can read whole, both ends."""
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    return f"{text[:half]}…{text[-half:]}"


def breakable(text: str, longest: int) -> str:
    """Return a text whose words may go on in the next line where one has more letters than that."""
    pieces = (
        word if len(word) <= longest else "\u200b".join(_cut(word, longest)) for word in text.split(" ")
    )
    return " ".join(pieces)


def _cut(word: str, longest: int) -> list[str]:
    return [word[start : start + longest] for start in range(0, len(word), longest)]


def in_two_lines(text: str, metrics: QFontMetrics, width: int) -> tuple[str, ...]:
    """Return a text as one line or two of that width, broken at a space; what does not fit loses its middle.

    Names differ at both ends, so that neither end is given up.
    """
    text = clipped(text)
    if metrics.horizontalAdvance(text) <= width:
        return (text,)
    spaces = (place for place, letter in enumerate(text) if letter == " ")
    tried = sorted(spaces, key=lambda place: abs(2 * place - len(text)))[:_BREAKS_TRIED]
    breaks = [(text[:place], text[place + 1 :]) for place in tried]
    pair = min(breaks, key=lambda pair: max(map(metrics.horizontalAdvance, pair)), default=(text,))
    return tuple(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, width) for line in pair)


def paint_lines(painter: QPainter, room: QRectF, lines: tuple[str, ...]) -> None:
    """Draw one line or two, in the middle of the height."""
    step = painter.fontMetrics().height()
    top = room.center().y() - step * len(lines) / 2
    where = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    for number, line in enumerate(lines):
        painter.drawText(QRectF(room.left(), top + number * step, room.width(), step), where, line)


class NameLabel(QWidget):
    """The patient's name on the banner: large in one line, else smaller in two; whole in the tooltip."""

    WIDEST, LEAST = 420, 150

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._whole = self._laid_out = ""
        self.setMinimumWidth(self.LEAST)
        self.setMaximumWidth(self.WIDEST)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set_whole(self, text: str) -> None:
        """Set the whole name."""
        self._whole, self._laid_out = text, clipped(text)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.updateGeometry()
        self.update()

    def whole(self) -> str:
        """Return the whole name."""
        return self._whole

    def lines(self) -> tuple[str, ...]:
        """Return what is drawn."""
        metrics = QFontMetrics(interface_font(TITLE_PX, bold=True))
        if metrics.horizontalAdvance(self._laid_out) <= self.width():
            return (self._laid_out,)
        return in_two_lines(self._laid_out, QFontMetrics(interface_font(BODY_PX, bold=True)), self.width())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size that the name needs in one line, or in two where one is too long."""
        metrics = QFontMetrics(interface_font(TITLE_PX, bold=True))
        width = metrics.horizontalAdvance(self._laid_out)
        if width > self.WIDEST:
            small = QFontMetrics(interface_font(BODY_PX, bold=True))
            width = max(map(small.horizontalAdvance, in_two_lines(self._laid_out, small, self.WIDEST)))
        return QSize(width + 4, metrics.height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the name."""
        painter = QPainter(self)
        lines = self.lines()
        large = (
            lines == (self._laid_out,)
            and QFontMetrics(interface_font(TITLE_PX, bold=True)).horizontalAdvance(self._laid_out)
            <= self.width()
        )
        painter.setFont(interface_font(TITLE_PX if large else BODY_PX, bold=True))
        painter.setPen(self._theme.color("ink"))
        paint_lines(painter, QRectF(self.rect()), lines)
