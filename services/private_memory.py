"""Keeps what is in the program's memory out of files: it holds patients, and the key of the records."""

from __future__ import annotations

import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
_NO_FAULT_DIALOGS = 0x0001 | 0x0002  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX


def keep_memory_private() -> None:
    """Have a crash leave no picture of the memory; on Linux no other program of the user reads it either.

    Called first by the program and by each of its helpers. Programs of an administrator are not stopped.
    Source: core(5), prctl(2) PR_SET_DUMPABLE, proc(5); Windows SetErrorMode.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(_NO_FAULT_DIALOGS)
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
