"""Taking over a store that an early Farlight kept unencrypted.

At every moment either the plain store or the encrypted one is whole; after a crash the next start goes on
where it stopped. The plain files are overwritten before they are deleted. (On flash memory the old blocks
may survive that: ``docs/threat-model.md`` says so.)
"""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import StoreDamagedError
from store.database import not_opened
from store.durable import settle_folder
from store.shred import shred
from store.sqlcipher import attach, connect, dbapi, is_plain

_SUFFIXES = ("-wal", "-shm", "-journal", "")


def plain_files(folder: Path) -> tuple[Path, ...]:
    """Return the unencrypted databases of a profile: the store itself, and copies made at migrations."""
    found = sorted(folder.glob("farlight*.db"))
    return tuple(file for file in found if is_plain(file))


def encrypt_all(folder: Path, key: bytes) -> int:
    """Encrypt every plain database of a profile in its place; returns how many there were.

    Raises:
        StoreError: no room, or no permission; what was plain still stands.
        StoreDamagedError: a plain database is damaged.
    """
    _finish_earlier(folder)
    files = plain_files(folder)
    for file in files:
        _encrypt(file, key)
    return len(files)


def _encrypt(file: Path, key: bytes) -> None:
    partial = file.with_name(file.name + ".new")
    old = file.with_name(file.name + ".plain")
    for suffix in _SUFFIXES:
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
    try:
        _export(file, partial, key)
        file.rename(old)
        partial.rename(file)
        settle_folder(file.parent)
    except OSError as error:
        raise not_opened(error) from error
    except dbapi.OperationalError as error:
        raise not_opened(error) from error
    except dbapi.DatabaseError as error:
        raise StoreDamagedError(file.name) from error
    shred(old)


def _export(file: Path, partial: Path, key: bytes) -> None:
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = connect(file, None)
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute("PRAGMA journal_mode = DELETE")  # brings the log into the file
        attach(connection, partial, "encrypted", key)
        connection.execute("PRAGMA encrypted.synchronous = FULL")
        connection.execute("SELECT sqlcipher_export('encrypted')")
        connection.execute(f"PRAGMA encrypted.user_version = {version}")
        _require_same_rows(connection)
        connection.execute("DETACH DATABASE encrypted")
    finally:
        connection.close()
    with partial.open("rb+") as stream:
        os.fsync(stream.fileno())


def _require_same_rows(connection: dbapi.Connection) -> None:
    tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        plain, encrypted = (
            connection.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()[0]  # noqa: S608 - our names
            for schema in ("main", "encrypted")
        )
        if plain != encrypted:
            raise dbapi.DatabaseError("the encrypted copy is not whole")


def _finish_earlier(folder: Path) -> None:
    """End what a crash cut short: a plain store whose encrypted one has no name yet is put back."""
    for old in folder.glob("farlight*.db.plain"):
        file = old.with_name(old.name.removesuffix(".plain"))
        if file.exists():
            shred(old)
        else:
            old.rename(file)
