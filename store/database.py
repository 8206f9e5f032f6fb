"""The one database file of a profile: opened safely, migrated forward, every change a durable transaction.

All patient data lives in this one file and, after a migration, in the copy of it that was made before
(``<name>-schema-<version>``) until somebody deletes that; a damaged file is kept beside it too. All of them
are encrypted under the store's key.
"""

import hmac
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from core.errors import (
    DiskFullError,
    NewerStoreError,
    ProfileNotWritableError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
)
from store.durable import not_kept, settle_folder
from store.schema import MIGRATIONS, SCHEMA_VERSION
from store.sqlcipher import connect, dbapi, opens, turn
from store.subkeys import BACKUP_SEAL, subkey

_CHECK_UP_TO_BYTES = 64 * 1024 * 1024
_REBUILD_IN_MEMORY_UP_TO_BYTES = 64 * 1024 * 1024
_PAGES_A_STEP = 1024
_SPARE_BYTES = 4 << 20
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_IOERR, _SQLITE_FULL = 5, 6, 10, 13


class Database:
    """One connection, shared by the threads of one process and serialised by a lock."""

    def __init__(self, file: Path, key: bytes, *, new: bool = False) -> None:
        """Open the file, or make it where it is to be ``new``.

        Raises:
            ProfileNotWritableError: the file cannot be made or opened.
            DiskFullError: there is no room for it.
            StoreError: another program holds the file.
            StoreMissingError: there is no such file, and it was not to be made.
            StoreDamagedError: it is damaged, or not of this key; it is left where it is.
            NewerStoreError: a newer Farlight wrote it.
        """
        if not new and not file.exists():
            raise StoreMissingError(file.name)
        self._file, self._key = file, key
        self._lock = threading.RLock()
        self._after: list[Callable[[], None]] = []
        self._connection = self._open()
        self._opened = _identity(file)

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self._file

    @contextmanager
    def transaction(self) -> Iterator[dbapi.Connection]:
        """Give the connection inside one transaction: all of it is on the disk at the end, or none.

        A transaction inside another one is part of that one: both are kept, or neither.

        Raises:
            StoreDamagedError: the file turned out to be damaged.
            StoreMissingError: it is not where it was opened any more; what is written to it would be lost.
            DiskFullError: there was no room to keep it.
            StoreError: it could not be kept (file locked by another program).
        """
        with self._lock:
            if self._in_transaction():
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._require_in_place()
                    self._connection.commit()
                except BaseException:
                    self._after.clear()
                    self._connection.rollback()
                    raise
            except dbapi.IntegrityError:
                raise
            except (dbapi.OperationalError, dbapi.ProgrammingError) as error:
                if _is_full(error):
                    raise DiskFullError(type(error).__name__) from error
                raise StoreError(type(error).__name__) from error  # the latter: the profile is closed
            except dbapi.DatabaseError as error:
                raise StoreDamagedError(self._file.name) from error
            done, self._after = self._after, []
        for act in done:
            act()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads out of the records, over several transactions."""
        with self._lock:
            yield

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have something done once the present transaction is on the disk; never where it is not."""
        self._after.append(act)

    def subkey(self, purpose: bytes) -> bytes:
        """Return a key for one purpose, made of the store's own, which stays here."""
        return subkey(self._key, purpose)

    def backup_seals(self) -> tuple[bytes, ...]:
        """Return all that may have sealed a backup of these records, whatever the clock said then."""
        with self.transaction() as connection:
            rows = connection.execute("SELECT seal FROM former_seals ORDER BY until DESC").fetchall()
        return (self.subkey(BACKUP_SEAL), *(bytes(row["seal"]) for row in rows))

    def is_under(self, key: bytes) -> bool:
        """Whether the records are under this key."""
        return hmac.compare_digest(key, self._key)

    def turn_to(self, key: bytes) -> None:
        """Put the records under another key; whatever happens meanwhile, they are under one or the other.

        Raises:
            DiskFullError: there was no room to write them once more; they are under the key they were under.
            StoreError: it could not be kept; likewise.
        """
        with self._lock:
            self._require_in_place()
            size = self._file.stat().st_size
            if shutil.disk_usage(self._file.parent).free < size + size // 20 + _SPARE_BYTES:
                raise DiskFullError("turn")  # all pages go through the log once
            failed: dbapi.Error | None = None
            try:
                turn(self._connection, key)
            except dbapi.Error as error:
                failed = error
            if failed is not None or not _is_turned(self._file, key):
                self._connection.close()
                self._connection = self._open()
                if failed is not None and _is_full(failed):
                    raise DiskFullError(type(failed).__name__) from failed
                raise StoreError("the key was not turned") from failed
            self._key = key
            with suppress(dbapi.Error):  # what is still in the log is under the new key
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def snapshot(
        self, copy: Path, at_start: Callable[[], None], tell: Callable[[int, int], None]
    ) -> "Moment":
        """Copy the records as they are now into another file under the same key, while work goes on.

        ``at_start`` is called at the moment that the copy shows, before anything else is kept. ``tell`` is
        told pages done and to do; what it raises ends the copy, of which nothing is left then.

        Raises:
            StoreDamagedError: the records are damaged; there is no copy.
            OSError, dbapi.OperationalError: it could not be written.
        """
        with self._lock:
            key = self._key
            reader = connect(self._file, key)
        try:
            with self._lock:
                if not self.is_under(key):
                    raise StoreError("the key was turned meanwhile")
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment
                at_start()
            copy_whole(reader, copy, key, tell)
            return Moment(copy, key)
        except dbapi.OperationalError:
            raise
        except dbapi.DatabaseError as error:
            raise StoreDamagedError(self._file.name) from error
        finally:
            reader.close()

    def wipe(self) -> None:
        """Write the file anew without what was deleted, and empty the log.

        Raises:
            StoreError: no room for it, or another program holds the file; all that is kept is as it was.
        """
        with self._lock:
            try:
                self._rebuild()
                busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except (dbapi.Error, OSError) as error:
                raise StoreError(type(error).__name__) from error
        if busy:
            raise StoreError("the log is held by another program")

    def _rebuild(self) -> None:
        """Write the file anew, where it is large by way of a file, which is encrypted as the store is."""
        if self._file.stat().st_size > _REBUILD_IN_MEMORY_UP_TO_BYTES:
            self._connection.execute("PRAGMA temp_store = FILE")
        try:
            self._connection.execute("VACUUM")
        finally:
            self._connection.execute("PRAGMA temp_store = MEMORY")  # what a query sorts is not encrypted

    def close(self) -> None:
        """Close the connection; what was kept stays kept."""
        with self._lock:
            self._connection.close()

    def _require_in_place(self) -> None:
        if _identity(self._file) != self._opened:
            raise StoreMissingError(self._file.name)

    def _in_transaction(self) -> bool:
        try:
            return self._connection.in_transaction
        except dbapi.ProgrammingError:
            return False  # closed: the statement that follows says so

    def _open(self) -> dbapi.Connection:
        try:
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            settle_folder(self._file.parent)
        except OSError as error:
            raise not_opened(error) from error
        connection = connect(self._file, self._key)
        try:
            _prepare(connection, self._file, self._key)
        except (OSError, dbapi.OperationalError) as error:
            connection.close()
            raise not_opened(error) from error
        except dbapi.DatabaseError as error:
            connection.close()
            raise StoreDamagedError(self._file.name) from error
        except NewerStoreError:
            connection.close()
            raise
        return connection


class Moment:
    """A copy of the records, and the key that they were under when it was made."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._file, self._key = file, key

    def subkey(self, purpose: bytes) -> bytes:
        """Return a key for one purpose."""
        return subkey(self._key, purpose)

    def check(self) -> None:
        """Check the copy, as ``check_whole`` does."""
        check_whole(self._file, self._key)


def set_aside(file: Path) -> Path:
    """Move a damaged database with its log beside itself, named with the time; returns where it lies."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = file.with_name(f"{file.stem}-damaged-{stamp}{file.suffix}")
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if part.exists():
            shutil.move(part, copy.with_name(copy.name + suffix))
    return copy


def harden(connection: dbapi.Connection) -> None:
    """Have every commit on the disk before it is told as done, and what is deleted overwritten."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


def _prepare(connection: dbapi.Connection, file: Path, key: bytes) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise NewerStoreError(f"schema {version}, known {SCHEMA_VERSION}")
    if file.stat().st_size <= _CHECK_UP_TO_BYTES:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise dbapi.DatabaseError("quick_check failed")
    harden(connection)
    if 0 < version < SCHEMA_VERSION:
        _copy_before_migration(connection, file, version, key)
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )


def _copy_before_migration(connection: dbapi.Connection, file: Path, version: int, key: bytes) -> None:
    """Copy the database beside itself, whole and on the disk, before anything in it is changed."""
    copy_whole(connection, file.with_name(f"{file.stem}-schema-{version}{file.suffix}"), key)


def copy_whole(
    connection: dbapi.Connection, copy: Path, key: bytes, tell: Callable[[int, int], None] = lambda *_: None
) -> None:
    """Copy an open database into another file under the same key; it is there whole, or not at all.

    Raises:
        OSError, dbapi.OperationalError: it could not be written; nothing of it is left.
    """
    partial = copy.with_name(copy.name + ".new")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        target = connect(partial, key)
        try:
            target.execute("PRAGMA synchronous = FULL")
            connection.backup(
                target, pages=_PAGES_A_STEP, progress=lambda _, left, total: tell(total - left, total)
            )
            target.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it
        finally:
            target.close()
        partial.replace(copy)
        settle_folder(copy.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)  # it holds patients
        raise


def check_whole(file: Path, key: bytes) -> None:
    """Read every page of a database that nobody has open, and its structure.

    Raises:
        StoreDamagedError: a page is not what was written, or the structure does not hold.
    """
    try:
        connection = connect(file, key)
        try:
            bad = connection.execute("PRAGMA cipher_integrity_check").fetchall()
            if bad or connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise StoreDamagedError(file.name)
        finally:
            connection.close()
    except dbapi.DatabaseError as error:
        raise StoreDamagedError(file.name) from error


def not_opened(error: OSError | dbapi.OperationalError) -> StoreError:
    """Return the error that says what stands in the way: room, another program, the disk, or permission."""
    detail = type(error).__name__
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError):
        return not_kept(error)
    if _is_full(error):
        return DiskFullError(detail)
    if code is not None and code & 0xFF in (_SQLITE_BUSY, _SQLITE_LOCKED):
        return StoreError(f"{detail}: held by another program")
    if code is not None and code & 0xFF == _SQLITE_IOERR:
        return StoreError(f"{detail}: the disk does not keep it")
    return ProfileNotWritableError(detail)


def _is_turned(file: Path, key: bytes) -> bool:
    """Whether a file that was turned opens; where another program holds it, what was told is believed."""
    try:
        return opens(file, key)
    except dbapi.OperationalError:
        return True


def _identity(file: Path) -> tuple[int, int] | None:
    """Return which file lies at a place; None where none does."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _is_full(error: dbapi.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL
