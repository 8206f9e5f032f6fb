"""The people of this computer, in Settings: all of them for an administrator, oneself for everybody."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from store.people import PersonRow
from ui.controls import Card, Elided, KeyButton, PushButton, label
from ui.duties import duty_name
from ui.person_dialogs import (
    AddPersonDialog,
    GivePasswordDialog,
    LeaveDialog,
    NewSheetDialog,
    OwnSecretDialog,
    Rooms,
    StaffDialog,
)
from ui.task import Pools

ROW_PX = 44


class PeopleCard(Card):
    """Lists people and opens the dialogs about them."""

    failed = Signal(object)
    key_waits = Signal()
    changed = Signal()

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("People"), parent)
        self._workplace, self._pools = workplace, pools
        self.dialog: StaffDialog | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.body.addLayout(self._rows)
        self._mine = label("", "muted", wrap=True)
        self.body.addWidget(self._mine)
        self.own_password = self._button(self.tr("Change my password …"), self._on_own_password)
        self.own_pin = self._button(self.tr("Change my PIN …"), self._on_own_pin)
        self.add_person = self._button(self.tr("Enter a person …"), self._on_add)
        self.new_sheet = self._button(self.tr("New recovery sheet …"), self._on_new_sheet)
        for pair in ((self.own_password, self.own_pin), (self.add_person, self.new_sheet)):
            row = QHBoxLayout()
            row.setSpacing(8)
            for button in pair:
                row.addWidget(button)
            row.addStretch(1)
            self.body.addLayout(row)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show who there is, as far as it is for who is logged in."""
        session = self._workplace.session
        me, administers = session.person, session.may("people")
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for button in (self.add_person, self.new_sheet):
            button.setVisible(administers)
        self._mine.setVisible(not administers)
        self._mine.setText(
            self.tr("You are logged in as {name}.").format(name=me.name if me is not None else "")
        )
        self.own_pin.setVisible(me is not None and me.duty != "assistant")
        if administers:
            try:
                everybody = self._workplace.staff.all()
            except FarlightError as error:
                self.failed.emit(error)
                return
            for person in everybody:
                line = _PersonLine(person, self, mine=me is not None and person == me)
                self._rows.addWidget(line)
                line.show()  # now: a row that Qt shows later gets no room in a card that is laid out by then

    def give_password(self, person: PersonRow) -> None:
        """Ask for a new password for somebody."""
        self._open(GivePasswordDialog(person, **self._rooms()))

    def let_leave(self, person: PersonRow) -> None:
        """Ask whether somebody leaves."""
        self._open(LeaveDialog(person, **self._rooms()))

    def _button(self, words: str, act: object) -> KeyButton:
        button = KeyButton(words)
        button.clicked.connect(act)
        return button

    def _rooms(self) -> Rooms:
        return {"staff": self._workplace.staff, "pools": self._pools, "parent": self.window()}

    def _open(self, dialog: StaffDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._on_finished)
        dialog.open()

    @Slot(int)
    def _on_finished(self, result: int) -> None:
        self.dialog = None
        if result == QDialog.DialogCode.Accepted and self._workplace.staff.key_waits:
            self.key_waits.emit()
        self.refresh()
        if result == QDialog.DialogCode.Accepted:
            self.changed.emit()

    @Slot()
    def _on_own_password(self) -> None:
        self._open(OwnSecretDialog(pin=False, **self._rooms()))

    @Slot()
    def _on_own_pin(self) -> None:
        self._open(OwnSecretDialog(pin=True, **self._rooms()))

    @Slot()
    def _on_add(self) -> None:
        self._open(AddPersonDialog(**self._rooms()))

    @Slot()
    def _on_new_sheet(self) -> None:
        self._open(NewSheetDialog(**self._rooms()))


class _PersonLine(QWidget):
    """One person, with what an administrator may do about them."""

    def __init__(self, person: PersonRow, card: PeopleCard, *, mine: bool) -> None:
        super().__init__()
        self._person, self._card = person, card
        self.setMinimumHeight(ROW_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Elided(person.name, "strong"))
        facts = (
            duty_name(person.duty),
            person.role,
            person.registration_number,
            self.tr("signs") if person.signs else "",
            "" if person.holder_id else self.tr("cannot log in yet: give a password"),
        )
        words.addWidget(Elided(" · ".join(fact for fact in facts if fact), "small"))
        row.addLayout(words, 1)
        if mine:
            row.addWidget(label(self.tr("you"), "muted"))
            return
        for text, act in (
            (self.tr("New password …"), self._on_password),
            (self.tr("Leaves …"), self._on_leave),
        ):
            button = PushButton(text)
            button.setProperty("kind", "link")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setAccessibleName(f"{text} {person.name}")
            button.clicked.connect(act)
            row.addWidget(button)

    @Slot()
    def _on_password(self) -> None:
        self._card.give_password(self._person)

    @Slot()
    def _on_leave(self) -> None:
        self._card.let_leave(self._person)
