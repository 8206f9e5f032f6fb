"""Power lost while somebody is taken off the list, and with that the key of the records is turned."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.clock import SystemClock
from services.staff import NewPerson
from store.keyring import KeyRing
from store.sqlcipher import opens
from tests.faults.stand import traced
from tests.opening import CHEAP, open_workplace

PATIENCE_S = 60.0
LEAVERS = "leaver password 1"
_CALLS = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "openat", "unlink")
_MOST = 12  # of one kind of call; of more, so many are spread over them


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_power_lost_at_any_step_of_a_leaving_leaves_records_that_open_under_one_key_and_a_whole_trail(
    faults_folder: Path, tracing: None, say: Callable[[str], None]
) -> None:
    stem = faults_folder / "key-turn-stem"
    with open_workplace(stem) as workplace:
        leaver = workplace.staff.add(NewPerson(name="Leaver Lee", duty="administrator"), LEAVERS)
    old = KeyRing(stem / "keys.json", SystemClock(), CHEAP).unlock(leaver.holder_id, LEAVERS)

    def run(options: Sequence[str]) -> tuple[str, Path]:
        profile = faults_folder / "key-turn"
        shutil.rmtree(profile, ignore_errors=True)
        shutil.copytree(stem, profile)
        pid = _stopped_before_leaving(profile, leaver.person_id)
        log = faults_folder / "key-turn.log"
        with traced(pid, options, log):
            os.kill(pid, signal.SIGCONT)
        os.waitpid(pid, 0)
        return log.read_text(errors="replace"), profile

    log, profile = run(("-e", f"trace={','.join(_CALLS)}"))
    points = _points(log, profile)
    assert _left(profile, leaver.holder_id, old)
    killed, left = 0, 0
    for call, when in points:
        log, profile = run(("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"))
        killed += "killed by SIGKILL" in log
        try:
            left += _left(profile, leaver.holder_id, old)
        except BaseException as error:
            raise AssertionError(f"killed at {call} {when}") from error
    say(f"killed at {killed} of {len(points)} calls; they had left at {left}")
    assert killed > len(points) * 0.9
    assert 0 < left < len(points), "before the key file nothing has changed, behind it all of it has"


def _left(profile: Path, holder_id: str, old: bytes) -> bool:
    """Open what the cut left, twice; return whether they left. Key, list and trail say the same."""
    with open_workplace(profile):
        pass
    with open_workplace(profile) as workplace:
        gone = holder_id not in {one.holder_id for one in workplace.holders()}
        lines = [line.act for line in workplace.trail.lines()]
        people = [one.name for one in workplace.staff.all()]
        assert lines.count("person_left") == gone
        assert people == (["Dr. M. Achieng"] if gone else ["Dr. M. Achieng", "Leaver Lee"])
        assert (workplace.trail_trouble, tuple(workplace.trail.check())) == ((), ())
        assert not workplace._opened.ring.turning
        with workplace._database.transaction() as connection:
            assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
    assert opens(profile / "farlight.db", old) != gone
    assert (profile / "keys.json").read_bytes() == (profile / "keys-copy.json").read_bytes()
    return gone


def _stopped_before_leaving(profile: Path, person_id: int) -> int:
    """Return a process of our own that has the profile open and stopped itself before the act."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with open_workplace(profile) as workplace:
                os.kill(os.getpid(), signal.SIGSTOP)
                workplace.staff.leave(person_id)
            status = 0
        finally:
            os._exit(status)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
        if done:
            assert os.WIFSTOPPED(status), "it ended before the act"
            return pid
        time.sleep(0.001)
    raise TimeoutError("it did not come to its act")


def _points(log: str, profile: Path) -> list[tuple[str, int]]:
    """Return which calls touch the profile, each as its kind and its place among its kind."""
    seen: dict[str, int] = {}
    ours: dict[str, list[int]] = {}
    for line in log.splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match:
            seen[match[1]] = seen.get(match[1], 0) + 1
            if f"{profile}/" in line:
                ours.setdefault(match[1], []).append(seen[match[1]])
    return [
        (call, places[len(places) * step // min(len(places), _MOST)])
        for call, places in ours.items()
        for step in range(min(len(places), _MOST))
    ]
