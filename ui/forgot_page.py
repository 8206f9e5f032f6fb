"""A forgotten password: the code on the recovery sheet, and a new password."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from core.errors import FarlightError, RequestError, WrongPasswordError
from services.staff import SHORTEST_PASSWORD
from store.keyring import KeyHolder
from ui.controls import label
from ui.door_page import DoorPage
from ui.person_fields import passwords_in
from ui.still_controls import StillComboBox
from ui.theme import Theme

WIDTH = 600


class ForgotPage(DoorPage):
    """Asks for the code, the person and their new password."""

    asked = Signal(str, str, str)  # code, holder, new password
    back_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, self.tr("Forgot the password"), parent, width=WIDTH)
        self.say(
            self.tr(
                "Whoever keeps the recovery sheet of this computer opens the records with it, and you get "
                "a new password. Without the sheet an administrator can give you one in Settings."
            )
        )
        grid = self.grid()
        self.code = QLineEdit()
        self.code.setPlaceholderText("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX")
        self.code.setAccessibleName(self.tr("Code on the sheet"))
        self.code.setMaxLength(80)
        self.person = StillComboBox()
        self.person.setAccessibleName(self.tr("Name"))
        rows = ((self.tr("Code on the sheet"), self.code), (self.tr("Name"), self.person))
        for row, (name, field) in enumerate(rows):
            grid.addWidget(label(name, "muted"), row, 0)
            grid.addWidget(field, row, 1)
        self.password = passwords_in(grid, 2, self.tr("New password"))
        self.back = self.act(self.tr("Back"))
        self.back.clicked.connect(self.back_asked)
        self.foot.addStretch(1)
        self.go = self.act(self.tr("Open with the sheet"), primary=True)
        self.go.clicked.connect(self._on_asked)
        for line in (self.code, self.password.first, self.password.again):
            line.returnPressed.connect(self._on_asked)

    def begin(self, holders: Sequence[KeyHolder], chosen: str) -> None:
        """Ask anew."""
        self.person.clear()
        for one in holders:
            self.person.addItem(one.name, one.holder_id)
        self.person.setCurrentIndex(max(0, self.person.findData(chosen)))
        self.code.clear()
        self.password.clear()
        self.tell("")
        self.set_busy(False)
        self.code.setFocus()

    def set_busy(self, busy: bool) -> None:
        """Show that the code is being tried."""
        for part in (self.code, self.person, self.password.first, self.password.again, self.back, self.go):
            part.setEnabled(not busy)
        self.go.set_words(self.tr("Opening …") if busy else self.tr("Open with the sheet"))

    def refuse(self, error: FarlightError, wait_s: float) -> None:
        """Say why it did not open."""
        self.set_busy(False)
        if not isinstance(error, WrongPasswordError):
            self.tell(error.detail if isinstance(error, RequestError) else error.message)
            return
        if error.detail == "slip":
            said = self.tr("A letter of the code is mistyped or missing. Compare it with the sheet.")
        elif error.detail == "wait":
            said = ""
        else:
            said = self.tr("That is not the code of the latest sheet of this computer.")
        wait = self.tr("Wait {seconds} s before the next try.").format(seconds=round(wait_s + 0.5))
        self.tell(" ".join(part for part in (said, wait if wait_s > 0 else "") if part))
        self.code.setFocus()

    @Slot()
    def _on_asked(self) -> None:
        if not self.go.isEnabled():
            return
        if not self.code.text().strip():
            self.tell(self.tr("Type the code that stands on the sheet."))
            self.code.setFocus()
            return
        wrong = self.password.wrong(SHORTEST_PASSWORD)
        self.tell(wrong)
        if not wrong:
            self.set_busy(True)
            self.asked.emit(self.code.text(), str(self.person.currentData()), self.password.first.text())
