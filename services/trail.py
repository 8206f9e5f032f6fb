"""The audit trail as the program writes and reads it: acts of the person who is logged in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from core.clock import Clock
from services.session import Session
from store.audit import AuditLine, AuditStore, Broken

AuditAct = Literal[
    "set_up",
    "log_in",
    "log_out",
    "lock",
    "sheet_used",
    "sheet_made",
    "person_added",
    "person_changed",
    "person_left",
    "password_changed",
    "pin_changed",
    "settings",
    "open",
    "analyse",
    "first_read",
    "reveal",
    "decide",
    "edit",
    "sign",
    "addendum",
    "print",
    "export",
    "paper_not_made",
    "enter_patient",
    "identity_moved",
    "records_merged",
    "register_read",
    "consent",
    "hold",
    "copy_images",
    "delete",
    "trail_checked",
    "trail_exported",
    "backup",
    "restore",
    "salvage",
    "clock_accepted",
]
TOLERANCE = timedelta(minutes=2)
"""A clock that is put right by so little is not doubted."""


class Trail:
    """Writes who did what, each line on the disk at once, or with the transaction around it."""

    def __init__(self, store: AuditStore, session: Session, clock: Clock) -> None:
        self._store, self._session, self._clock = store, session, clock

    def note(
        self,
        act: AuditAct,
        subject: str = "",
        *,
        detail: Mapping[str, object] | None = None,
        words: str = "",
    ) -> int:
        """Write one line in the name of whoever is logged in; returns its number.

        ``subject`` is what it was done to (``report:12``, ``patient:3``, ``unit:<key>``). ``detail`` never
        holds what names a patient; ``words`` may, and go when the subject is deleted.
        """
        person = self._session.person
        return self._store.write(
            act,
            person_id=person.person_id if person else None,
            person=person.name if person else "",
            subject=subject,
            detail=detail,
            words=words,
            clock_doubted=self.clock_went_back(),
        )

    def clock_went_back(self) -> bool:
        """Whether the clock shows a time before the last line."""
        last = self._store.last_at()
        return last is not None and self._clock.now() < datetime.fromisoformat(last) - TOLERANCE

    def last_at(self) -> datetime | None:
        """Return when the last line was written."""
        last = self._store.last_at()
        return None if last is None else datetime.fromisoformat(last)

    def lines(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditLine]:
        """Yield the lines in their order.

        Raises:
            NotPermittedError: who is logged in may not read the trail.
        """
        self._session.require("audit")
        return self._store.lines(after=after, limit=limit)

    def check(self) -> tuple[Broken, ...]:
        """Return where the trail does not hold; empty where all of it does (anybody may ask)."""
        return self._store.check()

    def check_end(self) -> tuple[Broken, ...]:
        """Return what is wrong with the end of the trail (quick; the first thing at a start).

        What is found is written down at the next log-in, since any further line moves the end.
        """
        return tuple(self._store.check_end())

    def forget_words(self, subject: str) -> int:
        """Remove what named a patient beside the lines about a subject (part of a deletion)."""
        return self._store.remove_words(subject)
