"""Deleting a file so that little of it is left: overwritten first, then unlinked.

On flash memory and on file systems that write elsewhere, old blocks may survive that; what matters is
therefore encrypted as well, and its key goes with it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def shred(file: Path) -> None:
    """Overwrite and delete; a file that cannot be overwritten is deleted all the same.

    Of a link, the link goes: what it points to is somebody else's.

    Raises:
        OSError: it could not be deleted.
    """
    with suppress(OSError), os.fdopen(_open_itself(file), "rb+", buffering=0) as stream:
        left = os.fstat(stream.fileno()).st_size
        while left > 0:
            left -= stream.write(bytes(min(left, _BLOCK_BYTES))) or 0
        os.fsync(stream.fileno())
    file.unlink(missing_ok=True)


def _open_itself(file: Path) -> int:
    """Open a regular file, never what a link in its place points to.

    Raises:
        OSError: there is none, or it is something else.
    """
    if not stat.S_ISREG(file.lstat().st_mode):
        raise OSError(errno.ELOOP, "no regular file")
    return os.open(file, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
