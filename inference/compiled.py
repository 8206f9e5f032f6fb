"""What devices compiled, kept on disk: bounded, the longest unused goes first, damaged entries go at once."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inference.choices import Choice
from inference.devices import write_whole
from inference.packs import Pack

_log = logging.getLogger(__name__)
MOST_BYTES = 512 << 20
_SEAL = "entry.json"
_CHUNK_BYTES = 1 << 20


class CompiledCache:
    """A folder with an entry for each pack, network, device, engine and driver.

    An engine reads back what lies there without a look at it (OpenVINO 2026.4 takes a garbled file for a
    network): so each file's checksum is compared before the engine sees it, and whoever loads from here has
    the golden answers given once more.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    @contextmanager
    def entry(self, pack: Pack, choice: Choice, versions: str) -> Iterator[Path | None]:
        """Give the folder in which a device keeps what it compiles; it counts once the block ended well.

        It is None where nothing can be written: the device then compiles anew each time.
        """
        folder = self._folder / _name(pack, choice, versions)
        try:
            if folder.exists() and not _is_whole(folder):
                _log.warning("a compiled network was damaged, and is made anew")
                shutil.rmtree(folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("compiled networks cannot be kept: %s", type(error).__name__)
            yield None
            return
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._seal(folder)

    def size_bytes(self) -> int:
        """Return how much all entries take."""
        return sum(_size(folder) for folder in self._entries())

    def clear(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _seal(self, folder: Path) -> None:
        """Write down what an entry holds; one that is empty, or that cannot be written, goes."""
        try:
            files = {file.relative_to(folder).as_posix(): _sha256(file) for file in _files(folder)}
            if not files:
                shutil.rmtree(folder)
                return
            write_whole(folder / _SEAL, json.dumps(files).encode())
        except OSError as error:
            _log.warning("a compiled network cannot be kept: %s", type(error).__name__)
            shutil.rmtree(folder, ignore_errors=True)
        self._prune(folder)

    def _prune(self, newest: Path) -> None:
        """Take away the longest unused until the rest fits; the newest stays, unless it alone is too much."""
        total = 0
        for folder in sorted(self._entries(), key=_used_at, reverse=True):
            total += _size(folder)
            if total > self._most_bytes and (folder != newest or _size(folder) > self._most_bytes):
                total -= _size(folder)
                shutil.rmtree(folder, ignore_errors=True)

    def _entries(self) -> list[Path]:
        try:
            return [folder for folder in self._folder.iterdir() if folder.is_dir()]
        except OSError:
            return []


def _name(pack: Pack, choice: Choice, versions: str) -> str:
    parts = (pack.sha256, choice.engine, choice.precision, choice.device, versions)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _is_whole(folder: Path) -> bool:
    """Whether an entry holds exactly what was sealed."""
    try:
        sealed = json.loads((folder / _SEAL).read_text(encoding="ascii"))
        found = {file.relative_to(folder).as_posix(): _sha256(file) for file in _files(folder)}
    except (OSError, ValueError):
        return False
    return bool(found) and found == sealed


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != _SEAL)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _size(folder: Path) -> int:
    size = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            size += file.stat().st_size
    return size


def _used_at(folder: Path) -> int:
    """Return when an entry was sealed last; each use seals it anew."""
    try:
        return (folder / _SEAL).stat().st_mtime_ns
    except OSError:
        return 0
