"""The range of stored values over which an image without a window is shown."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALLEST_BITS = 8


def stored_range(stored: NDArray[Any], bits_stored: int) -> tuple[float, float]:
    """Return the (low, high) stored values that are shown black and white.

    Unsigned values take the full range of their bits, so that a dark picture stays dark and the same picture
    in 8, 12 or 16 bits looks the same; where the values fill less than a quarter of it (12-bit images are
    often declared as 16), the smallest number of bits that holds them. Signed and floating values take what
    is there.
    """
    if stored.size == 0:
        return 0.0, 1.0
    if stored.dtype.kind == "f":
        finite = stored[np.isfinite(stored)]
        return _spread(float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = int(stored.min()), int(stored.max())
    if low < 0 or stored.dtype.kind == "i":
        return _spread(low, high)
    bits = bits_stored
    if bits > _SMALLEST_BITS and high < 2 ** (bits - 2):
        bits = max(_SMALLEST_BITS, high.bit_length())
    return 0.0, float(2**bits - 1)


def _spread(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low, low + 1)
