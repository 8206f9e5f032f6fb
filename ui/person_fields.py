"""The fields in which a person is entered: who, with which password, and with which PIN they sign."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.duty import Duty
from services.staff import SHORTEST_PASSWORD, SHORTEST_PIN, NewPerson
from ui.controls import label, line_in
from ui.duties import duty_name, duty_words
from ui.log_in_form import PasswordField
from ui.sheet_dialog import PinField
from ui.still_controls import StillComboBox

DUTIES: tuple[Duty, ...] = ("clinician", "assistant", "administrator")


def tr(text: str) -> str:
    """Return a sentence in the user's language."""
    return QCoreApplication.translate("person", text)


class Twice:
    """A secret that is typed two times, so that a slip is seen."""

    def __init__(self, grid: QGridLayout, row: int, name: str, first: QLineEdit, again: QLineEdit) -> None:
        self.first, self.again, self._name = first, again, name
        self._names: list[QLabel] = []
        for place, (words, field) in enumerate(
            ((name, first), (tr("{what} again").format(what=name), again)), row
        ):
            field.setAccessibleName(words)
            named = label(words, "muted")
            grid.addWidget(named, place, 0)
            grid.addWidget(field, place, 1)
            self._names.append(named)

    def set_visible(self, shown: bool) -> None:
        """Show or hide both."""
        for part in (*self._names, self.first, self.again):
            part.setVisible(shown)

    def wrong(self, least: int) -> str:
        """Return what is wrong, "" for nothing; the focus goes there."""
        if len(self.first.text()) < least:
            self.first.setFocus()
            return tr("{what}: at least {least} signs.").format(what=self._name, least=least)
        if self.first.text() != self.again.text():
            self.again.setFocus()
            self.again.selectAll()
            return tr("{what}: the two entries differ. Type the second again.").format(what=self._name)
        return ""

    def clear(self) -> None:
        """Forget what was typed."""
        self.first.clear()
        self.again.clear()


def passwords_in(grid: QGridLayout, row: int, name: str = "") -> Twice:
    """Place a new password, to be typed twice."""
    first, again = PasswordField(""), PasswordField("")
    first.setPlaceholderText(tr("at least 8 letters, digits or signs"))
    return Twice(grid, row, name or tr("Password"), first, again)


def pins_in(grid: QGridLayout, row: int) -> Twice:
    """Place a new PIN, to be typed twice."""
    first, again = PinField(""), PinField("")
    first.setPlaceholderText(tr("4 to 12 digits, asked at each signature"))
    return Twice(grid, row, tr("PIN"), first, again)


class PersonFields(QWidget):
    """Name, duty, role, number, password, and a PIN where they sign."""

    changed = Signal()

    def __init__(self, *, first: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 150)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        self._first = first
        self.name = line_in(grid, 0, tr("Name"), tr("Sr. N. Otieno"))
        self.duty = StillComboBox()
        self.duty.setAccessibleName(tr("May do"))
        self.duty_words = label("", "small", wrap=True)
        if not first:
            for duty in DUTIES:
                self.duty.addItem(duty_name(duty), duty)
            grid.addWidget(label(tr("May do"), "muted"), 1, 0)
            grid.addWidget(self.duty, 1, 1)
            grid.addWidget(self.duty_words, 2, 1)
        self.role = line_in(grid, 3, tr("Role"), tr("clinical officer"))
        self.number = line_in(grid, 4, tr("Registration no."), tr("as on the licence"))
        self.password = passwords_in(grid, 5)
        self.signs = QCheckBox(tr("I read and sign images") if first else tr("Reads and signs images"))
        grid.addWidget(self.signs, 7, 1)
        self.pin = pins_in(grid, 8)
        self.signs.toggled.connect(self._show_pin)
        self.duty.activated.connect(self._on_duty_chosen)
        self._on_duty_chosen()

    def chosen_duty(self) -> Duty:
        """Return what they are to do."""
        return "administrator" if self._first else cast(Duty, self.duty.currentData())

    def person(self) -> NewPerson:
        """Return who was entered."""
        return NewPerson(
            name=self.name.text().strip(),
            duty=self.chosen_duty(),
            role=self.role.text().strip(),
            registration_number=self.number.text().strip(),
            pin=self.pin.first.text() if self._has_pin() else "",
        )

    def wrong(self) -> str:
        """Return what is missing or wrong, "" for nothing; the focus goes there."""
        needed = [(self.name, tr("Name"))]
        if self._has_pin():
            needed += [(self.role, tr("Role")), (self.number, tr("Registration no."))]
        for field, name in needed:
            if not field.text().strip():
                field.setFocus()
                return tr("{field} is needed.").format(field=name)
        wrong = self.password.wrong(SHORTEST_PASSWORD)
        if not wrong and self._has_pin():
            wrong = self.pin.wrong(SHORTEST_PIN)
        return wrong

    def _has_pin(self) -> bool:
        return self.chosen_duty() == "clinician" or (
            self.signs.isChecked() and self.chosen_duty() != "assistant"
        )

    @Slot()
    def _on_duty_chosen(self) -> None:
        duty = self.chosen_duty()
        self.duty_words.setText(duty_words(duty))
        self.signs.setVisible(duty == "administrator")
        self._show_pin()

    @Slot()
    def _show_pin(self) -> None:
        self.pin.set_visible(self._has_pin())
        self.changed.emit()
