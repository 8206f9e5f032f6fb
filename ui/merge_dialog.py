"""Making one record of two, and two of one again; both patients are named before anything happens."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QRadioButton, QWidget

from core.errors import FarlightError
from services.record_facts import who
from services.workplace import Workplace
from store.records import MergeRow, PatientRow
from ui.controls import label
from ui.patient_picker import PatientPicker
from ui.sheet_dialog import Sheet


class MergeDialog(Sheet):
    """Asks which other record is the same person, and which of the two stays."""

    merged = Signal(int)  # the record that stays

    def __init__(self, patient: PatientRow, other: int, workplace: Workplace, parent: QWidget) -> None:
        super().__init__(self.tr("Merge two records"), self.tr("Merge"), parent)
        self._patient, self._workplace = patient, workplace
        self.scroll_body()
        self.body.addWidget(label(self.tr("{name} and …").format(name=who(patient)), "strong", wrap=True))
        self.picker = PatientPicker(workplace, patient.patient_id)
        self.body.addWidget(self.picker)
        self.body.addWidget(label(self.tr("Which record stays?"), "muted"))
        self.this_stays = QRadioButton("")
        self.other_stays = QRadioButton("")
        self.this_stays.setChecked(True)
        for button in (self.this_stays, self.other_stays):
            self.body.addWidget(button)
            button.toggled.connect(self._show_choice)
        self.body.addWidget(
            label(
                self.tr(
                    "All studies go to the record that stays. The other name is kept, is found by searching, "
                    "and stands in the trail; the two can be separated again."
                ),
                "muted",
                wrap=True,
            )
        )
        self.why = self.ask_below(self.tr("Why"), self.tr("Needed for the record, e.g. entered twice"))
        self.why.setMaxLength(200)
        self.why.textChanged.connect(self._show_choice)
        self.summary = label("", "warning", wrap=True)
        self.stand_below(self.summary)
        self.picker.picked.connect(self._show_choice)
        self.yes.clicked.connect(self._on_confirmed)
        if other:
            self.picker.choose(other)
        self._show_choice()
        self.picker.search.setFocus()

    @Slot()
    def _show_choice(self) -> None:
        other = self.picker.patient()
        why = bool(self.why.text().strip())
        self.yes.setEnabled(other is not None and why)
        self.this_stays.setText(who(self._patient))
        self.other_stays.setText(who(other) if other is not None else self.tr("the other record"))
        self.other_stays.setEnabled(other is not None)
        if other is None:
            self.summary.setText(self.tr("Choose the other record."))
            return
        gone, stays = self._pair(other)
        told = self.tr("{gone} becomes one record with {stays}.").format(gone=who(gone), stays=who(stays))
        asked = "" if why else self.tr("Write why: it stands in the trail.")
        self.summary.setText(" ".join(part for part in (told, asked) if part))
        self.fit()

    def _pair(self, other: PatientRow) -> tuple[PatientRow, PatientRow]:
        return (other, self._patient) if self.this_stays.isChecked() else (self._patient, other)

    @Slot()
    def _on_confirmed(self) -> None:
        other = self.picker.patient()
        if other is None:
            return
        gone, stays = self._pair(other)
        try:
            self._workplace.corrections.merge(gone.patient_id, stays.patient_id, why=self.why.text())
        except FarlightError as error:
            self.tell(f"{error.title} {error.detail}".strip())
            return
        self.merged.emit(stays.patient_id)
        self.accept()


class SplitDialog(Sheet):
    """Confirms that two merged records become two again."""

    split = Signal(int)

    def __init__(self, merge: MergeRow, workplace: Workplace, parent: QWidget) -> None:
        super().__init__(self.tr("Make two records again"), self.tr("Make two records"), parent)
        self._merge, self._workplace = merge, workplace
        told = {one.merge_id: gone for one, gone in workplace.corrections.merges_into(merge.stays)}
        stays = workplace.records.patient(merge.stays)
        self.body.addWidget(
            label(
                self.tr(
                    "{gone} gets back a record and the studies that were theirs; {stays} keeps the others."
                ).format(gone=told.get(merge.merge_id, ""), stays=who(stays) if stays is not None else ""),
                "body",
                wrap=True,
            )
        )
        self.yes.clicked.connect(self._on_confirmed)
        self.no.setFocus()

    @Slot()
    def _on_confirmed(self) -> None:
        try:
            self._workplace.corrections.split(self._merge)
        except FarlightError as error:
            self.tell(f"{error.title} {error.detail}".strip())
            return
        self.split.emit(self._merge.stays)
        self.accept()
