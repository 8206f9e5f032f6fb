"""Writes zip files byte by byte, so that a test can lie in any field of them."""

import stat
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

PLAIN = (stat.S_IFREG | 0o644) << 16


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry; None takes what is true. ``local`` fields are those of the entry's own header."""

    name: str | bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    attributes: int = PLAIN
    size: int | None = None
    local_size: int | None = None
    local_name: str | None = None
    crc: int | None = None
    extra: bytes = b""
    offset: int | None = None
    packed: bytes | None = None

    def but(self, **changes: object) -> "Item":
        """Return it with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def zip_of(
    items: Sequence[Item],
    *,
    before: bytes = b"",
    between: bytes = b"",
    behind: bytes = b"",
    before_directory: bytes = b"",
    count: int | None = None,
) -> bytes:
    """Return a zip file of these entries."""
    body, directory, offsets = bytearray(before), bytearray(), []
    for item in items:
        offsets.append(len(body))
        body += _local(item) + _packed(item) + between
    body += before_directory
    start = len(body)
    for item, offset in zip(items, offsets, strict=True):
        directory += _central(item, offset if item.offset is None else item.offset)
    number = len(items) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(directory), start, 0)
    return bytes(body + directory + end + behind)


def _packed(item: Item) -> bytes:
    if item.packed is not None:
        return item.packed
    if item.method != 8:
        return item.content
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    return pack.compress(item.content) + pack.flush()


def _numbers(item: Item, size: int | None) -> tuple[int, int, int]:
    crc = zlib.crc32(item.content) if item.crc is None else item.crc
    return crc, len(_packed(item)), len(item.content) if size is None else size


def _raw(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode()


def _local(item: Item) -> bytes:
    name = _raw(item.name if item.local_name is None else item.local_name)
    size = item.size if item.local_size is None else item.local_size
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, item.flags, item.method, 0, 33, *_numbers(item, size), len(name), 0
    )
    return head + name


def _central(item: Item, offset: int) -> bytes:
    name = _raw(item.name)
    numbers = _numbers(item, item.size)
    head = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 0x0314, 20, item.flags, item.method, 0, 33, *numbers, len(name),
        len(item.extra), 0, 0, 0, item.attributes, offset,
    )  # fmt: skip
    return head + name + item.extra
