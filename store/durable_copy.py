"""Copying a file so that what arrived is known to be what was sent, also on a stick that lies."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import BackupDamagedError
from store.durable import settle_folder

BLOCK_BYTES = 1 << 20
Tell = Callable[[int], None]
"""Is told how many bytes were done since; what it raises ends the work."""


def copy_verified(source: BinaryIO, size: int, place: Path, tell: Tell) -> str:
    """Write the next ``size`` bytes of a stream into a file and read them back; returns their SHA-256.

    The file has its name only once it was verified. ``tell`` hears of each byte twice: written, read back.

    Raises:
        OSError: it could not be written or read; nothing of it is left where that can be had.
        BackupDamagedError: what is read back is not what was written, or the source is shorter.
    """
    partial = place.with_name(place.name + ".new")
    try:
        sent = _write(source, size, partial, tell)
        if hash_file(partial, tell) != (sent, size):
            raise BackupDamagedError("what was read back differs")
        partial.replace(place)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    settle(place.parent)
    return sent


def hash_file(file: Path, tell: Tell) -> tuple[str, int]:
    """Return SHA-256 and size of a file, read from the medium and not from memory where that can be had."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb", buffering=0) as stream:
        _forget_cached(stream.fileno())
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            tell(len(block))
    return digest.hexdigest(), size


def settle(folder: Path) -> None:
    """Have the names in a folder on the medium, where its file system can promise that."""
    with suppress(OSError):
        settle_folder(folder)


def _write(source: BinaryIO, size: int, place: Path, tell: Tell) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(place, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as target:
        for block in _blocks(source, size):
            target.write(block)
            digest.update(block)
            tell(len(block))
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _blocks(source: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        block = source.read(min(BLOCK_BYTES, size))
        if not block:
            raise BackupDamagedError("the source is shorter than it was")
        size -= len(block)
        yield block


def _forget_cached(descriptor: int) -> None:
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
