"""Rows out of single pages of a SQLite table, without asking SQLite, which refuses a tree that is not whole.

Source: https://www.sqlite.org/fileformat2.html, sections 1.6 (b-tree pages) and 2.1 (record format).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from store.page_file import HEADER, USABLE_BYTES

LEAF, INTERIOR = 0x0D, 0x05
Value = None | int | float | str | bytes
ReadPage = Callable[[int], bytes | None]
_FILE_HEADER_BYTES = 100
_MOST_LOCAL = USABLE_BYTES - 35
_LEAST_LOCAL = (USABLE_BYTES - 12) * 32 // 255 - 23
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number and its values; where a part lies in a lost page, only the values before that."""

    rowid: int
    values: tuple[Value, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Child:
    """A page below another one, and the highest row number in it (None for the last one)."""

    number: int
    highest: int | None


def kind_of(page: bytes) -> int:
    """Return the first byte of a page's own header: ``LEAF`` and ``INTERIOR`` are those of tables."""
    return page[_start(page)]


def children(page: bytes) -> tuple[Child, ...]:
    """Return the pages below an interior page, in order of their rows."""
    start = _start(page)
    found = []
    for cell in _cells(page, start, header_bytes=12):
        number = int.from_bytes(page[cell : cell + 4], "big")
        found.append(Child(number, _varint(page, cell + 4)[0]))
    last = int.from_bytes(page[start + 8 : start + 12], "big")
    return (*found, Child(last, None))


def rows(page: bytes, read: ReadPage) -> Iterator[Row]:
    """Yield the rows of a leaf page, their further pages fetched with ``read``; none that makes no sense."""
    for cell in _cells(page, _start(page), header_bytes=8):
        try:
            yield _row(page, cell, read)
        except (IndexError, ValueError, struct.error):
            continue


def _row(page: bytes, cell: int, read: ReadPage) -> Row:
    size, at = _varint(page, cell)
    rowid, at = _varint(page, at)
    local = _local_bytes(size)
    payload = page[at : at + local]
    if local < size:
        payload += _overflow(int.from_bytes(page[at + local : at + local + 4], "big"), size - local, read)
    whole = len(payload) == size
    return Row(_signed(rowid), tuple(_values(payload, whole=whole)), whole)


def _overflow(number: int, left: int, read: ReadPage) -> bytes:
    """Return what follows a row's beginning, up to the first page that is lost."""
    found, seen = [], set()
    while left > 0 and number and number not in seen:
        seen.add(number)
        page = read(number)
        if page is None:
            break
        part = page[4 : 4 + min(left, USABLE_BYTES - 4)]
        found.append(part)
        left -= len(part)
        number = int.from_bytes(page[:4], "big")
    return b"".join(found)


def _local_bytes(size: int) -> int:
    if size <= _MOST_LOCAL:
        return size
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (USABLE_BYTES - 4)
    return local if local <= _MOST_LOCAL else _LEAST_LOCAL


def _values(payload: bytes, *, whole: bool) -> Iterator[Value]:
    end, at = _varint(payload, 0)
    place = end
    while at < end:
        kind, at = _varint(payload, at)
        size = _size_of(kind)
        if not whole and place + size > len(payload):
            return
        yield _value(kind, payload[place : place + size], size)
        place += size


def _value(kind: int, content: bytes, size: int) -> Value:
    if len(content) != size:
        raise ValueError("a value ends outside its row")
    value: Value
    if kind in _INTEGER_BYTES:
        value = int.from_bytes(content, "big", signed=True)
    elif kind == 7:
        value = float(struct.unpack(">d", content)[0])
    elif kind in (8, 9):
        value = kind - 8
    elif kind >= 12:
        value = content if kind % 2 == 0 else content.decode("utf-8", "surrogatepass")
    elif kind == 0:
        value = None
    else:
        raise ValueError("no such kind of value")
    return value


def _size_of(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else _INTEGER_BYTES.get(kind, 0)


def _cells(page: bytes, start: int, header_bytes: int) -> Iterator[int]:
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + header_bytes
    for number in range(min(count, USABLE_BYTES // 2)):
        cell = int.from_bytes(page[first + 2 * number : first + 2 * number + 2], "big")
        if first < cell < USABLE_BYTES:
            yield cell


def _start(page: bytes) -> int:
    return _FILE_HEADER_BYTES if page.startswith(HEADER) else 0


def _varint(page: bytes, at: int) -> tuple[int, int]:
    value = 0
    for number in range(9):
        byte = page[at + number]
        if number == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + number + 1
    raise ValueError("varint")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
