"""kill -9 at 200 random points of a morning: what was told as kept is there, whole, at the next start."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import ROUNDS
from tests.faults.morning import acts_of, write_studies
from tests.faults.stand import Started, Stem, traced
from tests.faults.witness import Ledger, check

KILLS = 200
LANES = 2
PROFILE_LASTS = 25  # kills, then a new one is set up
_LENGTH = len(acts_of(0))
_LAST = ROUNDS * _LENGTH


def _by_time(stem: Stem, chance: random.Random, order: dict[str, object], log: Path) -> Started:
    morning = stem.start(**order)
    time.sleep(chance.uniform(0, 1.2))
    morning.kill()
    return morning


def _after_an_act(stem: Stem, chance: random.Random, order: dict[str, object], log: Path) -> Started:
    """Kill right behind the word that an act begins: in its middle, most often."""
    morning = stem.start(**order)
    for _ in range(chance.randint(1, 12)):
        morning.read_until("act")
        if not morning.lines or "act" not in morning.lines[-1]:
            break
        morning.lines.append({"read": True})
    time.sleep(chance.choice((0.0, 0.001, 0.003, 0.01, 0.05)))
    morning.kill()
    return morning


def _by_call(stem: Stem, chance: random.Random, order: dict[str, object], log: Path) -> Started:
    """Kill at the n-th call of one kind that changes a file: between any two changes of the disk."""
    morning = stem.start(**order, stop_at_start=True)
    assert morning.wait_stopped()
    call, most = chance.choice(
        (("pwrite64", 600), ("pwrite64", 60), ("write", 40), ("fsync", 60), ("rename", 12), ("openat", 200))
    )  # fmt: skip
    number = chance.randint(1, most)
    options = ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}")
    with traced(morning.pid, options, log):
        morning.go_on()
    return morning


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [20270301])
def test_nothing_signed_and_no_draft_is_lost_when_killed_at_200_points(
    stem: Stem, studies: Path, faults_folder: Path, tracing: None, say: Callable[[str], None], seed: int
) -> None:
    def lane(number: int) -> tuple[int, int, list[float]]:
        chance = random.Random(seed + number)
        kills, signed, starts, log = 0, 0, [], faults_folder / f"killed-{number}.log"
        profiles, began_at, ledger = 0, 0, Ledger()
        ways = (_by_time, _after_an_act, _by_call, _by_call)
        while kills < KILLS // LANES:
            if kills - began_at >= PROFILE_LASTS or ledger.next_act >= _LAST:
                signed += len(ledger.signed)
                profiles, began_at, ledger = profiles + 1, kills, Ledger()
            profile = faults_folder / f"killed-{number}-{profiles}"
            order: dict[str, object] = {
                "profile": profile, "studies": studies, "first": ledger.next_act,
                "last": min(ledger.next_act + _LENGTH, _LAST),
            }  # fmt: skip
            lines = chance.choice(ways)(stem, chance, order, log).read_all()
            kills += not any("ended" in line for line in lines)
            ledger.take(lines)
            assert ledger.refused == []
            began = time.monotonic()
            check(profile, ledger)
            starts.append(time.monotonic() - began)
        return kills, signed + len(ledger.signed), starts

    with ThreadPoolExecutor(LANES) as pool:
        done = list(pool.map(lane, range(LANES)))
    kills, signed = sum(one[0] for one in done), sum(one[1] for one in done)
    starts = [second for one in done for second in one[2]]
    say(
        f"{kills} kills, {signed} signed reports kept, next start and check: median "
        f"{statistics.median(starts):.2f} s, longest {max(starts):.2f} s"
    )
    assert kills >= KILLS
    assert signed > 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_morning_with_the_real_packs_is_killed_and_gone_on_with(
    faults_folder: Path, stem: Stem, say: Callable[[str], None]
) -> None:
    """Each process loads the packs anew, as a start does; it is killed as it signs or decides."""
    studies = write_studies(faults_folder / "real-studies", 1)
    profile, ledger = faults_folder / "real", Ledger()
    kills = 0
    for number in (number for number, act in enumerate(acts_of(0)) if act.name in {"sign", "decide"}):
        order = {"profile": profile, "studies": studies, "first": ledger.next_act, "real": True}
        morning = stem.start(**order, last=_LENGTH, stop_before=number)
        assert morning.wait_stopped()
        morning.go_on()
        time.sleep(0.05)
        morning.kill()
        lines = morning.read_all()
        kills += not any("ended" in line for line in lines)
        ledger.take(lines)
        check(profile, ledger)
    ledger.take(
        stem.start(
            profile=profile, studies=studies, first=ledger.next_act, last=_LENGTH, real=True
        ).read_all()
    )
    check(profile, ledger)
    assert len(ledger.signed) == 2
    say(f"{kills} kills of a morning with the real packs")
