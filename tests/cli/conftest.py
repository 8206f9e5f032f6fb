"""The real program in a process of its own, with a profile of its own and no display."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(profile: Path, *arguments: str) -> list[str]:
    """Return the command line of the program."""
    return [sys.executable, "-X", "utf8=0", str(ROOT / "main.py"), "--profile", str(profile), *arguments]


def environment() -> dict[str, str]:
    """Return an environment without a display."""
    dropped = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONIOENCODING", "PYTHONUTF8"}
    return {name: value for name, value in os.environ.items() if name not in dropped}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program with arguments; returns status, standard output and standard error."""

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(tmp_path / "profile", *arguments),
            cwd=tmp_path,
            env={**environment(), **variables},
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
        )

    return run


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start the program and return at once."""

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command(tmp_path / "profile", *arguments),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A grey PNG."""
    file = tmp_path / "picture.png"
    row, column = np.mgrid[0:96, 0:96]
    assert cv2.imwrite(str(file), ((row * column) % 251).astype(np.uint8))
    return file
