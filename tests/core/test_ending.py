"""The program ends with its own status, also while a driver holds a thread."""

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import atexit, threading, time
from core.ending import UNSTOPPABLE, end_program
atexit.register(print, "ended in good order")
def inside_a_driver():
    while True:
        time.sleep(0.05)
threading.Thread(target=inside_a_driver, name={name}, daemon=True).start()
print("all records written")
end_program(3)
print("never")
"""


def test_a_driver_that_holds_a_thread_changes_neither_status_nor_output() -> None:
    for name in ("UNSTOPPABLE", "'another'"):
        ended = subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(name=name)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (3, "")
        assert ended.stdout.splitlines() == ["all records written", "ended in good order"]
