"""What the pixels of a picture are known by, so that the same picture is found under another name."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from core.image import Image
from services.analyze import Analysis

Marks = tuple[str, ...]
"""SHA-256 in hexadecimals: first that of the picture as shown, then that of the values behind it.

Two pictures are taken for the same where they share any mark.
"""
_LEVELS = 65535


def marks_of(analysis: Analysis) -> Marks:
    """Return the marks of the picture that was analysed; none where it could not be read.

    The picture as shown (grey in 8 bits) is the same in a copy of another format. The values behind it are
    the same under another window, another rescaling and in the other photometric sense.
    """
    shown = shown_mark(analysis)
    if shown is None:
        return ()
    values = None if analysis.image is None else _levels(analysis.image)
    return (shown,) if values is None else (shown, _digest("values ", values))


def shown_mark(analysis: Analysis) -> str | None:
    """Return the mark of the picture as shown; None where it could not be read."""
    if analysis.grey is None:
        return None
    return _digest("", (analysis.grey * 255.0 + 0.5).astype(np.uint8))


def _levels(image: Image) -> NDArray[np.uint16] | None:
    """Return the values from the lowest to the highest in equal levels; None where all are one."""
    values = image.values.astype(np.float64)
    if image.is_colour:
        if not (values == values[..., :1]).all():
            return image.values.astype(np.uint16)
        values = values[..., 0]
    if image.inverted:
        values = -values
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return None
    return np.rint((values - low) / (high - low) * _LEVELS).astype(np.uint16)


def _digest(kind: str, pixels: NDArray[np.generic]) -> str:
    return hashlib.sha256(f"{kind}{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
