"""A real X display of our own, with a window manager: for tests, the smoke test, benchmarks and screenshots.

As a program it runs another one on such a display: python packaging/virtual_display.py PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("Xvfb", "openbox")
START_TIMEOUT_S = 20.0


class DisplayError(Exception):
    """The display could not be started; the text says why."""


def missing() -> tuple[str, ...]:
    """Return the programs that a display needs and this computer lacks."""
    return tuple(name for name in PROGRAMS if shutil.which(name) is None)


@contextmanager
def virtual_display(size: str = "1920x1080") -> Iterator[str]:
    """Start a display and its window manager; yield its name, such as ``:7``.

    Raises:
        DisplayError: a program is missing or does not start.
    """
    if missing():
        raise DisplayError(f"{' and '.join(missing())} not installed (make setup-dev says how)")
    with tempfile.TemporaryDirectory(prefix="farlight-display-") as folder:
        server, name = _start_server(Path(folder), size)
        try:
            manager = _start_manager(Path(folder), name)
            try:
                yield name
            finally:
                _end(manager)
        finally:
            _end(server)


def _start_server(folder: Path, size: str) -> tuple[subprocess.Popen[bytes], str]:
    reader, writer = os.pipe()
    screen = ["-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), *screen], pass_fds=(writer,), stdout=log, stderr=log
        )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    if not number:
        server.wait(timeout=START_TIMEOUT_S)
        raise DisplayError("Xvfb did not start: " + (folder / "server.log").read_text(errors="replace"))
    return server, f":{number}"


def _start_manager(folder: Path, name: str) -> subprocess.Popen[bytes]:
    started = folder / "started"
    with (folder / "manager.log").open("wb") as log:
        manager = subprocess.Popen(
            ["openbox", "--sm-disable", "--startup", f"touch {started}"],
            env={**os.environ, "DISPLAY": name},
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while not started.exists():
        if manager.poll() is not None or time.monotonic() > deadline:
            _end(manager)
            raise DisplayError(
                "openbox did not start: " + (folder / "manager.log").read_text(errors="replace")
            )
        time.sleep(0.02)
    return manager


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(arguments: Sequence[str]) -> int:
    """Run the program named by ``arguments`` on a display of its own; its exit status is ours."""
    try:
        with virtual_display() as name:
            environment = {**os.environ, "DISPLAY": name}
            for variable in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
                environment.pop(variable, None)
            return subprocess.run(arguments, env=environment, check=False).returncode
    except DisplayError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
