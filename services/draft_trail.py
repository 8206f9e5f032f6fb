"""Writes the lines of what was done to drafts; typing is a line a field and sitting, not one a keystroke."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from core.clock import Clock
from services.draft_acts import DraftAct, acts_between
from services.drafts import Draft
from services.trail import Trail

SITTING = timedelta(minutes=10)


class DraftTrail:
    """The lines of drafts.

    The first change of a field is written at once, with the change; further ones by the same person within
    ten minutes, until the study is left, are that same edit.
    """

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail, self._clock = trail, clock
        self._edited: dict[tuple[int | None, str, str], datetime] = {}

    def together(self) -> AbstractContextManager[None]:
        """Keep a draft and its lines in one step, or neither."""
        return self._trail.together()

    def note(self, before: Draft | None, after: Draft) -> None:
        """Write what was done between two states of a draft, in the transaction that keeps it."""
        for act in acts_between(before, after):
            if act.act != "edit" or self._is_new(act, after.key):
                self._trail.note(act.act, f"unit:{after.key}", detail=act.detail, words=act.words)

    def discarded(self, key: str) -> None:
        """Write that a draft was thrown away."""
        self._trail.note("delete", f"unit:{key}", detail={"what": "draft"})

    def left(self, key: str) -> None:
        """Begin a new sitting: what is typed after this is another edit."""
        self._edited = {known: at for known, at in self._edited.items() if known[1] != key}

    def _is_new(self, act: DraftAct, key: str) -> bool:
        field = " ".join(str(part) for part in act.detail.values())
        known = (self._trail.who, key, field)
        now, last = self._clock.now(), self._edited.get(known)
        if last is not None and timedelta(0) <= now - last < SITTING:
            return False
        self._edited[known] = now
        return True
