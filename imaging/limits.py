"""How much one image may take of this computer."""

import ctypes
import os
import sys
from pathlib import Path

from core.errors import TooLargeError

_FALLBACK_BYTES = 1 << 30
_MOST_BYTES = 4 << 30
_LEAST_BYTES = 256 << 20
PEAK_BYTES_PER_VALUE = 16
"""Bytes held at the peak for each sample of a frame: stored, decoded, float and shown copies."""


def available_bytes() -> int:
    """Return the memory that programs may still take, or a careful guess."""
    if sys.platform == "win32":
        return _available_windows()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (OSError, ValueError, IndexError):
        return _FALLBACK_BYTES


def image_budget_bytes() -> int:
    """Return how many bytes one image may take while it is read: half of what is free, within bounds."""
    return max(_LEAST_BYTES, min(_MOST_BYTES, available_bytes() // 2))


def most_samples() -> int:
    """Return how many samples the largest frame may have that this computer can hold at the peak."""
    return image_budget_bytes() // PEAK_BYTES_PER_VALUE


def require_size(values: int) -> None:
    """Check that a frame of ``values`` samples can be held.

    Raises:
        TooLargeError: it cannot.
    """
    if values > most_samples():
        raise TooLargeError(f"{values} samples")


def _available_windows() -> int:
    class MemoryStatus(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *[(name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")],
        ]

    status = MemoryStatus()
    status.length = ctypes.sizeof(MemoryStatus)
    done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.available) if done else _FALLBACK_BYTES
