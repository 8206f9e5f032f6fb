"""Sets the packaged application up, opens its window for who logs in, and closes it as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import virtual_display
from installed import Installed, SmokeError

WINDOW_TIMEOUT_S = 60
STUDY_READ_S = 5  # the study is read and analyzed meanwhile
PERSON, PASSWORD = "Dr. M. Achieng", "maize and beans ñ"


def check_window(installed: Installed) -> str:
    """The window opens on the sample, is painted, closes when asked, and prints nothing."""
    if os.name == "nt" or sys.platform == "darwin":
        return "not tried on this system"
    with virtual_display.virtual_display() as name:
        profile = installed.work / "profile ø"
        _set_up(installed, str(profile))
        arguments = ["--open", str(installed.sample()), "--profile", str(profile)]
        arguments += ["--user", PERSON, "--password-fd", "0"]
        process = subprocess.Popen(
            [*installed.prefix, str(installed.program), *arguments],
            cwd=installed.work,
            env={**installed.environment, "DISPLAY": name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            _hand_over_password(process)
            seconds = _open_and_close(process, {**os.environ, "DISPLAY": name})
            stdout, stderr = process.communicate(timeout=WINDOW_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0 or stdout or stderr:
        raise SmokeError(f"the window ended with {process.returncode} and said:\n{stdout}{stderr}")
    if (profile / "farlight.db").read_bytes().startswith(b"SQLite format 3"):
        raise SmokeError("the records are not encrypted")
    return f"opened in {seconds:.1f} s and closed"


def _set_up(installed: Installed, profile: str) -> None:
    """Set a profile up and log in once more, both without a window."""
    made = ("people", "setup", "--name", PERSON, "--password-fd", "0", "--sheet-fd", "1")
    code, said = installed.run("--profile", profile, *made, lines=(PASSWORD,))
    if said or code.count("-") != 8:
        raise SmokeError(f"the set-up gave no recovery sheet:\n{code}{said}")
    asked = ("people", "list", "--json", "--password-fd", "0")
    listed, said = installed.run("--profile", profile, *asked, lines=(PASSWORD,))
    if said or '"administrator"' not in listed:
        raise SmokeError(f"nobody logged in to the new profile:\n{listed}{said}")


def _hand_over_password(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{PASSWORD}\n")
    process.stdin.close()
    process.stdin = None  # communicate() would write to it again


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
