"""Signing: who, in which role, with which PIN; and entering a reader the first time."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from services.clock_doubt import ClockDoubt
from services.sign import Person
from ui.controls import KeyButton, label, line_in, set_role

LEAST_PIN, MOST_PIN = 4, 12
WIDTH = 440


class PinField(QLineEdit):
    """Takes digits and shows dots."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setValidator(QRegularExpressionValidator(QRegularExpression(f"[0-9]{{0,{MOST_PIN}}}"), self))
        self.setAccessibleName(name)
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)


class Sheet(QDialog):
    """A dialog over the window with a title, a body and two buttons."""

    def __init__(self, title: str, act: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setMinimumWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(22, 20, 22, 20)
        self.column.setSpacing(12)
        self.column.addWidget(label(title, "title"))
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.column.addLayout(self.body)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        self.column.addWidget(self.wrong)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        self.no = KeyButton(self.tr("Back"))
        self.no.setAutoDefault(False)
        self.no.clicked.connect(self.reject)
        self.yes = KeyButton(act, kind="primary")
        self.yes.setDefault(True)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        self.column.addLayout(row)

    def grid(self) -> QGridLayout:
        """Return a fresh grid in the body."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        return grid

    def tell(self, text: str) -> None:
        """Show what is wrong."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        self.adjustSize()


class ReaderDialog(Sheet):
    """Enters a person who may sign."""

    entered = Signal(str, str, str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self.tr("Who signs on this computer?"), self.tr("Enter this reader"), parent)
        self.body.addWidget(
            label(
                self.tr(
                    "Name, role and registration number are printed under each signature. "
                    "The PIN stays on this computer."
                ),
                "muted",
                wrap=True,
            )
        )
        grid = self.grid()
        self.name = line_in(grid, 0, self.tr("Name"), self.tr("Sr. N. Otieno"))
        self.role = line_in(grid, 1, self.tr("Role"), self.tr("clinical officer"))
        self.number = line_in(grid, 2, self.tr("Registration no."), self.tr("as on the licence"))
        self.pin = PinField(self.tr("PIN"))
        self.pin.setPlaceholderText(self.tr("at least four digits"))
        self.again = PinField(self.tr("PIN again"))
        for row, (words, field) in enumerate(
            ((self.tr("PIN"), self.pin), (self.tr("PIN again"), self.again)), 3
        ):
            grid.addWidget(label(words, "muted"), row, 0)
            grid.addWidget(field, row, 1)
        self.yes.clicked.connect(self._on_entered)
        self.name.setFocus()

    @Slot()
    def _on_entered(self) -> None:
        empty = next(
            (field for field in (self.name, self.role, self.number) if not field.text().strip()), None
        )
        if empty is not None:
            self.tell(self.tr("{field} is needed.").format(field=empty.accessibleName()))
            empty.setFocus()
        elif len(self.pin.text()) < LEAST_PIN:
            self.tell(self.tr("The PIN needs at least four digits."))
            self.pin.setFocus()
        elif self.pin.text() != self.again.text():
            self.tell(self.tr("The two PINs differ. Type them again."))
            self.again.setFocus()
            self.again.selectAll()
        else:
            self.entered.emit(
                self.name.text().strip(),
                self.role.text().strip(),
                self.number.text().strip(),
                self.pin.text(),
            )


class SignDialog(Sheet):
    """Asks for the signer and the PIN; Enter signs."""

    signed = Signal(int, str, bool, str)  # person, PIN, clock accepted, addendum's words
    reader_asked = Signal()

    def __init__(
        self,
        people: tuple[Person, ...],
        summary: str,
        doubt: ClockDoubt | None,
        parent: QWidget,
        *,
        addendum: bool = False,
    ) -> None:
        title = self.tr("Add to the signed report") if addendum else self.tr("Sign and report")
        super().__init__(title, self.tr("Sign"), parent)
        self.body.addWidget(label(summary, "muted", wrap=True))
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("What is to be added"))
        self.text.setAccessibleName(self.tr("Addendum"))
        self.text.setVisible(addendum)
        self.body.addWidget(self.text)
        grid = self.grid()
        self.person = QComboBox()
        self.person.setAccessibleName(self.tr("Signer"))
        for one in people:
            self.person.addItem(f"{one.name} · {one.role} · {one.registration_number}", one.person_id)
        self.pin = PinField(self.tr("PIN"))
        grid.addWidget(label(self.tr("Signer"), "muted"), 0, 0)
        grid.addWidget(self.person, 0, 1)
        grid.addWidget(label(self.tr("PIN"), "muted"), 1, 0)
        grid.addWidget(self.pin, 1, 1)
        other = KeyButton(self.tr("Another reader …"))
        other.setAutoDefault(False)
        other.clicked.connect(self.reader_asked)
        grid.addWidget(other, 2, 1)
        self.accepted_clock = QCheckBox(self.tr("The clock is right; mark the signature"))
        self.accepted_clock.setVisible(doubt is not None)
        if doubt is not None:
            self.body.addWidget(label(doubt.text, "warning", wrap=True))
        self.body.addWidget(self.accepted_clock)
        self.yes.clicked.connect(self._on_signed)
        self.pin.returnPressed.connect(self._on_signed)
        self.yes.setAutoDefault(False)
        self.yes.setDefault(False)
        (self.text if addendum else self.pin).setFocus()

    def refuse(self, text: str) -> None:
        """Say why it was not signed; everything typed but the PIN stays."""
        self._set_busy(False)
        self.tell(text)
        self.pin.clear()
        self.pin.setFocus()

    @Slot()
    def _on_signed(self) -> None:
        if not self.yes.isEnabled():
            return
        if len(self.pin.text()) < LEAST_PIN:
            self.tell(self.tr("Type your PIN."))
            self.pin.setFocus()
            return
        if self.text.isVisible() and not self.text.text().strip():
            self.tell(self.tr("Write what is to be added."))
            self.text.setFocus()
            return
        self._set_busy(True)
        self.signed.emit(
            int(self.person.currentData()),
            self.pin.text(),
            self.accepted_clock.isChecked(),
            self.text.text().strip(),
        )

    def _set_busy(self, busy: bool) -> None:
        self.yes.setEnabled(not busy)
        self.yes.set_words(self.tr("Signing …") if busy else self.tr("Sign"))
        if busy:
            self.tell("")
        set_role(self.pin, wrong=False)
