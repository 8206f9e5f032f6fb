"""The report of the open case: which one is shown, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.decision import PaperSize
from core.errors import FarlightError
from services import report
from services.papers import IssuedHow, IssuedPaper, signed_paper
from services.report import ReportRequest
from services.session import Session
from services.sign import SignedFile, reading_beside
from services.workplace import Workplace
from ui.cases import Case
from ui.desk import Desk
from ui.notices import NoticeArea
from ui.printing import GiveOut, Printed, Printing
from ui.report_page import ReportPage
from ui.signing import address_lines
from ui.task import Handle, Pools


class Reporting(QObject):
    """Joins the report page with the open case and with the disk."""

    failed = Signal(object)
    paper_chosen = Signal(str)  # for reports to come

    def __init__(
        self,
        page: ReportPage,
        desk: Desk,
        *,
        pools: Pools,
        workplace: Workplace,
        notices: NoticeArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._page, self._desk, self._pools = page, desk, pools
        self._workplace, self._notices, self._window = workplace, notices, window
        self._give_out: GiveOut = _nothing
        self.printing = Printing(pools, workplace.papers.withdraw_paper, window)
        page.export_asked.connect(self.ask_where)
        page.print_asked.connect(self.ask_printer)
        page.paper_chosen.connect(self._on_paper_chosen)
        page.failed.connect(self.failed)
        self.printing.printed.connect(self._on_printed)
        self.printing.failed.connect(self.failed)

    def show(self) -> None:
        """Show the report of the open case, or say why there is none."""
        case, page = self._desk.case, self._page
        paper = self._workplace.settings.text("paper")
        if case is None:
            page.show_nothing(self.tr("No study is open. A report appears here for the study that you read."))
        elif case.signed is not None:
            signed = case.signed
            paper = signed_paper(signed.record, signed.pdf)
            render = partial(self._workplace.papers.preview, signed.report_id, paper)
            page.show_report(object(), render, whose=case.key, signed=True, paper=paper)
            self._tell_next_paper()
        elif not self._desk.is_open_card:
            page.show_nothing(self.tr("Read the image first: the report opens after your first impression."))
        elif case.analysis is None:
            page.show_nothing(self.tr("The report appears here when the image has been analysed."))
        else:
            self._desk.flush()
            render = partial(
                report.render,
                self._request(case),
                clock=self._workplace.clock,
                paper=paper,  # type: ignore[arg-type]
            )
            key = (case.key, case.asked, paper, case.draft)
            page.show_report(key, render, whose=case.key, signed=False, paper=paper)
            page.tell_paper(self.tr("Says UNSIGNED on every page"))

    def _request(self, case: Case) -> ReportRequest:
        assert case.analysis is not None
        settings = self._workplace.settings
        return ReportRequest(
            analysis=case.analysis,
            reading=reading_beside(case.analysis, case.draft.reading),
            facts=case.facts,
            site=settings.text("site.name"),
            address=address_lines(settings.text("site.address")),
        )

    # --- papers

    @Slot(str)
    def _on_paper_chosen(self, paper: str) -> None:
        """Use another size: for this paper where the report is signed, else for all to come."""
        if self._signed() is None:
            self.paper_chosen.emit(paper)
        else:
            self._tell_next_paper()

    def _signed(self) -> SignedFile | None:
        return self._desk.case.signed if self._desk.case is not None else None

    def _tell_next_paper(self) -> None:
        signed = self._signed()
        if signed is None:
            return
        try:
            copy = self._workplace.papers.next_is_copy(signed.report_id, self._size())
        except FarlightError as error:
            self.failed.emit(error)
            return
        self._page.tell_paper(
            self.tr("The next paper says COPY") if copy else self.tr("The next paper is the original")
        )

    def _size(self) -> PaperSize:
        return cast("PaperSize", self._page.paper())

    def _paper_source(self, how: IssuedHow, pdf: bytes) -> GiveOut:
        """Return what gives out the paper: recorded where the report is signed, else as it is in sight."""
        signed = self._signed()
        if signed is None:
            return partial(_as_it_is, self._workplace.session, pdf)
        return partial(self._workplace.papers.issue_paper, signed.report_id, how, self._size())

    @Slot(bytes)
    def ask_where(self, pdf: bytes) -> None:
        """Ask where the report in sight is to be written."""
        case = self._desk.case
        if case is None:
            return
        dialog = QFileDialog(self._window, self.tr("Export the report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.setNameFilter(self.tr("PDF (*.pdf)"))
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog.setDirectory(documents if QDir(documents).exists() else QDir.homePath())
        dialog.selectFile(report_name(case))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._give_out = self._paper_source("export", pdf)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    @Slot(str)
    def export_to(self, path: str) -> None:
        """Write the report that was asked for to a file."""
        work = _Export(self._give_out, Path(path), self._workplace.papers.withdraw_paper)
        task = self._pools.files("export", work, key=path)
        task.succeeded.connect(self._on_exported)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_exported(self, done: tuple[Path, IssuedPaper | None]) -> None:
        path, paper = done
        self._notices.tell("calm", self.tr("The report was exported."), f"{path}{self._kind(paper)}")
        self._tell_next_paper()

    @Slot(bytes)
    def ask_printer(self, pdf: bytes) -> None:
        """Ask which printer is to print the report in sight."""
        source = self._paper_source("print", pdf)
        if not self.printing.ask(self._size(), source, apart=self._signed() is not None):
            self._notices.tell(
                "warning",
                self.tr("Another report is still being printed."),
                self.tr("Nothing was sent. Print this one when that one has gone to its printer."),
            )

    @Slot(object)
    def _on_printed(self, done: Printed) -> None:
        paper = done.paper
        if not done.taken:
            if paper is not None:
                self._withdraw(paper.paper_id)
            self._notices.tell(
                "warning",
                self.tr("Nothing was printed."),
                self.tr("The printer did not take the pages: see that it is on and has paper."),
            )
            return
        count = self.tr("1 page") if done.pages == 1 else self.tr("{n} pages").format(n=done.pages)
        self._notices.tell(
            "calm",
            self.tr("Sent to “{printer}”: {count}.").format(
                printer=done.printer or self.tr("the printer of this system"), count=count
            ),
            self._kind(paper).removeprefix(" · "),
            act=self.tr("It did not come out") if paper is not None else "",
            on_act=partial(self._withdraw, paper.paper_id) if paper is not None else None,
            lasting=paper is not None,  # a printer takes longer than a sentence stands
        )
        self._tell_next_paper()

    def _kind(self, paper: IssuedPaper | None) -> str:
        if paper is None:
            return self.tr(" · unsigned")
        return (
            self.tr(" · copy {number}").format(number=paper.copy_number)
            if paper.is_copy
            else self.tr(" · the original")
        )

    def _withdraw(self, paper_id: int) -> None:
        """Keep that a paper did not come out."""
        try:
            self._workplace.papers.withdraw_paper(paper_id)
        except FarlightError as error:
            self.failed.emit(error)
        self._tell_next_paper()


def report_name(case: Case) -> str:
    """Return a file name for a report: its number and day, nothing of the patient or of the image's file."""
    if case.signed is None:
        return f"report-{case.key[:8]}-unsigned.pdf"
    signature = case.signed.record.signature
    return f"report-{case.signed.report_id}-{signature.at.date().isoformat()}.pdf"


class _Export:
    """The Qt-free work of giving out a paper as a file."""

    def __init__(self, give_out: GiveOut, path: Path, withdraw: Callable[[int], None]) -> None:
        self._give_out, self._path, self._withdraw = give_out, path, withdraw

    def __call__(self, _handle: Handle) -> tuple[Path, IssuedPaper | None]:
        paper, pdf = self._give_out()
        try:
            report.export(pdf, self._path)
        except BaseException:
            if paper is not None:
                self._withdraw(paper.paper_id)
            raise
        return self._path, paper


def _as_it_is(session: Session, pdf: bytes) -> tuple[None, bytes]:
    session.require("give_out")
    return None, pdf


def _nothing() -> tuple[None, bytes]:
    return None, b""
