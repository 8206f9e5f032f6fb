"""Writing a backup onto a medium part by part, checking it there, and reading it back.

Every part gets its name on the medium only after it was read back from it and found right: what has a name
was verified. A backup whose folder still ends in ``-unfinished`` was interrupted, and is gone on with.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import (
    BackupDamagedError,
    BackupMediumError,
    BackupNoRoomError,
    FarlightError,
    KeptImageDamagedError,
)
from store.backup_manifest import (
    MANIFEST,
    PART_BYTES,
    PREFIX,
    UNFINISHED,
    Backup,
    Entry,
    Kind,
    Manifest,
    Part,
    check_seal,
    find_backups,
    images_folder,
    place_of,
    read_backup,
    write_manifest,
)
from store.durable_copy import Tell, copy_verified, hash_file, settle

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SPARE_BYTES = 4 << 20


def nobody(_count: int) -> None:
    """Take a count and do nothing."""


class BackupWriter:
    """Writes one backup onto a medium."""

    def __init__(
        self, medium: Path, name: str, store_id: str, earlier: tuple[Backup, ...], tell: Tell = nobody
    ) -> None:
        """Begin the backup, or go on with the one of that name.

        ``earlier`` are those of this store on the medium whose seal holds, the latest first.

        Raises:
            BackupMediumError: the medium cannot be written.
        """
        self._final = medium / name
        self._folder = medium / f"{name}{UNFINISHED}"
        self._store_id, self._tell = store_id, tell
        self._entries: list[Entry] = []
        with medium_errors():
            self._folder.mkdir(parents=True, exist_ok=True)
        self._sequence = 1 + max((backup.manifest.sequence for backup in earlier), default=0)
        self._known = {
            (entry.path, entry.size, entry.mtime_ns): entry
            for backup in reversed(earlier)
            for entry in backup.manifest.of_kind("image")
        }

    def set_tell(self, tell: Tell) -> None:
        """Have each byte told from now on, written and read back."""
        self._tell = tell

    def adopt(self, kind: Kind, path: str) -> Entry:
        """Take over a file that was written (and checked) in its place on the medium, as one part."""
        with medium_errors():
            sha256, size = hash_file(place_of(self._folder, self._store_id, kind, 0, ""), self._tell)
        entry = Entry(kind=kind, path=path, size=size, mtime_ns=0, parts=(Part(sha256=sha256, size=size),))
        self._entries.append(entry)
        return entry

    def known(self, path: str, size: int, mtime_ns: int) -> Entry | None:
        """Return an earlier backup's entry of an image that did not change; its parts are yet to be read."""
        return self._known.get((path, size, mtime_ns))

    def missing_bytes(self, kind: Kind, parts: Iterable[tuple[int, int]]) -> int:
        """Return how much of a file's parts (number, size) is not on the medium."""
        return sum(
            size
            for number, size in parts
            if not _has_size(place_of(self._folder, self._store_id, kind, number, ""), size)
        )

    def require_room(self, needed: int) -> None:
        """Check that so many bytes find room.

        Raises:
            BackupNoRoomError: the detail says how many MB are missing.
        """
        with medium_errors():
            short = needed + _SPARE_BYTES - shutil.disk_usage(self._folder).free
        if short > 0:
            raise no_room(short)

    def keep(self, entry: Entry) -> bool:
        """Take an entry of an earlier backup over where its parts are read whole from the medium.

        Raises:
            BackupMediumError: the medium was pulled out.
        """
        if not all(self._holds(part) for part in entry.parts):
            return False
        self._entries.append(entry)
        return True

    def _holds(self, part: Part) -> bool:
        place = place_of(self._folder, self._store_id, "image", 0, part.sha256)
        try:
            return _has_size(place, part.size) and hash_file(place, self._tell)[0] == part.sha256
        except OSError as error:
            if self._folder.exists():
                return False  # sectors that the stick gives up on: they are written elsewhere
            raise BackupMediumError(f"{type(error).__name__} {error.errno}") from error

    def add(self, kind: Kind, path: str, source: BinaryIO, size: int, mtime_ns: int = 0) -> Entry:
        """Copy a file in parts, each verified; parts that are there and right are not copied again.

        Raises:
            BackupMediumError: the medium was pulled out or fails.
            BackupNoRoomError: it is full.
            BackupDamagedError: what is read back is not what was written.
            KeptImageDamagedError: this computer's own disk does not give the file any more.
        """
        parts = [self._add_part(kind, number, source, length) for number, length in cut(size)]
        entry = Entry(kind=kind, path=path, size=size, mtime_ns=mtime_ns, parts=tuple(parts))
        self._entries.append(entry)
        return entry

    def _add_part(self, kind: Kind, number: int, source: BinaryIO, size: int) -> Part:
        start = source.tell()
        try:
            sha256 = _hash_of(source, size)
        except OSError as error:
            raise KeptImageDamagedError(f"{kind} {type(error).__name__}") from error
        place = place_of(self._folder, self._store_id, kind, number, sha256)
        with medium_errors():
            place.parent.mkdir(parents=True, exist_ok=True)
            if _has_size(place, size) and hash_file(place, nobody) == (sha256, size):
                self._tell(2 * size)
                return Part(sha256=sha256, size=size)
        source.seek(start)
        try:
            with medium_errors():
                if copy_verified(source, size, place, self._tell) != sha256:
                    raise BackupDamagedError("the source changed")
        except BackupNoRoomError as error:
            raise self._with_amount(size, error) from error
        return Part(sha256=sha256, size=size)

    def _with_amount(self, size: int, error: BackupNoRoomError) -> BackupNoRoomError:
        try:
            return no_room(max(1, size + _SPARE_BYTES - shutil.disk_usage(self._folder).free))
        except OSError:
            return error

    def finish(self, made_at: str, farlight: str, key: bytes) -> Backup:
        """Write the manifest and give the folder its name: from now on it is a backup.

        Raises:
            BackupMediumError: the medium fails.
        """
        manifest = Manifest(
            store_id=self._store_id,
            made_at=made_at,
            farlight=farlight,
            entries=tuple(self._entries),
            sequence=self._sequence,
        )
        with medium_errors():
            write_manifest(self._folder, manifest, key)
            written = read_backup(self._folder)
            check_seal(written.manifest, key)
            self._folder.replace(self._final)
            settle(self._final.parent)
        return Backup(folder=self._final, manifest=written.manifest)


def verify_parts(backup: Backup, tell: Tell = nobody) -> None:
    """Read a whole backup from its medium.

    Raises:
        BackupMediumError: the medium fails.
        BackupDamagedError: a part is gone or not what was written; the detail names it.
    """
    for entry, part, place in backup.places():
        try:
            with medium_errors():
                right = place.stat().st_size == part.size and hash_file(place, tell)[0] == part.sha256
        except BackupMediumError as error:
            if place.exists() or backup.folder.exists():
                raise BackupDamagedError(f"{entry.kind} {place.name[:12]}: {error.detail}") from error
            raise
        if not right:
            raise BackupDamagedError(f"{entry.kind} {place.name[:12]}")


def bring_back(backup: Backup, entry: Entry, place: Path, tell: Tell = nobody) -> None:
    """Put a file of a backup together again, on the disk and verified, part by part.

    Raises:
        BackupDamagedError: a part is gone or not what was written.
        BackupMediumError: the medium fails.
        BackupNoRoomError: the disk is full.
    """
    with medium_errors():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_CREAT | os.O_TRUNC | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as target:
            for number, part in enumerate(entry.parts):
                source = place_of(backup.folder, backup.manifest.store_id, entry.kind, number, part.sha256)
                if _append(source, part.size, target, tell) != part.sha256:
                    raise BackupDamagedError(f"{entry.kind} {source.name[:12]}")
            target.flush()
            os.fsync(target.fileno())
    settle(place.parent)


def _append(source: Path, size: int, target: BinaryIO, tell: Tell) -> str:
    import hashlib

    digest = hashlib.sha256()
    try:
        with source.open("rb") as stream:
            while block := stream.read(1 << 20):
                size -= len(block)
                if size < 0:
                    raise BackupDamagedError(f"{source.name[:12]} is too long")
                target.write(block)
                digest.update(block)
                tell(len(block))
    except FileNotFoundError as error:
        raise BackupDamagedError(f"{source.name[:12]} is gone") from error
    return digest.hexdigest()


def remove_old(new: Backup, earlier: tuple[Backup, ...], keep: int) -> int:
    """Remove older backups beside a new one but for the latest, and image copies that none of the rest names.

    ``earlier`` are those whose seal holds, the latest first: no other is counted or removed. ``keep`` counts
    the new one. It stays whatever that is and whatever the clock says, and so does one that is dated after
    it. Returns how many were removed; what cannot be removed stays.
    """
    said, medium = new.manifest, new.folder.parent
    older = [one for one in earlier if one.folder.parent == medium]
    gone = 0
    for backup in older[max(0, keep - 1) :]:
        if backup.manifest.made_at > said.made_at:
            continue
        with suppress(OSError):
            (backup.folder / MANIFEST).unlink()  # first: a half-removed backup is none
            shutil.rmtree(backup.folder)
            gone += 1
    if gone:
        rest = [one for one in find_backups(medium) if one.manifest.store_id == said.store_id]
        _remove_unnamed(images_folder(new.folder, said.store_id), rest)
    return gone


def remove_unfinished(medium: Path, store_id: str, but: str = "") -> None:
    """Remove what interrupted backups of a store left, but for the one of that name."""
    with suppress(OSError):
        for folder in medium.glob(f"{PREFIX}{store_id[:8]}-*{UNFINISHED}"):
            if folder.name != f"{but}{UNFINISHED}":
                shutil.rmtree(folder, ignore_errors=True)


def _remove_unnamed(pool: Path, kept: list[Backup]) -> None:
    named = {
        part.sha256 for backup in kept for entry in backup.manifest.of_kind("image") for part in entry.parts
    }
    for file in pool.glob("*/*"):
        if file.name not in named:
            with suppress(OSError):
                file.unlink()


def cut(size: int) -> Iterator[tuple[int, int]]:
    """Yield number and length of the parts of a file; an empty file is one empty part."""
    number = 0
    while size > 0 or number == 0:
        yield number, min(size, PART_BYTES)
        size, number = size - PART_BYTES, number + 1


def no_room(short_bytes: int) -> BackupNoRoomError:
    """Return the error that says how much room is missing."""
    from core.wording import say

    return BackupNoRoomError(
        say("backup.missing_room", size=megabytes(short_bytes)), missing_bytes=short_bytes
    )


def megabytes(size: int) -> str:
    """Return a size in MB or GB, rounded up, for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, -(-size // 1_000_000))} MB"


@contextmanager
def medium_errors() -> Iterator[None]:
    """Turn what a medium refuses into our errors."""
    try:
        yield
    except FarlightError:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise BackupNoRoomError(type(error).__name__) from error
        raise BackupMediumError(f"{type(error).__name__} {error.errno}") from error


def _has_size(place: Path, size: int) -> bool:
    try:
        return place.stat().st_size == size
    except OSError:
        return False


def _hash_of(source: BinaryIO, size: int) -> str:
    import hashlib

    digest = hashlib.sha256()
    while size > 0 and (block := source.read(min(1 << 20, size))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()
