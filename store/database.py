"""The one database file of a profile: opened safely, migrated forward, every change a durable transaction.

All patient data lives in this one file and, after a migration, in the copy of it that was made before
(``<name>-schema-<version>``) until somebody deletes that; a damaged file is kept beside it too. Both are
opened by ``_connect``, so that encrypting them later is a change of that alone.
"""

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from core.errors import NewerStoreError, ProfileNotWritableError, StoreDamagedError, StoreError

_CHECK_UP_TO_BYTES = 64 * 1024 * 1024
_BUSY_TIMEOUT_S = 5.0

# One script a version; never change one that was released, add the next.
MIGRATIONS = (
    """
    CREATE TABLE drafts (
        key TEXT PRIMARY KEY,
        payload TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
    CREATE TABLE place (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        payload TEXT NOT NULL
    );
    CREATE TABLE people (
        person_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        registration_number TEXT NOT NULL,
        salt BLOB NOT NULL,
        pin_hash BLOB NOT NULL,
        wrong_guesses INTEGER NOT NULL DEFAULT 0,
        guessed_at REAL NOT NULL DEFAULT 0,
        signed_at TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE signed_reports (
        report_id INTEGER PRIMARY KEY,
        unit_key TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES people,
        signed_at TEXT NOT NULL,
        patient TEXT NOT NULL,
        pixels_sha256 TEXT,
        record TEXT NOT NULL,
        result TEXT NOT NULL,
        pdf BLOB NOT NULL
    );
    CREATE INDEX signed_pixels ON signed_reports (pixels_sha256);
    CREATE TABLE addenda (
        addendum_id INTEGER PRIMARY KEY,
        report_id INTEGER NOT NULL REFERENCES signed_reports,
        signed_at TEXT NOT NULL,
        payload TEXT NOT NULL
    );
    CREATE TRIGGER signed_reports_stay BEFORE UPDATE ON signed_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report does not change'); END;
    CREATE TRIGGER signed_reports_remain BEFORE DELETE ON signed_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
    CREATE TRIGGER addenda_stay BEFORE UPDATE ON addenda
        BEGIN SELECT RAISE(ABORT, 'an addendum does not change'); END;
    CREATE TRIGGER addenda_remain BEFORE DELETE ON addenda
        BEGIN SELECT RAISE(ABORT, 'an addendum is not deleted'); END;
    """,
    """
    CREATE TABLE frozen_reports (
        report_id INTEGER PRIMARY KEY REFERENCES signed_reports,
        content BLOB NOT NULL
    );
    CREATE TABLE papers (
        paper_id INTEGER PRIMARY KEY,
        report_id INTEGER NOT NULL REFERENCES signed_reports,
        number INTEGER NOT NULL,
        copy_number INTEGER NOT NULL,
        issued_at TEXT NOT NULL,
        how TEXT NOT NULL,
        paper TEXT NOT NULL,
        UNIQUE (report_id, number)
    );
    CREATE TABLE papers_not_made (
        paper_id INTEGER PRIMARY KEY REFERENCES papers,
        not_made_at TEXT NOT NULL
    );
    CREATE TRIGGER frozen_reports_stay BEFORE UPDATE ON frozen_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report does not change'); END;
    CREATE TRIGGER frozen_reports_remain BEFORE DELETE ON frozen_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
    CREATE TRIGGER papers_stay BEFORE UPDATE ON papers
        BEGIN SELECT RAISE(ABORT, 'an issued paper does not change'); END;
    CREATE TRIGGER papers_remain BEFORE DELETE ON papers
        BEGIN SELECT RAISE(ABORT, 'an issued paper is not deleted'); END;
    CREATE TRIGGER papers_not_made_stay BEFORE UPDATE ON papers_not_made
        BEGIN SELECT RAISE(ABORT, 'a record of papers does not change'); END;
    CREATE TRIGGER papers_not_made_remain BEFORE DELETE ON papers_not_made
        BEGIN SELECT RAISE(ABORT, 'a record of papers is not deleted'); END;
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)


class Database:
    """One connection, shared by the threads of one process and serialised by a lock."""

    def __init__(self, file: Path) -> None:
        """Open or make the file.

        Raises:
            ProfileNotWritableError: the file cannot be made or opened.
            StoreError: the disk is full, or another program holds the file.
            StoreDamagedError: it is damaged; it was moved aside, and the detail names the copy.
            NewerStoreError: a newer Farlight wrote it.
        """
        self._file = file
        self._lock = threading.RLock()
        self._connection = self._open()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: all of it is on the disk at the end, or none.

        Raises:
            StoreDamagedError: the file turned out to be damaged.
            StoreError: it could not be kept (disk full, file locked by another program).
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.rollback()
                    raise
                self._connection.commit()
            except sqlite3.IntegrityError:
                raise
            except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
                raise StoreError(type(error).__name__) from error  # the latter: the profile is closed
            except sqlite3.DatabaseError as error:
                raise StoreDamagedError(self._file.name) from error

    def close(self) -> None:
        """Close the connection; what was kept stays kept."""
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise _not_opened(error) from error
        connection = _connect(self._file)
        try:
            _prepare(connection, self._file)
        except (OSError, sqlite3.OperationalError) as error:
            connection.close()
            raise _not_opened(error) from error
        except sqlite3.DatabaseError as error:
            connection.close()
            raise StoreDamagedError(f"copy kept: {_move_aside(self._file)}") from error
        except NewerStoreError:
            connection.close()
            raise
        return connection


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise NewerStoreError(f"schema {version}, known {SCHEMA_VERSION}")
    if file.stat().st_size <= _CHECK_UP_TO_BYTES:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError("quick_check failed")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    if 0 < version < SCHEMA_VERSION:
        _copy_before_migration(connection, file, version)
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )


def _copy_before_migration(connection: sqlite3.Connection, file: Path, version: int) -> None:
    """Copy the database beside itself, whole and on the disk, before anything in it is changed."""
    copy = file.with_name(f"{file.stem}-schema-{version}{file.suffix}")
    partial = copy.with_name(copy.name + ".new")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        target = _connect(partial)
        try:
            target.execute("PRAGMA synchronous = FULL")
            connection.backup(target)
        finally:
            target.close()
        partial.replace(copy)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)  # it holds patients
        raise


def _not_opened(error: OSError | sqlite3.OperationalError) -> StoreError:
    """Return the error that says what stands in the way: no room, another program, or no permission."""
    detail = type(error).__name__
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{detail}: the disk is full")
    if code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{detail}: held by another program")
    return ProfileNotWritableError(detail)


def _move_aside(file: Path) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = file.with_name(f"{file.stem}-damaged-{stamp}{file.suffix}")
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if part.exists():
            shutil.move(part, copy.with_name(copy.name + suffix))
    return copy.name
