"""Zip files, read in memory: nothing of them is ever unpacked to disk, so no path can escape."""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.errors import DamagedImageError, ProtectedArchiveError, TooLargeError

_MOST_MEMBERS = 200_000
_MOST_DIRECTORY_BYTES = 256 << 20


def list_members(path: Path) -> Iterator[Path]:
    """Yield ``path/member`` for each file in the zip file ``path``; entries with odd names are left out.

    Raises:
        DamagedImageError: the zip file is damaged.
        ProtectedArchiveError: it needs a password.
        TooLargeError: it claims more entries than any medium holds.
    """
    with _open(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_MEMBERS:
            raise TooLargeError(f"{len(entries)} entries")
        names = {entry.filename for entry in entries if not entry.is_dir() and _is_plain(entry.filename)}
        if names and all(entry.flag_bits & 1 for entry in entries if not entry.is_dir()):
            raise ProtectedArchiveError
    for name in names:
        yield path.joinpath(*PurePosixPath(name).parts)


def open_member(path: Path) -> BinaryIO | None:
    """Open ``<zip file>/<member>``; None where no parent of ``path`` is a zip file.

    Raises:
        DamagedImageError: the zip file is damaged or has no such member.
        ProtectedArchiveError: the member needs a password.
    """
    holder = _holder(path)
    if holder is None:
        return None
    name = path.relative_to(holder).as_posix()
    archive = _open(holder)
    try:
        entry = archive.getinfo(name)
        if entry.flag_bits & 1:
            raise ProtectedArchiveError
        member = archive.open(entry)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        archive.close()
        raise DamagedImageError(type(error).__name__) from error
    return member  # type: ignore[return-value]


def member_size(path: Path) -> int | None:
    """Return the unpacked size of ``<zip file>/<member>``; None where no parent of ``path`` is a zip file.

    Raises:
        DamagedImageError: the zip file is damaged or has no such member.
    """
    holder = _holder(path)
    if holder is None:
        return None
    with _open(holder) as archive:
        try:
            return archive.getinfo(path.relative_to(holder).as_posix()).file_size
        except KeyError as error:
            raise DamagedImageError(type(error).__name__) from error


def member_check_sum(path: Path) -> int | None:
    """Return the CRC-32 of ``<zip file>/<member>`` that the directory keeps; None where there is none.

    Raises:
        DamagedImageError: the zip file is damaged.
    """
    holder = _holder(path)
    if holder is None:
        return None
    with _open(holder) as archive:
        entry = archive.NameToInfo.get(path.relative_to(holder).as_posix())
    return entry.CRC if entry is not None else None


def _holder(path: Path) -> Path | None:
    return next((parent for parent in path.parents if parent.is_file()), None)


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DamagedImageError(type(error).__name__) from error


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and ".." not in parts
        and not name.startswith("/")
        and "\\" not in name
        and "\0" not in name
    )
