"""The recovery sheet on paper: drawn for the printer, never written to a file."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QFont, QPainter
from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QWidget

from ui.theme import FAMILY


def tr(text: str) -> str:
    """Return a sentence in the user's language."""
    return QCoreApplication.translate("recovery_sheet", text)


class SheetPrinting(QObject):
    """Asks for a printer and draws the sheet on it."""

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


def draw_sheet(printer: QPrinter, code: str, when: datetime) -> None:
    """Draw the sheet on one page: what it is, the code in groups, and room for a signature."""
    painter = QPainter(printer)
    page = QRectF(painter.viewport())
    point = printer.logicalDpiY() / 72
    margin = 42 * point
    room = page.adjusted(margin, margin, -margin, -margin)
    groups = code.split("-")
    rows = "\n".join("   ".join(groups[start : start + 3]) for start in range(0, len(groups), 3))
    parts = (
        (tr("Farlight: recovery sheet"), 20, True),
        (when.strftime("%Y-%m-%d"), 11, False),
        (rows, 26, True),
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
    top = room.top()
    for text, points, strong in parts:
        font = QFont(FAMILY)
        font.setPointSize(points)
        font.setBold(strong)
        painter.setFont(font)
        flags = int(Qt.TextFlag.TextWordWrap)
        box = painter.boundingRect(QRectF(room.left(), top, room.width(), room.height()), flags, text)
        painter.drawText(box, flags, text)
        top = box.bottom() + 16 * point
    painter.end()
