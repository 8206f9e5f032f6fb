"""Writes the lines of what was done to drafts; typing is a line a field and sitting, not one a keystroke."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from core.clock import Clock
from services.draft_acts import DraftAct, acts_between
from services.drafts import Draft
from services.trail import Trail

SITTING = timedelta(minutes=10)
_Sitting = tuple[int | None, str, str]
"""Who, in which draft, and which field."""


class DraftTrail:
    """The lines of drafts.

    The first change of a field is written at once, with the change; further ones by the same person within
    ten minutes, until the study is left, are that same edit.
    """

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail, self._clock = trail, clock
        self._edited: dict[_Sitting, datetime] = {}

    def together(self) -> AbstractContextManager[None]:
        """Keep a draft and its lines in one step, or neither."""
        return self._trail.together()

    def note(self, before: Draft | None, after: Draft) -> None:
        """Write what was done between two states of a draft, in the transaction that keeps it."""
        for act in acts_between(before, after):
            sitting = self._sitting(act, after.key) if act.act == "edit" else None
            if sitting is None or self._begins(sitting):
                self._trail.note(act.act, f"unit:{after.key}", detail=act.detail, words=act.words)
            if sitting is not None:
                self._trail.after_commit(partial(self._remember, sitting, self._clock.now()))

    def left(self, key: str) -> None:
        """Begin a new sitting: what is typed after this is another edit."""
        self._edited = {known: at for known, at in self._edited.items() if known[1] != key}

    def _sitting(self, act: DraftAct, key: str) -> _Sitting:
        return self._trail.who, key, " ".join(str(part) for part in act.detail.values())

    def _begins(self, sitting: _Sitting) -> bool:
        last = self._edited.get(sitting)
        return last is None or not timedelta(0) <= self._clock.now() - last < SITTING

    def _remember(self, sitting: _Sitting, at: datetime) -> None:
        """Know of a line once it is on the disk: a change that could not be kept has none."""
        if self._begins(sitting):
            self._edited[sitting] = at
