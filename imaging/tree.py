"""Walks what the user gave in natural order; opens no pipe, socket or device, runs in no circle."""

import os
import stat
from collections.abc import Iterator
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


def walk(path: Path, shown: str) -> Iterator[Found]:
    """Yield the files below ``path``, or ``path`` itself where it is a file."""
    try:
        status = path.stat()
    except OSError as error:
        yield Found(path=path, shown=shown, explicit=True, error=error_from(error, path))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _walk_folder(path, shown, {(status.st_dev, status.st_ino)}, 0)
    elif stat.S_ISREG(status.st_mode):
        yield Found(path=path, shown=shown, explicit=True)
    else:
        yield Found(path=path, shown=shown, explicit=True, error=NotAnImageError("not a regular file"))


def _walk_folder(folder: Path, shown: str, seen: set[tuple[int, int]], depth: int) -> Iterator[Found]:
    try:
        with os.scandir(folder) as entries:
            names = sorted((entry.name for entry in entries), key=natural_key)
    except OSError as error:
        yield Found(path=folder, shown=shown, error=error_from(error, folder))
        return
    for name in names:
        if name.startswith("._") or name.casefold() in _SYSTEM_NAMES:
            continue
        yield from _visit(folder / name, os.path.join(shown, name), seen, depth)  # noqa: PTH118  keeps it as given


def _visit(path: Path, shown: str, seen: set[tuple[int, int]], depth: int) -> Iterator[Found]:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        if path.is_symlink() and is_named_as_image(
            path.name
        ):  # else it went away between listing and looking
            yield Found(path=path, shown=shown, error=error_from(error, path))
        return
    except OSError as error:
        yield Found(path=path, shown=shown, error=error_from(error, path))
        return
    if stat.S_ISREG(status.st_mode):
        yield Found(path=path, shown=shown)
    elif stat.S_ISDIR(status.st_mode) and depth < _DEEPEST and (status.st_dev, status.st_ino) not in seen:
        seen.add((status.st_dev, status.st_ino))
        yield from _walk_folder(path, shown, seen, depth + 1)
