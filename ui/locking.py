"""Locks the window: by key, by idleness, when the computer sleeps; and lets somebody log in again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QToolTip, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.desk import Desk
from ui.lock_cover import LockCover
from ui.shortcuts import TABLE
from ui.sign_dialog import SignDialog
from ui.sleep_watch import SleepWatch
from ui.task import Handle, Pools
from ui.theme import Theme

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletMove,
        QEvent.Type.TabletPress,
        QEvent.Type.NonClientAreaMouseButtonPress,
    }
)
_log = logging.getLogger(__name__)


class Locking(QObject):
    """Hides everything in the event that asks for it; background work goes on."""

    locked = Signal()
    unlocked = Signal(bool)  # whether somebody else is at the computer now

    def __init__(
        self,
        window: QMainWindow,
        *,
        theme: Theme,
        desk: Desk,
        pools: Pools,
        workplace: Workplace,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._window, self._desk, self._pools, self._workplace = window, desk, pools, workplace
        self._now = now
        self._used_at = now()
        self._former: int | None = None
        self._former_holder = ""
        self._shelved: list[SignDialog] = []
        self.cover = LockCover(theme, workplace.wait_seconds, window)
        self.cover.form.asked.connect(self._on_asked)
        self.cover.close_asked.connect(window.close)
        self.watch = SleepWatch(self)
        self.watch.slept.connect(self.lock)
        self.watch.ticked.connect(self.look)

    @property
    def is_locked(self) -> bool:
        """Whether nobody is logged in."""
        return self.cover.isVisibleTo(self._window)

    def start(self) -> None:
        """Begin to watch idleness and sleep."""
        application = QCoreApplication.instance()
        assert application is not None
        application.installEventFilter(self)
        self.watch.start()

    def stop(self) -> None:
        """Watch no more: the window closes."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.watch.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice that somebody is there, and lock by key from a dialog, which keeps keys from the window."""
        if event.type() not in _INPUT:
            return False
        self._used_at = self._now()
        if isinstance(event, QKeyEvent) and QApplication.activeModalWidget() is not None and _is_lock(event):
            self.lock()
            return True
        return False

    @Slot()
    def look(self) -> None:
        """Lock where nobody has touched the computer for as long as the setting says."""
        idle_s = self._now() - self._used_at
        if idle_s >= 60.0 * self._workplace.settings.number("lock.after_minutes"):
            self.lock()

    @Slot()
    def lock(self) -> None:
        """Hide everything now, keep what was typed, and log out."""
        if self.is_locked:
            return
        person = self._workplace.session.person
        self._former = person.person_id if person else None
        self._former_holder = person.holder_id if person else ""
        self._hide()
        self.locked.emit()
        self._desk.flush()
        try:
            self._workplace.lock()
        except FarlightError as error:
            _log.warning("the lock could not be written down: %s", error.code)
            self._workplace.session.leave()
        self.cover.form.begin(self._workplace.holders(), self._former_holder)

    def _hide(self) -> None:
        self.cover.cover()
        QToolTip.hideText()
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for widget in QApplication.topLevelWidgets():
            if widget is not self._window and widget.isVisible():
                self._put_away(widget)
        self._content().hide()
        self._window.setWindowTitle(self.tr("Farlight: locked"))
        self._window.setAcceptDrops(False)
        for action in self._window.actions():
            action.setEnabled(False)
        self.cover.cover()

    def _put_away(self, widget: QWidget) -> None:
        """A signature that was being given is put aside without its PIN; other dialogs are left."""
        if isinstance(widget, SignDialog):
            widget.pin.clear()
            self._shelved.append(widget)
            widget.hide()
            return
        if isinstance(widget, QDialog):
            widget.reject()
        widget.hide()  # also one that cannot be left now, since it is at work

    def _content(self) -> QWidget:
        content = self._window.centralWidget()
        assert content is not None
        return content

    @Slot(str, str)
    def _on_asked(self, holder_id: str, password: str) -> None:
        task = self._pools.records("log in", _Switch(self._workplace, holder_id, password))
        task.succeeded.connect(self._on_logged_in)
        task.failed.connect(self.cover.form.refuse)

    @Slot(object)
    def _on_logged_in(self, _done: object) -> None:
        person = self._workplace.session.person
        another = person is None or person.person_id != self._former
        if another:
            self._desk.leave_to_another()
        self._used_at = self._now()
        self._window.setWindowTitle("Farlight")
        self._window.setAcceptDrops(True)
        for action in self._window.actions():
            action.setEnabled(True)
        self._content().show()
        self.cover.hide()
        self.unlocked.emit(another)
        for dialog in self._shelved:
            if another:
                dialog.reject()
            else:
                dialog.show()
        self._shelved.clear()


def _is_lock(event: QKeyEvent) -> bool:
    return QKeySequence(event.keyCombination()) == QKeySequence(TABLE["lock"].keys[0])


class _Switch:
    """Logs somebody in, in the background: guessing is slow on purpose."""

    def __init__(self, workplace: Workplace, holder_id: str, password: str) -> None:
        self._workplace, self._holder_id, self._password = workplace, holder_id, password

    def __call__(self, _handle: Handle) -> None:
        self._workplace.switch(self._holder_id, self._password)
