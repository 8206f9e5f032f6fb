"""What is kept of a patient, in the window: dialogs, and the work behind them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError, NotRemovedError, RequestError
from services.deletion_plan import DeletionPlan
from services.keeping_words import answer_words
from services.record_facts import who
from services.workplace import Workplace
from ui.controls import Card, KeyButton, label
from ui.delete_dialog import DeleteDialog
from ui.desk import Desk
from ui.due_dialog import DueDialog
from ui.kept_dialog import KeptDialog, KeptFacts, Said
from ui.notices import NoticeArea
from ui.records_model import RecordLine
from ui.sheet_dialog import Sheet
from ui.task import Handle, Pools


class Keeping(QObject):
    """Opens one dialog at a time; what is deleted is off the desk before it goes."""

    failed = Signal(object)
    deleted = Signal(object)  # keys of the studies that went

    def __init__(
        self, desk: Desk, pools: Pools, *, workplace: Workplace, notices: NoticeArea, window: QWidget
    ) -> None:
        super().__init__(window)
        self._desk, self._pools, self._workplace = desk, pools, workplace
        self._notices, self._window = notices, window
        self.card = KeptCard(workplace)
        self.card.show_asked.connect(self.show_patient)
        self.dialog: Sheet | None = None
        self._patient_id = 0

    # --- consent and hold

    @Slot()
    def show_open_patient(self) -> None:
        """Show what is kept of the patient in sight."""
        case = self._desk.case
        row = self._workplace.records.find(case.key) if case is not None else None
        if row is not None:
            self.show_patient(row.patient_id)
            return
        self._notices.tell(
            "calm",
            self.tr("Nothing is kept of this patient yet."),
            self.tr("A patient is entered once two identifiers are known or confirmed."),
        )

    @Slot(int)
    def show_patient(self, patient_id: int) -> None:
        """Show what is kept of a patient."""
        try:
            facts = self._facts(patient_id)
        except FarlightError as error:
            self.failed.emit(error)
            return
        self._patient_id = patient_id
        dialog = KeptDialog(facts, self._workplace.clock.now().date(), self._window)
        dialog.recorded.connect(self._on_recorded)
        dialog.hold_asked.connect(self._on_hold)
        dialog.lift_asked.connect(self._on_lift)
        dialog.delete_asked.connect(self._on_delete_asked)
        self._open(dialog)

    def _facts(self, patient_id: int) -> KeptFacts:
        place, session = self._workplace, self._workplace.session
        patient = place.records.patient(patient_id)
        return KeptFacts(
            who=who(patient) if patient is not None else "",
            answers=place.consent.now(patient_id),
            images=self._images(patient_id),
            held=" · ".join(hold.reason for hold in place.deletion.holds(patient_id)),
            may_record=session.may("consent"),
            may_delete=session.may("delete"),
        )

    def _images(self, patient_id: int) -> str:
        studies = self._workplace.records.studies_of(patient_id)
        copied = sum(self._workplace.images.keeps(study.unit_key) for study in studies)
        if not copied:
            return self.tr("Studies read from their medium: {count}. No copies are kept.").format(
                count=len(studies)
            )
        return self.tr("{copied} of {all} copied into the records, encrypted").format(
            copied=copied, all=len(studies)
        )

    @Slot(object)
    def _on_recorded(self, said: tuple[Said, ...]) -> None:
        try:
            for one in said:
                self._workplace.consent.record(
                    self._patient_id, one.purpose, given=one.given, how=one.how, on=one.on, who=one.who
                )
        except FarlightError as error:
            self._tell(error)
            return
        self._again()

    @Slot(str)
    def _on_hold(self, reason: str) -> None:
        try:
            self._workplace.deletion.hold(self._patient_id, reason)
        except FarlightError as error:
            self._tell(error)
            return
        self._again()

    @Slot()
    def _on_lift(self) -> None:
        try:
            self._workplace.deletion.lift(self._patient_id)
        except FarlightError as error:
            self._tell(error)
            return
        self._again()

    # --- what is due

    @Slot()
    def show_due(self) -> None:
        """List whose records are due."""
        try:
            self._workplace.session.require("delete")
            due = self._workplace.retention.due()
        except FarlightError as error:
            self.failed.emit(error)
            return
        dialog = DueDialog(due, self._window)
        dialog.patient_chosen.connect(self.show_patient)
        self._open(dialog)

    # --- deleting

    @Slot()
    def _on_delete_asked(self) -> None:
        self.ask_to_delete(self._patient_id)

    def ask_to_delete(self, patient_id: int) -> None:
        """Show exactly what would go, and ask."""
        try:
            self._desk.flush()
            plan = self._workplace.deletion.plan(patient_id)
        except FarlightError as error:
            self.failed.emit(error)
            return
        dialog = DeleteDialog(plan, self._window)
        dialog.confirmed.connect(self._on_confirmed)
        self._open(dialog)

    @Slot(str, str, bool)
    def _on_confirmed(self, typed: str, password: str, with_set_aside: bool) -> None:
        dialog = self.dialog
        if not isinstance(dialog, DeleteDialog):
            return
        plan = dialog.plan
        keys = {study.unit_key for study in plan.studies}
        if self._desk.case is not None and self._desk.case.key in keys:
            self._desk.close()
        work = partial(_delete, self._workplace, plan, (typed, password), with_set_aside)
        task = self._pools.records("delete", work, key=keys)
        task.succeeded.connect(self._on_deleted)
        task.failed.connect(self._on_not_deleted)

    @Slot(object)
    def _on_deleted(self, keys: frozenset[str]) -> None:
        self._close_dialog()
        self.deleted.emit(keys)
        self._notices.tell(
            "calm",
            self.tr("The patient is deleted."),
            self.tr("Backups made earlier still hold them; delete or renew those as well."),
        )

    @Slot(object)
    def _on_not_deleted(self, error: FarlightError) -> None:
        dialog = self.dialog
        if isinstance(error, NotRemovedError):
            plan = dialog.plan if isinstance(dialog, DeleteDialog) else None
            self._close_dialog()
            self.deleted.emit(frozenset(one.unit_key for one in plan.studies) if plan else frozenset())
            self.failed.emit(error)
        elif isinstance(dialog, DeleteDialog) and dialog.isVisible():
            dialog.refuse(error.detail if isinstance(error, RequestError) else error.message)
        else:
            self._close_dialog()
            self.failed.emit(error)

    # --- one dialog at a time

    def _open(self, dialog: Sheet) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog
        dialog.finished.connect(self._on_finished)
        dialog.open()

    def _again(self) -> None:
        self.show_patient(self._patient_id)

    def _tell(self, error: FarlightError) -> None:
        if self.dialog is not None:
            self.dialog.tell(error.message)

    def _close_dialog(self) -> None:
        if isinstance(self.dialog, DeleteDialog):
            self.dialog.done_deleting()

    @Slot()
    def _on_finished(self) -> None:
        if self.sender() is self.dialog:
            self.dialog = None


class KeptCard(Card):
    """What is kept of the patient chosen in the records, in a few words, and the way to more."""

    show_asked = Signal(int)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workplace = workplace
        self._patient_id = 0
        name = self.tr("What is kept")
        self.setAccessibleName(name)
        self.body.addWidget(label(name.upper(), "heading"))
        self.image = label("", "muted", wrap=True)
        self.consent = label("", "muted", wrap=True)
        self.body.addWidget(self.image)
        self.body.addWidget(self.consent)
        self.button = KeyButton(self.tr("Consent, hold, deletion …"))
        self.button.clicked.connect(self._on_clicked)
        self.body.addWidget(self.button)
        self.hide()

    @Slot(object)
    def show_line(self, line: RecordLine | None) -> None:
        """Speak of the patient and the study of a row; of nobody where none is chosen."""
        self.setVisible(line is not None)
        if line is None:
            return
        self._patient_id = line.patient_id
        study = line.study
        self.image.setVisible(study is not None)
        if study is not None:
            kept = self._workplace.images.keeps(study.unit_key)
            self.image.setText(
                self.tr("A copy of this image is kept here, encrypted.")
                if kept
                else self.tr("This image is on its own medium; no copy is kept.")
            )
        self.consent.setText(self._consent(line.patient_id))

    def _consent(self, patient_id: int) -> str:
        names = {
            "care": self.tr("Care"),
            "teaching": self.tr("Teaching"),
            "research": self.tr("Research"),
        }
        try:
            answers = self._workplace.consent.now(patient_id)
        except FarlightError:
            return ""
        return "\n".join(f"{names[one.purpose]}: {answer_words(one)}" for one in answers)

    @Slot()
    def _on_clicked(self) -> None:
        self.show_asked.emit(self._patient_id)


def _delete(
    workplace: Workplace, plan: DeletionPlan, said: tuple[str, str], with_set_aside: bool, _handle: Handle
) -> frozenset[str]:
    """Delete a patient, free of Qt; it cannot be stopped once it has begun."""
    typed, password = said
    workplace.deletion.delete(plan, password=password, typed=typed, with_set_aside=with_set_aside)
    return frozenset(study.unit_key for study in plan.studies)
