"""Copies of images, each file encrypted under a key of its own, beside the database.

The key is made of a random secret that stands in the database alone and is used for no other file: where
that row is deleted, no key opens the file any more. The store's own key has no part in it: who knew an
earlier one opens no copy that was made after it was turned.

Names in the folder are random. Each is written down before its file is made, and before its file goes: what
a crash left is known by that and goes at the next start. A file that nothing names is left where it is: the
row that tells how to read it may be lost, or lie in another state of the database.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from core.clock import Clock
from core.errors import (
    Cancelled,
    KeptImageDamagedError,
    NoRoomForImagesError,
    ProfileNotWritableError,
    StoreError,
)
from store.database import Database
from store.durable import settle_folder
from store.image_writing import Source, UnitWriting, Written
from store.sealed_file import CHUNK_BYTES, MAGIC, SealedFile, own_errors, seal
from store.shred import shred
from store.sqlcipher import dbapi

ROOM_LEFT_BYTES = 256 << 20
"""What copies leave free, so that a reading can be signed on a full disk."""

_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_SECRET_BYTES = 32
_NAMES_AHEAD = 32
_PATIENCE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptUnit:
    """A reading unit of which a copy was begun; ``payload`` is JSON that services understands.

    ``byte_count`` counts a file that several units share in each of them.
    """

    unit_id: int
    unit_key: str
    payload: str
    whole: bool
    kept_at: str
    files: int
    byte_count: int


def nobody_listens(_done: int, _total: int) -> None:
    """Take a report of progress and do nothing."""


def never() -> bool:
    """Return False: nobody cancels."""
    return False


class ImageVault:
    """The copies of images of one profile."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self._database, self._clock, self._folder = database, clock, folder
        self._one_at_a_time = threading.Lock()
        self._announced: list[str] = []
        self._under_way: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """Where the copies lie."""
        return self._folder

    # --- copying

    def keep(
        self,
        unit_key: str,
        payload: str,
        sources: tuple[Source, ...],
        *,
        progress: Callable[[int, int], None] = nobody_listens,
        cancelled: Callable[[], bool] = never,
    ) -> int:
        """Copy the files of a unit; returns its number. What an earlier try left is gone on with.

        A file whose content is kept already (also for another unit) is not written again.

        Raises:
            Cancelled: somebody stopped it; nothing of this unit is left.
            NoRoomForImagesError: it would fill the disk; nothing was begun, or what was copied stays.
            ProfileNotWritableError: the profile cannot be written.
            FarlightError: a source cannot be read; what was copied stays and is gone on with.
        """
        while not self._one_at_a_time.acquire(timeout=_PATIENCE_S):
            if cancelled():
                raise Cancelled
        try:
            return self._keep(unit_key, payload, sources, progress, cancelled)
        finally:
            self._announced, self._under_way = [], frozenset()
            with suppress(StoreError):  # the next start tries again
                self.sweep()
            self._one_at_a_time.release()

    def _keep(
        self,
        unit_key: str,
        payload: str,
        sources: tuple[Source, ...],
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> int:
        total = sum(source.byte_count for source in sources)
        unit_id, there = self._begin(unit_key, payload)
        missing = [(n, source) for n, source in enumerate(sources) if n not in there]
        self._require_room(sum(source.byte_count for _, source in missing))
        done = total - sum(source.byte_count for _, source in missing)
        writing = UnitWriting(self, unit_id, lambda more: progress(done + more, total), cancelled)
        try:
            for position, source in missing:
                writing.add(position, source)
            writing.settle()
        except Cancelled:
            writing.drop()
            self.remove((unit_key,))
            raise
        except BaseException:
            writing.settle_quietly()
            raise
        with self._database.transaction() as connection:
            connection.execute("UPDATE image_units SET whole = 1 WHERE unit_id = ?", (unit_id,))
        return unit_id

    def _begin(self, unit_key: str, payload: str) -> tuple[int, frozenset[int]]:
        """Return the unit's number and the positions whose files are kept already."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ProfileNotWritableError(type(error).__name__) from error
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO image_units (unit_key, payload, kept_at) VALUES (?, ?, ?)"
                " ON CONFLICT (unit_key) DO NOTHING",
                (unit_key, payload, self._clock.now().isoformat()),
            )
            row = connection.execute(
                "SELECT unit_id FROM image_units WHERE unit_key = ?", (unit_key,)
            ).fetchone()
            unit_id = int(row["unit_id"])
            rows = connection.execute(
                "SELECT position FROM image_copies WHERE unit_id = ?", (unit_id,)
            ).fetchall()
        return unit_id, frozenset(int(row["position"]) for row in rows)

    def _require_room(self, byte_count: int) -> None:
        if byte_count and shutil.disk_usage(self._folder).free < byte_count + ROOM_LEFT_BYTES:
            raise NoRoomForImagesError("disk", needed_bytes=byte_count)

    def find_content(self, sha256: str) -> int | None:
        """Return the number of the kept file with this content, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT file_id FROM image_files WHERE sha256 = ?", (sha256,)).fetchone()
        return int(row["file_id"]) if row else None

    def has_size(self, byte_count: int) -> bool:
        """Whether a kept file has this size (then it may be the same)."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT 1 FROM image_files WHERE byte_count = ? LIMIT 1", (byte_count,)
            ).fetchone()
        return row is not None

    def write(
        self, stream: BinaryIO, tell: Callable[[int], None], cancelled: Callable[[], bool]
    ) -> tuple[str, bytes, int, str]:
        """Encrypt a stream into a new file; returns its name, secret, plain size and SHA-256.

        Raises:
            NoRoomForImagesError, ProfileNotWritableError: it could not be written; nothing of it is left.
            OSError: the stream cannot be read.
            Cancelled: somebody stopped it.
        """
        name, secret = self._next_name(), secrets.token_bytes(_SECRET_BYTES)
        place = self._folder / name
        try:
            with own_errors():
                descriptor = os.open(place, _NEW_FILE, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as target:
                with own_errors():
                    target.write(MAGIC)
                byte_count, sha256 = seal(stream, target, _file_key(secret), tell, cancelled)
                with own_errors():
                    os.fsync(target.fileno())
        except BaseException:
            with suppress(OSError):
                place.unlink(missing_ok=True)
            raise
        return name, secret, byte_count, sha256

    def _next_name(self) -> str:
        """Return a name that is written down as one of a file that no row names yet."""
        if not self._announced:
            names = [secrets.token_hex(16) for _ in range(_NAMES_AHEAD)]
            self._under_way |= frozenset(names)  # first: a sweep may go on beside this
            with self._database.transaction() as connection:
                _add_strays(connection, names)
            self._announced = names
        return self._announced.pop()

    def record(
        self, unit_id: int, written: Iterable[Written], linked: Iterable[tuple[int, str, int]]
    ) -> None:
        """Keep rows of files that are on the disk, and of those that were there already.

        Raises:
            Cancelled: the unit was deleted meanwhile.
        """
        with own_errors():
            settle_folder(self._folder)
        at = self._clock.now().isoformat()
        with self._database.transaction() as connection:
            known = connection.execute("SELECT 1 FROM image_units WHERE unit_id = ?", (unit_id,)).fetchone()
            if known is None:
                raise Cancelled
            for one in written:
                cursor = connection.execute(
                    "INSERT INTO image_files (name, secret, byte_count, sha256, kept_at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (one.name, one.secret, one.byte_count, one.sha256, at),
                )
                _link(connection, unit_id, one.position, one.relative, int(cursor.lastrowid or 0))
                connection.execute("DELETE FROM image_strays WHERE name = ?", (one.name,))
            for position, relative, file_id in linked:
                _link(connection, unit_id, position, relative, file_id)

    # --- reading

    def find(self, unit_key: str) -> KeptUnit | None:
        """Return the copy of a unit, also one that is not whole, or None."""
        return next(iter(self._units("WHERE unit_key = ?", (unit_key,))), None)

    def all(self) -> tuple[KeptUnit, ...]:
        """Return every unit of which there is a copy, the latest first."""
        return self._units("", ())

    def relatives(self, unit_id: int) -> tuple[str, ...]:
        """Return the names of a unit's files inside it, in reading order."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT relative FROM image_copies WHERE unit_id = ? ORDER BY position", (unit_id,)
            ).fetchall()
        return tuple(str(row["relative"]) for row in rows)

    def size_of(self, unit_id: int, relative: str) -> int | None:
        """Return the size of a kept file before it was encrypted, or None where there is none."""
        row = self._row(unit_id, relative)
        return None if row is None else int(row["byte_count"])

    def open(self, unit_id: int, relative: str) -> BinaryIO | None:
        """Open a kept file for reading, seekable; it is decrypted in memory, a chunk at a time.

        None where the unit has no such file.

        Raises:
            KeptImageDamagedError: its copy is gone or not what was written (also at a later read).
        """
        row = self._row(unit_id, relative)
        if row is None:
            return None
        try:
            stream = (self._folder / row["name"]).open("rb", buffering=0)
        except OSError as error:
            raise KeptImageDamagedError(type(error).__name__) from error
        try:
            raw = SealedFile(stream, _file_key(row["secret"]), int(row["byte_count"]))
        except BaseException:
            stream.close()
            raise
        return cast("BinaryIO", io.BufferedReader(raw, 1 << 16))

    def check(self, unit_id: int) -> bool:
        """Whether every file of a unit is there and is what was written (all of it is read)."""
        try:
            for relative in self.relatives(unit_id):
                with cast("BinaryIO", self.open(unit_id, relative)) as stream:
                    while stream.read(CHUNK_BYTES):
                        pass
        except (KeptImageDamagedError, OSError):
            return False
        return True

    # --- removing

    def remove(self, unit_keys: Iterable[str]) -> int:
        """Remove the copies of units; returns how many files went. What another unit shares stays.

        The rows with the files' secrets go with the transaction around this; the files are overwritten once
        that is on the disk.
        """
        with self._database.transaction() as connection:
            for key in unit_keys:
                connection.execute(
                    "DELETE FROM image_copies WHERE unit_id IN"
                    " (SELECT unit_id FROM image_units WHERE unit_key = ?)",
                    (key,),
                )
                connection.execute("DELETE FROM image_units WHERE unit_key = ?", (key,))
            names = [
                str(row["name"])
                for row in connection.execute(
                    "SELECT name FROM image_files WHERE file_id NOT IN (SELECT file_id FROM image_copies)"
                ).fetchall()
            ]
            connection.execute(
                "DELETE FROM image_files WHERE file_id NOT IN (SELECT file_id FROM image_copies)"
            )
            _add_strays(connection, names)
            self._database.after_commit(lambda: self._shred(names))
        return len(names)

    def sweep(self) -> int:
        """Remove what a crash left of files that were being written or removed; returns how many.

        Only names that this store wrote down go: a new or an older store has nothing swept.
        """
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM image_strays WHERE name IN (SELECT name FROM image_files)")
            names = {str(row["name"]) for row in connection.execute("SELECT name FROM image_strays")}
        names -= self._under_way
        there = {name for name in names if os.path.lexists(self._folder / name)}
        self._forget(names - there)
        self._shred(there)
        return len(there)

    def _shred(self, names: Iterable[str]) -> None:
        """Remove files and forget their names; one that is not here may lie where the records are put yet."""
        gone = []
        for name in names:
            with suppress(OSError):
                there = os.path.lexists(self._folder / name)
                shred(self._folder / name)
                gone.extend([name] * there)
        if gone:
            with suppress(OSError, StoreError):  # the next start tries again
                settle_folder(self._folder)
                self._forget(gone)

    def _forget(self, names: Iterable[str]) -> None:
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM image_strays WHERE name = ?", [(name,) for name in names])

    def _units(self, where: str, values: tuple[object, ...]) -> tuple[KeptUnit, ...]:
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT image_units.*, count(file_id) AS files, ifnull(sum(byte_count), 0) AS byte_count"  # noqa: S608 - our words
                " FROM image_units LEFT JOIN image_copies USING (unit_id)"
                " LEFT JOIN image_files USING (file_id)"
                f" {where} GROUP BY unit_id ORDER BY image_units.kept_at DESC, unit_id DESC",
                values,
            ).fetchall()
        return tuple(_unit(row) for row in rows)

    def _row(self, unit_id: int, relative: str) -> dbapi.Row | None:
        with self._database.transaction() as connection:
            row: dbapi.Row | None = connection.execute(
                "SELECT name, secret, byte_count FROM image_copies JOIN image_files USING (file_id)"
                " WHERE unit_id = ? AND relative = ?",
                (unit_id, relative),
            ).fetchone()
        return row


def _file_key(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=MAGIC).derive(secret)


def _add_strays(connection: dbapi.Connection, names: Iterable[str]) -> None:
    connection.executemany("INSERT OR IGNORE INTO image_strays VALUES (?)", [(name,) for name in names])


def forget_strays(connection: dbapi.Connection) -> None:
    """Forget which files are to be swept up: in records of another day, they may be what is worth keeping."""
    connection.execute("DELETE FROM image_strays")


def _link(connection: dbapi.Connection, unit_id: int, position: int, relative: str, file_id: int) -> None:
    connection.execute(
        "INSERT INTO image_copies (unit_id, position, relative, file_id) VALUES (?, ?, ?, ?)",
        (unit_id, position, relative, file_id),
    )


def _unit(row: dbapi.Row) -> KeptUnit:
    return KeptUnit(
        unit_id=row["unit_id"],
        unit_key=row["unit_key"],
        payload=row["payload"],
        whole=bool(row["whole"]),
        kept_at=row["kept_at"],
        files=row["files"],
        byte_count=row["byte_count"],
    )
