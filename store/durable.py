"""Writing a small file so that after a power cut it is the old one or the new one, whole."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from core.errors import DiskFullError, ProfileNotWritableError, StoreError


def replace_file(file: Path, content: bytes) -> None:
    """Put content in a file's place, for this user alone, on the disk before this returns.

    Raises:
        OSError: it could not be written; the old file stands.
    """
    partial = file.with_name(file.name + ".new")
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    settle_folder(file.parent)


def remove_partial_files(folder: Path, pattern: str) -> None:
    """Remove what ``replace_file`` left half-written in a folder when the power went."""
    for partial in folder.glob(f"{pattern}.new"):
        with suppress(OSError):
            partial.unlink()


def not_kept(error: OSError) -> StoreError:
    """Return the error that says why a file of the profile was not written: no room, or no permission."""
    detail = type(error).__name__
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(detail)
    return ProfileNotWritableError(detail)


def settle_folder(folder: Path) -> None:
    """Have the names in a folder on the disk (nothing to do on Windows, which has no such call)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
