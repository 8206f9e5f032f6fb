"""The recovery sheet on paper: drawn for the printer, never written to a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetricsF, QPaintDevice, QPainter
from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QWidget

from ui.theme import FAMILY

GROUPS_A_ROW = 3


def tr(text: str) -> str:
    """Return a sentence in the user's language."""
    return QCoreApplication.translate("recovery_sheet", text)


class SheetPrinting(QObject):
    """Asks for a printer and draws the sheet on it."""

    printed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._printer: QPrinter | None = None
        self._code = ""

    @staticmethod
    def is_possible() -> bool:
        """Whether this computer knows a printer."""
        return bool(QPrinterInfo.availablePrinterNames())

    def ask(self, code: str) -> None:
        """Open the standard dialog, without its printing to a file."""
        self._code = code
        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self._printer.setDocName("Farlight")
        dialog = QPrintDialog(self._printer, self._window)
        dialog.setOption(QAbstractPrintDialog.PrintDialogOption.PrintToFile, False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._on_accepted)
        dialog.setModal(True)
        dialog.show()

    @Slot()
    def _on_accepted(self) -> None:
        if self._printer is not None and not self._printer.outputFileName():
            draw_sheet(self._printer, self._code, datetime.now().astimezone())
            self.printed.emit()


def draw_sheet(paper: QPaintDevice, code: str, when: datetime) -> None:
    """Draw the sheet on one page: what it is, the code in groups, and room for a signature."""
    painter = QPainter(paper)
    page = QRectF(painter.viewport())
    point = paper.logicalDpiY() / 72
    margin = 42 * point
    room = page.adjusted(margin, margin, -margin, -margin)
    heads: tuple[tuple[str, int, bool], ...] = (
        (tr("Farlight: recovery sheet"), 20, True),
        (when.strftime("%Y-%m-%d"), 11, False),
    )
    words = (
        (
            tr(
                "This code opens the patients' records of the computer it was made on and gives a new "
                "password to whoever forgot theirs. Keep it locked up, apart from the computer. Who has it "
                "and the computer can read everything; without it and without a password nobody can."
            ),
            11,
            False,
        ),
        (tr("Clinic: ______________________________    Kept by: ______________________________"), 11, False),
        (tr("A newer sheet makes this one worthless: destroy it then."), 11, False),
    )
    top = _draw_texts(painter, room, room.top(), heads)
    top = _draw_groups(painter, room, top, code.split("-"))
    _draw_texts(painter, room, top, words)
    painter.end()


def _draw_texts(painter: QPainter, room: QRectF, top: float, texts: Sequence[tuple[str, int, bool]]) -> float:
    """Draw paragraphs, each with its points and whether it is bold; returns where the next one begins."""
    for text, points, strong in texts:
        painter.setFont(_font(points, strong=strong))
        flags = int(Qt.TextFlag.TextWordWrap)
        box = painter.boundingRect(QRectF(room.left(), top, room.width(), room.height()), flags, text)
        painter.drawText(box, flags, text)
        top = box.bottom() + 16 * _point(painter)
    return top


def _draw_groups(painter: QPainter, room: QRectF, top: float, groups: Sequence[str]) -> float:
    """Draw the code: three groups a row, each with its number small above it, never cut at its edges."""
    numbers, letters = _font(9, strong=False), _font(26, strong=True)
    step = room.width() / GROUPS_A_ROW
    small = QFontMetricsF(numbers, painter.device())
    tall = QFontMetricsF(letters, painter.device())
    for place, group in enumerate(groups):
        down, across = divmod(place, GROUPS_A_ROW)
        left = room.left() + across * step
        above = top + down * (small.height() + tall.height() + 6 * _point(painter))
        painter.setFont(numbers)
        painter.drawText(QPointF(left, above + small.ascent()), str(place + 1))
        painter.setFont(letters)
        painter.drawText(QPointF(left, above + small.height() + tall.ascent()), group)
    rows = -(-len(groups) // GROUPS_A_ROW)
    return top + rows * (small.height() + tall.height() + 6 * _point(painter)) + 16 * _point(painter)


def _font(points: int, *, strong: bool) -> QFont:
    font = QFont(FAMILY)
    font.setPointSize(points)
    font.setBold(strong)
    return font


def _point(painter: QPainter) -> float:
    return painter.device().logicalDpiY() / 72
