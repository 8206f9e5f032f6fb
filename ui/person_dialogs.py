"""The dialogs of people: enter one, give a password, change one's own, let somebody leave, a new sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from core.errors import FarlightError, RequestError, WrongPasswordError
from services.staff import SHORTEST_PASSWORD, SHORTEST_PIN, Staff
from store.people import PersonRow
from ui.controls import label
from ui.log_in_form import PasswordField
from ui.person_fields import PersonFields, Twice, passwords_in, pins_in
from ui.sheet_dialog import Sheet
from ui.sheet_page import SheetView
from ui.task import Handle, Pools

Act = Callable[[], object]


class Rooms(TypedDict):
    """What every dialog of people works with."""

    staff: Staff
    pools: Pools
    parent: QWidget


class StaffDialog(Sheet):
    """Checks what was typed, does one act in the background, and closes when it is done."""

    def __init__(self, title: str, act: str, *, staff: Staff, pools: Pools, parent: QWidget) -> None:
        super().__init__(title, act, parent)
        self._staff, self._pools, self._words = staff, pools, act
        self._busy = False
        self.made: object = None
        self.yes.clicked.connect(self._on_yes)

    def say(self, text: str, role: str = "muted") -> None:
        """Add a sentence."""
        self.body.addWidget(label(text, role, wrap=True))

    def wrong_input(self) -> str:
        """Return what is missing or wrong, "" for nothing."""
        return ""

    def work(self) -> Act:
        """Return what is to be done, with what was typed."""
        raise NotImplementedError

    def on_done(self) -> None:
        """Close; what was made is in ``made``."""
        self.accept()

    @Slot()
    def _on_yes(self) -> None:
        if self._busy:
            return
        wrong = self.wrong_input()
        self.tell(wrong)
        if wrong:
            return
        self._set_busy(True)
        task = self._pools.records("people", _Work(self.work()))
        task.succeeded.connect(self._on_done)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_done(self, made: object) -> None:
        self.made = made
        self._set_busy(False)
        self.on_done()

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._set_busy(False)
        if isinstance(error, RequestError):
            self.tell(error.detail)
        elif isinstance(error, WrongPasswordError):
            wait = float(str(error.context.get("wait_s") or 0))
            said = self.tr("That is not your password now.")
            if wait > 0:
                said = self.tr("That is not your password now. Wait {wait} s before the next try.").format(
                    wait=round(wait + 0.5)
                )
            self.tell(said)
        else:
            self.tell(error.message)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.yes.setEnabled(not busy)
        self.no.setEnabled(not busy)
        self.yes.set_words(self.tr("One moment …") if busy else self._words)

    def reject(self) -> None:
        """Go back, but not while it is being done."""
        if not self._busy:
            super().reject()


class AddPersonDialog(StaffDialog):
    """Enters a person."""

    enter_acts = True

    def __init__(self, *, staff: Staff, pools: Pools, parent: QWidget) -> None:
        super().__init__(
            self.tr("Enter a person"), self.tr("Enter them"), staff=staff, pools=pools, parent=parent
        )
        self.say(
            self.tr(
                "They log in with this password; let them type it themselves, and the PIN too: nobody else "
                "needs to know either."
            )
        )
        self.fields = PersonFields()
        self.fields.changed.connect(self.adjustSize)
        for field in self.fields.findChildren(QLineEdit):
            field.textEdited.connect(self._on_typed)
        self.body.addWidget(self.fields)
        self.fields.name.setFocus()

    @Slot()
    def _on_typed(self) -> None:
        """Take the complaint away: somebody is putting it right."""
        self.tell("")

    def wrong_input(self) -> str:
        """Return what is missing or wrong, "" for nothing."""
        return self.fields.wrong()

    def work(self) -> Act:
        """Return the act of entering."""
        staff, person, password = self._staff, self.fields.person(), self.fields.password.first.text()
        return lambda: staff.add(person, password)


class GivePasswordDialog(StaffDialog):
    """Gives somebody a new password."""

    enter_acts = True

    def __init__(self, person: PersonRow, *, staff: Staff, pools: Pools, parent: QWidget) -> None:
        super().__init__(
            self.tr("New password for {name}").format(name=person.name),
            self.tr("Give it"),
            staff=staff, pools=pools, parent=parent,
        )  # fmt: skip
        self._person = person
        self.say(self.tr("The old one opens nothing any more. Signing still asks for their own PIN."))
        self.password: Twice = passwords_in(self.grid(), 0, self.tr("New password"))

    def wrong_input(self) -> str:
        """Return what is missing or wrong, "" for nothing."""
        return self.password.wrong(SHORTEST_PASSWORD)

    def work(self) -> Act:
        """Return the act of giving it."""
        staff, person_id, password = self._staff, self._person.person_id, self.password.first.text()
        return lambda: staff.give_password(person_id, password)


class OwnSecretDialog(StaffDialog):
    """Changes the password or the PIN of who is logged in, who proves it with the password they have."""

    enter_acts = True

    def __init__(self, *, pin: bool, staff: Staff, pools: Pools, parent: QWidget) -> None:
        title = self.tr("My PIN") if pin else self.tr("My password")
        super().__init__(title, self.tr("Change it"), staff=staff, pools=pools, parent=parent)
        self._pin = pin
        grid = self.grid()
        self.old = PasswordField(self.tr("Password now"))
        grid.addWidget(label(self.tr("Password now"), "muted"), 0, 0)
        grid.addWidget(self.old, 0, 1)
        self.new = pins_in(grid, 1) if pin else passwords_in(grid, 1, self.tr("New password"))
        self.old.setFocus()

    def wrong_input(self) -> str:
        """Return what is missing or wrong, "" for nothing."""
        if not self.old.text():
            self.old.setFocus()
            return self.tr("Type the password that you have now.")
        return self.new.wrong(SHORTEST_PIN if self._pin else SHORTEST_PASSWORD)

    def work(self) -> Act:
        """Return the act of changing it."""
        staff, old, new = self._staff, self.old.text(), self.new.first.text()
        if self._pin:
            return lambda: staff.change_own_pin(new, password=old)
        return lambda: staff.change_own_password(old, new)


class LeaveDialog(StaffDialog):
    """Confirms that somebody leaves."""

    def __init__(self, person: PersonRow, *, staff: Staff, pools: Pools, parent: QWidget) -> None:
        super().__init__(
            self.tr("{name} leaves?").format(name=person.name),
            self.tr("They leave"),
            staff=staff, pools=pools, parent=parent,
        )  # fmt: skip
        self._person = person
        self.say(self.tr("They log in and sign no more. What they read and signed stays, with their name."))
        self.no.setFocus()

    def work(self) -> Act:
        """Return the act of leaving."""
        staff, person_id = self._staff, self._person.person_id
        return lambda: staff.leave(person_id)


class NewSheetDialog(StaffDialog):
    """Makes a new recovery sheet and shows it until somebody keeps it."""

    def __init__(self, *, staff: Staff, pools: Pools, parent: QWidget) -> None:
        super().__init__(
            self.tr("A new recovery sheet"), self.tr("Make it"), staff=staff, pools=pools, parent=parent
        )
        self._question = label(
            self.tr(
                "The sheet that there is now opens nothing any more: destroy it when the new one is kept."
            ),
            "muted",
            wrap=True,
        )
        self.body.addWidget(self._question)
        self.view = SheetView()
        self.view.hide()
        self.view.confirmed.connect(self._on_confirmed)
        self.body.addWidget(self.view)

    def work(self) -> Act:
        """Return the act of making it."""
        return self._staff.new_sheet

    def on_done(self) -> None:
        """Show the code; it closes when the last group was typed."""
        self._question.hide()
        self.view.show_code(str(self.made))
        self.view.show()
        self.no.hide()
        self._words = self.tr("I keep the sheet")
        self.yes.set_words(self._words)
        self.yes.clicked.disconnect(self._on_yes)
        self.yes.clicked.connect(self.view.confirm)
        self.adjustSize()

    @Slot()
    def _on_confirmed(self) -> None:
        try:
            self._staff.confirm_sheet()
        except FarlightError as error:
            self.tell(error.message)
            return
        self.accept()


class _Work:
    """One act of the staff, in the background."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def __call__(self, _handle: Handle) -> object:
        return self._act()
