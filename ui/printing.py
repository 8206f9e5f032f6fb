"""A report on its way to a printer: the standard dialog, the pages, and whether they were taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from services import pdf_pages
from services.papers import IssuedPaper
from ui.picture_layer import pixels_image
from ui.task import Handle, Pools

PRINT_DPI = 200.0
Pages = tuple[NDArray[np.uint8], ...]
GiveOut = Callable[[], tuple[IssuedPaper | None, bytes]]
_PAGE_SIZES = {
    "A4": QPageSize.PageSizeId.A4, "Letter": QPageSize.PageSizeId.Letter, "A5": QPageSize.PageSizeId.A5,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What was handed to a printer; ``paper`` is None where the report is not signed."""

    printer: str
    pages: int
    taken: bool
    paper: IssuedPaper | None


class Printing(QObject):
    """Asks for a printer, has the paper given out only when somebody pressed Print, and hands it over."""

    printed = Signal(object)
    failed = Signal(object)

    def __init__(self, pools: Pools, window: QWidget) -> None:
        super().__init__(window)
        self._pools, self._window = pools, window

    def ask(self, paper: str, give_out: GiveOut) -> None:
        """Open the standard dialog for one report on a paper size."""
        self._give_out = give_out
        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self._printer.setPageSize(QPageSize(_PAGE_SIZES[paper]))
        self._printer.setDocName("Farlight")
        dialog = QPrintDialog(self._printer, self._window)
        dialog.setModal(True)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self.start)
        dialog.show()

    @Slot()
    def start(self) -> None:
        """Make the pages for the printer that was chosen."""
        task = self._pools.files("print", _MakePages(self._give_out), key=self._printer)
        task.succeeded.connect(self._on_pages)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_pages(self, made: tuple[IssuedPaper | None, Pages]) -> None:
        paper, pages = made
        printer = self._printer
        taken = print_pages(printer, tuple(pixels_image(pixels) for pixels in pages))
        name = printer.printerName() or printer.outputFileName()
        self.printed.emit(Printed(printer=name, pages=len(pages), taken=taken, paper=paper))


def print_pages(printer: QPrinter, pages: tuple[QImage, ...]) -> bool:
    """Draw page pictures onto a printer's pages, each filling its sheet; return whether it took them."""
    printer.setFullPage(True)
    printer.setPageOrientation(QPageLayout.Orientation.Portrait)
    painter = QPainter()
    if not painter.begin(printer):
        return False
    taken = True
    for number, page in enumerate(pages):
        if number:
            taken = printer.newPage() and taken
        sheet = QRectF(painter.viewport())
        size = page.size().scaled(sheet.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(sheet.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, page)
    return painter.end() and taken and printer.printerState() != QPrinter.PrinterState.Error


class _MakePages:
    """The Qt-free work of giving out a paper and making its pages."""

    def __init__(self, give_out: GiveOut) -> None:
        self._give_out = give_out

    def __call__(self, _handle: Handle) -> tuple[IssuedPaper | None, Pages]:
        paper, pdf = self._give_out()
        return paper, page_pictures(pdf, PRINT_DPI)


def page_pictures(pdf: bytes, dots_per_inch: float) -> Pages:
    """Return each page of a PDF as (row, column, 3) uint8."""
    count = pdf_pages.page_count(pdf)
    return tuple(pdf_pages.page_picture(pdf, page, dots_per_inch) for page in range(count))
