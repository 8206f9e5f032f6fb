"""Answers given by single keys: each is told, and typing outside a field answers nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from core.decision import Reading
from ui.desk import Desk
from ui.impression_card import impression_words
from ui.shortcuts import TABLE
from ui.toast import Toast
from ui.typing_guard import TypingGuard

ANSWERS = {"nothing_seen", "abnormal", "unsure", "agree", "disagree", "edit"}


class KeyAnswers(QObject):
    """Stands between the keys of reading and the desk."""

    def __init__(self, desk: Desk, toast: Toast, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._toast = desk, toast
        self.guard = TypingGuard()
        self._take_back: Callable[[], object] | None = None

    def carry_out(self, name: str, act: Callable[[str], object]) -> None:
        """Carry out the act of a key, unless it answers and belongs to typing; tell what it answered."""
        key = TABLE[name].keys[0]
        if self._take_back is not None and self.guard.is_second_tap(key.casefold()):
            return
        if len(key) == 1 and self.strike(key, answers=name in ANSWERS) and name in ANSWERS:
            self._toast.say(self.tr("Letters typed outside a field answer nothing. Click a field to write."))
            return
        before = self._desk.reading
        act(name)
        if name in ANSWERS:
            self._tell(before)

    def strike(self, key: str, *, answers: bool = False) -> bool:
        """Return whether a key belongs to typing; that takes back what its first key answered."""
        typing = self.guard.strike(key.casefold(), answers=answers)
        take_back, self._take_back = self._take_back, None
        if typing and take_back is not None:
            take_back()
        return typing

    def _tell(self, before: Reading) -> None:
        """Say what the key set and how it is undone."""
        after = self._desk.reading
        if after == before:
            return
        if after.first_read != before.first_read:
            self._take_back = self._desk.withdraw_impression
            return
        self._take_back = self._desk.undo.undo
        said = self._words(before, after) or self._final_words(after)
        self._toast.say(self.tr("{said} · {key} undoes it").format(said=said, key=TABLE["undo"].shown))

    def _words(self, before: Reading, after: Reading) -> str:
        changed = next((one for one in after.decisions if one not in before.decisions), None)
        names = {
            "agree": self.tr("Agree set for {finding}"),
            "disagree": self.tr("Disagree set for {finding}"),
            "edited": self.tr("Your own words set for {finding}"),
        }
        if changed is None:
            return ""
        labels = {(pack.stamp.pack_id, one.code): one.label for pack, one in self._desk.findings()}
        label = labels.get((changed.pack_id, changed.finding), changed.finding)
        return names[changed.answer].format(finding=label)

    def _final_words(self, after: Reading) -> str:
        return (
            self.tr("Final read: {words}").format(words=impression_words(after.final_read))
            if after.final_read is not None
            else ""
        )
