"""A signed report of the records, shown and given out without its image."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.image import ReadingUnit
from services.drafts import Draft
from services.record_facts import study_facts
from services.sign import SignedFile
from services.workplace import Workplace
from store.records import ListedStudy
from ui.cases import Case, CaseBook
from ui.controls import label
from ui.desk import Desk
from ui.notices import NoticeArea
from ui.report_page import ReportPage
from ui.reporting import Reporting
from ui.sheet_dialog import PlainDialog
from ui.task import Pools
from ui.theme import Theme

SHARE_OF_WINDOW = 0.94


class RecordReport(PlainDialog):
    """Shows a signed report with its papers; printing and export are those of the report's page."""

    failed = Signal(object)

    def __init__(
        self,
        study: ListedStudy,
        signed: SignedFile,
        *,
        theme: Theme,
        pools: Pools,
        workplace: Workplace,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.setWindowTitle(self.tr("Signed report"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._whose = label(f"{study.name}   {study.number}   {study.birth_date}", "title")
        self._whose.setContentsMargins(18, 14, 18, 0)
        column.addWidget(self._whose)
        for told in workplace.records.corrections(study.unit_key)[-1:]:
            moved = label(
                self.tr("Signed for {before}; moved to {after}.").format(
                    before=told.before, after=told.after
                ),
                "warning",
                wrap=True,
            )
            moved.setContentsMargins(18, 4, 18, 0)
            column.addWidget(moved)
        self.notices = NoticeArea(theme)
        column.addWidget(self.notices)
        self.page = ReportPage(theme, pools)
        column.addWidget(self.page, 1)
        self._papers = label("", "small", wrap=True)
        self._papers.setContentsMargins(18, 6, 18, 10)
        column.addWidget(self._papers)
        self._desk = Desk(CaseBook(self), workplace, self)
        self._desk.case = _case(study, signed)
        self.reporting = Reporting(
            self.page, self._desk, pools=pools, workplace=workplace, notices=self.notices, window=self
        )
        self.reporting.failed.connect(self.failed)
        show_papers = partial(self._show_papers, workplace, signed.report_id)
        self.reporting.papers_told.connect(show_papers)
        show_papers()
        self.resize(window.size() * SHARE_OF_WINDOW)
        self.reporting.show()

    def _show_papers(self, workplace: Workplace, report_id: int) -> None:
        self._papers.setText(self._paper_words(workplace, report_id))

    def _paper_words(self, workplace: Workplace, report_id: int) -> str:
        papers = workplace.papers.papers(report_id)
        if not papers:
            return self.tr("No paper of this report has left yet.")
        told = []
        for one in papers:
            what = (
                self.tr("copy {number}").format(number=one.copy_number)
                if one.is_copy
                else self.tr("the original")
            )
            failed = "" if one.made else self.tr(" (did not come out)")
            told.append(f"{one.at:%Y-%m-%d %H:%M} {what}, {one.paper}{failed}")
        return self.tr("Papers: {papers}").format(papers=" · ".join(told))


def _case(study: ListedStudy, signed: SignedFile) -> Case:
    """Return the study as the report's page knows it; its image is not asked for."""
    facts = study_facts(study)
    unit = ReadingUnit(
        kind=facts.kind,
        path=study.path,
        files=(),
        header=facts.header,
        patient=facts.said,
        frames=facts.frames,
    )
    draft = Draft(key=study.unit_key, path=study.path, typed=signed.patient, reading=signed.record.reading)
    return Case(unit=unit, key=study.unit_key, draft=draft, signed=signed)
