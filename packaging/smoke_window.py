"""Opens the packaged application's window on a real display and closes it as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import virtual_display
from installed import Installed, SmokeError

WINDOW_TIMEOUT_S = 60
STUDY_READ_S = 5  # the study is read and analyzed meanwhile


def check_window(installed: Installed) -> str:
    """The window opens on the sample, is painted, closes when asked, and prints nothing."""
    if os.name == "nt" or sys.platform == "darwin":
        return "not tried on this system"
    with virtual_display.virtual_display() as name:
        profile = installed.work / "profile ø"
        arguments = ["--open", str(installed.sample()), "--profile", str(profile)]
        process = subprocess.Popen(
            [*installed.prefix, str(installed.program), *arguments],
            cwd=installed.work,
            env={**installed.environment, "DISPLAY": name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            seconds = _open_and_close(process, {**os.environ, "DISPLAY": name})
            stdout, stderr = process.communicate(timeout=WINDOW_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0 or stdout or stderr:
        raise SmokeError(f"the window ended with {process.returncode} and said:\n{stdout}{stderr}")
    if not profile.is_dir():
        raise SmokeError("the window did not use the profile that was named")
    return f"opened in {seconds:.1f} s and closed"


def _open_and_close(process: subprocess.Popen[str], environment: dict[str, str]) -> float:
    started = time.monotonic()
    while not (window := _xdotool(environment, "search", "--onlyvisible", "--name", "Farlight")):
        if process.poll() is not None:
            stdout, stderr = process.communicate()
            raise SmokeError(f"the window did not open (status {process.returncode}):\n{stdout}{stderr}")
        if time.monotonic() - started > WINDOW_TIMEOUT_S:
            raise SmokeError(f"no window after {WINDOW_TIMEOUT_S} s")
        time.sleep(0.05)
    seconds = time.monotonic() - started
    time.sleep(STUDY_READ_S)
    if process.poll() is not None:
        stdout, stderr = process.communicate()
        raise SmokeError(f"the window closed by itself (status {process.returncode}):\n{stdout}{stderr}")
    _xdotool(environment, "windowactivate", "--sync", window.splitlines()[0], "key", "alt+F4")
    return seconds


def _xdotool(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["xdotool", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
