"""Other states of the store that a backup is of: what they hold that the backup lacks. Nothing is written."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.clock import Clock
from core.errors import RequestError, StoreError
from core.wording import say
from services.locked_records import ReportNumber
from services.restored_people import LaterState, read_later
from store.keyring import KeyRing
from store.later_deletions import LaterDeletions, later_deletions
from store.secret_words import Cost
from store.sqlcipher import connect, dbapi, opens
from store.swap import DATABASE

Present = Literal["none", "same", "other", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherStates:
    """The records in a profile's folder, and in another beside it, next to a ``backup`` that lies ready.

    ``key`` is the backup's, ``opening`` the holder and the secret that opened it: they may open the others.
    """

    backup: Path
    store_id: str
    key: bytes = field(repr=False)
    opening: tuple[str, str] = field(repr=False)
    present: Path
    beside: Path | None
    clock: Clock
    cost: Cost

    def compare(self) -> tuple[Present, tuple[ReportNumber, ...]]:
        """Return what the present records are, and which of their signed reports the backup lacks."""
        file = self.present / DATABASE
        if not file.exists():
            return "none", ()
        if not self._is_same_store():
            return "other", ()
        try:
            present, backed_up = (
                _signed(file, self._key_of(self.present)),
                _signed(self.backup / DATABASE, self.key),
            )
        except (dbapi.DatabaseError, OSError):
            return "unreadable", ()
        lacking = sorted(present - backed_up, key=lambda one: (one[1], one[0]))
        return "same", tuple(ReportNumber(number=number, signed_at=at) for number, at in lacking)

    def deletions(self, present: Present) -> tuple[LaterDeletions, ...]:
        """Return what was deleted after the backup, of each store that can tell; nothing where none can.

        Raises:
            RequestError: the profile beside is none of this clinic, or cannot be read.
        """
        found = []
        if present in ("same", "unreadable"):
            with suppress(dbapi.DatabaseError, OSError):
                found.append(self._deletions_in(self.present))
        if self.beside is not None:
            try:
                found.append(self._deletions_in(self.beside))
            except (dbapi.DatabaseError, OSError) as error:
                raise RequestError(say("backup.restore.beside")) from error
        return tuple(found)

    def people(self, present: Present) -> tuple[KeyRing | None, list[LaterState]]:
        """Return the first keys that open, and who is who, of each state of this store that can tell."""
        ring: KeyRing | None = None
        states = []
        for folder in self._of_this_store(present):
            ring = ring or self._ring_of(folder)
            with suppress(dbapi.DatabaseError, OSError):
                states.append(read_later(folder / DATABASE, self._key_of(folder)))
        return ring, states

    def _of_this_store(self, present: Present) -> Iterator[Path]:
        if present in ("same", "unreadable"):
            yield self.present
        if self.beside:
            yield self.beside

    def _deletions_in(self, folder: Path) -> LaterDeletions:
        now = self._key_of(folder)
        return later_deletions(folder / DATABASE, now, self.backup / DATABASE, self.key)

    def _is_same_store(self) -> bool:
        """Whether the present records are of this store; where their keys are lost, their pages tell."""
        try:
            return KeyRing(self.present / "keys.json", self.clock).store_id == self.store_id
        except StoreError:
            return True

    def _ring_of(self, folder: Path) -> KeyRing | None:
        """Return the keys of another state of this store, where the secret opens them."""
        with suppress(StoreError):
            ring = KeyRing(folder / "keys.json", self.clock, self.cost)
            if ring.store_id == self.store_id and ring.try_unlock(*self.opening):
                return ring
        return None

    def _key_of(self, folder: Path) -> bytes:
        """Return the key of another state of this store: the backup's, or one that the secret opens there."""
        file, ring = folder / DATABASE, self._ring_of(folder)
        keys = (self.key, *(ring.keys() if ring else ()))
        return next((one for one in keys if file.exists() and opens(file, one)), self.key)


def _signed(file: Path, key: bytes) -> set[tuple[int, str]]:
    connection = connect(file, key)
    try:
        rows = connection.execute("SELECT report_id, signed_at FROM signed_reports").fetchall()
        return {(int(row["report_id"]), str(row["signed_at"])) for row in rows}
    finally:
        connection.close()
