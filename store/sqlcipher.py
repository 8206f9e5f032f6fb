"""The database library, and how an encrypted file is opened.

SQLCipher encrypts each page with AES-256 and authenticates it with HMAC-SHA512 under the store's key; the
write-ahead log is encrypted alike. Everything else in the store takes the library from here.

Source: https://www.zetetic.net/sqlcipher/design/ (pages, log and raw keys).
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3 as dbapi
else:
    from sqlcipher3 import dbapi2 as dbapi

__all__ = ["KEY_BYTES", "PLAIN_HEADER", "attach", "connect", "dbapi", "is_plain", "opens", "salt_of", "turn"]

KEY_BYTES = 32
PLAIN_HEADER = b"SQLite format 3\0"
_BUSY_TIMEOUT_S = 5.0


def connect(file: Path | str, key: bytes | None) -> dbapi.Connection:
    """Return a connection in autocommit mode; without a key the file is read as plain SQLite.

    A wrong key shows at the first statement, as a DatabaseError.
    """
    connection = dbapi.connect(
        str(file), timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = dbapi.Row
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to standard error
    if key is not None:
        connection.execute(f'PRAGMA key = "{_literal(key)}"')
    return connection


def attach(connection: dbapi.Connection, file: Path, name: str, key: bytes) -> None:
    """Attach a further encrypted file under a name."""
    connection.execute(f'ATTACH DATABASE ? AS {name} KEY "{_literal(key)}"', (str(file),))


def turn(connection: dbapi.Connection, key: bytes) -> None:
    """Have every page written anew under another key, in one transaction."""
    connection.execute(f'PRAGMA rekey = "{_literal(key)}"')


def opens(file: Path, key: bytes) -> bool:
    """Whether a key opens a file.

    Raises:
        dbapi.OperationalError: that cannot be tried now (another program holds it).
    """
    connection = connect(file, key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi.OperationalError:
        raise  # not for a wrong key
    except dbapi.DatabaseError:
        return False
    finally:
        connection.close()
    return True


def is_plain(file: Path) -> bool:
    """Whether a file is a database that nobody encrypted."""
    with file.open("rb") as stream:
        return stream.read(len(PLAIN_HEADER)) == PLAIN_HEADER


def salt_of(key: bytes) -> bytes:
    """Return the salt of every file under a key.

    It is made of the key, and not drawn: pages of a file whose beginning is lost can be authenticated.
    """
    return hmac.digest(key, b"farlight database salt", "sha256")[:16]


def _literal(key: bytes) -> str:
    """Return key and salt as SQLCipher takes them without deriving the key again."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a store's key has {KEY_BYTES} bytes")
    return f"x'{key.hex()}{salt_of(key).hex()}'"
