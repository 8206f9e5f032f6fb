"""Opens a DICOM file: its header as a dataset, and the bytes of one frame at a time."""

import io
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame

from core.errors import DamagedImageError, FarlightError, NoPixelsError, NotAnImageError, TooLargeError
from imaging import decode, limits
from imaging.dicom_skim import skim
from imaging.dicom_values import contained, has, text
from imaging.kinds import DICOM_KINDS, HEAD_BYTES, kind_of
from imaging.source import open_source, read_all

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
PIXEL_TAGS = {0x7FE00008: "f", 0x7FE00009: "d", 0x7FE00010: "i"}
"""Float, double float and integer pixel data with the kind of number that they hold."""

_SKIMMED_SYNTAXES = frozenset(
    (
        IMPLICIT_LITTLE,
        EXPLICIT_LITTLE,
        "1.2.840.10008.1.2.5",
        *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91, 201, 202, 203)),
    )
)
_UNDEFINED_LENGTH = 0xFFFFFFFF
_DEFLATED_HEADER_BYTES = 1 << 20
_EMPTY_ELEMENT = bytes(8)
_MOST_EMPTY_ELEMENTS = 1000
_MOST_HEADER_READS = 1_000_000
_META_BYTES = 1 << 14
_SKIM_BYTES = 1 << 16
_TRANSFER_SYNTAX = 0x0010


@dataclass(slots=True, kw_only=True)
class DicomFile:
    """An open DICOM file. ``pixel_offset`` is where the value of the pixel data begins in ``stream``."""

    dataset: Dataset
    stream: BinaryIO
    transfer_syntax: str
    little_endian: bool
    pixel_kind: str | None = None
    pixel_vr: str = "OW"
    pixel_offset: int = 0
    pixel_length: int = 0

    @property
    def encapsulated(self) -> bool:
        """Whether the pixel data come as coded fragments."""
        return self.pixel_length == _UNDEFINED_LENGTH

    def native_bytes(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes of uncompressed pixel data from ``start``.

        Raises:
            DamagedImageError: the file ends before them.
        """
        if start + length > self.pixel_length:
            raise DamagedImageError("pixel data are shorter than the header says")
        self.stream.seek(self.pixel_offset + start)
        content = self.stream.read(length)
        if len(content) < length:
            raise DamagedImageError("file ends inside the pixel data")
        return content

    def coded_frame(self, index: int, frames: int) -> bytes:
        """Return the coded bytes of frame ``index``.

        Raises:
            DamagedImageError: the fragments are malformed or end too early.
        """
        self.stream.seek(self.pixel_offset)
        try:
            with contained():
                return get_frame(self.stream, index, number_of_frames=frames)
        except (OSError, FarlightError):
            raise
        except Exception as error:
            raise DamagedImageError(type(error).__name__) from error


@contextmanager
def open_dicom(path: Path, tags: Collection[int] | None = None) -> Iterator[DicomFile]:
    """Open ``path`` and read its header (only ``tags`` of it, where given).

    Raises:
        NotAnImageError: it is not DICOM.
        DamagedImageError: the header cannot be read.
        ImagingError: the file cannot be opened, or the medium is gone.
    """
    with open_source(path) as stream:
        kind = kind_of(stream.read(HEAD_BYTES))
        if kind not in DICOM_KINDS:
            raise NotAnImageError(str(kind))
        yield read_dicom(stream, tags)


def read_dicom(stream: BinaryIO, tags: Collection[int] | None = None) -> DicomFile:
    """Read the header from ``stream``, which must be seekable; see ``open_dicom``."""
    stream.seek(0)
    head = stream.read(_META_BYTES)
    meta = dict(_meta_elements(head))
    syntax = _value_of(head, meta.get(_TRANSFER_SYNTAX))
    if syntax == DEFLATED:
        stream = _inflated(stream, head, headers_only=tags is not None)
    elif tags is not None and syntax in _SKIMMED_SYNTAXES:
        skimmed = _skimmed(stream, head, tags, syntax)
        if skimmed is not None:
            return skimmed
    stream.seek(0)
    dataset = _read_header(stream, tags)
    return _located(dataset, stream)


def require_pixels(dicom: DicomFile) -> str:
    """Return the kind of number that the pixel data hold.

    Raises:
        NoPixelsError: the object holds no picture.
        DamagedImageError: it should hold one, but ends before it.
    """
    if dicom.pixel_kind is not None:
        return dicom.pixel_kind
    if has(dicom.dataset, 0x00280010) and has(dicom.dataset, 0x00280011):
        raise DamagedImageError("no pixel data after the header")
    raise NoPixelsError(text(dicom.dataset, "Modality") or "")


def _read_header(stream: BinaryIO, tags: Collection[int] | None) -> Dataset:
    try:
        with contained():
            return dcmread(
                _Guarded(stream),
                stop_before_pixels=True,
                force=True,
                specific_tags=None if tags is None else list(tags),
            )
    except (OSError, MemoryError) as error:
        if isinstance(error, MemoryError):
            raise TooLargeError("header") from error
        raise
    except FarlightError:
        raise
    except Exception as error:
        raise DamagedImageError(type(error).__name__) from error


class _Guarded:
    """Hands a stream to pydicom, and gives up on what is no header.

    A failed copy is megabytes of zeros: to pydicom, millions of empty elements, read for minutes.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._reads = self._zeros = 0
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        """Read from the stream.

        Raises:
            DamagedImageError: these are zeros, or more elements than any header has.
        """
        content = self._stream.read(size)
        self._reads += 1
        self._zeros = 0 if content != _EMPTY_ELEMENT else self._zeros + 1
        if self._zeros > _MOST_EMPTY_ELEMENTS or self._reads > _MOST_HEADER_READS:
            raise DamagedImageError("no end of the header")
        return content


def _located(dataset: Dataset, stream: BinaryIO) -> DicomFile:
    implicit, little = dataset.original_encoding
    little = little is not False
    syntax = text(dataset.file_meta, "TransferSyntaxUID") or (
        IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    )
    dicom = DicomFile(dataset=dataset, stream=stream, transfer_syntax=syntax, little_endian=little)
    head = stream.read(12)
    order = "<" if little else ">"
    if len(head) < 8:
        return dicom
    group, element = struct.unpack_from(order + "HH", head)
    dicom.pixel_kind = PIXEL_TAGS.get(group << 16 | element)
    if dicom.pixel_kind is None:
        return dicom
    end = stream.tell()
    if not implicit and head[4:6].isalpha() and len(head) == 12:
        dicom.pixel_vr = head[4:6].decode("ascii")
        (dicom.pixel_length,) = struct.unpack_from(order + "I", head, 8)
        dicom.pixel_offset = end
    else:
        (dicom.pixel_length,) = struct.unpack_from(order + "I", head, 4)
        dicom.pixel_offset = end - (len(head) - 8)
    return dicom


def _inflated(stream: BinaryIO, head: bytes, *, headers_only: bool) -> BinaryIO:
    """Return the file with its dataset inflated and its transfer syntax named accordingly."""
    stream.seek(0)
    content = read_all(stream, limits.image_budget_bytes())
    elements = dict(_meta_elements(head))
    start, length = elements[_TRANSFER_SYNTAX]
    end = max(first + size for first, size in elements.values())
    bound = {"enough_bytes": _DEFLATED_HEADER_BYTES} if headers_only else {}
    plain, _ = decode.decode("inflate", content[end:], wbits=-15, **bound)
    named = EXPLICIT_LITTLE.encode().ljust(length, b"\0")
    return io.BytesIO(content[:start] + named + content[start + length : end] + plain.tobytes())


def _skimmed(stream: BinaryIO, head: bytes, tags: Collection[int], syntax: str) -> DicomFile | None:
    """Return the file with only ``tags`` in its dataset, where its header is an ordinary one."""
    implicit = syntax == IMPLICIT_LITTLE
    meta = dict(_meta_elements(head))
    start = max(first + size for first, size in meta.values())
    if len(head) == _META_BYTES:
        head += stream.read(_SKIM_BYTES)
    found = skim(head, start, frozenset(tags), frozenset(PIXEL_TAGS), implicit=implicit)
    if found is None:
        return None
    dataset = Dataset(found.elements)
    dataset.set_original_encoding(implicit, True)
    dataset.file_meta = FileMetaDataset()
    return DicomFile(
        dataset=dataset,
        stream=stream,
        transfer_syntax=syntax,
        little_endian=True,
        pixel_kind=PIXEL_TAGS[found.pixel_tag],
        pixel_vr=found.pixel_vr,
        pixel_offset=found.pixel_offset,
        pixel_length=found.pixel_length,
    )


def _value_of(head: bytes, place: tuple[int, int] | None) -> str:
    start, length = place or (0, 0)
    return head[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")


def _meta_elements(head: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the element numbers of group 0002 with start and length of their values.

    Source: DICOM PS3.10 section 7.1.
    """
    at = 132 if head[128:132] == b"DICM" else 0
    while head[at : at + 2] == b"\x02\x00" and at + 12 <= len(head):
        (element,) = struct.unpack_from("<H", head, at + 2)
        if head[at + 4 : at + 6] in (b"OB", b"UN", b"OW", b"SQ", b"UT"):
            start, length = at + 12, struct.unpack_from("<I", head, at + 8)[0]
        else:
            start, length = at + 8, struct.unpack_from("<H", head, at + 6)[0]
        yield element, (start, length)
        at = start + length
