"""Joins the records with the window: files what is opened, opens what is filed, puts right what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from core.errors import FarlightError
from services.picture_marks import Marks, marks_of
from services.record_facts import who
from services.workplace import Workplace
from store.records import ListedStudy, MergeRow, StudyRow
from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.intake import existing
from ui.notices import NoticeArea
from ui.opening import Opening
from ui.records_model import day_word
from ui.records_page import RecordsPage
from ui.task import Pools
from ui.theme import Theme
from ui.words import patient_name


class RecordKeeping(QObject):
    """Owns the page of the records.

    ``open_copy`` shows a study from a copy kept here, False if none is; ``open_values`` one of that path that
    rests on typed values alone, False if it has an image.
    """

    case_wanted = Signal(str)
    page_wanted = Signal(str)
    failed = Signal(object)
    whose_changed = Signal(object)
    weighed = Signal(str)  # a case: what the records hold against signing it may be another

    def __init__(
        self,
        *,
        theme: Theme,
        pools: Pools,
        workplace: Workplace,
        book: CaseBook,
        desk: Desk,
        opening: Opening,
        notices: NoticeArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._theme, self._pools, self._workplace = theme, pools, workplace
        self._book, self._desk, self._opening = book, desk, opening
        self._notices, self._window = notices, window
        self.open_copy: Callable[[ListedStudy], bool] = _no_copy
        self.open_values: Callable[[str], bool] = _no_values
        self.dialog: QDialog | None = None
        self._asked: set[tuple[int, int]] = set()
        self._against: set[str] = set()
        self.page = RecordsPage(theme, pools, workplace)
        self._connect()

    def _connect(self) -> None:
        page, pane = self.page, self.page.pane
        page.failed.connect(self.failed)
        page.register_asked.connect(self.ask_register)
        pane.open_asked.connect(self.open_study)
        pane.report_asked.connect(self.show_report)
        pane.move_asked.connect(self.ask_move)
        pane.merge_asked.connect(self.ask_merge)
        pane.split_asked.connect(self.ask_split)
        pane.apart_asked.connect(self.keep_apart)
        self._desk.case_opened.connect(self.file)
        self._desk.identity_changed.connect(self._on_identity_changed)

    # --- filing

    @Slot(object)
    def file(self, case: Case) -> None:
        """Keep that a case was opened, and say what stands against whose it is."""
        try:
            row = self._workplace.records.file(
                case.unit, case.patient, confirmed=case.draft.confirmed, marks=_marks(case)
            )
            if row is not None:
                self._show_moved(case)
                self._tell_moved(case)
                self._ask_same(row)
                if case.signed is None:
                    self._tell_same_pixels(case, _marks(case))
            self._weigh(case)
        except FarlightError as error:
            self.failed.emit(error)

    @Slot(str)
    def keep_marks(self, key: str) -> None:
        """Keep what the pixels of an analysed case are known by."""
        case = self._book.find(key)
        if case is None:
            return
        marks = _marks(case)
        try:
            self._workplace.records.keep_marks(key, marks)
            if case is self._desk.case and case.signed is None:
                self._tell_same_pixels(case, marks)
            self._weigh(case)
        except FarlightError as error:
            self.failed.emit(error)

    def _weigh(self, case: Case) -> None:
        """Ask what the records hold against signing a case that somebody has begun to read."""
        if case.signed is None and (case is self._desk.case or case.draft.reading.first_read is not None):
            case.withheld = self._workplace.signing.withheld(case.unit, case.analysis, case.draft)
            self._book.touch(case)
            self.weighed.emit(case.key)

    def _weigh_open(self) -> None:
        """Ask anew after something was put right; what was said against the open case goes, if it is."""
        case = self._desk.case
        if case is None:
            return
        self._notices.settle(case.key, *self._against)
        self._against.clear()
        try:
            if case.signed is None:
                self._tell_same_pixels(case, _marks(case))
            self._weigh(case)
        except FarlightError as error:
            self.failed.emit(error)

    def _tell_same_pixels(self, case: Case, marks: Marks) -> None:
        """Say at once what would stand against signing, not only then."""
        row = self._workplace.records.find(case.key)
        holder = self._workplace.records.holder_of_pixels(case.key, marks, case.patient)
        if row is not None and holder is not None:
            said = self.tr("The very same image as {patient}'s stands under {name}.").format(
                patient=patient_name(case.patient), name=holder
            )
            self._against.add(said)
            self._notices.tell(
                "warning",
                said,
                self.tr("It cannot be signed until that is put right."),
                act=self.tr("Look at the records"),
                on_act=partial(self.show_record, row.patient_id, row.study_id),
                of=case.key,
            )

    @Slot(object)
    def _on_identity_changed(self, case: Case) -> None:
        try:
            row = self._workplace.records.identify(case.unit, case.patient, case.draft.confirmed)
            if row is not None:
                self._workplace.records.keep_marks(case.key, _marks(case))
                self._ask_same(row)
            if case is self._desk.case:
                self._weigh_open()
        except FarlightError as error:
            self.failed.emit(error)

    def _show_moved(self, case: Case) -> None:
        """Know whose a signed case is, which may have changed since it was listed."""
        moved = self._workplace.records.moved(case.key) if case.signed is not None else None
        if moved != case.moved:
            case.moved = moved
            self._book.touch(case)
            self.whose_changed.emit(case)

    def _tell_moved(self, case: Case) -> None:
        told = self._workplace.records.corrections(case.key)
        if told and case.signed is not None:
            self._notices.tell(
                "warning",
                self.tr("This study was moved to {name}.").format(name=told[-1].after),
                self.tr("Its report was signed for {name}.").format(name=told[-1].before),
                of=case.key,
            )

    def _ask_same(self, row: StudyRow) -> None:
        """Ask once a sitting whether two records are one person; the records go on asking."""
        for other in self._workplace.records.perhaps_same(row.patient_id):
            pair = (min(row.patient_id, other.patient_id), max(row.patient_id, other.patient_id))
            if pair in self._asked:
                continue
            self._asked.add(pair)
            self._notices.tell(
                "warning",
                self.tr("Is {patient} also {name}?").format(patient=self._who(row), name=who(other)),
                self.tr("Their studies are kept apart until somebody says so."),
                act=self.tr("Look at the records"),
                on_act=partial(self.show_record, row.patient_id, row.study_id),
                of=row.unit_key,
            )

    def _who(self, row: StudyRow) -> str:
        patient = self._workplace.records.patient(row.patient_id)
        return who(patient) if patient is not None else self.tr("this patient")

    def show_record(self, patient_id: int, study_id: int | None = None) -> None:
        """Bring a patient into sight on the page of the records."""
        self.page.search.clear()
        self.page.mark(patient_id, study_id)
        self.page_wanted.emit("records")

    # --- opening

    @Slot(object)
    def open_study(self, study: ListedStudy) -> None:
        """Open the image of a study: from the list, where it lay, or from a copy kept here."""
        if self._book.find(study.unit_key) is not None:
            self.case_wanted.emit(study.unit_key)
            return
        if self.open_values(study.path):
            return
        if study.path and existing((study.path,)):
            self._opening.open_kept(study.path, study.unit_key)
            return
        if not self.open_copy(study):
            self._tell_away(study)

    def _tell_away(self, study: ListedStudy) -> None:
        where = Path(study.path).name if study.path else ""
        self._notices.tell(
            "warning",
            self.tr("The image of this study is not on this computer."),
            self.tr("It was opened on {date} from {path}. Plug that stick in or open the file, and the "
                    "study is found again.").format(
                date=day_word(study.last_opened_at), path=study.path or where
            ),
            act=self.tr("Show the signed report") if study.report_id is not None else "",
            on_act=partial(self.show_report, study) if study.report_id is not None else None,
            about=(study.unit_key,),
        )  # fmt: skip

    @Slot(object)
    def show_report(self, study: ListedStudy) -> None:
        """Show the signed report of a study, also without its image."""
        from ui.record_report import RecordReport

        try:
            signed = self._workplace.signing.find_signed_by_key(study.unit_key)
            if signed is None:
                return
            dialog = RecordReport(
                study,
                signed,
                theme=self._theme,
                pools=self._pools,
                workplace=self._workplace,
                window=self._window,
            )
        except FarlightError as error:
            self.failed.emit(error)
            return
        dialog.failed.connect(self.failed)
        self._open(dialog)

    # --- putting right

    @Slot(object)
    def ask_move(self, study: ListedStudy) -> None:
        """Ask whose a study is."""
        from ui.move_dialog import MoveDialog

        self._desk.flush()
        dialog = MoveDialog(study, self._workplace, self._window)
        dialog.moved.connect(self._on_moved)
        self._open(dialog)

    @Slot(int, int)
    def ask_merge(self, patient_id: int, other: int) -> None:
        """Ask which record is the same person."""
        from ui.merge_dialog import MergeDialog

        patient = self._workplace.records.patient(patient_id)
        if patient is None:
            return
        dialog = MergeDialog(patient, other, self._workplace, self._window)
        dialog.merged.connect(self._on_changed)
        self._open(dialog)

    @Slot(object)
    def ask_split(self, merge: MergeRow) -> None:
        """Ask whether a merge is taken back."""
        from ui.merge_dialog import SplitDialog

        dialog = SplitDialog(merge, self._workplace, self._window)
        dialog.split.connect(self._on_changed)
        self._open(dialog)

    @Slot(int, int)
    def keep_apart(self, one: int, other: int) -> None:
        """Remember that two records are two people."""
        try:
            self._workplace.corrections.keep_apart(one, other)
        except FarlightError as error:
            self.failed.emit(error)
            return
        self._weigh_open()
        self.page.refresh()

    @Slot()
    def ask_register(self) -> None:
        """Open the registers of the camp."""
        from ui.register_dialog import RegisterDialog

        dialog = RegisterDialog(self._theme, self._pools, self._workplace, self._window)
        dialog.failed.connect(self.failed)
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._on_dialog_closed)
        dialog.open()

    @Slot()
    def _on_dialog_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    @Slot(object, int)
    def _on_moved(self, study: ListedStudy, patient_id: int) -> None:
        """Let the open window know: what stands in memory would undo the move."""
        case = self._book.find(study.unit_key)
        if case is not None and case.signed is not None:
            self._show_moved(case)
        elif case is not None:
            try:
                draft = self._workplace.drafts.find(study.unit_key)
            except FarlightError as error:
                self.failed.emit(error)
                return
            if draft is not None:
                self._desk.take_draft(case, draft)
        self._weigh_open()
        self.page.mark(patient_id, study.study_id)
        self.page.refresh()

    @Slot(int)
    def _on_changed(self, patient_id: int) -> None:
        self._weigh_open()
        self.page.mark(patient_id, None)
        self.page.refresh()


def _marks(case: Case) -> Marks:
    return marks_of(case.analysis) if case.analysis is not None else ()


def _no_values(_path: str) -> bool:
    return False


def _no_copy(_study: ListedStudy) -> bool:
    return False
