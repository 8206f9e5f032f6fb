"""Pages of a PDF as pictures, for the preview and the printer."""

import threading

import numpy as np
from numpy.typing import NDArray

POINTS_PER_INCH = 72.0
_lock = threading.Lock()  # pdfium is not thread-safe


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    import pypdfium2

    with _lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return len(document)
        finally:
            document.close()


def page_size(pdf: bytes) -> tuple[float, float]:
    """Return width and height of the first page in points."""
    import pypdfium2

    with _lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            width, height = document[0].get_size()
            return float(width), float(height)
        finally:
            document.close()


def page_picture(pdf: bytes, page: int, dots_per_inch: float) -> NDArray[np.uint8]:
    """Return one page (0-based) as (row, column, 3) uint8 RGB on white."""
    import pypdfium2

    with _lock:
        document = pypdfium2.PdfDocument(pdf)
        try:
            bitmap = document[page].render(scale=dots_per_inch / POINTS_PER_INCH, rev_byteorder=True)
            pixels = bitmap.to_numpy()[:, :, :3]
            return np.ascontiguousarray(pixels, dtype=np.uint8).copy()
        finally:
            document.close()
