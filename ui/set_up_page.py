"""The first start: who administers this computer, and why it asks."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from services.staff import NewPerson
from ui.door_page import DoorPage
from ui.person_fields import PersonFields
from ui.theme import Theme

WIDTH = 620


class SetUpPage(DoorPage):
    """Asks for the first person, who administers."""

    entered = Signal(object, str)  # NewPerson, password

    def __init__(self, theme: Theme, *, plain_records: bool, parent: QWidget | None = None) -> None:
        super().__init__(theme, self.tr("Set up Farlight on this computer"), parent, width=WIDTH)
        self.say(
            self.tr(
                "Patients' records on this computer are encrypted: who steals or finds it reads nothing. "
                "Your password opens them. You are the first, so you administer: you enter the others later."
            )
        )
        self.say(
            self.tr(
                "Next you get a recovery sheet to print or copy. It is the only other way in: without a "
                "password and without the sheet nobody can open the records again, not even its makers."
            )
        )
        if plain_records:
            self.say(
                self.tr(
                    "An earlier Farlight kept records here that are not encrypted. They are taken over and "
                    "encrypted now; who signed before is entered, and gets a password from you in Settings."
                ),
                "warning",
            )
        self.fields = PersonFields(first=True)
        self.body.addWidget(self.fields)
        self.foot.addStretch(1)
        self.go = self.act(self.tr("Set up"), primary=True)
        self.go.clicked.connect(self._on_entered)
        for field in self.fields.findChildren(QLineEdit):
            field.returnPressed.connect(self._on_entered)
            field.textEdited.connect(self._on_typed)

    @Slot()
    def _on_typed(self) -> None:
        """Take the complaint away: somebody is putting it right."""
        self.tell("")

    def begin(self) -> None:
        """Put the focus where typing begins."""
        self.fields.name.setFocus()

    def set_busy(self, busy: bool) -> None:
        """Show that it is being set up."""
        self.fields.setEnabled(not busy)
        self.go.setEnabled(not busy)
        self.go.set_words(self.tr("Setting up …") if busy else self.tr("Set up"))

    @Slot()
    def _on_entered(self) -> None:
        if not self.go.isEnabled():
            return
        wrong = self.fields.wrong()
        self.tell(wrong)
        if not wrong:
            self.set_busy(True)
            person: NewPerson = self.fields.person()
            self.entered.emit(person, self.fields.password.first.text())
