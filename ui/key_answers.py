"""Keys of reading: each acts at once and is told; what turns out to be typing beside a field is undone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit

from core.decision import Reading
from ui.desk import Desk
from ui.impression_card import impression_words
from ui.shortcuts import TABLE
from ui.toast import Toast
from ui.typing_guard import TypingGuard

OF_THE_RESULT = {"agree", "disagree", "edit"}
ANSWERS = {"nothing_seen", "abnormal", "unsure"} | OF_THE_RESULT
FIELDS = (QLineEdit, QPlainTextEdit)
HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class KeyAnswers(QObject):
    """Stands between keys and desk; ``remember`` returns what puts all back as it is now."""

    def __init__(
        self, desk: Desk, toast: Toast, remember: Callable[[], Callable[[], None]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk, self._toast, self._remember = desk, toast, remember
        self.guard = TypingGuard()
        self._take_back: Callable[[], None] | None = None
        self._answered = self._opened = False
        self._jumped_to: object = None

    def carry_out(self, name: str, act: Callable[[str], object]) -> None:
        """Carry out the act of a key, unless it belongs to typing; tell what it answered."""
        key = TABLE[name].keys[0].removeprefix("Shift+").casefold()
        if len(key) > 1:
            self._take_back, self._jumped_to = None, None
            self._answered = self._opened = False
            self.guard.break_off()
            act(name)
            return
        if self._answered and self.guard.is_second_tap(key):
            return
        unseen = self._opened and self.guard.follows_a_number()
        if self.strike(key, answers=name in ANSWERS):
            return
        if unseen and name in OF_THE_RESULT:
            self._leave_out(name)
        else:
            self._answer(name, act)

    def _answer(self, name: str, act: Callable[[str], object]) -> None:
        """Carry out an act; what it changes can be put back, and so can the number that it goes on with."""
        take_back, before, focused = self._remember(), self._desk.reading, QApplication.focusWidget()
        was_open = self._desk.is_open_card
        act(name)
        self._take_back = self._take_back or take_back
        self._answered = self._desk.reading != before
        self._opened = self._desk.is_open_card and not was_open
        self._watch_jump(focused)
        if name in ANSWERS and self._answered:
            self._tell(before)

    def _leave_out(self, name: str) -> None:
        """Count no answer to a result that opened at the same moment: nobody has read it; say so."""
        self._answered = True  # a second tap is none either
        self._toast.say(
            self.tr("Not counted: the result had only just opened. Read it, then press {key} again.").format(
                key=TABLE[name].shown
            )
        )

    def strike(self, key: str, *, answers: bool = False) -> bool:
        """Return whether a key belongs to typing; that takes back what the key before it did, and is told."""
        goes_on = self.guard.follows_a_number()
        typing = self.guard.strike(key.casefold(), answers=answers)
        take_back = self._take_back
        self._take_back = take_back if goes_on and not typing else None
        self._answered = self._opened = False
        self._jumped_to = None
        if typing:
            if take_back is not None:
                take_back()
            self._toast.say(
                self.tr(
                    "Words typed quickly outside a field answer nothing and change nothing."
                    " Click a field to write."
                )
            )
        focused = QApplication.focusWidget()
        if isinstance(focused, QAbstractButton):
            focused.installEventFilter(self)
        return typing

    def _watch_jump(self, before: object) -> None:
        """Watch the field that a key gave the focus to: what follows at once was typed for no field."""
        focused = QApplication.focusWidget()
        if focused is not before and isinstance(focused, FIELDS):
            self._jumped_to = focused
            focused.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep typing from the field that its first letter led to, and from a button that has the focus."""
        if (
            event.type() != QEvent.Type.KeyPress
            or not isinstance(event, QKeyEvent)
            or event.modifiers() & HELD
        ):
            return super().eventFilter(watched, event)
        if watched is self._jumped_to and event.text().isprintable() and event.text():
            return self.strike(event.text())
        if isinstance(watched, QAbstractButton) and event.key() == Qt.Key.Key_Space:
            return self.strike(" ")
        return super().eventFilter(watched, event)

    def _tell(self, before: Reading) -> None:
        """Say what the key set and how it is undone."""
        after = self._desk.reading
        if after.first_read != before.first_read:
            return
        said = self._words(before, after) or self._final_words(after)
        self._toast.say(self.tr("{said} · {key} undoes it").format(said=said, key=TABLE["undo"].shown))

    def _words(self, before: Reading, after: Reading) -> str:
        changed = next((one for one in after.decisions if one not in before.decisions), None)
        names = {
            "agree": self.tr("Agree set for {finding}"),
            "disagree": self.tr("Disagree set for {finding}"),
            "edited": self.tr("Your own words set for {finding}"),
        }
        instead = {
            "agree": self.tr("Agree set for {finding} in place of your earlier answer"),
            "disagree": self.tr("Disagree set for {finding} in place of your earlier answer"),
            "edited": self.tr("Your own words set for {finding} in place of your earlier answer"),
        }
        if changed is None:
            return ""
        if any((one.pack_id, one.finding) == (changed.pack_id, changed.finding) for one in before.decisions):
            names = instead
        labels = {(pack.stamp.pack_id, one.code): one.label for pack, one in self._desk.findings()}
        label = labels.get((changed.pack_id, changed.finding), changed.finding)
        return names[changed.answer].format(finding=label)

    def _final_words(self, after: Reading) -> str:
        return (
            self.tr("Final read: {words}").format(words=impression_words(after.final_read))
            if after.final_read is not None
            else ""
        )
