"""Signing: what is signed, by whom, with which PIN."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from services.clock_doubt import ClockDoubt
from services.sign import Person
from ui.controls import label, set_role
from ui.sheet_dialog import LEAST_PIN, PinField, Sheet
from ui.sign_summary import Fact
from ui.still_controls import StillComboBox

FACT_WIDTH = 368


class SignDialog(Sheet):
    """Asks for the signer and the PIN; Enter signs."""

    signed = Signal(int, str, bool, str)  # person, PIN, clock accepted, addendum's words

    def __init__(
        self,
        people: tuple[Person, ...],
        facts: tuple[Fact, ...],
        doubt: ClockDoubt | None,
        parent: QWidget,
        *,
        addendum: bool = False,
    ) -> None:
        title = self.tr("Add to the signed report") if addendum else self.tr("Sign and report")
        super().__init__(title, self.tr("Sign"), parent)
        self._busy = False
        self._show_facts(facts, addendum=addendum)
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("What is to be added"))
        self.text.setAccessibleName(self.tr("Addendum"))
        self.text.setVisible(addendum)
        self.body.addWidget(self.text)
        grid = self.grid()
        self.person = StillComboBox()
        self.person.setAccessibleName(self.tr("Signer"))
        for one in people:
            self.person.addItem(f"{one.name} · {one.role} · {one.registration_number}", one.person_id)
        self.pin = PinField(self.tr("PIN"))
        grid.addWidget(label(self.tr("Signer"), "muted"), 0, 0)
        grid.addWidget(self.person, 0, 1)
        grid.addWidget(label(self.tr("PIN"), "muted"), 1, 0)
        grid.addWidget(self.pin, 1, 1)
        self.accepted_clock = QCheckBox(self.tr("The clock is right; mark the signature"))
        self.accepted_clock.setVisible(doubt is not None)
        if doubt is not None:
            self.body.addWidget(label(doubt.text, "warning", wrap=True))
        self.body.addWidget(self.accepted_clock)
        self.yes.clicked.connect(self._on_signed)
        self.pin.returnPressed.connect(self._on_signed)
        (self.text if addendum else self.pin).setFocus()

    def _show_facts(self, facts: tuple[Fact, ...], *, addendum: bool) -> None:
        """List whose images are signed and what is said of them; in amber what speaks against it."""
        grid = self.grid()
        grid.setVerticalSpacing(4)
        for row, fact in enumerate(facts):
            name = label(fact.what, "warning" if fact.doubted else "muted")
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            role = "warning-strong" if fact.doubted else "body"
            words = label(fact.value, role if row else "strong", wrap=True)
            words.setAccessibleName(f"{fact.what}: {fact.value}")
            words.setFixedWidth(FACT_WIDTH)
            grid.addWidget(words, row, 1)
        kept = (
            self.tr("The addendum is kept with the report, which stays as it is.")
            if addendum
            else self.tr("The report is made and kept; after signing only addenda.")
        )
        self.body.addWidget(label(kept, "muted"))

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

    def reject(self) -> None:
        """Go back, but not while it is being signed: what was asked for with a PIN cannot be called back."""
        if not self._busy:
            super().reject()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for part in (self.yes, self.no, self.person, self.pin, self.text, self.accepted_clock):
            part.setEnabled(not busy)
        self.yes.set_words(self.tr("Signing …") if busy else self.tr("Sign"))
        if busy:
            self.tell("")
        set_role(self.pin, wrong=False)
