"""What is kept of a patient, in the window: dialogs, and the work behind them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError
from services.deletion_plan import Chosen
from services.record_facts import who
from services.workplace import Workplace
from ui.deleting import Deleting
from ui.desk import Desk
from ui.due_dialog import DueDialog
from ui.kept_card import KeptCard
from ui.kept_dialog import KeptDialog, KeptFacts, Said
from ui.notices import NoticeArea
from ui.sheet_dialog import Sheet
from ui.task import Pools


class Keeping(QObject):
    """Opens one dialog at a time; what is deleted is off the desk before it goes."""

    failed = Signal(object)
    deleted = Signal(object)  # keys of the studies that went

    def __init__(
        self, desk: Desk, pools: Pools, *, workplace: Workplace, notices: NoticeArea, window: QWidget
    ) -> None:
        super().__init__(window)
        self._desk, self._workplace = desk, workplace
        self._notices, self._window = notices, window
        self.card = KeptCard(workplace)
        self.card.show_asked.connect(self.show_patient)
        self.card.delete_asked.connect(self.ask_to_delete_study)
        self.deleting = Deleting(desk, pools, workplace=workplace, notices=notices, window=window)
        self.deleting.failed.connect(self.failed)
        self.deleting.deleted.connect(self.deleted)
        self.deleting.asked.connect(self._open)
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
            of=case.key if case is not None else "",
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
        dialog = DueDialog(due, self._workplace.records.studies_of, self._window)
        dialog.patient_chosen.connect(self.show_patient)
        dialog.delete_asked.connect(self._on_due_chosen)
        self._open(dialog)

    # --- deleting

    @Slot()
    def _on_delete_asked(self) -> None:
        self.deleting.ask(Chosen(patient_id=self._patient_id))

    @Slot(int, int)
    def ask_to_delete_study(self, patient_id: int, study_id: int) -> None:
        """Show exactly what would go with one study, and ask; the patient stays."""
        self.deleting.ask(Chosen(patient_id=patient_id, studies=(study_id,)))

    @Slot(object)
    def _on_due_chosen(self, chosen: tuple[Chosen, ...]) -> None:
        if isinstance(self.dialog, DueDialog):
            self.deleting.ask_all(chosen, self.dialog)

    # --- one dialog at a time

    @Slot(object)
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

    @Slot()
    def _on_finished(self) -> None:
        if self.sender() is self.dialog:
            self.dialog = None
