"""Tells typing from single keys, so that words typed outside a field do nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_S = 0.25
QUIET_S = 0.8


class TypingGuard:
    """Watches the keys that write something: two at once are typing, and so is what follows at once.

    A digit followed by the key of an answer may be an impression and an answer, or the beginning of words:
    only what comes after them tells. Signs (``+``, ``[``) are no typing, but a number goes on behind them.

    ``now`` tells when a key is struck, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._last = (-1.0e9, "")
        self._quiet_from = -1.0e9

    def is_second_tap(self, key: str) -> bool:
        """Return whether the key that was struck last is struck again at once, as an unsteady hand does."""
        now, (at, before) = self.now(), self._last
        again = key == before and now - at < BURST_S
        if again:
            self._last = (now, key)
        return again

    def follows_a_number(self) -> bool:
        """Return whether a key struck now goes on at once with a number."""
        at, before = self._last
        return before.isdigit() and self.now() - at < BURST_S

    def expect_typing(self) -> None:
        """Count what is struck in the next moment as typing: a form has closed under somebody's hands."""
        self._quiet_from = self.now() + QUIET_S

    def break_off(self) -> None:
        """Begin anew: a key with Ctrl or Alt, or Esc, was meant."""
        self._last, self._quiet_from = (-1.0e9, ""), -1.0e9

    def strike(self, key: str, *, answers: bool = False) -> bool:
        """Return whether a key belongs to typing; one that is pressed again only where it ``answers``."""
        now = self.now()
        at, before = self._last
        at_once = now - at < BURST_S
        self._last = (now, before if at_once and before.isdigit() and not _is_word(key) else key)
        may_answer = answers and before.isdigit() and key.isalpha()
        quick = at_once and (answers or key != before) and not may_answer
        typing = (quick and _is_word(before) and _is_word(key)) or now < self._quiet_from
        if typing:
            self._quiet_from = now + QUIET_S
        return typing


def _is_word(key: str) -> bool:
    """Return whether a key writes a part of words: a letter, a digit, the space between two words."""
    return key.isalnum() or key == " "
