"""A report on its way to a printer: the standard dialog, the sheets, and whether they were taken.

Where the system's queue takes a PDF, it gets the PDF itself; elsewhere the pages are drawn as pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QWidget

from core.decision import PaperSize
from core.errors import Cancelled, FarlightError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One report on its way to a printer, from the question to its last sheet: nothing of it changes.

    Where papers are given out ``apart``, several copies are as many papers: one original at most.
    ``left`` counts the papers that are still to be given out.
    """

    paper: PaperSize
    give_out: GiveOut
    apart: bool
    printer: QPrinter
    left: int = 1


class Printing(QObject):
    """Asks for a printer, has the paper given out only when somebody pressed Print, and hands it over.

    One order at a time: the sheets of two patients never lie mixed in one tray.
    """

    printed = Signal(object)
    failed = Signal(object)

    def __init__(self, pools: Pools, withdraw: Callable[[int], None], window: QWidget) -> None:
        super().__init__(window)
        self._pools, self._withdraw, self._window = pools, withdraw, window
        self._asked: Order | None = None
        self._printer: QPrinter | None = None  # outlives its dialog, which draws on it until it is deleted
        self._under_way = False

    @property
    def busy(self) -> bool:
        """Whether an order is being asked about or under way."""
        return self._under_way or self._asked is not None

    def ask(self, paper: PaperSize, give_out: GiveOut, *, apart: bool) -> bool:
        """Open the standard dialog for one report on a paper size; returns False while another is printed."""
        if self.busy:
            return False
        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        self._printer.setPageSize(QPageSize(_PAGE_SIZES[paper]))
        self._printer.setDocName("Farlight")
        self._asked = Order(paper=paper, give_out=give_out, apart=apart, printer=self._printer)
        dialog = QPrintDialog(self._printer, self._window)
        dialog.setModal(True)
        dialog.setOption(QAbstractPrintDialog.PrintDialogOption.PrintPageRange, False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._on_accepted)
        dialog.rejected.connect(self._on_rejected)
        dialog.show()
        return True

    @Slot()
    def _on_accepted(self) -> None:
        order, self._asked = self._asked, None
        if order is not None:
            self.carry_out(order)

    @Slot()
    def _on_rejected(self) -> None:
        self._asked = None

    def carry_out(self, order: Order) -> None:
        """Print as often as the dialog was told; a file holds one paper, however many were asked for."""
        printer = order.printer
        copies = 1 if printer.outputFileName() else printer.copyCount()
        printer.setCopyCount(1 if order.apart else copies)
        self._under_way = True
        self._print_one(replace(order, left=copies if order.apart else 1))

    def _print_one(self, order: Order) -> None:
        """Give out a paper for the printer that was chosen."""
        file = order.printer.outputFileName()
        work: _HandOver | _MakePages
        if file or can_print_pdf():
            work = _HandOver(order.give_out, _job(order), Path(file) if file else None, self._withdraw)
        else:
            work = _MakePages(order.give_out, self._withdraw)
        task = self._pools.files("print", work, key=replace(order, left=order.left - 1))
        task.succeeded.connect(self._on_handed_over if isinstance(work, _HandOver) else self._on_pages)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_pages(self, made: tuple[IssuedPaper | None, Pages]) -> None:
        paper, pages = made
        order = _order_of(self.sender())
        try:
            taken = print_pages(order.printer, tuple(pixels_image(pixels) for pixels in pages))
        except BaseException:
            self._under_way = False
            if paper is not None:
                self._withdraw(paper.paper_id)
            raise
        name = order.printer.printerName()
        self._go_on(order, Printed(printer=name, pages=len(pages), taken=taken, paper=paper))

    @Slot(object)
    def _on_handed_over(self, done: Printed) -> None:
        self._go_on(_order_of(self.sender()), done)

    def _go_on(self, order: Order, done: Printed) -> None:
        self._under_way = done.taken and order.left > 0
        self.printed.emit(done)
        if self._under_way:
            self._print_one(order)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._under_way = False
        self.failed.emit(error)


def has_printer() -> bool:
    """Return whether the system knows a printer; else Qt's dialog offers a file without a word."""
    return bool(QPrinterInfo.availablePrinterNames())


def _order_of(task: QObject) -> Order:
    order = getattr(task, "key", None)
    assert isinstance(order, Order)
    return order


def _job(order: Order) -> PrintJob:
    printer = order.printer
    return PrintJob(
        paper=order.paper,
        printer=printer.printerName(),
        copies=printer.copyCount(),
        two_sided=printer.duplex() != QPrinter.DuplexMode.DuplexNone,
    )


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

    def __init__(self, give_out: GiveOut, withdraw: Callable[[int], None]) -> None:
        self._give_out, self._withdraw = give_out, withdraw

    def __call__(self, handle: Handle) -> tuple[IssuedPaper | None, Pages]:
        paper, pdf = self._give_out()
        try:
            pages = page_pictures(pdf, PRINT_DPI)
            if handle.cancelled():
                raise Cancelled
        except BaseException:
            if paper is not None:
                self._withdraw(paper.paper_id)
            raise
        return paper, pages


def page_pictures(pdf: bytes, dots_per_inch: float) -> Pages:
    """Return each page of a PDF as (row, column, 3) uint8."""
    count = pdf_pages.page_count(pdf)
    return tuple(pdf_pages.page_picture(pdf, page, dots_per_inch) for page in range(count))
