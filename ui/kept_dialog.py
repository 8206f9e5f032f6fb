"""What is kept of a patient: what they agreed to, whether it is held, and the way to delete it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QDate, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from services.consent import PURPOSES, Answer, How, Purpose
from services.keeping_words import answer_words
from ui.controls import KeyButton, label, set_role
from ui.sheet_dialog import Sheet
from ui.still_controls import StillComboBox, StillDateEdit

WIDTH = 620
NAME_WIDTH = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFacts:
    """What the dialog shows: ``images`` is where the images come from, ``held`` why the records are held."""

    who: str
    answers: tuple[Answer, ...]
    images: str
    held: str
    may_record: bool
    may_delete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer as it was entered."""

    purpose: Purpose
    given: bool
    how: How
    on: date
    who: str


class KeptDialog(Sheet):
    """Shows and takes answers; an administrator holds the records or deletes them."""

    recorded = Signal(object)  # tuple of Said
    hold_asked = Signal(str)
    lift_asked = Signal()
    delete_asked = Signal()

    def __init__(self, facts: KeptFacts, today: date, parent: QWidget) -> None:
        super().__init__(self.tr("What is kept of this patient"), self.tr("Record answers"), parent)
        self.setFixedWidth(WIDTH)
        self._choices: dict[Purpose, QComboBox] = {}
        self.body.addWidget(label(facts.who, "strong", wrap=True))
        self._build_answers(facts)
        self._build_way(today, usable=facts.may_record)
        grid = self._grid()
        self._fact(grid, 0, self.tr("Images"), facts.images)
        if facts.may_delete:
            self._build_hold(grid, facts)
        elif facts.held:
            self._fact(grid, 1, self.tr("Held"), facts.held)
        self.body.addStretch(1)
        self.yes.clicked.connect(self._on_recorded)
        self.yes.setVisible(facts.may_record)
        self._show_way()

    def _build_answers(self, facts: KeptFacts) -> None:
        self.body.addSpacing(4)
        self.body.addWidget(label(self.tr("CONSENT"), "heading"))
        grid = self._grid()
        names = {
            "care": self.tr("Care"),
            "teaching": self.tr("Teaching"),
            "research": self.tr("Research"),
        }
        for row, answer in enumerate(facts.answers):
            grid.addWidget(label(names[answer.purpose], "body"), row, 0)
            grid.addWidget(self._answer(answer), row, 1)
            box = StillComboBox()
            box.setAccessibleName(names[answer.purpose])
            for words, value in (
                (self.tr("As it is"), None),
                (self.tr("Agrees"), True),
                (self.tr("Does not agree"), False),
            ):
                box.addItem(words, value)
            box.setVisible(facts.may_record)
            box.currentIndexChanged.connect(self._on_chosen)
            grid.addWidget(box, row, 2)
            self._choices[answer.purpose] = box

    def _answer(self, answer: Answer) -> QWidget:
        how = {
            "signed_paper": self.tr("signed paper"),
            "spoken": self.tr("spoken"),
            "guardian": self.tr("guardian: {name}").format(name=answer.who),
            None: "",
        }[answer.how]
        when = answer.on.isoformat() if answer.on else ""
        by = self.tr("recorded by {name}").format(name=answer.person) if answer.person else ""
        told = " · ".join(part for part in (how, when, by) if part)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(answer_words(answer), "accent" if answer.given and answer.asked else "body"))
        row.addWidget(label(told, "small", wrap=True), 1)
        return holder

    def _build_way(self, today: date, *, usable: bool) -> None:
        self._way = QWidget()
        grid = QGridLayout(self._way)
        self._shape(grid)
        grid.setContentsMargins(0, 4, 0, 0)
        self.how = StillComboBox()
        self.how.setAccessibleName(self.tr("How the patient answered"))
        for words, value in (
            (self.tr("Choose how …"), None),
            (self.tr("On a signed paper"), "signed_paper"),
            (self.tr("Spoken"), "spoken"),
            (self.tr("A guardian answered"), "guardian"),
        ):
            self.how.addItem(words, value)
        self.how.currentIndexChanged.connect(self._on_chosen)
        self.on = StillDateEdit(QDate(today.year, today.month, today.day))
        self.on.setDisplayFormat("yyyy-MM-dd")
        self.on.setCalendarPopup(True)
        self.on.setMaximumDate(QDate(today.year, today.month, today.day))
        self.on.setAccessibleName(self.tr("Day of the answer"))
        self.guardian = QLineEdit()
        self.guardian.setMaxLength(120)
        self.guardian.setPlaceholderText(self.tr("Name of the guardian"))
        self.guardian.setAccessibleName(self.tr("Name of the guardian"))
        grid.addWidget(label(self.tr("How, when"), "muted"), 0, 0)
        grid.addWidget(self.how, 0, 1)
        grid.addWidget(self.on, 0, 2)
        grid.addWidget(self.guardian, 1, 1, 1, 2)
        self.body.addWidget(self._way)
        self._way.setVisible(usable)

    def _build_hold(self, grid: QGridLayout, facts: KeptFacts) -> None:
        grid.addWidget(label(self.tr("Held"), "muted"), 1, 0)
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText(self.tr("Why the records must not be deleted"))
        self.reason.setAccessibleName(self.tr("Why the records must not be deleted"))
        self.reason.setText(facts.held)
        self.reason.setReadOnly(bool(facts.held))
        grid.addWidget(self.reason, 1, 1)
        self.hold = KeyButton(self.tr("Lift the hold") if facts.held else self.tr("Hold the records"))
        self.hold.clicked.connect(self.lift_asked if facts.held else self._on_hold)
        grid.addWidget(self.hold, 1, 2)
        self.delete = KeyButton(self.tr("Delete all of it …"), kind="danger")
        self.delete.setEnabled(not facts.held)
        self.delete.clicked.connect(self.delete_asked)
        self.foot.insertWidget(0, self.delete)

    def _fact(self, grid: QGridLayout, row: int, name: str, value: str) -> None:
        grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, "body", wrap=True), row, 1, 1, 2)

    def _grid(self) -> QGridLayout:
        grid = self.grid()
        self._shape(grid)
        return grid

    def _shape(self, grid: QGridLayout) -> None:
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, NAME_WIDTH)
        grid.setColumnMinimumWidth(2, 168)
        grid.setColumnStretch(1, 1)

    def _chosen(self) -> dict[Purpose, bool]:
        found = {purpose: self._choices[purpose].currentData() for purpose in PURPOSES}
        return {purpose: bool(given) for purpose, given in found.items() if given is not None}

    def _show_way(self) -> None:
        asked = bool(self._chosen())
        for part in (self.how, self.on):
            part.setEnabled(asked)
        self.guardian.setVisible(asked and self.how.currentData() == "guardian")
        self.yes.setEnabled(asked)
        QTimer.singleShot(0, self.adjustSize)

    @Slot()
    def _on_chosen(self) -> None:
        self.tell("")
        set_role(self.how, wrong=False)
        self._show_way()

    @Slot()
    def _on_recorded(self) -> None:
        how: How | None = self.how.currentData()
        set_role(self.how, wrong=how is None)
        if how is None:
            self.tell(self.tr("Say how the patient answered."))
            self.how.setFocus()
            return
        guardian = self.guardian.text().strip()
        missing = how == "guardian" and not guardian
        set_role(self.guardian, wrong=missing)
        if missing:
            self.tell(self.tr("Write the guardian's name."))
            self.guardian.setFocus()
            return
        day = self.on.date()
        self.recorded.emit(
            tuple(
                Said(
                    purpose=purpose,
                    given=given,
                    how=how,
                    on=date(day.year(), day.month(), day.day()),
                    who=guardian if how == "guardian" else "",
                )
                for purpose, given in self._chosen().items()
            )
        )

    @Slot()
    def _on_hold(self) -> None:
        if not self.reason.text().strip():
            self.tell(self.tr("Write why the records are to be held."))
            self.reason.setFocus()
            return
        self.hold_asked.emit(self.reason.text().strip())
