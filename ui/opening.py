"""How images come into the window: dialogs, drops, sticks, what was open before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import FarlightError, MediumGoneError
from services.places import sample_study
from services.progress import Progress
from services.scan import Medium, Unreadable
from services.typed_table import is_typed
from services.workplace import Workplace
from ui import words
from ui.analysis_queue import AnalysisQueue
from ui.cases import CaseBook
from ui.desk import Desk
from ui.frame_bars import StatusLine
from ui.intake import Intake, existing
from ui.notices import NoticeArea
from ui.typed_tables import TypedTables


class Opening(QObject):
    """Takes in paths and tells which case is to be opened; what somebody reads stays."""

    case_wanted = Signal(str)
    list_wanted = Signal()  # with nothing hidden
    failed = Signal(object)

    def __init__(
        self,
        *,
        book: CaseBook,
        desk: Desk,
        intake: Intake,
        queue: AnalysisQueue,
        workplace: Workplace,
        tables: TypedTables,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._book, self._desk, self._intake, self._queue = book, desk, intake, queue
        self._workplace, self._tables, self._window = workplace, tables, window
        self._wanted_key: str | None = None
        self._asked_by_hand = False

    def connect_to(self, notices: NoticeArea, status: StatusLine) -> None:
        """Say in these places what is found; called once, when they are built."""
        self._notices, self._status = notices, status
        self._intake.began.connect(self._on_scan_began)
        self._intake.progressed.connect(self._on_scan_progress)
        self._intake.ended.connect(self._on_scan_ended)
        self._intake.failed.connect(self.failed)
        self._intake.unreadable_found.connect(self._on_unreadable)
        self._intake.medium_appeared.connect(self._on_medium_appeared)
        self._intake.medium_gone.connect(self._on_medium_gone)
        self._book.studies_added.connect(self._on_studies_added)

    # --- asking for images

    @Slot()
    def ask_files(self) -> None:
        """Ask for files with the standard dialog."""
        dialog = QFileDialog(self._window, self.tr("Open images"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self._open_dialog(dialog)

    @Slot()
    def ask_folder(self) -> None:
        """Ask for a folder with the standard dialog."""
        dialog = QFileDialog(self._window, self.tr("Open a folder or a stick"))
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
        named = tuple(str(path) for path in paths)
        there = existing(named)
        for path in named:
            if path not in there:
                self._notices.tell(
                    "warning",
                    self.tr("“{name}” is not there.").format(name=Path(path).name or path),
                    self.tr("Is this path right, or is its stick not plugged in? {path}").format(path=path),
                )
        if there:
            self._asked_by_hand = True
            self._intake.open_paths(there)

    @Slot()
    def open_sample(self) -> None:
        """Open the drawn sample of an invented patient."""
        self.open_paths((str(sample_study()),))

    @Slot(object)
    def open_medium(self, medium: Medium) -> None:
        """List the studies of a stick or card."""
        self.open_paths((str(medium.path),))

    def open_kept(self, path: str, key: str) -> None:
        """Open a study of the records where it lay."""
        self._wanted_key = key
        self._intake.open_paths((path,))

    def restore_place(self) -> None:
        """Open what was open when the program ended."""
        try:
            place = self._workplace.drafts.place()
        except FarlightError as error:
            self.failed.emit(error)
            return
        if place is None:
            return
        self._restore_tables(place.current)
        if not place.paths:
            return
        there = existing(place.paths)
        self._wanted_key = None if self._desk.case is not None else place.current
        if there:
            self._intake.open_paths(there)
        if len(there) < len(place.paths):
            self._notices.tell(
                "warning",
                self.tr("Some images that were open are not there now."),
                self.tr("Plug the stick in again: what you decided and wrote is kept."),
            )

    def _restore_tables(self, current: str | None) -> None:
        """List estimates without an image, and open the one that was open."""
        self._tables.restore(wanted=current)
        if current is not None and self._book.find(current) is not None:
            self.case_wanted.emit(current)

    def forget_wish(self) -> None:
        """Open nothing by itself any more: a case was opened."""
        self._wanted_key = None

    # --- scanning

    @Slot()
    def _on_scan_began(self) -> None:
        self._status.show_work(self.tr("Looking for images …"), 0, 0, "")

    @Slot(object)
    def _on_scan_progress(self, progress: Progress) -> None:
        text = self.tr("Looking for images: {done} files").format(done=f"{progress.done:,}")
        self._status.show_work(text, progress.done, progress.total or 0, "")

    @Slot(int, int)
    def _on_studies_added(self, first: int, last: int) -> None:
        """Open the case that was open, or else the first that is found while nobody reads."""
        if self._tables.listing:
            return
        for study in self._book.studies[first : last + 1]:
            case = study.lead
            wanted = self._wanted_key is not None and case.key == self._wanted_key
            if wanted or (self._desk.case is None and self._wanted_key is None and case.signed is None):
                self.case_wanted.emit(case.key)

    @Slot(int, bool)
    def _on_scan_ended(self, listed: int, stopped: bool) -> None:
        self._desk.remember_place(tuple(self._intake.paths))
        self._open_wanted()
        said = self.tr("Stopped. {count} listed.") if stopped else self.tr("{count} listed.")
        self._status.show_rest(said.format(count=words.image_sets(listed)))
        for case in self._book.cases():
            if not case.analysed and case.signed is None and not case.error and not self._queue.has(case):
                self._queue.ask(case)
        if self._asked_by_hand:
            self._show_found(tuple(self._intake.found))
        self._asked_by_hand = False

    def _show_found(self, found: Sequence[str]) -> None:
        """Open the one image that was named; of several, offer the first and leave the patient in sight.

        Where all are signed there is nothing to read: that is said, and they are shown.
        """
        case = self._desk.case
        if not found or (case is not None and case.key in found):
            return
        if len(found) == 1:
            self.case_wanted.emit(found[0])
            return
        studies = {id(study): study for study in map(self._book.study_of, found)}
        if all(study.state == "signed" for study in studies.values()):
            self._tell_all_signed(len(studies), found)
            return
        if case is None:
            return
        self._notices.tell(
            "calm",
            self.tr("{count} are listed.").format(count=words.image_sets(len(found))),
            self.tr("What is open stays open."),
            act=self.tr("Open the first"),
            on_act=partial(self.case_wanted.emit, found[0]),
            about=found,
        )

    def _tell_all_signed(self, count: int, found: Sequence[str]) -> None:
        reading = self._desk.case is not None
        self._notices.tell(
            "calm",
            self.tr("All {count} studies here are signed.").format(count=f"{count:,}")
            if count > 1
            else self.tr("The study here is signed."),
            self.tr("What is open stays open.")
            if reading
            else self.tr("Open one to see its report, to print a copy or to add to it."),
            act=self.tr("Show them in the list") if reading else "",
            on_act=self.list_wanted.emit if reading else None,
            about=found,
            lasting=True,
        )
        if not reading:
            self.list_wanted.emit()

    def _open_wanted(self) -> None:
        wanted = self._book.find(self._wanted_key) if self._wanted_key is not None else None
        self._wanted_key = None
        if wanted is not None:
            self.case_wanted.emit(wanted.key)
        elif self._desk.case is None:
            first = self._book.next_unsigned(None)
            if first is not None and not is_typed(first.unit):
                self.case_wanted.emit(first.key)

    @Slot(object)
    def _on_unreadable(self, unreadable: Unreadable) -> None:
        name = Path(unreadable.path).name
        self._notices.tell(
            "warning", self.tr("“{name}” was not listed.").format(name=name), unreadable.error.message
        )

    # --- media

    @Slot(object)
    def _on_medium_appeared(self, medium: Medium) -> None:
        images = any(not is_typed(case.unit) for case in self._book.cases())
        if self._desk.case is None and not self._intake.scanning and not images:
            self._intake.open_paths((str(medium.path),))
            return
        self._notices.tell(
            "calm",
            self.tr("“{name}” was plugged in.").format(name=medium.name),
            self.tr("Its studies can be added to the list; what is open stays."),
            act=self.tr("List its studies"),
            on_act=partial(self.open_medium, medium),
        )

    @Slot(object)
    def _on_medium_gone(self, medium: Medium) -> None:
        case = self._desk.case
        if case is not None and case.unit.files and case.unit.files[0].is_relative_to(medium.path):
            error = MediumGoneError()
            self._notices.tell("warning", error.title, error.hint, of=case.key)
