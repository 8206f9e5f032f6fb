"""The report of the open case: which one is shown, and what becomes of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from services import report
from services.report import ReportRequest
from services.workplace import Workplace
from ui.cases import Case
from ui.desk import Desk
from ui.notices import NoticeArea
from ui.report_page import ReportPage
from ui.signing import address_lines
from ui.task import Handle, Pools


class Reporting(QObject):
    """Joins the report page with the open case and with the disk."""

    failed = Signal(object)

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
        self._pdf_to_export = b""
        page.export_asked.connect(self.ask_where)
        page.failed.connect(self.failed)

    def show(self) -> None:
        """Show the report of the open case, or say why there is none."""
        case, page = self._desk.case, self._page
        paper = self._workplace.settings.text("paper")
        if case is None:
            page.show_nothing(self.tr("No study is open. A report appears here for the study that you read."))
        elif case.signed is not None:
            page.show_report((case.key, "signed"), partial(bytes, case.signed.pdf), signed=True, paper=paper)
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
            page.show_report((case.key, case.asked, paper, case.draft), render, signed=False, paper=paper)

    def _request(self, case: Case) -> ReportRequest:
        assert case.analysis is not None
        settings = self._workplace.settings
        return ReportRequest(
            analysis=case.analysis,
            reading=case.draft.reading,
            facts=case.facts,
            site=settings.text("site.name"),
            address=address_lines(settings.text("site.address")),
        )

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
        self._pdf_to_export = pdf
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    @Slot(str)
    def export_to(self, path: str) -> None:
        """Write the report in sight to a file."""
        task = self._pools.files("export", _Export(self._pdf_to_export, Path(path)), key=path)
        task.succeeded.connect(self._on_exported)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_exported(self, path: Path) -> None:
        self._notices.tell("calm", self.tr("The report was exported."), str(path))


def report_name(case: Case) -> str:
    """Return a file name for a report: its number and day, nothing of the patient or of the image's file."""
    if case.signed is None:
        return f"report-{case.key[:8]}-unsigned.pdf"
    signature = case.signed.record.signature
    return f"report-{case.signed.report_id}-{signature.at.date().isoformat()}.pdf"


class _Export:
    """The Qt-free work of writing a report."""

    def __init__(self, pdf: bytes, path: Path) -> None:
        self._pdf, self._path = pdf, path

    def __call__(self, _handle: Handle) -> Path:
        report.export(self._pdf, self._path)
        return self._path
