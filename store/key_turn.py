"""What has to follow the store's key when it is turned, and which of two keys the records are under.

Turning goes in steps, each whole on the disk: ``keys.json`` with old and new key, the database, the end of
the trail, copies of older schemas, ``keys.json`` with the new key alone. Whatever step was the last before a
crash, the next opening finds both keys and ends the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from core.errors import KeysReplacedError, StoreError
from store.audit_anchor import PURPOSE, Anchor
from store.database import not_opened
from store.page_file import PageFile
from store.sqlcipher import connect, dbapi, is_plain, opens, turn
from store.subkeys import subkey

_log = logging.getLogger(__name__)
_TRIED_PAGES = 256


def opening_key(file: Path, anchor: Path, keys: tuple[bytes, ...]) -> bytes:
    """Return which of these keys the records are under; the first where that cannot be told.

    Raises:
        KeysReplacedError: the records are under none of them, and neither is the end of their trail.
        StoreError: another program holds them.
    """
    if not file.exists():
        return keys[0]
    for key in keys:
        try:
            if opens(file, key):
                return key
        except dbapi.OperationalError as error:
            raise not_opened(error) from error
    for key in keys:
        if holds_a_page(file, key):
            return key  # damaged
    ends = [_anchor(anchor, key).read() for key in keys]
    if ends and all(end == "anchor_forged" for end in ends):
        raise KeysReplacedError("other key")
    return keys[0]


def holds_a_page(file: Path, key: bytes) -> bool:
    """Whether any page of a file (of those tried, all over it) was written under a key."""
    try:
        with PageFile(file, key) as pages:
            step = max(1, pages.count // _TRIED_PAGES)
            return any(pages.page(number) is not None for number in range(1, pages.count + 1, step))
    except OSError:
        return False


def turn_beside(file: Path, anchor: Path, old: bytes, new: bytes) -> None:
    """Put what lies beside the records under their new key; what is already stays as it is.

    Raises:
        StoreError: the end of the trail, or a copy of an older schema, could not be kept: the earlier key
            stays until it can.
    """
    end = _anchor(anchor, old).read()
    if not isinstance(end, str):
        turned = _anchor(anchor, new)
        turned.keep(end)
        turned.settle()
        if turned.read() != end:
            raise StoreError("the end of the trail")
    for copy in file.parent.glob(f"{file.stem}-schema-*{file.suffix}"):
        try:
            if not is_plain(copy) and opens(copy, old) and not opens(copy, new):
                _turn_copy(copy, old, new)
        except (OSError, dbapi.OperationalError) as error:
            raise not_opened(error) from error
        except dbapi.DatabaseError as error:
            _log.warning("a damaged copy of an older schema stays as it is: %s", type(error).__name__)


def remember_seals(connection: dbapi.Connection, seals: Iterable[bytes], at: datetime) -> None:
    """Keep what sealed backups until now, so that they can still be told from what somebody else wrote."""
    known = former_seals(connection)
    until = at.astimezone(UTC).isoformat(timespec="seconds")
    for number, seal in enumerate(dict.fromkeys(seals), start=len(known)):
        if seal not in known:  # two may end in the same second
            connection.execute("INSERT INTO former_seals VALUES (?, ?)", (f"{until} {number}", seal))


def former_seals(connection: dbapi.Connection) -> tuple[bytes, ...]:
    """Return all that sealed backups under earlier keys."""
    return tuple(bytes(row["seal"]) for row in connection.execute("SELECT seal FROM former_seals"))


def _turn_copy(copy: Path, old: bytes, new: bytes) -> None:
    connection = connect(copy, old)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        turn(connection, new)
    finally:
        connection.close()


def _anchor(file: Path, key: bytes) -> Anchor:
    return Anchor(file, lambda: subkey(key, PURPOSE))
