"""Who may open what a restore brings back: under a new key, and without those who left after its day."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path

from core.clock import Clock
from core.wording import say
from services.key_changes import KeyChanges
from services.session import Session
from services.trail import Trail
from store.audit import AuditStore
from store.database import Database
from store.key_turn import former_seals, remember_seals
from store.keyring import KeyRing
from store.people import PeopleStore, PersonRow
from store.sqlcipher import connect
from store.subkeys import BACKUP_SEAL, subkey


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsIn:
    """Somebody who can log in after a restore; ``since`` is when their password was made ("": entered)."""

    name: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSince:
    """What became of the people after the day of a backup, as far as anything here can tell.

    ``known`` is whether a later key file of this store was opened: then who left goes again, and passwords
    and sheet stay the later ones. ``left_again`` names who goes again; ``left_stay`` who has left as well and
    stays, since nobody else would administer. ``log_in`` are those who can log in after the restore.
    """

    known: bool = False
    left_again: tuple[str, ...] = ()
    left_stay: tuple[str, ...] = ()
    log_in: tuple[LogsIn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterState:
    """A later state of the store: who left (number and name, and when), and what sealed its backups."""

    left: dict[tuple[int, str], str]
    seals: tuple[bytes, ...] = field(repr=False)


def read_later(file: Path, key: bytes) -> LaterState:
    """Read the people of a later state.

    Raises:
        OSError, dbapi.DatabaseError: it cannot be read.
    """
    if not file.is_file():
        raise FileNotFoundError(file.name)
    with closing(connect(file, key)) as connection:
        rows = connection.execute("SELECT person_id, name, left_at FROM people WHERE left_at <> ''")
        left = {(int(row["person_id"]), str(row["name"])): str(row["left_at"]) for row in rows}
        return LaterState(left=left, seals=(subkey(key, BACKUP_SEAL), *former_seals(connection)))


class RestoredPeople:
    """The people and keys of records that lie ready to be put in place, and nobody works with yet."""

    def __init__(self, database: Database, ring: KeyRing, *, clock: Clock, by: PersonRow | None) -> None:
        """``by`` is who restores (None: the sheet did)."""
        anchor = database.file.with_name("anchor.json")
        self._database, self._ring, self._clock, self._by = database, ring, clock, by
        self._people = PeopleStore(database, clock)
        self._audit = AuditStore(database, clock, anchor)
        trail = Trail(self._audit, Session(by), clock)
        self._changes = KeyChanges(database, ring, self._people, trail, anchor=anchor, clock=clock)

    def plan(self, later: Iterable[LaterState], ring: KeyRing | None) -> PeopleSince:
        """Return what ``carry_out`` will do; ``ring`` is a later key file that was opened."""
        gone, stay = self._leavers(later, ring)
        numbers = {person.person_id for person, _ in gone}
        holders = {one.holder_id: one for one in (*self._ring.holders(), *(ring.holders() if ring else ()))}
        return PeopleSince(
            known=ring is not None,
            left_again=tuple(person.name for person, _ in gone),
            left_stay=tuple(person.name for person in stay),
            log_in=tuple(
                LogsIn(name=person.name, since=holders[person.holder_id].changed_at)
                for person in self._people.all()
                if person.holder_id in holders and person.person_id not in numbers
            ),
        )

    def carry_out(self, later: Iterable[LaterState], ring: KeyRing | None) -> None:
        """Take off again who left, with a line for each, and put all that lies ready under a new key.

        Raises:
            StoreError: it could not be done; what lies ready is not to be used.
        """
        states = tuple(later)
        self._changes.settle()
        self._changes.ready()
        gone, _ = self._leavers(states, ring)
        with self._database.transaction() as connection:
            for person, at in gone:
                self._people.change(replace(person, holder_id="", left_at=at))
                self._audit.write(
                    "person_left",
                    subject=f"person:{person.person_id}",
                    person_id=self._by.person_id if self._by else None,
                    person=self._by.name if self._by else "",
                    detail={"first_left": at},
                )
            remember_seals(connection, (seal for one in states for seal in one.seals), self._clock.now())
        self._changes.renew(self._ring.renewed({person.holder_id for person, _ in gone} - {""}, ring))

    def _leavers(
        self, later: Iterable[LaterState], ring: KeyRing | None
    ) -> tuple[list[tuple[PersonRow, str]], list[PersonRow]]:
        """Return who goes again and when they left, and who should go and cannot.

        Where the later records are damaged, who has no place in their key file any more has left.
        """
        states, everybody = tuple(later), self._people.all()
        left = {who: at for one in states for who, at in one.left.items()}
        if not states and ring is not None and ring.edition > self._ring.edition:
            holders = {one.holder_id for one in ring.holders()} | {""}
            now = self._clock.now().astimezone(UTC).isoformat()
            left = {(one.person_id, one.name): now for one in everybody if one.holder_id not in holders}
        gone = [one for one in everybody if (one.person_id, one.name) in left]
        staying = [one for one in everybody if one not in gone and one.holder_id]
        stay: list[PersonRow] = []
        if not any(one.duty == "administrator" for one in staying):
            stay = [one for one in gone if one.duty == "administrator" and one.holder_id]
        return [(one, left[one.person_id, one.name]) for one in gone if one not in stay], stay


def people_lines(people: PeopleSince, day: str) -> list[str]:
    """Return in sentences who can log in after a restore, where somebody has to look at that."""
    lines = []
    if people.left_again:
        lines.append(say("backup.people.left_again", names=", ".join(people.left_again)))
    if people.left_stay:
        lines.append(say("backup.people.left_stay", names=", ".join(people.left_stay)))
    if not people.known:
        first = say("backup.people.first_password")
        names = ", ".join(f"{one.name} ({one.since[:10] or first})" for one in people.log_in)
        lines.append(say("backup.people.unknown", made_at=day, names=names))
    return lines
