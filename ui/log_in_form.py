"""The form of logging in: who, with which password, and how long to wait after wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from core.errors import FarlightError, WrongPasswordError
from store.key_slots import BY_SHEET
from store.keyring import KeyHolder
from ui.controls import KeyButton, is_enter, label, set_role
from ui.still_controls import StillComboBox

TICK_MS = 250
COMPLAINT_LINES = 2


class PasswordField(QLineEdit):
    """Takes a password and shows dots; the keyboard learns nothing of it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setAccessibleName(name)
        self.setMaxLength(256)


class LogInForm(QWidget):
    """Name, password, Enter; says what was wrong, and counts a wait down."""

    asked = Signal(str, str)  # holder, password

    def __init__(self, act: str, wait_seconds: Callable[[str], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wait_seconds = wait_seconds
        self._busy = False
        self._act = act
        self._said = ""
        self._holders: dict[str, KeyHolder] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.person = StillComboBox()
        self.person.setAccessibleName(self.tr("Name"))
        self.password = PasswordField(self.tr("Password"))
        self.wrong = label("", "error", wrap=True)
        room = self.wrong.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # fields and button stay where they are when it comes
        self.wrong.setSizePolicy(room)
        self.wrong.setMinimumHeight(COMPLAINT_LINES * self.wrong.fontMetrics().height())
        self.wrong.hide()
        self.enter = KeyButton(act, kind="primary")
        self.enter.setProperty("tall", True)
        self.enter.setFixedHeight(44)
        for name, field in ((self.tr("Name"), self.person), (self.tr("Password"), self.password)):
            column.addWidget(label(name, "small"))
            column.addWidget(field)
        column.addWidget(self.wrong)
        column.addSpacing(4)
        column.addWidget(self.enter)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._show_wait)
        self.enter.clicked.connect(self._on_asked)
        self.password.returnPressed.connect(self._on_asked)
        self.person.currentIndexChanged.connect(self._on_person_chosen)
        self.person.installEventFilter(self)

    def begin(self, holders: Sequence[KeyHolder], chosen: str = "") -> None:
        """Ask anew, with this person chosen."""
        self.person.clear()
        self._holders = {one.holder_id: one for one in holders}
        for one in holders:
            self.person.addItem(one.name, one.holder_id)
        self.person.setCurrentIndex(max(0, self.person.findData(chosen)))
        self.password.clear()
        self._said = ""
        self.set_busy(False)
        self._show_wait()
        self.password.setFocus()

    def holder_id(self) -> str:
        """Return who is chosen."""
        return str(self.person.currentData() or "")

    def set_busy(self, busy: bool) -> None:
        """Show that a password is being tried."""
        self._busy = busy
        for part in (self.person, self.password, self.enter):
            part.setEnabled(not busy)
        self.enter.set_words(self.tr("Opening …") if busy else self._act)

    def refuse(self, error: FarlightError) -> None:
        """Say why it did not open; the name stays."""
        self.set_busy(False)
        if isinstance(error, WrongPasswordError):
            self._said = (
                ""
                if error.detail == "wait"
                else self.tr(
                    "That is not the password of {name}. Type it again; capital letters count."
                ).format(name=self.person.currentText())
            )
            if self._said:
                self._said = f"{self._said} {self._changed_words()}".rstrip()
        else:
            self._said = error.message
        self.password.clear()
        self.password.setFocus()
        self._show_wait()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Go on to the password with Enter: letters typed go on choosing the name."""
        if (
            watched is self.person
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and is_enter(event)
        ):
            self.password.setFocus()
            return True
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Forget what was typed when the form goes out of sight."""
        self._timer.stop()
        self.password.clear()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Look again at the wait when the computer is used again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and not self._busy:
            self._show_wait()

    @Slot()
    def _on_person_chosen(self) -> None:
        self._said = ""
        self._show_wait()

    @Slot()
    def _on_asked(self) -> None:
        if self._busy or not self.enter.isEnabled():
            return
        if not self.password.text():
            self._tell(self.tr("Type your password."))
            self.password.setFocus()
            return
        self.set_busy(True)
        self._tell("")
        self.asked.emit(self.holder_id(), self.password.text())

    @Slot()
    def _show_wait(self) -> None:
        """Say how long is left, and let the next try be made when it is over."""
        if self._busy:
            return
        left = self._wait_seconds(self.holder_id())
        waiting = left > 0
        if waiting and not self._timer.isActive():
            self._timer.start()
        if not waiting:
            self._timer.stop()
        self.enter.setEnabled(not waiting)
        wait = self.tr("Wait {time} before the next try.").format(time=_time_words(left)) if waiting else ""
        self._tell(" ".join(part for part in (self._said, wait) if part))

    def _changed_words(self) -> str:
        """Return when the password became another one: who did not do that themselves learns of it here."""
        holder = self._holders.get(self.holder_id())
        if holder is None or not holder.changed_at:
            return ""
        words = self.tr("It was changed on {at}.")
        if holder.given_by == BY_SHEET:
            words = self.tr("Another one was set with the recovery sheet on {at}.")
        elif holder.given_by:
            words = self.tr("{by} gave a new one on {at}.")
        return words.format(at=_moment(holder.changed_at), by=holder.given_by)

    def _tell(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        set_role(self.password, wrong=bool(text))


def _time_words(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def _moment(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return text  # the file of keys is not secret, and somebody changed it
