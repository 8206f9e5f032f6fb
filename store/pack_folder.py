"""The folder of installed packs: each version comes whole with one rename, and goes with one.

A pack lies in ``<id>-<version>``. What begins with a point is on its way in or out, and is swept away at the
next start. ``.in-use`` holds a locked file for each analysis that runs, in whichever process.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.assets import SET_ASIDE
from core.errors import DiskFullError, PackInUseError
from store.durable import not_kept, settle_folder
from store.profile import try_lock

FOLDER_NAME = "packs"
_INTENT, _LONGEST_INTENT = ".intent", 4096
_STAGING, _GOING, _IN_USE = ".staging-", ".going-", ".in-use"
_ROOM_LEFT_BYTES = 64 << 20


class PackFolder:
    """The ``packs`` folder of one profile; it is made at the first installing."""

    def __init__(self, profile: Path) -> None:
        self.path = profile / FOLDER_NAME

    @contextmanager
    def staging(self, needed_bytes: int) -> Iterator[Path]:
        """Give an empty folder on the same disk; what is left in it at the end is removed.

        Raises:
            DiskFullError: there is not so much room.
            ProfileNotWritableError: it cannot be made.
        """
        folder = self.path / f"{_STAGING}{secrets.token_hex(4)}"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(self.path).free < needed_bytes + _ROOM_LEFT_BYTES:
                raise DiskFullError("packs")
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise not_kept(error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, name: str) -> Path:
        """Return where a version lies, or would."""
        return self.path / name

    def put(self, staged: Path, name: str) -> None:
        """Put a staged folder, whose files are on the disk, into its place with one rename.

        Raises:
            OSError: it could not be put there; nothing changed.
        """
        for folder in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
            settle_folder(folder)
        target = self.place(name)
        if target.exists():  # left by a store that was restored since: the records do not know it
            self.take(name)
        staged.rename(target)
        settle_folder(self.path)

    def take(self, name: str) -> None:
        """Take a version out of its place with one rename, then delete it.

        Raises:
            OSError: it could not be taken out; nothing changed.
        """
        gone = self.path / f"{_GOING}{secrets.token_hex(4)}"
        self.place(name).rename(gone)
        settle_folder(self.path)
        shutil.rmtree(gone, ignore_errors=True)

    def set_aside(self, names: Iterable[str]) -> None:
        """Mark exactly these versions as not to be used, for those too who open no records.

        Raises:
            OSError: a mark could not be written; those before it were.
        """
        wanted = {f"{SET_ASIDE}{name}" for name in names}
        there = {mark.name for mark in self.path.glob(f"{SET_ASIDE}*")}
        for name in sorted(wanted - there):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / name).touch(mode=0o600)
        for name in sorted(there - wanted):
            (self.path / name).unlink(missing_ok=True)
        if wanted != there:
            settle_folder(self.path)

    def intend(self, words: str) -> None:
        """Keep what a change that begins is for, so that the next start can finish it.

        Raises:
            OSError: it could not be written.
        """
        with (self.path / _INTENT).open("w", encoding="utf-8") as stream:
            stream.write(words)
            stream.flush()
            os.fsync(stream.fileno())
        settle_folder(self.path)

    def intent(self) -> str:
        """Return what was kept of a change that did not come to its end, or ""."""
        try:
            return (self.path / _INTENT).read_text(encoding="utf-8")[:_LONGEST_INTENT]
        except (OSError, UnicodeDecodeError):
            return ""

    def intend_nothing(self) -> None:
        """Forget what a change was for: it came to its end."""
        with suppress(OSError):
            (self.path / _INTENT).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what was on its way in or out when the power went."""
        for prefix in (_STAGING, _GOING):
            for left in self.path.glob(f"{prefix}*"):
                shutil.rmtree(left, ignore_errors=True)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the packs where they are while an analysis runs (no harm where that cannot be kept)."""
        if not self.path.is_dir():
            yield
            return
        mark = self.path / _IN_USE / secrets.token_hex(8)
        try:
            mark.parent.mkdir(mode=0o700, exist_ok=True)
            stream = mark.open("ab")
        except OSError:
            yield
            return
        with stream:
            try_lock(stream.fileno())
            yield
        with suppress(OSError):
            mark.unlink()

    def require_unused(self) -> None:
        """Check that no analysis runs; marks of processes that died are removed.

        Raises:
            PackInUseError: one does.
        """
        for mark in (self.path / _IN_USE).glob("*"):
            try:
                with mark.open("ab") as stream:
                    free = try_lock(stream.fileno())
                if not free:
                    raise PackInUseError
                mark.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise PackInUseError(os.strerror(error.errno or 0)) from error
