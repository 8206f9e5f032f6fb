"""One encrypted file: written in a stream, read from anywhere in it, refused where it was changed.

It is cut into chunks of 1 MiB, each sealed with AES-256-GCM. The chunk's number is its nonce (so a key is
for one file alone), and number and "is the last" are authenticated with it: a file that was shortened, or
whose chunks were swapped or came from elsewhere, is refused.

Source: Hoang, Reyhanitabar, Rogaway, Vizar 2015 (STREAM: numbered chunks with a last one); NIST SP 800-38D.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from core.errors import Cancelled, KeptImageDamagedError, NoRoomForImagesError, ProfileNotWritableError

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK_BYTES = 1 << 20
MAGIC = b"FARLIMG1"
_TAG_BYTES = 16


def seal(
    stream: BinaryIO,
    target: io.FileIO,
    key: bytes,
    tell: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> tuple[int, str]:
    """Encrypt a stream behind what stands in ``target``; returns its size and SHA-256.

    Raises:
        Cancelled: somebody stopped it.
        NoRoomForImagesError, ProfileNotWritableError: the target cannot be written.
        OSError: the stream cannot be read.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    lock, digest = AESGCM(key), hashlib.sha256()
    byte_count = 0
    for number, chunk, last in _chunks(stream):
        if cancelled():
            raise Cancelled
        digest.update(chunk)
        nonce, bound = _numbered(number, last=last)
        with own_errors():
            _write_full(target, lock.encrypt(nonce, chunk, bound))
        byte_count += len(chunk)
        tell(len(chunk))
    return byte_count, digest.hexdigest()


def _chunks(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, chunk and whether it is the last; an empty stream is one empty chunk."""
    number, chunk = 0, _read_full(stream, CHUNK_BYTES)
    while True:
        following = _read_full(stream, CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def _numbered(number: int, *, last: bool) -> tuple[bytes, bytes]:
    """Return the nonce of a chunk and what is authenticated beside it."""
    return number.to_bytes(12, "big"), MAGIC + number.to_bytes(8, "big") + bytes([last])


def _read_full(stream: BinaryIO | io.FileIO, wanted: int) -> bytes:
    content = stream.read(wanted) or b""
    while len(content) < wanted:
        more = stream.read(wanted - len(content))
        if not more:
            break
        content += more
    return content


def _write_full(target: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[target.write(view) or 0 :]


class SealedFile(io.RawIOBase):
    """An encrypted file as a seekable stream of what was in it; one chunk is held."""

    def __init__(self, stream: io.FileIO, key: bytes, byte_count: int) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._stream, self._byte_count = stream, byte_count
        self._chunks = max(1, -(-byte_count // CHUNK_BYTES))
        self._lock = AESGCM(key)
        self._at = 0
        self._held: tuple[int, memoryview] = (-1, memoryview(b""))
        expected = len(MAGIC) + byte_count + self._chunks * _TAG_BYTES
        if os.fstat(stream.fileno()).st_size != expected or stream.read(len(MAGIC)) != MAGIC:
            raise KeptImageDamagedError("size")

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be moved in: yes."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place; one before the beginning is an error, one behind the end is not."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._byte_count}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer as far as there is content."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self._byte_count - self._at))
        done = 0
        while done < wanted:
            number, offset = divmod(self._at, CHUNK_BYTES)
            if offset == 0 and wanted - done >= self._size_of(number) and self._held[0] != number:
                part = self._size_of(number)
                self._unseal(number, view[done : done + part])
            else:
                held = self._chunk(number)[offset : offset + wanted - done]
                part = len(held)
                view[done : done + part] = held
            done += part
            self._at += part
        return done

    def close(self) -> None:
        """Close the file and let go of what was decrypted."""
        self._held = (-1, memoryview(b""))
        self._stream.close()
        super().close()

    def _size_of(self, number: int) -> int:
        return min(CHUNK_BYTES, self._byte_count - number * CHUNK_BYTES)

    def _chunk(self, number: int) -> memoryview:
        if self._held[0] != number:
            plain = memoryview(bytearray(self._size_of(number)))
            self._unseal(number, plain)
            self._held = (number, plain)
        return self._held[1]

    def _unseal(self, number: int, target: memoryview) -> None:
        """Decrypt a chunk into a place of its size.

        Raises:
            KeptImageDamagedError: it is not what was written; nothing of it is to be used.
        """
        from cryptography.exceptions import InvalidTag

        self._stream.seek(len(MAGIC) + number * (CHUNK_BYTES + _TAG_BYTES))
        sealed = _read_full(self._stream, len(target) + _TAG_BYTES)
        nonce, bound = _numbered(number, last=number == self._chunks - 1)
        try:
            self._lock.decrypt_into(nonce, sealed, bound, target)
        except (InvalidTag, ValueError) as error:
            raise KeptImageDamagedError(f"chunk {number}") from error


@contextmanager
def own_errors() -> Iterator[None]:
    """Tell that it is the profile, not the medium, that fails here."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoomForImagesError("disk") from error
        raise ProfileNotWritableError(type(error).__name__) from error
