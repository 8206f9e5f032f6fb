"""Changes of who may open the records: key file, people and audit trail change together, or not at all.

They are three places. So the change is written into the records first, as what is meant; the key file decides
whether it happens; then people and trail follow. What a crash leaves between is ended by the next opening: a
change whose key file was kept gets its people and its line, another one is forgotten.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.errors import KeysReplacedError, StoreError
from services.trail import AuditAct, Trail
from store.database import Database
from store.key_turn import remember_seals, turn_beside
from store.keyring import KeyChange, KeyRing
from store.people import PeopleStore, PersonRow, PreparedPerson
from store.subkeys import BACKUP_SEAL, subkey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What is to stand in people and trail: a person entered, one changed, or neither; and the line.

    ``by`` is None where nobody knows who it was.
    """

    act: AuditAct
    by: PersonRow | None
    detail: Mapping[str, object]
    entered: PreparedPerson | None = None
    changed: PersonRow | None = None
    subject: str = ""


class KeyChanges:
    """Makes the changes of one open profile."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        people: PeopleStore,
        trail: Trail,
        *,
        anchor: Path,
        clock: Clock,
    ) -> None:
        self._database, self._ring, self._people = database, ring, people
        self._trail, self._anchor, self._clock = trail, anchor, clock

    def ready(self) -> None:
        """End the last turn of the key where that was not possible then: one at a time.

        Raises:
            StoreError: it is still not possible; nothing can be changed until then.
        """
        with self._database.alone():
            self._turn()

    def make(self, change: KeyChange, meant: Meant) -> PersonRow | None:
        """Make a change; returns the person who was entered or changed.

        Where it makes a new key, and the records cannot be put under that now (a full disk), the change
        stands all the same, and the next opening puts them under it.

        Raises:
            DiskFullError, ProfileNotWritableError, StoreError: it could not be kept; nothing has changed.
        """
        with self._database.alone():
            pending = {"edition": change.edition, **_plain(meant)}
            self._remember(self._ring.edition, json.dumps(pending))
            try:
                self._ring.keep(change)
                person = self._settle(pending)
            except StoreError:
                self._take_back()
                raise
            try:
                self._turn()
            except StoreError as error:
                _log.warning("the key is turned at the next opening: %s", error.code)
            return person

    def renew(self, change: KeyChange) -> None:
        """Make a new key in records that wait to be put in place, and write nothing down.

        Raises:
            StoreError: it could not be done; what waits is not to be used.
        """
        with self._database.alone():
            self._ring.keep(change)
            self._remember(change.edition, "")
            self._turn()

    def end_turn(self) -> None:
        """End a turn of the key that a crash cut short, at an opening and before any line is written.

        Raises:
            KeysReplacedError: the key file is older than the records.
            StoreError: it could not be kept; the next opening tries again.
        """
        edition, _ = self._remembered()
        if edition is not None and self._ring.edition < edition:
            raise KeysReplacedError("older")
        self._turn()

    def settle(self) -> None:
        """Write down, or forget, the change that a crash cut short.

        Raises:
            StoreError: it could not be kept; the next opening tries again.
        """
        with self._database.alone():
            edition, pending = self._remembered()
            if pending and pending["edition"] == self._ring.edition:
                self._settle(pending)
            self._ring.align()  # nothing of a change that was not kept is left, and then it is forgotten
            if pending or edition != self._ring.edition:
                self._remember(self._ring.edition, "")

    def _turn(self) -> None:
        """Put the records, and what lies beside them, under the latest key, and drop the one before."""
        if not self._ring.turning:
            return
        new, old = self._ring.keys()
        if not self._database.is_under(new):
            self._database.turn_to(new)
        turn_beside(self._database.file, self._anchor, old, new)
        with self._database.transaction() as connection:
            remember_seals(connection, [subkey(old, BACKUP_SEAL)], self._clock.now())
        self._ring.end_turn()

    def _take_back(self) -> None:
        try:
            self._ring.take_back()
        except StoreError as error:
            _log.warning("a change of the keys is written down or forgotten later: %s", error.code)
            return
        with suppress(StoreError):  # the next opening forgets it
            self._remember(self._ring.edition, "")

    def _settle(self, pending: Mapping[str, Any]) -> PersonRow | None:
        """Let people, line and edition follow the key file."""
        with self._database.transaction():
            subject, person = str(pending["subject"]), None
            if pending["entered"] is not None:
                person = self._people.enter(PreparedPerson.read(pending["entered"]))
                subject = f"person:{person.person_id}"
            elif pending["changed"] is not None:
                person = PersonRow(**pending["changed"])
                self._people.change(person)
            by = None if pending["by"] is None else PersonRow(**pending["by"])
            self._trail.note(pending["act"], subject, detail=pending["detail"], by=by)
            self._remember(int(pending["edition"]), "")
        return person

    def _remembered(self) -> tuple[int | None, Any]:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT edition, pending FROM key_ring").fetchone()
        if row is None:
            return None, None
        return int(row["edition"]), json.loads(row["pending"]) if row["pending"] else None

    def _remember(self, edition: int, pending: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO key_ring VALUES (1, ?, ?)"
                " ON CONFLICT (only) DO UPDATE SET edition = excluded.edition, pending = excluded.pending",
                (edition, pending),
            )


def _plain(meant: Meant) -> dict[str, Any]:
    return {
        "act": meant.act,
        "by": None if meant.by is None else asdict(meant.by),
        "detail": dict(meant.detail),
        "subject": meant.subject,
        "entered": None if meant.entered is None else meant.entered.plain(),
        "changed": None if meant.changed is None else asdict(meant.changed),
    }
