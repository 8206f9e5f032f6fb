"""A log-out, a shut-down or a closed terminal ends the window in good order."""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import os, signal, sys
from PySide6.QtCore import QTimer
from ui.application import make_application
from ui.asked_to_end import AskedToEnd
number = getattr(signal, sys.argv[1])
signal.signal(number, signal.SIG_DFL)  # whoever started the tests may have it ignored
application = make_application()
kept = AskedToEnd(application)
QTimer.singleShot(0, lambda: os.kill(os.getpid(), number))
print("status", application.exec())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_window_quits_when_the_system_asks_for_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, name],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "status 0\n")
