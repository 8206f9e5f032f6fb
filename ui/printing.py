"""A report on its way to a printer: the standard dialog, the sheets, and whether they were taken.

Where the system's queue takes a PDF, it gets the PDF itself; elsewhere the pages are drawn as pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from core.decision import PaperSize
from services import pdf_pages
from services.papers import IssuedPaper
from services.printing import PrintJob, can_print_pdf, print_pdf
from services.report import export
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

    def __init__(self, pools: Pools, withdraw: Callable[[int], None], window: QWidget) -> None:
        super().__init__(window)
        self._pools, self._withdraw, self._window = pools, withdraw, window

    def ask(self, paper: str, give_out: GiveOut, *, apart: bool) -> None:
        """Open the standard dialog for one report on a paper size.

        Where papers are given out ``apart``, several copies are as many papers: one original at most.
        """
        self._give_out, self._paper, self._apart = give_out, paper, apart
        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self._printer.setPageSize(QPageSize(_PAGE_SIZES[paper]))
        self._printer.setDocName("Farlight")
        dialog = QPrintDialog(self._printer, self._window)
        dialog.setModal(True)
        dialog.setOption(QAbstractPrintDialog.PrintDialogOption.PrintPageRange, False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self.start)
        dialog.show()

    @Slot()
    def start(self) -> None:
        """Print as often as the dialog was told."""
        self._copies = 1 if self._apart else self._printer.copyCount()
        self._left = self._printer.copyCount() if self._apart else 1
        self._printer.setCopyCount(self._copies)
        self._print_one()

    def _print_one(self) -> None:
        """Give out a paper for the printer that was chosen."""
        self._left -= 1
        printer = self._printer
        file = printer.outputFileName()
        if file or can_print_pdf():
            job = PrintJob(
                paper=cast("PaperSize", self._paper),
                printer=printer.printerName(),
                copies=self._copies,
                two_sided=printer.duplex() != QPrinter.DuplexMode.DuplexNone,
            )
            work = _HandOver(self._give_out, job, Path(file) if file else None, self._withdraw)
            task = self._pools.files("print", work)
            task.succeeded.connect(self._on_handed_over)
        else:
            task = self._pools.files("print", _MakePages(self._give_out))
            task.succeeded.connect(self._on_pages)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_pages(self, made: tuple[IssuedPaper | None, Pages]) -> None:
        paper, pages = made
        printer = self._printer
        taken = print_pages(printer, tuple(pixels_image(pixels) for pixels in pages))
        self._on_handed_over(
            Printed(printer=printer.printerName(), pages=len(pages), taken=taken, paper=paper)
        )

    @Slot(object)
    def _on_handed_over(self, done: Printed) -> None:
        self.printed.emit(done)
        if done.taken and self._left:
            self._print_one()


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


class _HandOver:
    """The Qt-free work of giving out a paper and handing it to the system's queue, or to a file."""

    def __init__(
        self, give_out: GiveOut, job: PrintJob, file: Path | None, withdraw: Callable[[int], None]
    ) -> None:
        self._give_out, self._job, self._file, self._withdraw = give_out, job, file, withdraw

    def __call__(self, _handle: Handle) -> Printed:
        paper, pdf = self._give_out()
        try:
            if self._file is None:
                print_pdf(pdf, self._job)
            else:
                export(pdf, self._file)
        except BaseException:
            if paper is not None:
                self._withdraw(paper.paper_id)
            raise
        name = self._job.printer if self._file is None else str(self._file)
        return Printed(printer=name, pages=pdf_pages.page_count(pdf), taken=True, paper=paper)


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
