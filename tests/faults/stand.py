"""Starts scripted mornings, kills them or takes the disk away under them, and reads what they told."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
WRITES = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "openat", "unlink", "mkdir")
PATIENCE_S = 60.0
NO_STRACE = "strace is not installed, or this computer lets nobody trace (make setup-dev says how)"
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _CAP_SYS_PTRACE = 24, 1, 2, 19
Facts = dict[str, Any]


class Started:
    """One morning under way: its process, and what it told so far."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self._told = told
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = None
        self._left = b""
        self.lines: list[Facts] = []

    def kill(self) -> None:
        """End it as a power cut would: nothing in it runs any more."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def go_on(self) -> None:
        """Let it go on where it stopped itself."""
        os.kill(self.pid, signal.SIGCONT)

    def wait_stopped(self) -> bool:
        """Wait until it stopped itself; False where it ended before."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                return False
            if state in "Tt":
                return True
            if state == "Z":
                return False
            time.sleep(0.001)
        raise TimeoutError("the morning did not come to its act")

    def read_until(self, name: str) -> None:
        """Read what it tells until a line with that name, or its end."""
        while not (self.lines and name in self.lines[-1]):
            if not self._read():
                return

    def read_all(self) -> list[Facts]:
        """Read to the end of what it tells: it is dead then, or done."""
        while self._read():
            pass
        os.close(self._told)
        if self._handle is not None:
            os.close(self._handle)
        return self.lines

    def _read(self) -> bool:
        got = os.read(self._told, 65536)
        *whole, self._left = (self._left + got).split(b"\n")
        self.lines.extend(json.loads(line) for line in whole)
        return bool(got)


class Stem:
    """The process from which mornings are forked, so that imports are paid for once."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        self._channel = ours
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.morning", "--stem", str(theirs.fileno())],
            cwd=ROOT,
            env=own_environment(folder),
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()

    def start(self, **order: object) -> Started:
        """Start a morning (``morning.run_morning`` says what is ordered)."""
        (Path(str(order["profile"])).parent / "stick").mkdir(exist_ok=True)
        read, write = os.pipe()
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in order.items()}
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(plain).encode()], [write])
            pid = int(self._channel.recv(64))
        os.close(write)
        return Started(pid, read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._process.wait(timeout=PATIENCE_S)


def own_environment(folder: Path) -> dict[str, str]:
    """Return an environment with folders of our own, and a print queue that notes what all see of a job."""
    programs = folder / "programs"
    if not programs.exists():
        programs.mkdir(parents=True)
        queue = programs / "lp"
        queue.write_text('#!/bin/sh\necho "$@" >> "$0.said"\nexec cat > /dev/null\n')
        queue.chmod(0o755)
    own = {"HOME": folder / "home", "TMPDIR": folder / "tmp"}
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        own[name] = folder / "home" / name.lower()
    for path in own.values():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "COV_"))}
    return {
        **kept,
        **{name: str(path) for name, path in own.items()},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def held_by_permissions() -> None:
    """Have a child process, from its next program on, do only what any user may, also where it is root's."""
    for right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _CAP_SYS_PTRACE):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, right, 0, 0, 0)


def can_trace() -> bool:
    """Whether strace is there and may trace."""
    program = shutil.which("strace")
    if program is None:
        return False
    return (
        subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0
    )


@contextlib.contextmanager
def traced(pid: int, options: Sequence[str], log: Path) -> Iterator[None]:
    """Trace a stopped process from here on."""
    program = shutil.which("strace")
    assert program is not None
    log.unlink(missing_ok=True)
    tracer = subprocess.Popen(
        [program, "-f", "-y", "-o", str(log), *options, "-p", str(pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_traced(pid)
        yield
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            tracer.wait(timeout=PATIENCE_S)
        if tracer.poll() is None:
            tracer.kill()
            tracer.wait()


def _wait_traced(pid: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status = Path(f"/proc/{pid}/status").read_text()
        if not re.search(r"^TracerPid:\s+0$", status, re.MULTILINE):
            return
        time.sleep(0.001)
    raise TimeoutError("nobody traces the morning")


def under(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return the options that have strace look at some files of a folder only."""
    return tuple(part for name in names for part in ("-P", str(folder / name)))


def counts(log: Path) -> Mapping[str, int]:
    """Return how often each call stands in a log, its opens counted apart by whether they make a file."""
    found: dict[str, int] = {}
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match:
            found[match[1]] = found.get(match[1], 0) + 1
    return found


def own_folder() -> Path:
    """Return a new folder in memory where there is room, since thousands of durable writes wear a disk."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and shutil.disk_usage(memory).free > 200_000_000 else None
    return Path(tempfile.mkdtemp(prefix="farlight-faults-", dir=place))
