"""The window: joins pages, intake, queue and desk; every connection between them stands here."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QByteArray,
    QDir,
    QEvent,
    QMargins,
    QRect,
    QSize,
    QStandardPaths,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from core.errors import FarlightError, MediumGoneError
from core.result import PackResult
from services import report
from services.places import sample_study
from services.progress import Progress
from services.report import ReportRequest
from services.scan import Medium, Unreadable
from services.workplace import Workplace
from ui import words
from ui.analysis_queue import AnalysisQueue
from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.frame_bars import PatientBanner, StatusLine, TopBar
from ui.intake import Intake, existing
from ui.notices import NoticeArea
from ui.read_page import ReadPage
from ui.shortcuts import make_action
from ui.signing import Signing, address_lines
from ui.task import Handle, Pools
from ui.theme import Theme, load_script_fonts
from ui.worklist_page import WorklistPage

FIRST_SIZE = (1366, 768)
LEAST_SIZE = (1100, 640)
TITLE_BAR_PX, FRAME_PX = 40, 4
SHEET_MARGIN = 48


class MainWindow(QMainWindow):
    """The one window of a profile."""

    shown_first = Signal()

    def __init__(self, workplace: Workplace, theme: Theme, open_paths: Sequence[str] = ()) -> None:
        super().__init__()
        self._workplace, self._theme = workplace, theme
        self._open_paths = tuple(open_paths)
        self._wanted_key: str | None = None
        self._asked_by_hand = False
        self._started = False
        self._built = False
        self.setWindowTitle("Farlight")
        self.setMinimumSize(*LEAST_SIZE)
        self.setAcceptDrops(True)
        self.pools = Pools(self)
        self.book = CaseBook(self)
        self.intake = Intake(self.book, self.pools, workplace, self)
        self.queue = AnalysisQueue(self.book, self.pools, workplace.analyzer, self)
        self.desk = Desk(self.book, workplace, self)
        self.signing = Signing(self.desk, self.pools, workplace, self)
        self._build()
        self._connect()
        self._restore_look()

    # --- building

    def _build(self) -> None:
        theme = self._theme
        self.top = TopBar(theme)
        self.banner = PatientBanner(theme)
        self.notices = NoticeArea(theme)
        self.status = StatusLine()
        self.worklist = WorklistPage(theme, self.book)
        self.read = ReadPage(theme, self.book, self.desk, self.pools)
        self.pages = QStackedWidget()
        for page in (self.worklist, self.read):
            self.pages.addWidget(page)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.top, self.banner, self.notices):
            column.addWidget(part)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(central)
        self._central = central

    def _build_late(self) -> None:
        """Build what the first paint does not need."""
        from ui.models_page import ModelsPage
        from ui.report_page import ReportPage
        from ui.settings_page import SettingsPage
        from ui.shortcut_sheet import ShortcutSheet

        self.report = ReportPage(self._theme, self.pools)
        self.models = ModelsPage(self._theme, self.pools)
        self.settings = SettingsPage(self._workplace)
        for page in (self.report, self.models, self.settings):
            self.pages.addWidget(page)
        self.sheet = ShortcutSheet(self._central)
        self.sheet.closed.connect(self.sheet.hide)
        self._connect_rest()
        self._built = True

    def _connect(self) -> None:
        self.top.page_chosen.connect(self.show_page)
        self.top.settings_clicked.connect(self._show_settings)
        self.top.reader_clicked.connect(self.signing.enter_reader)
        self.status.pause_clicked.connect(self._on_pause)
        self.status.cancel_clicked.connect(self._on_cancel)
        self._connect_worklist()
        self._connect_intake()
        self._connect_reading()

    def _connect_worklist(self) -> None:
        self.worklist.study_chosen.connect(self.open_case)
        self.worklist.read_next_asked.connect(self.read_next)
        self.worklist.open_file_asked.connect(self.ask_files)
        self.worklist.open_folder_asked.connect(self.ask_folder)
        self.worklist.medium_asked.connect(self._on_medium_asked)
        self.worklist.sample_asked.connect(self._on_sample_asked)

    def _connect_intake(self) -> None:
        self.intake.began.connect(self._on_scan_began)
        self.intake.progressed.connect(self._on_scan_progress)
        self.intake.ended.connect(self._on_scan_ended)
        self.intake.failed.connect(self.tell_error)
        self.intake.unreadable_found.connect(self._on_unreadable)
        self.intake.media_changed.connect(self._on_media_changed)
        self.intake.medium_appeared.connect(self._on_medium_appeared)
        self.intake.medium_gone.connect(self._on_medium_gone)
        self.book.studies_added.connect(self._on_studies_added)

    def _connect_reading(self) -> None:
        self.desk.case_opened.connect(self._on_case_opened)
        self.desk.case_closed.connect(self.banner.clear)
        self.desk.reading_changed.connect(self._show_state)
        self.desk.identity_changed.connect(self._on_identity_changed)
        self.desk.keeping_failed.connect(self.tell_error)
        self.read.case_chosen.connect(self.open_case)
        self.read.neighbour_asked.connect(self._on_neighbour_asked)
        self.read.image_shown.connect(self._on_image_shown)
        self.read.sign_asked.connect(self._on_sign_asked)
        self.read.retry_asked.connect(self._on_retry_asked)
        self.read.overlay_look_kept.connect(self._on_overlay_look_kept)
        self.queue.analysed.connect(self._on_analysed)
        self.queue.refused_to_run.connect(self._on_refused_to_run)
        self.queue.advanced.connect(self._on_queue_advanced)
        self.queue.idle.connect(self._on_queue_idle)
        self.signing.signed.connect(self._on_signed)
        self.signing.reader_changed.connect(self.top.reader.setText)
        self.signing.failed.connect(self.tell_error)

    def _connect_rest(self) -> None:
        self.report.paper_chosen.connect(self._on_paper_chosen)
        self.report.export_asked.connect(self._on_export_asked)
        self.report.failed.connect(self.tell_error)
        self.settings.theme_chosen.connect(self._on_theme_chosen)
        self.settings.paper_chosen.connect(self._on_paper_chosen)
        self.settings.reader_asked.connect(self.signing.enter_reader)
        self.settings.failed.connect(self.tell_error)

    def _add_keys(self) -> None:
        acts: dict[str, Callable[[], object]] = {
            "open": self.ask_files,
            "worklist": partial(self.show_page, "worklist"),
            "read": partial(self.show_page, "read"),
            "report": partial(self.show_page, "report"),
            "models": partial(self.show_page, "models"),
            "settings": self._show_settings,
            "theme": self._on_theme_toggled,
            "sheet": self._toggle_sheet,
            "back": self.step_back,
        }
        self._acts = acts
        for name in acts:
            make_action(name, self).triggered.connect(self._on_key)

    @Slot()
    def _on_key(self) -> None:
        self._acts[self.sender().objectName()]()

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
        self.signing.show_reader()
        self.show_page("worklist")
        if self._open_paths:
            self.open_paths(self._open_paths)
        else:
            self._restore_place()
        self.intake.watch_media()
        self.models.load()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Keep look and drafts, then stop all work."""
        self.desk.flush()
        self._keep_look()
        self.intake.close()
        self.queue.cancel()
        self.pools.close()
        super().closeEvent(event)

    def _restore_place(self) -> None:
        try:
            place = self._workplace.drafts.place()
        except FarlightError as error:
            self.tell_error(error)
            return
        if place is None or not place.paths:
            return
        there = existing(place.paths)
        self._wanted_key = place.current
        if there:
            self.intake.open_paths(there)
        if len(there) < len(place.paths):
            self.notices.tell(
                "calm",
                self.tr("Some images that were open are not there now."),
                self.tr("Plug the stick in again: what you decided and wrote is kept."),
            )

    def _restore_look(self) -> None:
        settings = self._workplace.settings
        geometry = settings.text("window.geometry")
        restored = bool(geometry) and self.restoreGeometry(QByteArray(base64.b64decode(geometry)))
        if not restored:
            self._resize_first()
        docks = settings.text("window.docks")
        if docks:
            self.read.restore_layout(QByteArray(base64.b64decode(docks)))
        self.read.set_overlay_look(True, int(settings.number("overlay.opacity_percent")))

    def _resize_first(self) -> None:
        """Take the first size, or the whole screen where that and the window's frame do not fit."""
        self.resize(*FIRST_SIZE)
        if not fits_with_frame(self.size(), self.screen().availableSize()):
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _keep_look(self) -> None:
        try:
            self._workplace.settings.set_many(
                {
                    "window.geometry": base64.b64encode(self.saveGeometry().data()).decode(),
                    "window.docks": base64.b64encode(self.read.layout_state().data()).decode(),
                }
            )
        except FarlightError as error:
            self.tell_error(error)

    # --- pages

    @Slot(str)
    def show_page(self, page: str) -> None:
        """Bring a page into sight."""
        shown: dict[str, QWidget] = {
            "worklist": self.worklist,
            "read": self.read,
            "report": self.report,
            "models": self.models,
            "settings": self.settings,
        }
        self.sheet.hide()
        self.pages.setCurrentWidget(shown[page])
        self.top.set_page(page)
        if page == "worklist":
            if self.desk.case is not None:
                self.worklist.mark(self.desk.case.key)
            self.worklist.take_focus()
        elif page == "read":
            self.read.viewer.setFocus()
        elif page == "report":
            self._show_report()

    @Slot()
    def _show_settings(self) -> None:
        self.settings.show_theme(self._theme.choice)
        self.show_page("settings")

    @Slot()
    def _toggle_sheet(self) -> None:
        self.sheet.setVisible(not self.sheet.isVisible())
        self._place_sheet()
        if self.sheet.isVisible():
            self.sheet.raise_()
            self.sheet.setFocus()

    def _place_sheet(self) -> None:
        if not self._built:
            return
        room = self._central.rect()
        self.sheet.setGeometry(QRect(room.adjusted(SHEET_MARGIN, 24, -SHEET_MARGIN, -24)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the sheet of keys in place."""
        super().resizeEvent(event)
        self._place_sheet()

    @Slot()
    def step_back(self) -> None:
        """Go one step back; nothing is lost."""
        page = self.pages.currentWidget()
        if self.sheet.isVisible():
            self.sheet.hide()
        elif page is self.worklist:
            if not self.worklist.step_back():
                self.notices.dismiss_last()
        elif page is self.read:
            focused = self.focusWidget()
            if self.read.step_back() or (focused is not None and self.read.column.isAncestorOf(focused)):
                self.read.viewer.setFocus()
            elif not self.notices.dismiss_last():
                self.show_page("worklist")
        else:
            self.show_page("read" if self.desk.case is not None else "worklist")

    # --- opening

    @Slot()
    def ask_files(self) -> None:
        """Ask for files with the standard dialog."""
        dialog = QFileDialog(self, self.tr("Open images"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self._open_dialog(dialog)

    @Slot()
    def ask_folder(self) -> None:
        """Ask for a folder with the standard dialog."""
        dialog = QFileDialog(self, self.tr("Open a folder or a stick"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._open_dialog(dialog)

    def _open_dialog(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.open_paths)
        dialog.open()

    @Slot(list)
    def open_paths(self, paths: Sequence[str]) -> None:
        """Scan paths that the user named."""
        self._asked_by_hand = True
        self.intake.open_paths(tuple(str(path) for path in paths))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    @Slot()
    def _on_sample_asked(self) -> None:
        self.open_paths((str(sample_study()),))

    @Slot(str)
    def open_case(self, key: str) -> None:
        """Put a case on the desk: the only way in which the patient in sight changes."""
        case = self.book.find(key)
        if case is not None:
            self._wanted_key = None
            self.desk.open(case, tuple(self.intake.paths))
            self.show_page("read")

    @Slot()
    def read_next(self) -> None:
        """Open the next case that is not signed."""
        following = self.book.next_unsigned(self.desk.case.key if self.desk.case is not None else None)
        if following is None and self.desk.case is not None and self.desk.case.signed is None:
            self.show_page("read")
        elif following is not None:
            self.open_case(following.key)
        else:
            self.show_page("worklist")
            self.status.show_rest(self.tr("Every study in the list is signed."))

    @Slot(int)
    def _on_neighbour_asked(self, step: int) -> None:
        case = self.desk.case
        neighbour = self.book.neighbour(case.key, step) if case is not None else None
        if neighbour is not None:
            self.open_case(neighbour.key)

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        self.notices.forget(case.key)
        self.banner.show_patient(case.patient, case.unit)
        self._show_state()
        if case.signed is None and case.unit.frames > 1 and case.analysis is None:
            self.queue.ask(case, first=True)

    @Slot(str)
    def _on_image_shown(self, key: str) -> None:
        case = self.book.find(key)
        if case is None or case.analysis is not None or case.unit.frames > 1:
            return
        picture = self.read.image.frames.find(key, 0)
        self.queue.ask(case, first=True, image=picture.image if picture is not None else None)

    # --- scanning

    @Slot()
    def _on_scan_began(self) -> None:
        self.status.show_work(self.tr("Looking for images …"), 0, 0, "")

    @Slot(object)
    def _on_scan_progress(self, progress: Progress) -> None:
        text = self.tr("Looking for images: {done} files").format(done=f"{progress.done:,}")
        self.status.show_work(text, progress.done, progress.total or 0, "")

    @Slot(int, int)
    def _on_studies_added(self, first: int, last: int) -> None:
        """Open the case that was open, or else the first that is found while nobody reads."""
        for study in self.book.studies[first : last + 1]:
            case = study.lead
            wanted = self._wanted_key is not None and case.key == self._wanted_key
            if wanted or (self.desk.case is None and self._wanted_key is None and case.signed is None):
                self.open_case(case.key)

    @Slot(int, bool)
    def _on_scan_ended(self, listed: int, stopped: bool) -> None:
        self.desk.remember_place(tuple(self.intake.paths))
        self._open_wanted()
        said = self.tr("Stopped. {count} listed.") if stopped else self.tr("{count} listed.")
        self.status.show_rest(said.format(count=words.image_sets(listed)))
        for case in self.book.cases():
            if not case.analysed and case.signed is None and not case.error and not self.queue.has(case):
                self.queue.ask(case)
        if self._asked_by_hand:
            self._show_found(self.intake.found)
        self._asked_by_hand = False

    def _show_found(self, found: Sequence[str]) -> None:
        """Open the one image that was named; of several, offer the first and leave the patient in sight."""
        case = self.desk.case
        if not found or case is None or case.key in found:
            return
        if len(found) == 1:
            self.open_case(found[0])
            return
        self.notices.tell(
            "calm",
            self.tr("{count} are listed.").format(count=words.image_sets(len(found))),
            self.tr("What is open stays open."),
            act=self.tr("Open the first"),
            on_act=partial(self.open_case, found[0]),
            about=found,
        )

    def _open_wanted(self) -> None:
        wanted = self.book.find(self._wanted_key) if self._wanted_key is not None else None
        self._wanted_key = None
        if wanted is not None:
            self.open_case(wanted.key)
        elif self.desk.case is None:
            first = self.book.next_unsigned(None)
            if first is not None:
                self.open_case(first.key)

    @Slot(object)
    def _on_unreadable(self, unreadable: Unreadable) -> None:
        name = Path(unreadable.path).name
        self.notices.tell(
            "warning", self.tr("“{name}” was not listed.").format(name=name), unreadable.error.message
        )

    # --- media

    @Slot()
    def _on_media_changed(self) -> None:
        self.worklist.side.show_media(self.intake.media or ())

    @Slot(object)
    def _on_medium_asked(self, medium: Medium) -> None:
        self.open_paths((str(medium.path),))

    @Slot(object)
    def _on_medium_appeared(self, medium: Medium) -> None:
        if self.desk.case is None and not self.intake.scanning and not self.book.studies:
            self.intake.open_paths((str(medium.path),))
            return
        self.notices.tell(
            "calm",
            self.tr("“{name}” was plugged in.").format(name=medium.name),
            self.tr("Its studies can be added to the list; what is open stays."),
            act=self.tr("List its studies"),
            on_act=partial(self._on_medium_asked, medium),
        )

    @Slot(object)
    def _on_medium_gone(self, medium: Medium) -> None:
        case = self.desk.case
        if case is not None and str(case.unit.files[0]).startswith(str(medium.path)):
            error = MediumGoneError()
            self.notices.tell("warning", error.title, error.hint)

    # --- analysis

    @Slot(str)
    def _on_analysed(self, key: str) -> None:
        self.read.analysis_arrived(key)
        self._show_engine(key)
        if self.desk.case is not None and self.desk.case.key == key:
            self._show_state()
            if self.pages.currentWidget() is self.report:
                self._show_report()

    @Slot(str, object)
    def _on_refused_to_run(self, key: str, error: FarlightError) -> None:
        if self.desk.case is not None and self.desk.case.key == key:
            self.read.column.refresh()
            self._show_state()
            self.tell_error(error)

    @Slot()
    def _on_retry_asked(self) -> None:
        case = self.desk.case
        if case is not None and self.queue.retry(case):
            self.read.column.refresh()
            self.book.found_again.emit(case.key)

    @Slot(int, int, float)
    def _on_queue_advanced(self, done: int, total: int, left: float) -> None:
        if self.intake.scanning or total <= 1:
            return
        text = self.tr("Analysing {number} of {total}").format(number=min(done + 1, total), total=total)
        paused = self.queue.paused
        waiting = self.tr("paused") if paused else (words.seconds_left(left) if left >= 0 else "")
        self.status.show_work(text, done, total, waiting, paused=paused)

    @Slot()
    def _on_queue_idle(self) -> None:
        if not self.intake.scanning:
            self.status.show_rest("")

    @Slot()
    def _on_pause(self) -> None:
        self.queue.pause(not self.queue.paused)

    @Slot()
    def _on_cancel(self) -> None:
        if self.intake.scanning:
            self.intake.stop()
        else:
            self.queue.cancel()
            self.status.show_rest(self.tr("Stopped. A study is still analysed when you open it."))

    def _show_engine(self, key: str) -> None:
        case = self.book.find(key)
        if case is None or case.analysis is None:
            return
        ran = [one for one in case.analysis.result.results if one.stamp.engine is not None]
        if ran:
            self.top.engine.set_chip(_engine_words(ran), "plain", dot=True)

    # --- reading

    @Slot(object)
    def _on_identity_changed(self, case: Case) -> None:
        if case is self.desk.case:
            self.banner.show_patient(case.patient, case.unit)
        self.queue.ask_again(case)

    @Slot()
    def _show_state(self) -> None:
        case = self.desk.case
        if case is None:
            self.banner.set_status("", "plain")
        elif case.signed is not None:
            self.banner.set_status(self.tr("Signed"), "accent")
        elif case.error:
            self.banner.set_status(self.tr("Could not be analysed"), "warning")
        else:
            open_questions = len(self.desk.missing())
            text = (
                self.tr("Ready to sign") if not open_questions else self.tr("To check · {count} unanswered")
            )
            self.banner.set_status(
                text.format(count=open_questions), "warning" if open_questions else "accent"
            )

    @Slot(int)
    def _on_overlay_look_kept(self, percent: int) -> None:
        self._set("overlay.opacity_percent", percent)

    @Slot()
    def _on_sign_asked(self) -> None:
        self.signing.ask()

    @Slot(object)
    def _on_signed(self, case: Case) -> None:
        self.book.touch(case)
        self.notices.tell(
            "calm",
            self.tr("Signed: {name}.").format(name=words.patient_name(case.patient)),
            self.tr("The report is kept on this computer."),
            act=self.tr("Show the report"),
            on_act=partial(self._show_signed, case.key),
        )
        if case is self.desk.case:
            self.read_next_after(case)

    def read_next_after(self, case: Case) -> None:
        """Go on to the next case after a signature."""
        following = self.book.next_unsigned(case.key)
        if following is None:
            self.desk.close()
            self.show_page("worklist")
            self.status.show_rest(self.tr("Every study in the list is signed."))
        else:
            self.open_case(following.key)

    def _show_signed(self, key: str) -> None:
        self.open_case(key)
        self.show_page("report")

    # --- report

    def _show_report(self) -> None:
        case = self.desk.case
        paper = self._workplace.settings.text("paper")
        if case is None:
            self.report.show_nothing(
                self.tr("No study is open. A report appears here for the study that you read.")
            )
        elif case.signed is not None:
            self.report.show_report(
                (case.key, "signed"), partial(bytes, case.signed.pdf), signed=True, paper=paper
            )
        elif not self.desk.is_open_card:
            self.report.show_nothing(
                self.tr("Read the image first: the report opens after your first impression.")
            )
        elif case.analysis is None:
            self.report.show_nothing(self.tr("The report appears here when the image has been analysed."))
        else:
            self.desk.flush()
            request = ReportRequest(
                analysis=case.analysis,
                reading=case.draft.reading,
                facts=case.facts,
                site=self._workplace.settings.text("site.name"),
                address=address_lines(self._workplace.settings.text("site.address")),
            )
            render = partial(report.render, request, clock=self._workplace.clock, paper=paper)  # type: ignore[arg-type]
            self.report.show_report(
                (case.key, case.asked, paper, case.draft), render, signed=False, paper=paper
            )

    @Slot(str)
    def _on_paper_chosen(self, paper: str) -> None:
        self._set("paper", paper)
        self.settings.show_paper(paper)
        if self.pages.currentWidget() is self.report:
            self._show_report()

    @Slot(bytes)
    def _on_export_asked(self, pdf: bytes) -> None:
        case = self.desk.case
        if case is None:
            return
        dialog = QFileDialog(self, self.tr("Export the report"))
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
        task = self.pools.files("export", _Export(self._pdf_to_export, Path(path)), key=path)
        task.succeeded.connect(self._on_exported)
        task.failed.connect(self.tell_error)

    @Slot(object)
    def _on_exported(self, path: Path) -> None:
        self.notices.tell("calm", self.tr("The report was exported."), str(path))

    # --- look

    @Slot(str)
    def _on_theme_chosen(self, choice: str) -> None:
        self._theme.apply(choice)  # type: ignore[arg-type]
        self.settings.show_theme(choice)
        self._set("theme", choice)
        self.read.column.restyle()

    @Slot()
    def _on_theme_toggled(self) -> None:
        self._on_theme_chosen("light" if self._theme.is_dark else "dark")

    def _set(self, key: str, value: str | int) -> None:
        try:
            self._workplace.settings.set(key, value)
        except FarlightError as error:
            self.tell_error(error)

    @Slot(object)
    def tell_error(self, error: FarlightError) -> None:
        """Show an error: what happened, what to do, and its code."""
        self.notices.tell("critical", error.title, f"{error.hint} ({error.code})")


def report_name(case: Case) -> str:
    """Return a file name for a report: its number and day, nothing of the patient or of the image's file."""
    if case.signed is None:
        return f"report-{case.key[:8]}-unsigned.pdf"
    signature = case.signed.record.signature
    return f"report-{case.signed.report_id}-{signature.at.date().isoformat()}.pdf"


def fits_with_frame(window: QSize, screen: QSize) -> bool:
    """Return whether a window of that size stands on the screen with title bar and borders."""
    framed = window.grownBy(QMargins(FRAME_PX, TITLE_BAR_PX, FRAME_PX, FRAME_PX))
    return framed.width() <= screen.width() and framed.height() <= screen.height()


class _Export:
    """The Qt-free work of writing a report."""

    def __init__(self, pdf: bytes, path: Path) -> None:
        self._pdf, self._path = pdf, path

    def __call__(self, _handle: Handle) -> Path:
        report.export(self._pdf, self._path)
        return self._path


def _engine_words(ran: list[PackResult]) -> str:
    names = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
    stamp = ran[-1].stamp
    spent = round(sum(one.seconds for one in ran) * 1000)
    parts = (
        names[stamp.engine or "openvino"],
        (stamp.precision or "").upper(),
        stamp.device or "",
        f"{spent} ms",
    )
    return " · ".join(part for part in parts if part)
