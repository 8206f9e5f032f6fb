"""The pages of an encrypted database file, each authenticated by itself, also where the file is damaged.

A page that was changed on the disk, even by one bit, is no page here: nothing that was not written by
Farlight is taken for a record.

Source: https://www.zetetic.net/sqlcipher/design/ (a page is ciphertext, 16 bytes of initialization vector and
an HMAC-SHA512 over both and the page's number); https://www.sqlite.org/fileformat2.html, sections 1.2 and 4
(pages, write-ahead log).
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from store.sqlcipher import salt_of

PAGE_BYTES = 4096
IV_BYTES, HMAC_BYTES = 16, 64
USABLE_BYTES = PAGE_BYTES - IV_BYTES - HMAC_BYTES
HEADER = b"SQLite format 3\0"
_MASK = 0x3A
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_WAL_MAGIC = (0x377F0682, 0x377F0683)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a page lies in the log."""

    number: int
    offset: int


class PageFile:
    """A damaged (or whole) database file with its log, read page by page. Use it as a context manager."""

    def __init__(self, file: Path, key: bytes) -> None:
        """Open the file and its log, where they are there.

        Raises:
            OSError: they are there and cannot be opened.
        """
        self._key = key
        salt = bytes(byte ^ _MASK for byte in salt_of(key))
        self._hmac_key = hashlib.pbkdf2_hmac("sha512", key, salt, 2, 32)
        self._stack = ExitStack()
        log = file.with_name(f"{file.name}-wal")
        self._file = self._stack.enter_context(file.open("rb")) if file.exists() else None
        self._log = self._stack.enter_context(log.open("rb")) if log.exists() else None
        self.bad_frames = 0
        self._frames = self._read_log()
        size = file.stat().st_size if file.exists() else 0
        self.count = max([-(-size // PAGE_BYTES), *self._frames])
        """How many pages there are, or were."""
        self.bad: set[int] = set()
        """Numbers of the pages that were asked for and are no pages any more."""
        self.older: set[int] = set()
        """Numbers of the pages of which only an older state could be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def page(self, number: int) -> bytes | None:
        """Return the usable bytes of a page in its latest state that can be read, or None."""
        frames = self._frames.get(number, ())
        for age, frame in enumerate(frames):
            assert self._log is not None
            plain = self._plain(self._log, frame.offset, number)
            if plain is not None:
                if age:
                    self.older.add(number)
                return plain
        plain = self._plain(self._file, (number - 1) * PAGE_BYTES, number) if self._file else None
        if plain is None:
            self.bad.add(number)
        elif frames:
            self.older.add(number)
        return plain

    def _plain(self, stream: BinaryIO, offset: int, number: int) -> bytes | None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        stream.seek(offset)
        try:
            page = stream.read(PAGE_BYTES)
        except OSError:
            return None  # a sector that the disk gives up on
        if len(page) != PAGE_BYTES:
            return None
        start = len(HEADER) if number == 1 else 0
        body, vector = page[start:USABLE_BYTES], page[USABLE_BYTES : USABLE_BYTES + IV_BYTES]
        seal = hmac.digest(self._hmac_key, body + vector + number.to_bytes(4, "little"), "sha512")
        if not hmac.compare_digest(seal, page[-HMAC_BYTES:]):
            return None
        opening = Cipher(algorithms.AES(self._key), modes.CBC(vector)).decryptor()
        return HEADER[:start] + opening.update(body) + opening.finalize()

    def _read_log(self) -> dict[int, tuple[_Frame, ...]]:
        """Return the committed frames of each page, the latest first."""
        if self._log is None:
            return {}
        header = self._log.read(_WAL_HEADER_BYTES)
        salts = header[16:24] if int.from_bytes(header[:4], "big") in _WAL_MAGIC else None
        waiting: list[_Frame] = []
        committed: dict[int, list[_Frame]] = {}
        offset, doubtful = _WAL_HEADER_BYTES, 0
        while len(head := self._read_at(offset, _FRAME_HEADER_BYTES)) == _FRAME_HEADER_BYTES:
            number, is_commit = int.from_bytes(head[:4], "big"), head[4:8] != b"\0\0\0\0"
            place = offset + _FRAME_HEADER_BYTES
            offset = place + PAGE_BYTES
            if salts is None and self._plain(self._log, place, number) is not None:
                salts = head[8:16]  # the log's own header is lost: its first page that holds tells
            if head[8:16] != salts:
                doubtful += 1  # damaged, or of a time before the log began anew
                continue
            self.bad_frames += doubtful
            doubtful = 0
            waiting.append(_Frame(number, place))
            if is_commit:
                for frame in waiting:
                    committed.setdefault(frame.number, []).insert(0, frame)
                waiting = []
        return {number: tuple(frames) for number, frames in committed.items()}

    def _read_at(self, offset: int, size: int) -> bytes:
        assert self._log is not None
        self._log.seek(offset)
        return self._log.read(size)
