"""Memory that images need again and again."""

import subprocess
import sys
from pathlib import Path

import pytest

FAULTS = """
import resource, sys
import numpy as np
from services.allocation import keep_memory
kept = sys.argv[1] == "keep" and keep_memory()
def work():
    return [np.ones(1_500_000, dtype=np.float32) for _ in range(4)]
for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(how: str) -> int:
    command = [sys.executable, "-c", FAULTS, how]
    root = Path(__file__).parents[2]
    return int(subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is asked")
def test_memory_of_one_image_is_there_for_the_next() -> None:
    assert _faults("keep") < _faults("leave") / 10
