"""Walks what the user gave in natural order; opens no pipe, socket or device, runs in no circle."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import FarlightError, NotAnImageError
from imaging.kinds import is_named_as_image
from imaging.natural import natural_key
from imaging.source import error_from

_SYSTEM_NAMES = frozenset(
    {
        "system volume information",
        "$recycle.bin",
        ".trashes",
        ".spotlight-v100",
        ".fseventsd",
        ".trash",
        "lost+found",
    }
)
_DEEPEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that was met, or a folder that could not be read (``error``).

    ``shown`` is its path as the user gave it; ``explicit`` says that the user named this very file.
    """

    path: Path
    shown: str
    explicit: bool = False
    error: FarlightError | None = None


def nothing(_folder: Path) -> bool:
    """Return False: no folder is left out."""
    return False


def walk(path: Path, shown: str, leave_out: Callable[[Path], bool] = nothing) -> Iterator[Found]:
    """Yield the files below ``path``, or ``path`` itself where it is a file; no folder of ``leave_out``."""
    try:
        status = path.stat()
    except OSError as error:
        yield Found(path=path, shown=shown, explicit=True, error=error_from(error, path))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _Walk(leave_out, {(status.st_dev, status.st_ino)}).of_folder(path, shown, 0)
    elif stat.S_ISREG(status.st_mode):
        yield Found(path=path, shown=shown, explicit=True)
    else:
        yield Found(path=path, shown=shown, explicit=True, error=NotAnImageError("not a regular file"))


class _Walk:
    def __init__(self, leave_out: Callable[[Path], bool], seen: set[tuple[int, int]]) -> None:
        self._leave_out = leave_out
        self._seen = seen

    def of_folder(self, folder: Path, shown: str, depth: int) -> Iterator[Found]:
        try:
            with os.scandir(folder) as entries:
                names = sorted((entry.name for entry in entries), key=natural_key)
        except OSError as error:
            yield Found(path=folder, shown=shown, error=error_from(error, folder))
            return
        for name in names:
            if name.startswith("._") or name.casefold() in _SYSTEM_NAMES:
                continue
            yield from self._visit(folder / name, os.path.join(shown, name), depth)  # noqa: PTH118  keeps it as given

    def _visit(self, path: Path, shown: str, depth: int) -> Iterator[Found]:
        try:
            status = path.stat()
        except FileNotFoundError as error:
            if path.is_symlink() and is_named_as_image(path.name):  # else it went away since it was listed
                yield Found(path=path, shown=shown, error=error_from(error, path))
            return
        except OSError as error:
            yield Found(path=path, shown=shown, error=error_from(error, path))
            return
        place = (status.st_dev, status.st_ino)
        if stat.S_ISREG(status.st_mode):
            yield Found(path=path, shown=shown)
        elif (
            stat.S_ISDIR(status.st_mode)
            and depth < _DEEPEST
            and place not in self._seen
            and not self._leave_out(path)
        ):
            self._seen.add(place)
            yield from self.of_folder(path, shown, depth + 1)
