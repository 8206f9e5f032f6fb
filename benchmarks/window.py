"""From the start of the process to a painted window, and its memory with the sample open."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage, QScreen

from benchmarks.measuring import Figure, figure, skipped
from services.places import program_folder, sample_study

SECTION = "window"
TIMEOUT_S = 60.0
POLL_S = 0.005
SETTLED_S = 8.0
# A painted window has many colours; an empty screen has one, a bare window frame a few.
FEWEST_COLOURS = 12
SAMPLED = (160, 90)


def measure(rounds: int) -> list[Figure]:
    """Return the seconds from process start to a painted window, and its peak memory with the sample."""
    if not os.environ.get("DISPLAY"):
        return [skipped(SECTION, "process start to window painted", "no display")]
    application = QGuiApplication([])
    screen = application.primaryScreen()
    starts = []
    for _ in range(max(3, rounds // 5)):
        with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
            starts.append(_start(screen, folder)[0])
    with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
        _, peak = _start(screen, folder, "--open", str(sample_study()))
    return [
        figure(SECTION, "process start to window painted", starts, unit="s", scale=1, aim="1 s"),
        figure(SECTION, "peak memory, sample open and analyzed", [peak], unit="MiB", scale=1, aim="700 MB"),
    ]


def _start(screen: QScreen, profile: str, *arguments: str) -> tuple[float, float]:
    before = _picture(screen)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "main.py", "--profile", profile, *arguments],
        cwd=program_folder(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _painted(screen, before):
            if process.poll() is not None:
                raise RuntimeError(f"the window ended with {process.returncode}")
            if time.perf_counter() - started > TIMEOUT_S:
                raise RuntimeError(f"no painted window after {TIMEOUT_S} s")
            time.sleep(POLL_S)
        seconds = time.perf_counter() - started
        if arguments:
            time.sleep(SETTLED_S)
        return seconds, _peak_mib(process.pid)
    finally:
        process.kill()
        process.wait()
        time.sleep(0.3)


def _painted(screen: QScreen, before: QImage) -> bool:
    now = _picture(screen)
    if now == before:
        return False
    colours = {now.pixel(x, y) for x in range(now.width()) for y in range(0, now.height(), 3)}
    return len(colours) >= FEWEST_COLOURS


def _picture(screen: QScreen) -> QImage:
    QGuiApplication.processEvents()
    return screen.grabWindow(0).toImage().scaled(*SAMPLED)


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0.0
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
