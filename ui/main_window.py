"""The window: builds pages, intake, queue, desk and what joins them, and connects them to one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.after_signing import AfterSigning
from ui.analysis_queue import AnalysisQueue
from ui.case_in_sight import CaseInSight
from ui.case_walk import CaseWalk
from ui.cases import CaseBook
from ui.copies import Copies
from ui.desk import Desk
from ui.duties import logged_in_words, who_may
from ui.frame_bars import PatientBanner, StatusLine, TopBar
from ui.id_holders import IdHolders
from ui.image_copies import ImageCopies
from ui.intake import Intake
from ui.kept_choices import KeptChoices
from ui.model_change import ModelChange
from ui.notices import NoticeArea
from ui.opening import Opening
from ui.page_turner import PageTurner
from ui.queue_watch import QueueWatch
from ui.read_page import ReadPage
from ui.register_offer import RegisterOffer
from ui.signing import Signing
from ui.start_notices import tell_key_waits, tell_start_notices
from ui.task import Pools
from ui.theme import Theme, load_script_fonts
from ui.typed_tables import TypedTables
from ui.unkept_words import UnkeptWords
from ui.window_keys import WindowKeys
from ui.window_look import keep_look, restore_look
from ui.worklist_page import WorklistPage


class MainWindow(QMainWindow):
    """The one window of a profile."""

    shown_first = Signal()

    def __init__(self, workplace: Workplace, theme: Theme, open_paths: Sequence[str] = ()) -> None:
        super().__init__()
        self._workplace, self._theme = workplace, theme
        self._open_paths = tuple(open_paths)
        self._started = False
        self._built = False
        self.setWindowTitle("Farlight")
        self.setAcceptDrops(True)
        self.pools = Pools(self)
        self.book = CaseBook(self)
        self.intake = Intake(self.book, self.pools, workplace, self)
        self.queue = AnalysisQueue(self.book, self.pools, workplace, self)
        self.desk = Desk(self.book, workplace, self)
        self.signing = Signing(self.desk, self.pools, workplace, self)
        self._build()
        self._connect()
        restore_look(self, self.read, workplace)

    # --- building

    def _build(self) -> None:
        theme = self._theme
        self.top = TopBar(theme)
        self.banner = PatientBanner(theme)
        self.notices = NoticeArea(theme)
        self.status = StatusLine()
        self.tables = TypedTables(
            book=self.book, desk=self.desk, queue=self.queue, pools=self.pools, notices=self.notices,
            workplace=self._workplace, parent=self,
        )  # fmt: skip
        self.opening = Opening(
            book=self.book, desk=self.desk, intake=self.intake, queue=self.queue,
            workplace=self._workplace, tables=self.tables, window=self,
        )  # fmt: skip
        self.worklist = WorklistPage(theme, self.book)
        self.read = ReadPage(theme, self.book, self.desk, self.pools)
        self.read.column.identity.id_holders = IdHolders(self.book, self._workplace)
        self.offer = RegisterOffer(self.read.column.identity, self._workplace)
        self.pages = QStackedWidget()
        self.turner = PageTurner(self.pages, self.top, self.notices, self.desk)
        self.turner.add("worklist", self.worklist)
        self.turner.add("read", self.read)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.top, self.banner, self.notices):
            column.addWidget(part)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(central)
        self.copies = ImageCopies(
            self.book, self.desk, self.intake, pools=self.pools, workplace=self._workplace, status=self.status
        )
        self.after_signing = AfterSigning(self.book, self.desk, self.notices, self)
        self.watch = QueueWatch(
            queue=self.queue, book=self.book, intake=self.intake, status=self.status,
            chip=self.top.engine, parent=self,
        )  # fmt: skip
        self.same_images = Copies(
            book=self.book, queue=self.queue, pools=self.pools, notices=self.notices,
            frames=self.read.image.frames,
        )  # fmt: skip
        self.sight = CaseInSight(
            book=self.book, desk=self.desk, intake=self.intake, queue=self.queue, opening=self.opening,
            read=self.read, banner=self.banner, notices=self.notices, workplace=self._workplace, parent=self,
        )  # fmt: skip
        self.model_change = ModelChange(
            book=self.book, desk=self.desk, queue=self.queue, pools=self.pools,
            notices=self.notices, workplace=self._workplace, parent=self,
        )  # fmt: skip
        self.walk = CaseWalk(self.book, self.desk, self.status, self)
        self.choices = KeptChoices(theme, self.read, self._workplace, self)

    def _build_late(self) -> None:
        """Build what the first paint does not need."""
        from ui.auditing import Auditing
        from ui.keeping import Keeping
        from ui.keeping_card import KeepingCard
        from ui.locking import Locking
        from ui.models_page import ModelsPage
        from ui.prevalence_card import PrevalenceCard
        from ui.record_keeping import RecordKeeping
        from ui.report_page import ReportPage
        from ui.reporting import Reporting
        from ui.settings_page import SettingsPage
        from ui.site_prevalence import SitePrevalence
        from ui.this_computer_card import ThisComputerCard
        from ui.tuning_watch import TuningWatch

        self.report = ReportPage(self._theme, self.pools)
        self.reporting = Reporting(
            self.report, self.desk, pools=self.pools, workplace=self._workplace,
            notices=self.notices, window=self,
        )  # fmt: skip
        self.models = ModelsPage(self._theme, self.pools, self._workplace)
        self.settings = SettingsPage(self._workplace, self.pools)
        self.settings.people.key_waits.connect(partial(tell_key_waits, self.notices))
        self.auditing = Auditing(
            self.settings.trail, theme=self._theme, pools=self.pools, workplace=self._workplace,
            notices=self.notices, window=self,
        )  # fmt: skip
        self.records = RecordKeeping(
            theme=self._theme, pools=self.pools, workplace=self._workplace, book=self.book, desk=self.desk,
            opening=self.opening, notices=self.notices, window=self,
        )  # fmt: skip
        self.turner.add("records", self.records.page)
        for name, page in (("report", self.report), ("models", self.models), ("settings", self.settings)):
            self.turner.add(name, page)
        self.turner.add("audit", self.auditing.page)
        self.locking = Locking(
            self, theme=self._theme, desk=self.desk, pools=self.pools, workplace=self._workplace
        )
        self.keeping = Keeping(
            self.desk, self.pools, workplace=self._workplace, notices=self.notices, window=self
        )
        self.kept_card = KeepingCard(self._workplace)
        self.settings.add(self.kept_card)
        self.common = PrevalenceCard(self._workplace, self.pools)
        self.settings.add(self.common)
        self.site_prevalence = SitePrevalence(
            self.common, book=self.book, notices=self.notices, workplace=self._workplace, parent=self
        )
        self.this_computer = ThisComputerCard(self._theme, self._workplace, self.pools)
        self.settings.add(self.this_computer)
        self.tuning_watch = TuningWatch(self.pools, self._workplace, self)
        self._connect_rest()
        self._built = True

    def _connect(self) -> None:
        self.top.page_chosen.connect(self.show_page)
        self._connect_opening()
        self._connect_reading()
        self.queue.not_noted.connect(self.tell_error)
        self.signing.signed.connect(self.after_signing.on_signed)
        self.signing.added.connect(self.after_signing.on_added)
        self.after_signing.case_wanted.connect(self.open_case)
        self.after_signing.report_wanted.connect(self._show_signed)
        self.after_signing.all_read.connect(self.walk.show_all_read)
        self.after_signing.added.connect(self._show_report_anew)
        self.signing.failed.connect(self._tell_case_error)

    def _connect_opening(self) -> None:
        self.opening.connect_to(self.notices, self.status)
        self.opening.case_wanted.connect(self.open_case)
        self.opening.list_wanted.connect(self._on_list_wanted)
        self.opening.failed.connect(self.tell_error)
        self.intake.media_changed.connect(self._on_media_changed)
        self.worklist.study_chosen.connect(self.open_case)
        self.worklist.read_next_asked.connect(self.walk.read_next)
        self.worklist.open_file_asked.connect(self.opening.ask_files)
        self.worklist.open_folder_asked.connect(self.opening.ask_folder)
        self.worklist.medium_asked.connect(self.opening.open_medium)
        self.worklist.sample_asked.connect(self.opening.open_sample)
        self.worklist.estimate_asked.connect(self.tables.begin)
        self.tables.case_wanted.connect(self.open_case)
        self.tables.usable_changed.connect(self.worklist.let_estimate)
        self.tables.failed.connect(self.tell_error)

    def _connect_reading(self) -> None:
        self.desk.keeping_failed.connect(self.tell_error)
        self.walk.case_wanted.connect(self.open_case)
        self.walk.page_wanted.connect(self.show_page)
        self.sight.said_anew.connect(self._show_report_anew)
        self.model_change.asked_again.connect(self.sight.show_analysis)
        self.model_change.failed.connect(self.tell_error)
        self.sight.failed.connect(self._tell_case_error)
        self.choices.failed.connect(self.tell_error)
        self.unkept = UnkeptWords(self.desk.writer, self.notices, self)
        self.read.case_chosen.connect(self.open_case)
        self.read.neighbour_asked.connect(self.walk.go)
        self.read.sign_asked.connect(self.signing.ask)

    def _connect_rest(self) -> None:
        for part in (
            self.reporting, self.records, self.settings, self.auditing, self.copies, self.keeping,
            self.kept_card, self.common, self.this_computer,
        ):  # fmt: skip
            part.failed.connect(self.tell_error)
        self.queue.analysed.connect(self.records.keep_marks)
        self.models.packs_changed.connect(self.model_change.check)
        self.models.packs_changed.connect(self.queue.warm_up)
        self.models.packs_changed.connect(self.tables.renew)
        self.models.packs_changed.connect(self.tuning_watch.begin)
        self.models.packs_changed.connect(self.common.load)
        self.models.packs_changed.connect(self.this_computer.renew)
        self.this_computer.device_changed.connect(self.queue.warm_up)
        self.this_computer.device_changed.connect(self.tuning_watch.begin)
        self.queue.idle.connect(self.tuning_watch.begin)
        self.records.case_wanted.connect(self.open_case)
        self.records.page_wanted.connect(self.show_page)
        self.records.weighed.connect(self.sight.show_weighed)
        self.reporting.paper_chosen.connect(self.choices.choose_paper)
        self.reporting.page_wanted.connect(self.show_page)
        self.turner.page_shown.connect(self._on_page_shown)
        self.settings.theme_chosen.connect(self.choices.choose_theme)
        self.settings.paper_chosen.connect(self.choices.choose_paper)
        self.choices.theme_changed.connect(self.settings.show_theme)
        self.choices.paper_changed.connect(self.settings.show_paper)
        self.choices.paper_changed.connect(self._show_report_anew)
        self.top.lock_asked.connect(self.locking.lock)
        self.locking.locked.connect(self.notices.forget_patients)
        self.locking.unlocked.connect(self._on_unlocked)
        self.auditing.page_wanted.connect(self.show_page)
        self._connect_keeping()

    def _connect_keeping(self) -> None:
        self.banner.kept_clicked.connect(self.keeping.show_open_patient)
        self.copies.case_wanted.connect(self.open_case)
        self.copies.taken_up.connect(self.sight.show_patient)
        self.kept_card.due_asked.connect(self.keeping.show_due)
        self.site_prevalence.said_anew.connect(self.sight.show_meaning)
        self.records.whose_changed.connect(self.sight.show_patient)
        self.settings.people.changed.connect(self.sight.show_signer)
        self.keeping.deleted.connect(self._on_deleted)
        self.records.open_copy, self.records.open_values = self.copies.open_study, self.tables.open_kept
        self.records.page.pane.further.addWidget(self.keeping.card)
        self.records.page.pane.line_shown.connect(self.keeping.card.show_line)

    def _add_keys(self) -> None:
        acts: dict[str, Callable[[], object]] = {
            "open": self.opening.ask_files,
            "open_folder": self.opening.ask_folder,
            "estimate": self.tables.begin,
            "worklist": partial(self.show_page, "worklist"),
            "read": partial(self.show_page, "read"),
            "report": partial(self.show_page, "report"),
            "models": partial(self.show_page, "models"),
            "records": partial(self.show_page, "records"),
            "settings": partial(self.show_page, "settings"),
            "audit": self.auditing.ask,
            "theme": self.choices.toggle_theme,
            "lock": self.locking.lock,
            "sheet": self.turner.toggle_sheet,
            "back": self.turner.step_back,
        }
        self.keys = WindowKeys(acts, self._is_typed, self)

    def _is_typed(self, key: str) -> bool:
        """Whether the question mark that shows the keys belongs to words typed outside a field."""
        return key == "sheet" and self.turner.is_shown("read") and self.read.key_answers.strike("?")

    # --- start and end

    def event(self, event: QEvent) -> bool:
        """Begin the heavier work after the first paint."""
        handled = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._started:
            self._started = True
            self.shown_first.emit()
            QTimer.singleShot(0, self.begin)
        return handled

    @Slot()
    def begin(self) -> None:
        """Bring back what was open and look for images."""
        self._build_late()
        self._add_keys()
        load_script_fonts()
        self._show_person()
        self.locking.start()
        self.show_page("worklist")
        if self._open_paths:
            self.tables.restore()
            self.opening.open_paths(self._open_paths)
        else:
            self.opening.restore_place()
        self.tables.look()
        self.queue.warm_up()
        self.intake.watch_media()
        self.common.load()
        self.auditing.watch.check()
        self.tuning_watch.begin()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Hear of letters that no field took, wherever in the window the focus is."""
        if self.turner.is_shown("worklist"):
            self.worklist.notice_letter(event.text())
        elif self.turner.is_shown("read"):
            self.read.notice_key(event)
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep look and drafts, then stop all work."""
        self.desk.flush()
        if self._built and self.unkept.stop_closing():
            event.ignore()
            return
        if self._built:
            self.locking.stop()
        try:
            keep_look(self, self.read, self._workplace)
        except FarlightError as error:
            self.tell_error(error)
        self.intake.close()
        self.queue.cancel()
        self.pools.close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files := self.models.pack_files(event.mimeData()):
            event.acceptProposedAction()
            self.show_page("models")
            self.models.open_files(files)
        elif paths:
            event.acceptProposedAction()
            self.opening.open_paths(paths)

    @Slot()
    def _on_media_changed(self) -> None:
        self.worklist.side.show_media(self.intake.media or ())
        self.models.show_media(self.intake.media or ())

    # --- who is logged in

    def _show_person(self) -> None:
        """Show who is logged in and what they may do, and what they must be told."""
        self.notices.keep_for(self._workplace.session.may)
        self.top.show_person(logged_in_words(self._workplace))
        may_give_out = self._workplace.session.may("give_out")
        self.report.forbid("" if may_give_out else who_may("give_out"))
        self.settings.show_rights()
        self.settings.trail.refresh()
        self.kept_card.refresh()
        self.common.refresh()
        self.models.show_rights()
        self.tables.tell()
        self.this_computer.show_rights()
        tell_start_notices(self.notices, self._workplace, self.settings.people.own_password.click)

    @Slot(bool)
    def _on_unlocked(self, another: bool) -> None:
        self.read.key_answers.guard.break_off()  # what was typed at the cover is no word of the reading
        self._show_person()
        self.sight.show_signer()
        self.auditing.page.forget()  # of whoever was there
        if self.turner.is_shown("audit") and self._workplace.session.may("audit"):
            self.auditing.page.refresh()
        elif self.turner.is_shown("audit") or (another and self.desk.case is None):
            self.show_page("worklist")
        else:
            self.turner.take_focus()

    # --- pages

    @Slot(str)
    def show_page(self, page: str) -> None:
        """Bring a page into sight."""
        self.turner.show_page(page)

    @Slot()
    def _on_list_wanted(self) -> None:
        self.worklist.show_all()
        self.show_page("worklist")

    @Slot(str)
    def _on_page_shown(self, page: str) -> None:
        if page == "report":
            self.reporting.show()
        elif page == "models":
            self.models.load()
        elif page == "records":
            self.records.page.refresh()
            self.records.page.take_focus()
        elif page == "settings":
            self.settings.show_theme(self._theme.choice)
            self.settings.trail.refresh()
            self.kept_card.refresh()
            self.common.refresh()
            self.this_computer.load()

    # --- the open case

    @Slot(str)
    def open_case(self, key: str) -> None:
        """Put a case on the desk: the only way in which the patient in sight changes."""
        case = self.book.find(key)
        if case is not None:
            self.opening.forget_wish()
            self.copies.at_hand(case)
            self.desk.open(case, tuple(self.intake.paths))
            self.show_page("read")

    # --- what was changed, kept or deleted

    @Slot()
    def _show_report_anew(self) -> None:
        if self.turner.is_shown("report"):
            self.reporting.show()

    @Slot(str)
    def _show_signed(self, key: str) -> None:
        self.open_case(key)
        self.show_page("report")

    @Slot(object)
    def _on_deleted(self, _keys: object) -> None:
        """Forget all that is listed: what was deleted must not stand in the list, nor be kept again."""
        self.queue.cancel()
        self.desk.close()
        self.notices.forget_patients()
        self.book.clear()
        self.intake.paths.clear()
        self.records.page.forget()
        self.tables.restore()
        self.show_page("records" if self.turner.is_shown("records") else "worklist")

    # --- what went wrong

    @Slot(object)
    def _tell_case_error(self, error: FarlightError) -> None:
        """Show an error that speaks of the open case: it goes with it."""
        self.tell_error(error, of=self.desk.case.key if self.desk.case is not None else "")

    @Slot(object)
    def tell_error(self, error: FarlightError, *, of: str = "") -> None:
        """Show an error: what happened, to which file or study, what to do, and its code."""
        title = f"{error.title} {error.about}".rstrip()
        self.notices.tell("critical", title, f"{error.hint} ({error.code})", of=of)
