"""Brings one frame of DICOM pixel data to stored values: (row, column) integers or floats, or RGB."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.errors import DamagedImageError, UnsupportedPixelsError
from imaging import decode, limits
from imaging.dicom_file import DicomFile, require_pixels
from imaging.dicom_values import integer, text

RLE = "1.2.840.10008.1.2.5"
_MOVIES = ("1.2.840.10008.1.2.4.10",)
_FLOAT_BITS = {"f": 32, "d": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """How the header says the pixels lie.

    Source: DICOM PS3.3 C.7.6.3.1.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: bool

    @property
    def values(self) -> int:
        """Samples in one frame."""
        return self.rows * self.columns * self.samples

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame; YBR_FULL_422 shares its colour between two columns."""
        samples = 2 if self.photometric == "YBR_FULL_422" and self.samples == 3 else self.samples
        return self.rows * self.columns * samples * self.bits_allocated


def read_layout(dataset: Dataset, pixel_kind: str) -> PixelLayout:
    """Return the layout.

    Raises:
        DamagedImageError: rows or columns are missing or make no sense.
        UnsupportedPixelsError: a layout that no image has.
    """
    rows, columns = integer(dataset, "Rows") or 0, integer(dataset, "Columns") or 0
    if rows <= 0 or columns <= 0:
        raise DamagedImageError("no rows or columns")
    allocated = _FLOAT_BITS.get(pixel_kind) or integer(dataset, "BitsAllocated") or 0
    stored = integer(dataset, "BitsStored") or allocated
    samples = integer(dataset, "SamplesPerPixel") or 1
    high_bit = integer(dataset, "HighBit")
    if allocated not in (1, 8, 16, 32, 64) or samples not in (1, 3, 4) or not 0 < stored <= allocated:
        raise UnsupportedPixelsError(f"{allocated} bits allocated, {stored} stored, {samples} samples")
    if high_bit is None or not stored - 1 <= high_bit < allocated:
        high_bit = stored - 1
    photometric = (text(dataset, "PhotometricInterpretation") or "").upper()
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        frames=max(1, integer(dataset, "NumberOfFrames") or 1),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        signed=integer(dataset, "PixelRepresentation") == 1,
        photometric=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
        planar=integer(dataset, "PlanarConfiguration") == 1,
    )


def read_stored(dicom: DicomFile, layout: PixelLayout, index: int) -> tuple[NDArray[Any], str]:
    """Return the stored values of frame ``index`` and the photometric interpretation they are in now.

    Raises:
        TooLargeError: the frame cannot be held.
        DamagedImageError, UnsupportedPixelsError, DecoderFailedError: it cannot be decoded.
    """
    limits.require_size(layout.values)
    kind = require_pixels(dicom)
    if dicom.encapsulated:
        return _coded(dicom, layout, index)
    stored = _native(dicom, layout, index, kind)
    return stored, "YBR_FULL" if layout.photometric == "YBR_FULL_422" else layout.photometric


def mask_and_sign(stored: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Return the bits of the image alone, as signed or unsigned numbers.

    Source: DICOM PS3.5 section 8.1.1.
    """
    if stored.dtype.kind == "f" or layout.bits_allocated == 1:
        return stored
    width = stored.dtype.itemsize * 8
    if layout.bits_stored == width:
        whole: NDArray[Any] = stored.view(f"{'i' if layout.signed else 'u'}{width // 8}")
        return whole
    left = width - 1 - layout.high_bit
    kind = "i" if layout.signed else "u"
    top = np.left_shift(stored.view(f"u{width // 8}"), left).view(f"{kind}{width // 8}")
    values: NDArray[Any] = np.right_shift(top, width - layout.bits_stored)
    return values


def _native(dicom: DicomFile, layout: PixelLayout, index: int, kind: str) -> NDArray[Any]:
    if layout.bits_allocated == 1:
        return _native_bits(dicom, layout, index)
    size = layout.frame_bits // 8
    content = dicom.native_bytes(index * size, size)
    if layout.bits_allocated == 8 and dicom.pixel_vr == "OW" and not dicom.little_endian:
        content = _swapped(dicom, index * size, size)
    order = "<" if dicom.little_endian else ">"
    letter = "f" if kind in "fd" else "u"
    flat = np.frombuffer(content, f"{order}{letter}{layout.bits_allocated // 8}")
    flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    if layout.photometric == "YBR_FULL_422" and layout.samples == 3:
        return _shared_colour(flat, layout)
    return _arranged(flat, layout)


def _arranged(flat: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    if layout.samples == 1:
        return flat.reshape(layout.rows, layout.columns)
    if layout.planar:
        return flat.reshape(layout.samples, layout.rows, layout.columns).transpose(1, 2, 0)
    return flat.reshape(layout.rows, layout.columns, layout.samples)


def _swapped(dicom: DicomFile, start: int, size: int) -> bytes:
    """Return 8-bit pixels that were written as big-endian words."""
    first = start - start % 2
    length = min(size + start % 2 + 1 & ~1, dicom.pixel_length - first)
    words = dicom.native_bytes(first, length - length % 2)
    plain = np.frombuffer(words, ">u2").astype("<u2").tobytes()
    return plain[start - first : start - first + size]


def _native_bits(dicom: DicomFile, layout: PixelLayout, index: int) -> NDArray[np.uint8]:
    """Unpack one bit a pixel; frames need not begin at a byte.

    Source: DICOM PS3.5 section 8.1.1 and Annex D.
    """
    first_bit = index * layout.frame_bits
    start, end = first_bit // 8, (first_bit + layout.frame_bits + 7) // 8
    content = np.frombuffer(dicom.native_bytes(start, end - start), np.uint8)
    bits = np.unpackbits(content, bitorder="little")[first_bit - start * 8 :][: layout.frame_bits]
    return _arranged(bits, layout)


def _shared_colour(flat: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Spread Y1 Y2 Cb Cr over two columns.

    Source: DICOM PS3.3 C.7.6.3.1.2.
    """
    if flat.size % 4 or layout.columns % 2:
        raise DamagedImageError("YBR_FULL_422 needs an even number of columns")
    quads = flat.reshape(-1, 4)
    pixels = np.empty((quads.shape[0], 2, 3), flat.dtype)
    pixels[:, :, 0] = quads[:, :2]
    pixels[:, :, 1] = quads[:, 2:3]
    pixels[:, :, 2] = quads[:, 3:4]
    return pixels.reshape(layout.rows, layout.columns, 3)


def _coded(dicom: DicomFile, layout: PixelLayout, index: int) -> tuple[NDArray[Any], str]:
    coded = dicom.coded_frame(index, layout.frames)
    codec = _codec_of(dicom.transfer_syntax, coded)
    stored, facts = decode.decode(
        codec,
        coded,
        rows=layout.rows,
        columns=layout.columns,
        samples=layout.samples,
        sample_bytes=max(1, layout.bits_allocated // 8),
        photometric=layout.photometric,
    )
    if stored.shape[:2] != (layout.rows, layout.columns):
        raise DamagedImageError("coded size differs from the header")
    if (stored.shape[2] if stored.ndim == 3 else 1) != layout.samples:
        raise DamagedImageError("coded colours differ from the header")
    photometric = str(facts.get("colour") or layout.photometric)
    if photometric in ("YBR_RCT", "YBR_ICT"):
        photometric = "RGB"
    elif photometric == "YBR_FULL_422":
        photometric = "YBR_FULL"
    return (stored if codec == "rle" else _signed_as_said(stored, layout)), photometric


def _signed_as_said(stored: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Give coded values the sign that the header says; codecs mostly return them unsigned."""
    if stored.ndim == 3 or stored.dtype.kind == ("i" if layout.signed else "u"):
        return stored
    width = stored.dtype.itemsize * 8
    left = max(0, width - layout.bits_stored)
    kind = "i" if layout.signed else "u"
    shifted = np.left_shift(stored.view(f"u{width // 8}"), left).view(f"{kind}{width // 8}")
    values: NDArray[Any] = np.right_shift(shifted, left)
    return values


def _codec_of(transfer_syntax: str, coded: bytes) -> str:
    """Return the codec by the coded bytes themselves, and by the transfer syntax where they say nothing."""
    if coded.startswith(b"\xff\xd8"):
        return "jpeg-ls" if b"\xff\xf7" in coded[:4096] else "jpeg"
    if coded.startswith((b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP")):
        return "jpeg-2000"
    if transfer_syntax == RLE:
        return "rle"
    raise UnsupportedPixelsError(transfer_syntax if transfer_syntax.replace(".", "").isdigit() else "")
