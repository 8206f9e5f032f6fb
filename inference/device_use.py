"""Which processes use a device now, and which ended without a word while they did: a small file for each use.

A count in one file would take a second program, or a batch's helper, for one that crashed. So each use has a
file that its process holds locked; it goes with the use. One that stands there unlocked was left behind: a
driver crashed, somebody killed the process, or the power went. A program and its helpers are one run, and
leave one death at most; a run that ends in good order forgives those before it. Where the system names its
own starts (Linux), what an earlier one left behind was the power and counts for nothing, unless a program
found it before that. The files hold no patient data.
"""

import atexit
import errno
import json
import logging
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from core.file_lock import try_lock

_log = logging.getLogger(__name__)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LOCKED_BYTE = 1 << 20
"""Behind the content: on Windows, what is locked cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A device, the versions of its engine and driver, the number of the process, and its run.

    ``boot`` names the start of the system; it is empty where the system tells none, and in a use that was
    found left behind before the system started again: the power was not the reason.
    """

    device: str
    versions: str
    process: int
    run: str = ""
    boot: str = ""


class _Run:
    """One start of the program, with its helpers."""

    def __init__(self) -> None:
        self.id, self.is_helper = uuid.uuid4().hex, False


_THIS = _Run()


def this_run() -> str:
    """Return what names this start of the program."""
    return _THIS.id


def join_run(run: str) -> None:
    """Be a helper of a program: its run is ours, and what is forgiven is up to it."""
    _THIS.id, _THIS.is_helper = run, True


class DeviceUse:
    """Writes down the uses of this process in a folder, and counts those that were left behind.

    Without a folder nothing is kept. Several threads, and several programs, may use it.
    """

    def __init__(self, folder: Path | None) -> None:
        """Look into nothing yet."""
        self._folder = folder
        self._held: dict[str, tuple[Path, int]] = {}
        self._earlier: set[Path] = set()
        """What earlier runs had left behind when this one began."""
        self._lock = threading.Lock()

    def begin(self, device: str, versions: str) -> None:
        """Write down that this process uses a device from now on: until ``end``, or its own orderly end."""
        with self._lock:
            if self._folder is None or device in self._held:
                return
            use = _Use(device=device, versions=versions, process=os.getpid(), run=_THIS.id, boot=this_boot())
            self._earlier |= {
                file for file, one in self._left_behind() if one.device == device and one.run != _THIS.id
            }
            try:
                self._held[device] = _hold(self._folder, use)
            except OSError as error:
                _log.warning("the use of a device could not be written down: %s", type(error).__name__)
                return
            atexit.unregister(self.end)
            atexit.register(self.end)

    def end(self) -> None:
        """Write down that all uses of this process ended in good order, and forgive earlier runs' deaths.

        A helper forgives nothing, nor does a program one of whose helpers died.
        """
        with self._lock:
            if self._held and not _THIS.is_helper:
                if all(use.run != _THIS.id for _, use in self._left_behind()):
                    for file in self._earlier:
                        _remove(file)
                self._earlier.clear()
            for file, descriptor in self._held.values():
                os.close(descriptor)
                _remove(file)
            self._held.clear()
        atexit.unregister(self.end)

    def deaths(self, device: str, versions: str) -> int:
        """Return how many runs ended while they used a device; those of other versions are forgotten."""
        died = set()
        for file, use in self._left_behind():
            if use.device != device:
                continue
            if use.versions != versions or use.boot not in ("", this_boot()):
                _remove(file)
                continue
            died.add(use.run or str(use.process))
            if use.boot:
                _keep(file, replace(use, boot=""))
        return len(died)

    def forget(self, process: int | None = None) -> None:
        """Forget what a process left behind that was ended on purpose; None: what all left behind."""
        for file, use in self._left_behind():
            if process in (None, use.process):
                _remove(file)

    def _left_behind(self) -> Iterator[tuple[Path, _Use]]:
        """Yield the uses of processes that are no more."""
        for file in [] if self._folder is None else sorted(self._folder.glob("*.json")):
            try:
                content = file.read_bytes()
                if content and not _is_locked(file):
                    yield file, _use(json.loads(content))
            except FileNotFoundError:
                continue  # it ended meanwhile
            except (OSError, ValueError, TypeError):
                _remove(file)


@cache
def this_boot() -> str:
    """Return what names this start of the system; empty where it does not tell."""
    with suppress(OSError, UnicodeDecodeError):
        return _BOOT.read_text("ascii").strip()
    return ""


def _hold(folder: Path, use: _Use) -> tuple[Path, int]:
    """Make a use's file and lock it; it has content only once it is locked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{uuid.uuid4().hex}.json"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if not try_lock(descriptor, at=_LOCKED_BYTE):
            raise OSError(errno.ENOLCK, "this place has no locks")
        os.write(descriptor, json.dumps(asdict(use)).encode("ascii"))
    except OSError:
        os.close(descriptor)
        _remove(file)
        raise
    return file, descriptor


def _keep(file: Path, use: _Use) -> None:
    with suppress(OSError):
        file.write_text(json.dumps(asdict(use)), encoding="ascii")


def _is_locked(file: Path) -> bool:
    descriptor = os.open(file, os.O_RDWR)
    try:
        return not try_lock(descriptor, at=_LOCKED_BYTE)
    finally:
        os.close(descriptor)


def _use(plain: object) -> _Use:
    """Read a use strictly.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(plain, dict):
        raise TypeError
    use = _Use(**plain)
    texts = (use.device, use.versions, use.run, use.boot)
    if not (all(isinstance(text, str) for text in texts) and type(use.process) is int):
        raise TypeError
    return use


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()
