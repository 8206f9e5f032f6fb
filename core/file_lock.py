"""Locks on open files, which the system takes away however a process ends."""

import os
import sys


def try_lock(descriptor: int, *, at: int = 0) -> bool:
    """Lock an open file for this process, until it is closed; False where somebody else holds it.

    On Windows the byte ``at`` is what is locked, and nobody else can read it meanwhile.
    """
    try:
        _lock_file(descriptor, at)
    except OSError:
        return False
    return True


if sys.platform == "win32":

    def _lock_file(descriptor: int, at: int) -> None:
        import msvcrt

        os.lseek(descriptor, at, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _lock_file(descriptor: int, at: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
