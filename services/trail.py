"""The audit trail as the program writes and reads it: acts of the person who is logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

from core.clock import Clock
from services.session import Session
from store.audit import AuditLine, AuditQuery, AuditStore, Broken, ListedLine
from store.people import PersonRow

AuditAct = Literal[
    "set_up",
    "log_in",
    "log_out",
    "lock",
    "wrong_passwords",
    "wrong_codes",
    "wrong_pin",
    "sheet_used",
    "sheet_made",
    "person_added",
    "person_left",
    "password_changed",
    "pin_changed",
    "settings",
    "open",
    "analyse",
    "take_over",
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
    "pack_key_trusted",
    "pack_key_distrusted",
    "pack_installed",
    "pack_rolled_back",
    "pack_removed",
]
ACTS: tuple[AuditAct, ...] = get_args(AuditAct)
WITNESS_DIGITS = 8
TOLERANCE = timedelta(minutes=2)
"""A clock that is put right by so little is not doubted."""


def between_days(first: date | None, last: date | None) -> tuple[str | None, str | None]:
    """Return the times between which days of this computer's clock lie, as ``AuditQuery`` wants them."""
    since = datetime.combine(first, time()).astimezone(UTC).isoformat() if first else None
    after = last + timedelta(days=1) if last and last < date.max else None
    return since, datetime.combine(after, time()).astimezone(UTC).isoformat() if after else None


class Trail:
    """Writes who did what, each line on the disk at once, or with the transaction around it."""

    def __init__(self, store: AuditStore, session: Session, clock: Clock) -> None:
        self._store, self._session, self._clock = store, session, clock

    @property
    def who(self) -> int | None:
        """The number of whoever is logged in, or None."""
        return self._session.person.person_id if self._session.person else None

    def together(self) -> AbstractContextManager[None]:
        """Keep a change and its lines in one step, or neither: ``with trail.together(): change; note``."""
        return self._store.together()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once the change around this is on the disk, and never where it failed."""
        self._store.after_commit(act)

    def note(
        self,
        act: AuditAct,
        subject: str = "",
        *,
        detail: Mapping[str, object] | None = None,
        words: str = "",
        by: PersonRow | None = None,
    ) -> int:
        """Write one line in the name of whoever is logged in (or of ``by``); returns its number.

        ``subject`` is what it was done to (``report:12``, ``patient:3``, ``unit:<key>``). ``detail`` never
        holds what names a patient; ``words`` may, and go when the subject is deleted.
        """
        person = by or self._session.person
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

    def page(
        self, query: AuditQuery, *, below: int | None = None, limit: int = 200
    ) -> tuple[ListedLine, ...]:
        """Return the latest lines that are asked for, the newest first.

        Raises:
            NotPermittedError: who is logged in may not read the trail.
        """
        self._session.require("audit")
        return self._store.page(query, below=below, limit=limit)

    def of(self, acts: tuple[str, ...], subject: str = "") -> Iterator[AuditLine]:
        """Yield every line of some acts, the newest first, for checks (nobody is shown it)."""
        below: int | None = None
        query = AuditQuery(acts=acts, subject=subject)
        while page := self._store.page(query, below=below):
            yield from (one.line for one in page)
            below = page[-1].line.seq

    def count(self, query: AuditQuery | None = None) -> int:
        """Return how many lines there are, or how many are asked for."""
        return self._store.count(query)

    def people(self) -> tuple[str, ...]:
        """Return everybody who stands in the trail.

        Raises:
            NotPermittedError: who is logged in may not read the trail.
        """
        self._session.require("audit")
        return self._store.people()

    def last_log_in(self, person_id: int, *, since: str) -> datetime | None:
        """Return when somebody last logged in as this person, from a time on (ISO 8601, UTC); None for never.

        Anybody is told that of themselves.
        """
        query = AuditQuery(acts=("log_in",), subject=f"person:{person_id}", since=since)
        found = self._store.page(query, limit=1)
        return datetime.fromisoformat(found[0].line.at) if found else None

    def last(self) -> AuditLine | None:
        """Return the last line, without its words."""
        return self._store.last()

    def check(self, watch: Callable[[int], None] | None = None) -> Iterator[Broken]:
        """Yield where the trail does not hold; nothing where all of it does (anybody may ask).

        ``watch`` is told now and then how many lines were looked at, and may end the check by raising.
        """
        return self._store.check(watch)

    def findings(self) -> tuple[AuditLine, ...]:
        """Return the lines of earlier checks, the newest first."""
        return tuple(one.line for one in self._store.page(AuditQuery(acts=("trail_checked",)), limit=1000))

    def witness(self) -> str:
        """Return the last line's number and the first digits of its digest, to be kept outside: on paper.

        Whoever writes the trail anew from some line on cannot write what was printed anew.
        """
        last = self._store.last()
        return f"{last.seq}:{last.digest[:WITNESS_DIGITS]}" if last else ""

    def has_digest(self, seq: int, digits: str) -> bool:
        """Whether the digest of a line begins with these hexadecimal digits (it was printed, or told)."""
        line = next(iter(self._store.lines(after=seq - 1, limit=1)), None)
        return line is not None and line.seq == seq and line.digest.startswith(digits.lower())

    def check_end(self) -> tuple[Broken, ...]:
        """Return what is wrong with the end of the trail (quick; the first thing at a start).

        What is found is written down at the next log-in, since any further line moves the end.
        """
        return tuple(self._store.check_end())

    def settle(self) -> None:
        """Have the trail's end on the disk; its lines are there already."""
        self._store.settle()
