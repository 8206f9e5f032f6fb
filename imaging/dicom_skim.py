"""Skims a well-made DICOM header for a few elements, several times faster than a full parse.

Where anything is out of the ordinary, ``skim`` returns None and the caller lets pydicom read the header.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import BaseTag

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_DEEPEST = 32


class _OddError(Exception):
    """The header is not an ordinary one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skimmed:
    """The wanted elements, and where the pixel data stand: tag, VR, length and offset of their value."""

    elements: dict[BaseTag, DataElement | RawDataElement]
    pixel_tag: int
    pixel_vr: str
    pixel_length: int
    pixel_offset: int


def skim(
    head: bytes, start: int, wanted: frozenset[int], pixel_tags: frozenset[int], *, implicit: bool
) -> Skimmed | None:
    """Return the ``wanted`` elements of the little-endian dataset that begins at ``start`` of ``head``.

    Source: DICOM PS3.5 section 7.1.
    """
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    last = 0
    try:
        for tag, vr, length, value in _walk(head, start, implicit):
            if tag in pixel_tags:
                return Skimmed(
                    elements=elements,
                    pixel_tag=tag,
                    pixel_vr=(vr or b"OW").decode("ascii"),
                    pixel_length=length,
                    pixel_offset=value,
                )
            if tag <= last:
                return None
            last = tag
            if tag in wanted:
                if length == _UNDEFINED:
                    return None
                name = None if vr is None else vr.decode("ascii")
                content = head[value : value + length]
                key = BaseTag(tag)
                elements[key] = RawDataElement(key, name, length, content, value, implicit, True)
    except (_OddError, struct.error, RecursionError):
        return None
    return None


def _walk(head: bytes, at: int, implicit: bool) -> Iterator[tuple[int, bytes | None, int, int]]:
    """Yield tag, VR, length and offset of the value of each element at this level."""
    while True:
        tag, vr, length, value = _element(head, at, implicit)
        yield tag, vr, length, value
        at = _after_sequence(head, value, implicit, 0) if length == _UNDEFINED else value + length
        if at > len(head):
            raise _OddError


def _element(head: bytes, at: int, implicit: bool) -> tuple[int, bytes | None, int, int]:
    group, element, length = struct.unpack_from("<HHI", head, at)
    tag = group << 16 | element
    if implicit or group == 0xFFFE:
        return tag, None, length, at + 8
    vr = head[at + 4 : at + 6]
    if vr in _SHORT_VRS:
        return tag, vr, length >> 16, at + 8
    if vr not in _LONG_VRS:
        raise _OddError
    return tag, vr, struct.unpack_from("<I", head, at + 8)[0], at + 12


def _after_sequence(head: bytes, at: int, implicit: bool, depth: int) -> int:
    """Return where a sequence of undefined length ends."""
    if depth > _DEEPEST:
        raise _OddError
    while True:
        tag, _, length, at = _element(head, at, implicit)
        if tag == _SEQUENCE_END:
            return at
        if tag != _ITEM:
            raise _OddError
        at = _after_item(head, at, implicit, depth) if length == _UNDEFINED else at + length


def _after_item(head: bytes, at: int, implicit: bool, depth: int) -> int:
    while True:
        tag, vr, length, at = _element(head, at, implicit)
        if tag == _ITEM_END:
            return at
        if length == _UNDEFINED:
            if vr == b"UN":
                raise _OddError
            at = _after_sequence(head, at, implicit, depth + 1)
        else:
            at += length
