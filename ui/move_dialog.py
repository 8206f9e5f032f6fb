"""Giving a study to the patient whose it is: known here already, or new."""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from core.errors import FarlightError
from core.patient import Patient, Sourced
from services.patient import day_typed, is_in_the_future
from services.record_facts import IDENTIFIERS, is_known, patient_of, who
from services.workplace import Workplace
from store.records import ListedStudy, PatientRow
from ui.controls import label, line_in, set_role
from ui.patient_picker import PatientPicker
from ui.sheet_dialog import Sheet
from ui.still_controls import StillComboBox

OLDEST_YEARS = 130


class MoveDialog(Sheet):
    """Asks whose a study is, names both patients, and moves it when that is confirmed."""

    moved = Signal(object, int)  # ListedStudy, patient_id

    def __init__(self, study: ListedStudy, workplace: Workplace, parent: QWidget) -> None:
        super().__init__(self.tr("Whose study is this?"), self.tr("Move the study"), parent)
        self._study, self._workplace = study, workplace
        before = workplace.records.patient(study.patient_id)
        self._before = who(before) if before is not None else ""
        self.scroll_body()
        self.body.addWidget(
            label(self.tr("It stands under {name}.").format(name=self._before), "strong", wrap=True)
        )
        self.body.addWidget(label(self._what_happens(), "muted", wrap=True))
        self.picker = PatientPicker(workplace, study.patient_id)
        self.body.addWidget(self.picker)
        self.body.addWidget(label(self.tr("Or type who it is; what is named must be known."), "muted"))
        grid = self.grid()
        self.fields = {
            "name": line_in(grid, 0, self.tr("Name"), self.tr("Family name, given names")),
            "id": line_in(grid, 1, self.tr("ID"), self.tr("Number of the card or register")),
            "birth_date": line_in(grid, 2, self.tr("Born"), self.tr("Year-month-day")),
        }
        self.age = line_in(grid, 3, self.tr("Age"), self.tr("Years, e.g. 3 or 0.5"))
        self.sex = StillComboBox()
        self.sex.setAccessibleName(self.tr("Sex"))
        for word, code in (
            (self.tr("Not known"), None),
            (self.tr("Female"), "F"),
            (self.tr("Male"), "M"),
            (self.tr("Other"), "O"),
        ):
            self.sex.addItem(word, code)
        grid.addWidget(label(self.tr("Sex"), "muted"), 4, 0)
        grid.addWidget(self.sex, 4, 1)
        self.why = self.ask_below(self.tr("Why"), self.tr("Needed for the record, e.g. names swapped"))
        self.why.setMaxLength(200)
        self.summary = label("", "warning", wrap=True)
        self.stand_below(self.summary)
        self.picker.picked.connect(self._on_picked)
        for field in (*self.fields.values(), self.age, self.why):
            field.textChanged.connect(self._show_summary)
        self.sex.currentIndexChanged.connect(self._show_summary)
        self.yes.clicked.connect(self._on_confirmed)
        self._show_summary()
        self.picker.search.setFocus()

    def _what_happens(self) -> str:
        if self._study.report_id is not None:
            return self.tr(
                "The signed report stays as it is; every copy from now on says that the study was moved. "
                "Both names are kept in the trail."
            )
        return self.tr("Its draft goes along. Both names are kept in the trail.")

    def _typed(self) -> Patient:
        values: dict[str, Any] = {
            name: Sourced(value=self._text(name), source="typed") for name in self.fields if self._text(name)
        }
        if self.sex.currentData() is not None:
            values["sex"] = Sourced(value=self.sex.currentData(), source="typed")
        years = self._years()
        if years is not None:
            values["age_years"] = Sourced(value=years, source="typed")
        return Patient(**values)

    def _text(self, name: str) -> str:
        text = self.fields[name].text().strip()
        return day_typed(text) if name == "birth_date" else text

    def _years(self) -> float | None:
        try:
            years = float(self.age.text().strip().replace(",", "."))
        except ValueError:
            return None
        return years if 0 <= years <= OLDEST_YEARS else None

    @Slot(object)
    def _on_picked(self, row: PatientRow | None) -> None:
        if row is None:
            return
        known = patient_of(row)
        for name, field in self.fields.items():
            value = getattr(known, name)
            field.setText(value.value.replace("^", " ").strip() if value else "")
        self.sex.setCurrentIndex(max(0, self.sex.findData(row.sex or None)))
        self.age.clear()

    @Slot()
    def _show_summary(self) -> None:
        typed = self._typed()
        wrong = self._find_wrong()
        known, why = is_known(typed), bool(self.why.text().strip())
        self.yes.setEnabled(wrong is None and known and why)
        if known and not why:
            self.summary.setText(
                self.tr("From {before} to {after}. Write why: it stands in the trail.").format(
                    before=self._before, after=who(typed)
                )
            )
        elif known:
            self.summary.setText(
                self.tr("From {before} to {after}.").format(before=self._before, after=who(typed))
            )
        else:
            self.summary.setText(self.tr("Two of name, ID and birth date are needed."))
        self.fit()

    def _find_wrong(self) -> QLineEdit | None:
        born, wrong = self.fields["birth_date"], None
        text = born.text().strip()
        try:
            bad = bool(text) and is_in_the_future(date.fromisoformat(text).isoformat())
        except ValueError:
            bad = True
        if bad:
            wrong = born
        elif self.age.text().strip() and self._years() is None:
            wrong = self.age
        for field in (born, self.age):
            set_role(field, wrong=field is wrong)
        return wrong

    def _target(self, typed: Patient) -> int | Patient:
        """Return the record that was chosen, as long as what stands in the form is that patient."""
        row = self.picker.patient()
        if row is None:
            return typed
        known = patient_of(row)
        same = all(
            getattr(known, name) is None
            or getattr(known, name).value.replace("^", " ").strip() == self._text(name)
            for name in IDENTIFIERS
        )
        return row.patient_id if same else typed

    @Slot()
    def _on_confirmed(self) -> None:
        typed = self._typed()
        try:
            after = self._workplace.corrections.move(
                self._study.study_id, self._target(typed), also=typed, why=self.why.text()
            )
        except FarlightError as error:
            self.tell(f"{error.title} {error.detail}".strip())
            return
        self.moved.emit(self._study, after.patient_id)
        self.accept()
