"""Deleting a file so that little of it is left: overwritten first, then unlinked.

On flash memory and on file systems that write elsewhere, old blocks may survive that; what matters is
therefore encrypted as well, and its key goes with it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def shred(file: Path) -> None:
    """Overwrite and delete; a file that cannot be overwritten is deleted all the same.

    Raises:
        OSError: it could not be deleted.
    """
    with suppress(OSError), file.open("rb+", buffering=0) as stream:
        left = os.fstat(stream.fileno()).st_size
        while left > 0:
            left -= stream.write(bytes(min(left, _BLOCK_BYTES))) or 0
        os.fsync(stream.fileno())
    file.unlink(missing_ok=True)
