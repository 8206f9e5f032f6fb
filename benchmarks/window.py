"""From the start of the process to the log-in, from there to a painted window, and its memory."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage, QScreen

from benchmarks.measuring import Figure, figure, skipped
from services.places import program_folder, sample_study

SECTION = "window"
TIMEOUT_S = 60.0
POLL_S = 0.005
SETTLED_S = 8.0
TYPED_AFTER_S = 2.0  # a fast hand; what the window needs is loaded meanwhile
PERSON, PASSWORD = "Dr. M. Achieng", "maize and beans"
# A painted window has many colours; an empty screen has one, a bare window frame a few.
FEWEST_COLOURS = 12
SAMPLED = (160, 90)
# The window is larger than the log-in screen before it, by more of the screen than this.
LEAST_CHANGE = 0.08
START, LOG_IN, AT_ONCE = (
    "process start to log-in painted",
    "password entered to window painted",
    "process start to window painted, logged in by a file descriptor",
)


def measure(rounds: int) -> list[Figure]:
    """Return the seconds to the log-in, from it to the window, and peak memory with the sample."""
    if not os.environ.get("DISPLAY"):
        return [skipped(SECTION, START, "no display")]
    application = QGuiApplication([])
    screen = application.primaryScreen()
    times = max(3, rounds // 5)
    with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
        _set_up(folder)
        found = [_log_in(screen, folder) for _ in range(times)]
        at_once = [_start(screen, folder)[0] for _ in range(times)]
        _, peak = _start(screen, folder, "--open", str(sample_study()))
    entered = [one for _, one in found if one is not None]
    return [
        figure(SECTION, START, [one for one, _ in found], unit="s", scale=1, aim="1 s"),
        figure(SECTION, LOG_IN, entered, unit="s", scale=1)
        if entered
        else skipped(SECTION, LOG_IN, "no xdotool"),
        figure(SECTION, AT_ONCE, at_once, unit="s", scale=1),
        figure(SECTION, "peak memory, sample open and analyzed", [peak], unit="MiB", scale=1, aim="700 MB"),
    ]


def _set_up(profile: str) -> None:
    arguments = ["people", "setup", "--name", PERSON, "--password-fd", "0", "--sheet-fd", "1"]
    subprocess.run(
        [sys.executable, "main.py", "--profile", profile, *arguments],
        cwd=program_folder(),
        input=PASSWORD,
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def _running(profile: str, *arguments: str, password: str = "") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "main.py", "--profile", profile, *arguments],
        cwd=program_folder(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(password)
        process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait()
        time.sleep(0.3)


def _start(screen: QScreen, profile: str, *arguments: str) -> tuple[float, float]:
    """Return the seconds to a window for somebody who is logged in from the start, and peak memory in MiB."""
    before = _picture(screen)
    started = time.perf_counter()
    with _running(profile, *arguments, "--password-fd", "0", password=PASSWORD) as process:
        _wait(process, lambda: _painted(screen, before))
        seconds = time.perf_counter() - started
        if arguments:
            time.sleep(SETTLED_S)
        return seconds, _peak_mib(process.pid)


def _log_in(screen: QScreen, profile: str) -> tuple[float, float | None]:
    """Return the seconds to a painted log-in, and from the Enter after the password to the window."""
    before = _picture(screen)
    started = time.perf_counter()
    with _running(profile) as process:
        _wait(process, lambda: _painted(screen, before))
        seconds = time.perf_counter() - started
        if shutil.which("xdotool") is None:
            return seconds, None
        time.sleep(TYPED_AFTER_S)
        asked = _picture(screen)
        subprocess.run(["xdotool", "type", "--delay", "5", PASSWORD], check=True)
        entered = time.perf_counter()
        subprocess.run(["xdotool", "key", "Return"], check=True)
        _wait(process, lambda: _change(screen, asked) > LEAST_CHANGE)
        return seconds, time.perf_counter() - entered


def _wait(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    started = time.perf_counter()
    while not condition():
        if process.poll() is not None:
            raise RuntimeError(f"the window ended with {process.returncode}")
        if time.perf_counter() - started > TIMEOUT_S:
            raise RuntimeError(f"no painted window after {TIMEOUT_S} s")
        time.sleep(POLL_S)


def _painted(screen: QScreen, before: QImage) -> bool:
    now = _picture(screen)
    if now == before:
        return False
    colours = {now.pixel(x, y) for x in range(now.width()) for y in range(0, now.height(), 3)}
    return len(colours) >= FEWEST_COLOURS


def _change(screen: QScreen, before: QImage) -> float:
    """Return the share of the screen that looks otherwise than before."""
    now = _picture(screen)
    places = [(x, y) for x in range(now.width()) for y in range(0, now.height(), 3)]
    return sum(now.pixel(x, y) != before.pixel(x, y) for x, y in places) / len(places)


def _picture(screen: QScreen) -> QImage:
    QGuiApplication.processEvents()
    return screen.grabWindow(0).toImage().scaled(*SAMPLED)


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0.0
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
