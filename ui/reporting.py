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
from services.before_signing import reading_beside
from services.papers import IssuedHow, IssuedPaper
from services.report import ReportRequest
from services.report_name import report_name
from services.sign import SignedFile
from services.workplace import Workplace
from ui.cases import Case
from ui.desk import Desk
from ui.notices import NoticeArea
from ui.printing import GiveOut, Printed, Printing, has_printer
from ui.report_page import ReportPage
from ui.signing import address_lines
from ui.task import Handle, Pools


class Reporting(QObject):
    """Joins the report page with the open case and with the disk."""

    failed = Signal(object)
    paper_chosen = Signal(str)  # for reports to come
    page_wanted = Signal(str)
    papers_told = Signal()  # which papers of the report in sight have left may be another matter now

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
        self._last_folder = ""
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
            self._show_signed(case, case.signed)
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

    def _show_signed(self, case: Case, signed: SignedFile, paper: PaperSize | None = None) -> None:
        """Show a signed report on a size, at first that of its original."""
        try:
            paper = paper or self._workplace.papers.usual_paper(signed.report_id)
        except FarlightError as error:
            self._page.show_nothing(error.message)
            self.failed.emit(error)
            return
        render = partial(self._workplace.papers.preview, signed.report_id, paper)
        self._page.show_report(object(), render, whose=case.key, signed=True, paper=paper)
        self._tell_next_paper()

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
        case, signed = self._desk.case, self._signed()
        if case is None or signed is None:
            self.paper_chosen.emit(paper)
        else:
            self._show_signed(case, signed, self._size())

    def _signed(self) -> SignedFile | None:
        return self._desk.case.signed if self._desk.case is not None else None

    def _tell_next_paper(self) -> None:
        signed = self._signed()
        if signed is None:
            return
        try:
            self._page.tell_paper(self._workplace.papers.next_paper(signed.report_id, self._size()))
        except FarlightError as error:
            self.failed.emit(error)
        else:
            self.papers_told.emit()

    def _size(self) -> PaperSize:
        return cast("PaperSize", self._page.paper())

    def _paper_source(self, how: IssuedHow, pdf: bytes) -> GiveOut:
        """Return what gives out the paper: recorded where the report is signed, else as it is in sight."""
        signed, case = self._signed(), self._desk.case
        if signed is None and case is not None:
            note = partial(self._workplace.papers.note_unsigned, case.key, how, case.patient, self._size())
            return partial(_as_it_is, note, pdf)
        if signed is None:
            return _nothing
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
        dialog.setDirectory(self._export_folder())
        dialog.selectFile(_file_name(case))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._give_out = self._paper_source("export", pdf)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def _export_folder(self) -> str:
        """Return the folder used last since the start, else that of documents, else the user's own.

        It is not kept in the settings: clinics name folders after patients.
        """
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        places = (self._last_folder, documents)
        return next((place for place in places if place and QDir(place).exists()), QDir.homePath())

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
        self._last_folder = str(path.parent)

    @Slot(bytes)
    def ask_printer(self, pdf: bytes) -> None:
        """Ask which printer is to print the report in sight; without any, offer to export it."""
        key = self._desk.case.key if self._desk.case is not None else ""
        if not has_printer():
            self._notices.tell(
                "warning",
                self.tr("No printer is set up on this computer."),
                self.tr(
                    "Nothing was printed. Set one up in the system, or export the PDF and print it elsewhere."
                ),
                act=self.tr("Export PDF …"),
                on_act=partial(self._export_of, key),
                of=key,
            )
            return
        source = self._paper_source("print", pdf)
        if not self.printing.ask(self._size(), source, apart=self._signed() is not None):
            self._notices.tell(
                "warning",
                self.tr("Another report is still being printed."),
                self.tr("Nothing was sent. Print this one when that one has gone to its printer."),
                of=key,
            )

    def _export_of(self, key: str) -> None:
        """Export the report of that case, or bring its page into sight; never that of another case."""
        if self._desk.case is None or self._desk.case.key != key:
            return
        if not self._page.isVisible():
            self.page_wanted.emit("report")
        elif self._page.pdf is not None:
            self.ask_where(self._page.pdf)

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


def _file_name(case: Case) -> str:
    signed = case.signed
    return report_name(
        case.unit.header,
        number=signed.report_id if signed else None,
        signed_on=signed.record.signature.at.date() if signed else None,
        key=case.key,
    )


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


def _as_it_is(note: Callable[[], None], pdf: bytes) -> tuple[None, bytes]:
    note()
    return None, pdf


def _nothing() -> tuple[None, bytes]:
    return None, b""
