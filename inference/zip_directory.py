"""Reads the directory of a zip file from other hands strictly: entries one behind the other, nothing else.

What a lenient reader forgives (bytes before, between or behind the entries, two directories that differ,
entries that share bytes, sizes told afterwards) is what attacks are made of, and our own files have none.
Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import ArchiveDamagedError, ArchiveUnsafeError, PackError
from core.wording import say

MOST_ENTRIES = 256
MOST_UNPACKED_BYTES = 1 << 30
MOST_RATIO = 200
"""Bytes unpacked for each packed one; weights pack to a half, drawn inputs to a hundredth."""
_RATIO_FROM_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 18
_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_CENTRAL = _CENTRAL.size + (1 << 16)
"""Bytes of an entry in the directory; before a signature was read nothing larger is."""
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_BEHIND, _UTF8 = 0x1, 0x8, 0x800
_STRONGLY_ENCRYPTED = 0x40
_MARKS_ZIP64 = 0xFFFFFFFF
_UNIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file in a zip file; ``at`` is where its packed bytes begin."""

    name: str
    at: int
    packed_bytes: int
    unpacked_bytes: int
    deflated: bool
    crc: int


def read_directory(file: BinaryIO) -> tuple[Entry, ...]:
    """Return the entries of a zip file.

    Raises:
        ArchiveDamagedError: it is no zip file, cut short, or written otherwise than ours.
        ArchiveUnsafeError: it is built to do harm.
        OSError: it cannot be read.
    """
    size = file.seek(0, 2)
    count, start = _read_end(file, size)
    file.seek(start)
    directory = file.read(size - _END.size - start)
    entries: list[Entry] = []
    at = end = 0
    for _ in range(count):
        entry, offset, at = _read_central(directory, at)
        if offset != end:
            raise ArchiveUnsafeError(say("packs.refused.overlap" if offset < end else "packs.refused.gap"))
        entry, end = _behind_local(file, entry, offset)
        entries.append(entry)
    if at != len(directory) or end != start:
        raise ArchiveUnsafeError(say("packs.refused.gap"))
    _require_bounded(entries)
    return tuple(entries)


def unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield the content of an entry in pieces, never more than it says.

    Raises:
        ArchiveDamagedError: it is not what was packed.
        ArchiveUnsafeError: it unpacks to more than it says.
        PackError: it cannot be read (any more).
    """
    file.seek(entry.at)
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    left, done, crc = entry.packed_bytes, 0, 0
    while left:
        packed = _read(file, min(_CHUNK_BYTES, left))
        if not packed:
            raise ArchiveDamagedError(say("packs.refused.cut_short"))
        left -= len(packed)
        while packed:
            piece, packed = _piece(unpack, packed, deflated=entry.deflated)
            done += len(piece)
            if done > entry.unpacked_bytes:
                raise ArchiveUnsafeError(say("packs.refused.grows", name=entry.name))
            crc = zlib.crc32(piece, crc)
            yield piece
    if done != entry.unpacked_bytes or crc != entry.crc or (entry.deflated and not unpack.eof):
        raise ArchiveDamagedError(say("packs.refused.content", name=entry.name))


def _read(file: BinaryIO, count: int) -> bytes:
    try:
        return file.read(count)
    except OSError as error:
        raise PackError(say("packs.refused.unreadable", reason=error.strerror or "")) from error


def _piece(unpack: "zlib._Decompress", packed: bytes, *, deflated: bool) -> tuple[bytes, bytes]:
    """Return what comes of some packed bytes, bounded, and the packed bytes that are still to come."""
    if not deflated:
        return packed, b""
    try:
        piece = unpack.decompress(packed, _CHUNK_BYTES)
    except zlib.error as error:
        raise ArchiveDamagedError(say("packs.refused.packed_bytes")) from error
    if unpack.eof and (unpack.unused_data or unpack.unconsumed_tail):
        raise ArchiveUnsafeError(say("packs.refused.gap"))
    if not piece and unpack.unconsumed_tail == packed:
        raise ArchiveDamagedError(say("packs.refused.packed_bytes"))
    return piece, unpack.unconsumed_tail


def _read_end(file: BinaryIO, size: int) -> tuple[int, int]:
    """Return how many entries there are and where their directory begins."""
    file.seek(max(0, size - _END.size))
    record = file.read(_END.size)
    if len(record) < _END.size or not record.startswith(b"PK\5\6"):
        raise ArchiveDamagedError(say("packs.refused.no_end"))
    _, disk, first, here, count, length, start, comment = _END.unpack(record)
    if disk or first or here != count or comment or start + length + _END.size != size:
        raise ArchiveDamagedError(say("packs.refused.no_end"))
    if length > count * _LONGEST_CENTRAL:
        raise ArchiveDamagedError(say("packs.refused.directory"))
    if count > MOST_ENTRIES:
        raise ArchiveUnsafeError(say("packs.refused.entries", count=count, most=MOST_ENTRIES))
    return count, start


def _read_central(directory: bytes, at: int) -> tuple[Entry, int, int]:
    """Return an entry, where its own header begins, and where the directory goes on."""
    if at + _CENTRAL.size > len(directory) or directory[at : at + 4] != b"PK\1\2":
        raise ArchiveDamagedError(say("packs.refused.directory"))
    (_, made_by, _, flags, method, _, _, crc, packed, whole, name_size, extra, comment, disk, _, attributes,
     offset) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
    end = at + _CENTRAL.size + name_size
    if extra or comment or disk or end > len(directory) or _MARKS_ZIP64 in (packed, whole, offset):
        raise ArchiveDamagedError(say("packs.refused.directory"))
    name = _name(directory[end - name_size : end])
    _require_plain(name, flags, method, attributes if made_by >> 8 == _UNIX else 0)
    if method == _STORED and packed != whole:
        raise ArchiveUnsafeError(say("packs.refused.grows", name=name))
    entry = Entry(
        name=name, at=0, packed_bytes=packed, unpacked_bytes=whole, deflated=method == _DEFLATED, crc=crc
    )
    return entry, offset, end


def _name(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArchiveUnsafeError(say("packs.refused.name_bytes")) from error


def _require_plain(name: str, flags: int, method: int, attributes: int) -> None:
    """Refuse what is no plain, readable file."""
    shown = f"{name!r:.80}"
    if flags & (_ENCRYPTED | _STRONGLY_ENCRYPTED):
        raise _unsafe("encrypted", shown)
    if method not in (_STORED, _DEFLATED):
        raise ArchiveDamagedError(say("packs.refused.method", name=shown, method=method))
    if flags & ~_UTF8:
        raise _unsafe("sizes_behind" if flags & _SIZES_BEHIND else "flags", shown)
    kind = stat.S_IFMT(attributes >> 16)
    if kind == stat.S_IFLNK:
        raise _unsafe("link", shown)
    if name.endswith("/") or kind not in (0, stat.S_IFREG):
        raise _unsafe("no_file", shown)


def _behind_local(file: BinaryIO, entry: Entry, offset: int) -> tuple[Entry, int]:
    """Return the entry with its place behind its own header, which must say the same, and where it ends."""
    file.seek(offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
        raise ArchiveDamagedError(say("packs.refused.directory"))
    _, _, flags, method, _, _, crc, packed, whole, name_size, extra = _LOCAL.unpack(header)
    name = file.read(name_size)
    said = (entry.crc, entry.packed_bytes, entry.unpacked_bytes, entry.name.encode(), entry.deflated)
    if extra or flags & ~_UTF8 or (crc, packed, whole, name, method == _DEFLATED) != said:
        raise ArchiveUnsafeError(say("packs.refused.two_stories", name=f"{entry.name!r:.80}"))
    at = offset + _LOCAL.size + name_size
    placed = Entry(
        name=entry.name,
        at=at,
        packed_bytes=packed,
        unpacked_bytes=whole,
        deflated=entry.deflated,
        crc=crc,
    )
    return placed, at + packed


def _require_bounded(entries: list[Entry]) -> None:
    for entry in entries:
        whole = entry.unpacked_bytes
        if whole > _RATIO_FROM_BYTES and whole > MOST_RATIO * max(1, entry.packed_bytes):
            raise _unsafe("bomb", f"{entry.name!r:.80}")
    total = sum(entry.unpacked_bytes for entry in entries)
    if total > MOST_UNPACKED_BYTES:
        raise ArchiveUnsafeError(
            say("packs.refused.too_large", megabytes=total >> 20, most=MOST_UNPACKED_BYTES >> 20)
        )


def _unsafe(reason: str, name: str) -> PackError:
    return ArchiveUnsafeError(say(f"packs.refused.{reason}", name=name))
