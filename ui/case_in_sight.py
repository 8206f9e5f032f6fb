"""The case on the desk as the window shows it: banner, state, and the analysis that it asks for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError
from services.typed_table import is_typed
from services.workplace import Workplace
from ui import words
from ui.analysis_queue import AnalysisQueue
from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.frame_bars import PatientBanner
from ui.intake import Intake
from ui.notices import NoticeArea
from ui.opening import Opening
from ui.read_page import ReadPage
from ui.state_words import is_ready, state_words


class CaseInSight(QObject):
    """Shows the open case anew when it, its files, its analysis or its reading changes."""

    said_anew = Signal()  # what the models say of the open case is another now
    failed = Signal(object)  # FarlightError, of the open case

    def __init__(
        self,
        *,
        book: CaseBook,
        desk: Desk,
        intake: Intake,
        queue: AnalysisQueue,
        opening: Opening,
        read: ReadPage,
        banner: PatientBanner,
        notices: NoticeArea,
        workplace: Workplace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._book, self._desk, self._queue, self._workplace = book, desk, queue, workplace
        self._intake, self._opening = intake, opening
        self._read, self._banner, self._notices = read, banner, notices
        self._connect()

    def _connect(self) -> None:
        self._desk.case_opened.connect(self._on_case_opened)
        self._desk.case_closed.connect(self._on_case_closed)
        self._desk.reading_changed.connect(self._show_state)
        self._desk.identity_changed.connect(self._on_identity_changed)
        self._read.image_shown.connect(self._on_image_shown)
        self._read.retry_asked.connect(self._on_retry_asked)
        self._read.reopen_asked.connect(self._on_reopen_asked)
        self._read.files_exchanged.connect(self._on_files_exchanged)
        self._book.copy_taken.connect(self._on_other_files)
        self._book.found_again.connect(self._on_found_again)
        self._queue.analysed.connect(self.show_analysis)
        self._queue.refused_to_run.connect(self._on_refused_to_run)
        self._queue.part_done.connect(self._on_part_done)

    # --- what changed elsewhere

    @Slot(object)
    def show_patient(self, case: Case) -> None:
        """Show whose the open case is, where it is this one."""
        if case is self._desk.case:
            self._banner.show_case(case)

    @Slot(str, int, int, float)
    def _on_part_done(self, key: str, done: int, total: int, left_s: float) -> None:
        """Show how far the slide in sight is."""
        case = self._desk.case
        if case is not None and case.key == key and case.analysing and case.analysis is None:
            self._read.column.computer.show_tiles(done, total, left_s)

    @Slot(str)
    def show_analysis(self, key: str) -> None:
        """Show what the models say of a case, where it is in sight."""
        self._read.analysis_arrived(key)
        if self._desk.case is not None and self._desk.case.key == key:
            self._show_state()
            self.said_anew.emit()

    @Slot()
    def show_signer(self) -> None:
        """Show who would sign, also in the list: somebody has a PIN, or is at the computer."""
        if self._desk.case is not None:
            self._read.column.refresh()
            self._show_state()
        self._book.states_changed.emit()

    @Slot()
    def show_meaning(self) -> None:
        """Show what the scores of the open case mean here now."""
        if self._desk.case is not None:
            self.show_analysis(self._desk.case.key)

    @Slot(str)
    def show_weighed(self, key: str) -> None:
        """Show what the records hold against signing the open case, or hold no more."""
        if self._desk.case is not None and self._desk.case.key == key:
            self._read.column.refresh()
            self._show_state()

    # --- opened and closed

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        self._notices.forget(case.key)
        self._banner.show_case(case)
        self._show_state()
        if case.signed is not None and not self._workplace.papers.is_as_signed(case.signed.report_id):
            self._notices.tell(
                "critical",
                self.tr("This report is not what was signed: it was changed by other means than Farlight."),
                self.tr("Do not rely on it: the printed paper counts. Tell an administrator. (E407)"),
                of=case.key,
            )
        waits_for_no_image = is_typed(case.unit) or (case.signed is None and case.unit.frames > 1)
        if waits_for_no_image and case.analysis is None:
            self._queue.ask(case, first=True)

    @Slot()
    def _on_case_closed(self) -> None:
        self._banner.clear()
        self._notices.leave()

    @Slot()
    def _show_state(self) -> None:
        case = self._desk.case
        if case is None:
            self._banner.set_status("", "plain")
            return
        silent = case.analysis is not None and not words.a_model_spoke(case.analysis.result)
        open_questions, signer = len(self._desk.missing()), self._desk.signer()
        said = state_words(case, no_model=silent, signer=signer, held=bool(open_questions))
        if open_questions and not case.error:
            said = self.tr("{state} · {count} unanswered").format(state=said, count=open_questions)
        done = case.signed is not None or (is_ready(case) and not open_questions and signer == "self")
        self._banner.set_status(said, "accent" if done else "warning")

    # --- its analysis

    @Slot(str)
    def _on_image_shown(self, key: str) -> None:
        case = self._book.find(key)
        if case is None or case.analysis is not None or case.unit.frames > 1:
            return
        picture = self._read.image.frames.find(key, 0)
        self._queue.ask(case, first=True, image=picture.image if picture is not None else None)

    @Slot(str, object)
    def _on_refused_to_run(self, key: str, error: FarlightError) -> None:
        if self._desk.case is not None and self._desk.case.key == key:
            self._read.column.refresh()
            self._show_state()
            self.failed.emit(error)

    @Slot()
    def _on_retry_asked(self) -> None:
        case = self._desk.case
        if case is not None and self._queue.retry(case):
            self._read.column.refresh()
            self._book.found_again.emit(case.key)

    @Slot(object)
    def _on_identity_changed(self, case: Case) -> None:
        self.show_patient(case)
        self._queue.ask_again(case)

    # --- its files

    @Slot()
    def _on_reopen_asked(self) -> None:
        """List the medium or folder of the open case again: the right one may be back."""
        case = self._desk.case
        if case is not None:
            self._opening.open_paths(self._intake.places_of(case.unit))

    @Slot(str, object)
    def _on_files_exchanged(self, key: str, error: FarlightError) -> None:
        case = self._book.find(key)
        if case is not None and not case.analysing:
            self._book.fail(case, error)
            self.show_analysis(key)

    @Slot(str)
    def _on_other_files(self, key: str) -> None:
        """Show the open case anew: its files, and what they say of the patient, may be others now."""
        case = self._desk.case
        if case is None or case.key != key:
            return
        self._banner.show_case(case)
        self.show_analysis(key)

    @Slot(str)
    def _on_found_again(self, key: str) -> None:
        self._on_other_files(key)
        case = self._desk.case
        if case is not None and case.key == key and case.analysis is None and not self._queue.has(case):
            self._queue.ask(case, first=True)
