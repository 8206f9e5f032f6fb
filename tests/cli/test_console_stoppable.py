"""Being stopped: a polite request is a flag, whichever signal carries it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.console import stoppable

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_request_to_end_is_a_flag_and_its_repetition_by_the_system_too(name: str) -> None:
    earlier = signal.getsignal(getattr(signal, name))
    with stoppable() as asked:
        assert not asked()
        signal.raise_signal(getattr(signal, name))
        assert asked()
        if name != "SIGINT":
            signal.raise_signal(getattr(signal, name))
    assert signal.getsignal(getattr(signal, name)) is earlier


@posix
def test_a_program_that_was_told_to_outlive_its_terminal_does() -> None:
    earlier = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable() as asked:
            signal.raise_signal(signal.SIGHUP)
            assert not asked()
    finally:
        signal.signal(signal.SIGHUP, earlier)


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_child_leaves_it_to_the_program_to_end_it(name: str) -> None:
    text = (
        "import signal; from core.child import leave_the_end_to_the_program as leave\n"
        f"leave(); signal.raise_signal(signal.{name}); print('goes on')"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", text], cwd=root, capture_output=True, check=False)
    assert ended.stdout.split() == [b"goes", b"on"]
