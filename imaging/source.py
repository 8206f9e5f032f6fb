"""Opens files, and members of zip files, without ever waiting on a pipe or trusting a size."""

import errno
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.errors import (
    DamagedImageError,
    FarlightError,
    MediumGoneError,
    NotAnImageError,
    TooLargeError,
    UnreadableFileError,
)

_GONE_ERRNOS = frozenset(
    getattr(errno, name)
    for name in ("ENODEV", "EIO", "ENXIO", "ESTALE", "ENOTCONN", "ENOMEDIUM", "EREMOTEIO", "ESHUTDOWN")
    if hasattr(errno, name)
)
_GONE_WINERRORS = frozenset({21, 31, 55, 59, 64, 483, 1006, 1110, 1112, 1167, 1617})
_READ_CHUNK = 1 << 20
_MARKED_BYTES, _MARKED_PLACES = 4096, 8
_openers: dict[Path, Callable[[Path], BinaryIO | None]] = {}


def serve(root: Path, opener: Callable[[Path], BinaryIO | None]) -> None:
    """Have the paths below ``root`` opened by ``opener``: what lies there are no files that can be read.

    The opener returns None where there is no such path; what it raises comes out of ``open_source``.
    """
    _openers[root] = opener


def stop_serving(root: Path) -> None:
    """Forget the opener of a root."""
    _openers.pop(root, None)


def error_from(error: OSError, path: Path) -> FarlightError:
    """Return the error of ours that says what happened to ``path``; it names no file."""
    if error.errno in _GONE_ERRNOS or getattr(error, "winerror", None) in _GONE_WINERRORS:
        return MediumGoneError(errno.errorcode.get(error.errno or 0, ""))
    if error.errno == errno.ENOENT and not path.parent.exists():
        return MediumGoneError("folder is gone")
    return UnreadableFileError(errno.errorcode.get(error.errno or 0, type(error).__name__))


@contextmanager
def open_source(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file, or a member of a zip file, for reading.

    Raises:
        UnreadableFileError: it cannot be opened.
        MediumGoneError: the medium went away, now or while the caller reads.
        NotAnImageError: it is a folder, pipe, socket or device.
        DamagedImageError: it lies in a zip file that is damaged.
    """
    try:
        with _open_regular(path) as stream:
            yield stream
    except OSError as error:
        raise error_from(error, path) from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamagedImageError(type(error).__name__) from error


def state_of(path: Path) -> tuple[int, int] | None:
    """Return size and time of change (ns) of a file, or of the zip file that it lies in; None elsewhere."""
    for place in (path, *path.parents):
        try:
            found = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
        return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
    return None


def mark_of(path: Path) -> str:
    """Return a digest by which another picture in the place of this one shows, whatever its size and time.

    Of a large file, blocks from the first to the last byte are looked at, not all of it: listing a stick must
    not read it whole. Of a member of a zip file it is the check sum that the directory keeps.

    Raises:
        UnreadableFileError, MediumGoneError: it cannot be read.
        DamagedImageError: it lies in a zip file that is damaged.
    """
    from imaging.archive import member_check_sum

    served = any(path.is_relative_to(root) for root in tuple(_openers))
    check_sum = None if served or path.exists() else member_check_sum(path)
    if check_sum is not None:
        return f"crc32 {check_sum:08x}"
    digest = hashlib.blake2b(digest_size=16)
    with open_source(path) as stream:
        size = stream.seek(0, os.SEEK_END)
        last = max(0, size - _MARKED_BYTES)
        places = range(_MARKED_PLACES) if size > _MARKED_BYTES * _MARKED_PLACES else ()
        for place in places:
            stream.seek(last * place // (_MARKED_PLACES - 1))
            digest.update(stream.read(_MARKED_BYTES))
        if not places:
            stream.seek(0)
            digest.update(stream.read(_MARKED_BYTES * _MARKED_PLACES))
    return f"{size} {digest.hexdigest()}"


def read_source(path: Path, limit_bytes: int) -> bytes:
    """Return the whole content of ``path``.

    Raises:
        TooLargeError: it is larger than ``limit_bytes``.
    """
    with open_source(path) as stream:
        return read_all(stream, limit_bytes)


def read_all(stream: BinaryIO, limit_bytes: int) -> bytes:
    """Return what is left in ``stream``.

    Raises:
        TooLargeError: that is more than ``limit_bytes``.
    """
    content = stream.read(_asked_of(stream, limit_bytes + 1))
    if len(content) > limit_bytes:
        raise TooLargeError(f"more than {limit_bytes} bytes")
    return content


def _asked_of(stream: BinaryIO, most: int) -> int:
    """Return how many bytes to ask for: a file's reader takes memory for all that it is asked for."""
    try:
        rest = os.fstat(stream.fileno()).st_size - stream.tell()
    except OSError:  # no file of the system: a member of a zip file, a copy that is deciphered
        return most
    return min(most, max(0, rest) + 1)


def size_of(path: Path) -> int:
    """Return the size of a file, or of a member of a zip file once it is unpacked, as its directory says.

    Raises:
        UnreadableFileError, MediumGoneError: it is not there.
        DamagedImageError: it lies in a zip file that is damaged.
    """
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        from imaging.archive import member_size

        size = member_size(path)
        if size is None:
            raise error_from(error, path) from error
        return size
    except OSError as error:
        raise error_from(error, path) from error


def _open_regular(path: Path) -> BinaryIO:
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    for root, opener in tuple(_openers.items()):
        if path.is_relative_to(root):
            served = opener(path)
            if served is None:
                raise UnreadableFileError("not kept")
            return served
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotAnImageError("not a regular file")
    except (FileNotFoundError, NotADirectoryError):
        from imaging.archive import open_member

        member = open_member(path)
        if member is None:
            raise
        return member
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAnImageError("not a regular file")
    return os.fdopen(descriptor, "rb")
