"""Keeps the memory of one image for the next, instead of giving it back to the system in between.

The arrays of an image are a few megabytes each. The C library of Linux hands such memory back as soon as it
is free, and each page of it is fetched and cleared anew for the next image.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 96 << 20
_LARGEST_KEPT_BYTES = 32 << 20


def keep_memory() -> bool:
    """Have the C library keep freed memory up to some size; False where it cannot be asked to.

    Source: mallopt(3), M_TRIM_THRESHOLD and M_MMAP_THRESHOLD (glibc).
    """
    if sys.platform != "linux":
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(set_option(_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES) and set_option(_TRIM_THRESHOLD, _KEPT_BYTES))
