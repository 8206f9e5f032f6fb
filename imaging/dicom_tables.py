"""Lookup tables and windows as DICOM headers give them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.image import VoiTable, Window
from imaging.dicom_values import numbers, text, texts, word_bytes

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A lookup table: ``outputs`` (entry,) for inputs from ``first``; ``bits`` of each output."""

    first: int
    bits: int
    outputs: NDArray[np.uint16]

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the outputs for ``values``; those outside take the nearest entry."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.outputs) - 1).astype(np.intp)
        return np.asarray(self.outputs[index], np.float32)


def read_table(item: Dataset, *, signed_input: bool) -> Table | None:
    """Return the table of a Modality or VOI LUT item, None where it makes no sense.

    Source: DICOM PS3.3 C.11.1.1.
    """
    descriptor = numbers(item, "LUTDescriptor")
    if len(descriptor) != 3:
        return None
    entries, first, bits = int(descriptor[0]) or 65536, int(descriptor[1]), int(descriptor[2])
    outputs = _entries(item, entries, bits)
    if outputs is None or outputs.size == 0:
        return None
    if signed_input and first > 32767:
        first -= 65536
    elif not signed_input and first < 0:
        first += 65536
    return Table(first=first, bits=_true_bits(outputs, bits), outputs=outputs)


def read_windows(source: Dataset) -> tuple[Window, ...]:
    """Return the windows that make sense.

    Source: DICOM PS3.3 C.11.2.1.2.
    """
    centers, widths = numbers(source, "WindowCenter"), numbers(source, "WindowWidth")
    labels = texts(source, "WindowCenterWidthExplanation")
    named = (text(source, "VOILUTFunction") or "LINEAR").upper()
    function = named if named in _FUNCTIONS else "LINEAR"
    return tuple(
        Window(
            center=center,
            width=width,
            label=labels[n] if n < len(labels) else "",
            function=function,  # type: ignore[arg-type]
        )
        for n, (center, width) in enumerate(zip(centers, widths, strict=False))
        if width >= 1 or (width > 0 and function != "LINEAR")
    )


def voi_table(table: Table, label: str) -> VoiTable:
    """Return ``table`` with its outputs brought to 0..1."""
    outputs = table.outputs.astype(np.float32) / np.float32(2**table.bits - 1)
    outputs = np.minimum(outputs, 1)
    outputs.setflags(write=False)
    return VoiTable(first=float(table.first), outputs=outputs, label=label)


def _entries(item: Dataset, entries: int, bits: int) -> NDArray[np.uint16] | None:
    content = word_bytes(item, "LUTData")
    if content is not None:
        if len(content) >= 2 * entries:
            return np.frombuffer(content[: 2 * entries], "<u2").astype(np.uint16)
        return np.frombuffer(content[:entries], np.uint8).astype(np.uint16)
    listed = np.array(numbers(item, "LUTData"))
    if listed.size * 2 == entries + entries % 2 and bits <= 8:
        return np.frombuffer(listed.astype("<u2").tobytes()[:entries], np.uint8).astype(np.uint16)
    return np.mod(listed[:entries], 65536).astype(np.uint16) if listed.size else None


def _true_bits(outputs: NDArray[np.uint16], written: int) -> int:
    """Return the bits of an output; some machines write 16 for tables that hold 8 or 12."""
    needed = max(1, int(outputs.max()).bit_length())
    return max(needed, written) if 8 <= written <= 16 else max(8, needed)
