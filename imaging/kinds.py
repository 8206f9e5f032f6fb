"""Tells by its first bytes what kind of file this is; names and extensions are not believed."""

import struct
import zlib
from collections.abc import Callable
from typing import Literal

FileKind = Literal["dicom", "dicom-bare", "png", "jpeg", "tiff", "bmp", "nifti", "nifti-gz", "zip"]
RASTER_KINDS: frozenset[FileKind] = frozenset({"png", "jpeg", "tiff", "bmp"})
DICOM_KINDS: frozenset[FileKind] = frozenset({"dicom", "dicom-bare"})

IMAGE_ENDINGS = (
    *(".dcm", ".dicom", ".ima", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".nii", ".nii.gz"),
    *(".svs", ".ndpi", ".scn", ".bif", ".mrxs", ".czi"),
    ".zip",
)
"""Names that promise an image: where the content does not keep it, the user is told."""

HEAD_BYTES = 1024
"""How many bytes ``kind_of`` wants to see."""

_MAGIC: dict[FileKind, tuple[bytes, ...]] = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "tiff": (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_EXPLICIT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM "
    b"UC UI UL UN UR US UT UV".split()
)
_BARE_GROUPS = (0x0002, 0x0008)


def kind_of(head: bytes) -> FileKind | None:
    """Return the kind of the file that starts with ``head`` (at least HEAD_BYTES where it has them).

    ``dicom-bare`` is DICOM without the preamble; None is nothing that Farlight reads.
    """
    if head[128:132] == b"DICM":
        return "dicom"
    named = next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)
    if named is not None:
        return named
    return next((kind for kind, fits in _SHAPES.items() if fits(head)), None)


def is_named_as_image(name: str) -> bool:
    """Return whether a file's name promises an image, whatever it holds."""
    return name.casefold().endswith(IMAGE_ENDINGS)


def _is_bmp(head: bytes) -> bool:
    return (
        head.startswith(b"BM")
        and len(head) >= 26
        and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_SIZES
    )


def _is_nifti(head: bytes) -> bool:
    if len(head) < 348:
        return False
    sizes = {struct.unpack_from(order + "i", head)[0] for order in "<>"}
    return (348 in sizes and head[344:348] == b"n+1\0") or (540 in sizes and head[4:8] == b"n+2\0")


def _is_gzipped_nifti(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b") and _is_nifti(_inflated_head(head))


def _inflated_head(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""


def _is_bare_dicom(head: bytes) -> bool:
    """Whether two data elements in rising order stand at the start.

    Source: DICOM PS3.5 section 7.1.
    """
    return any(_has_two_elements(head, order) for order in "<>")


def _has_two_elements(head: bytes, order: str) -> bool:
    first = _element_at(head, 0, order)
    if first is None or first[0] >> 16 not in _BARE_GROUPS:
        return False
    second = _element_at(head, first[1], order)
    if second is None:
        return first[1] > len(head) and first[2]
    return first[0] < second[0] < 0x7FE00011


def _element_at(head: bytes, at: int, order: str) -> tuple[int, int, bool] | None:
    """Return tag, offset of the next element and whether the VR was written."""
    if at + 8 > len(head):
        return None
    group, element = struct.unpack_from(order + "HH", head, at)
    vr = head[at + 4 : at + 6]
    if vr not in _EXPLICIT_VRS:
        (length,) = struct.unpack_from(order + "I", head, at + 4)
        return (group << 16 | element, at + 8 + length, False) if length < 0x10000 else None
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OF", b"OD", b"OL"):
        if at + 12 > len(head):
            return None
        (length,) = struct.unpack_from(order + "I", head, at + 8)
        return group << 16 | element, at + 12 + length, True
    (length,) = struct.unpack_from(order + "H", head, at + 6)
    return group << 16 | element, at + 8 + length, True


_SHAPES: dict[FileKind, Callable[[bytes], bool]] = {
    "bmp": _is_bmp,
    "nifti": _is_nifti,
    "nifti-gz": _is_gzipped_nifti,
    "dicom-bare": _is_bare_dicom,
}
