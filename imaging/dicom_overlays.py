"""Overlay planes drawn over the image.

Source: DICOM PS3.3 C.9.2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.dicom_pixels import PixelLayout
from imaging.dicom_values import has, little_endian_words

_GROUPS = range(0x6000, 0x6020, 2)
_MOST_OVERLAY_BITS = 1 << 28


def read_overlays(
    dataset: Dataset, stored: NDArray[Any], layout: PixelLayout, frame: int
) -> tuple[NDArray[np.bool_], ...]:
    """Return the overlays of this frame as (row, column) bool of the image's size."""
    planes = (
        _plane(dataset, group, stored, layout, frame) for group in _GROUPS if has(dataset, group << 16 | 0x10)
    )
    return tuple(plane for plane in planes if plane is not None and plane.any())


def _plane(
    dataset: Dataset, group: int, stored: NDArray[Any], layout: PixelLayout, frame: int
) -> NDArray[np.bool_] | None:
    bit = _int(dataset, group, 0x0102)
    if has(dataset, group << 16 | 0x3000):
        plane = _own_bits(dataset, group, frame)
        return None if plane is None else _placed(plane, dataset, group, layout)
    if bit is not None and 0 < bit < layout.bits_allocated and stored.ndim == 2 and stored.dtype.kind in "ui":
        if layout.high_bit - layout.bits_stored < bit <= layout.high_bit:
            return None
        return _frozen((stored.view(f"u{stored.dtype.itemsize}") >> bit & 1).astype(bool))
    return None


def _own_bits(dataset: Dataset, group: int, frame: int) -> NDArray[np.bool_] | None:
    rows, columns = _int(dataset, group, 0x0010) or 0, _int(dataset, group, 0x0011) or 0
    content = _bytes(dataset, group, 0x3000)
    planes = max(1, _int(dataset, group, 0x0015) or 1)
    first = max(1, _int(dataset, group, 0x0051) or 1) - 1
    size = rows * columns
    plane = frame - first if planes > 1 else 0
    if (
        size <= 0
        or size > _MOST_OVERLAY_BITS
        or not 0 <= plane < planes
        or len(content) * 8 < (plane + 1) * size
    ):
        return None
    start = plane * size
    bits = np.unpackbits(
        np.frombuffer(content, np.uint8)[start // 8 : (start + size + 7) // 8], bitorder="little"
    )
    return bits[start % 8 : start % 8 + size].reshape(rows, columns).astype(bool)


def _placed(plane: NDArray[np.bool_], dataset: Dataset, group: int, layout: PixelLayout) -> NDArray[np.bool_]:
    """Lay the plane at its origin (row 1, column 1 is the first pixel), cut to the image."""
    origin = _ints(dataset, group, 0x0050)
    top, left = (origin[0] - 1, origin[1] - 1) if len(origin) == 2 else (0, 0)
    whole = np.zeros((layout.rows, layout.columns), bool)
    cut = plane[max(0, -top) :, max(0, -left) :]
    top, left = max(0, top), max(0, left)
    rows, columns = min(cut.shape[0], layout.rows - top), min(cut.shape[1], layout.columns - left)
    if rows > 0 and columns > 0:
        whole[top : top + rows, left : left + columns] = cut[:rows, :columns]
    return _frozen(whole)


def _element(dataset: Dataset, group: int, element: int) -> Any:
    try:
        return dataset[group, element].value
    except Exception:  # noqa: BLE001  pydicom converts on access and may raise anything on a wrong value
        return None


def _ints(dataset: Dataset, group: int, element: int) -> tuple[int, ...]:
    found = _element(dataset, group, element)
    try:
        return tuple(int(part) for part in (found if hasattr(found, "__iter__") else [found]))
    except (TypeError, ValueError):
        return ()


def _int(dataset: Dataset, group: int, element: int) -> int | None:
    found = _ints(dataset, group, element)
    return found[0] if found else None


def _bytes(dataset: Dataset, group: int, element: int) -> bytes:
    found = _element(dataset, group, element)
    if not isinstance(found, bytes):
        return b""
    return little_endian_words(dataset, found) if dataset[group, element].VR == "OW" else found


def _frozen(plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    plane.setflags(write=False)
    return plane
