"""Power lost while an early Farlight's plain store is taken over, and while a profile is set up."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.schema import MIGRATIONS, SCHEMA_VERSION
from store.sqlcipher import PLAIN_HEADER
from tests.faults.stand import Stem, traced
from tests.opening import open_workplace

LANES = 2
PATIENT = "Wanjiku Plantedname"
_CALLS = ("write", "pwrite64", "fsync", "ftruncate", "rename", "openat", "unlink", "mkdir")
_MOST = 14  # of one kind of call; of more, so many are spread over them
_REPORTS, _DRAFTS = 40, 25


def _plain_store(profile: Path, version: int) -> None:
    """Make what a Farlight of a schema kept: signed reports, drafts, people."""
    profile.mkdir(parents=True)
    store = sqlite3.connect(profile / "farlight.db")
    for script in MIGRATIONS[:version]:
        store.executescript(script)
    store.execute(f"PRAGMA user_version = {version}")
    store.execute(
        "INSERT INTO people (name, role, registration_number, salt, pin_hash) VALUES (?, ?, ?, ?, ?)",
        ("Sr. N. Otieno", "nurse", "", b"salt", b"hash"),
    )
    for number in range(1, _REPORTS + 1):
        store.execute(
            "INSERT INTO signed_reports VALUES (?, ?, 1, '2026-11-01T08:00:00+00:00', ?, NULL, ?, ?, ?)",
            (number, f"unit-{number}", PATIENT, "record", "result", bytes([number]) * 5000),
        )
        if version > 1:
            store.execute("INSERT INTO frozen_reports VALUES (?, ?)", (number, bytes([number]) * 3000))
    for number in range(_DRAFTS):
        store.execute("INSERT INTO drafts VALUES (?, ?, ?)", (f"draft-{number}", PATIENT * 50, "2026-11-02"))
    store.commit()
    store.close()


def _require_all(profile: Path, version: int) -> None:
    """Go on as the next start does; everything is there, and nothing of it in plain."""
    with open_workplace(profile) as workplace, workplace._database.transaction() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        if version:
            pdfs = connection.execute("SELECT report_id, pdf FROM signed_reports").fetchall()
            assert {row[0]: row[1] for row in pdfs} == {n: bytes([n]) * 5000 for n in range(1, _REPORTS + 1)}
            assert connection.execute("SELECT count(*) FROM drafts").fetchone()[0] == _DRAFTS
        if version > 1:
            assert connection.execute("SELECT count(*) FROM frozen_reports").fetchone()[0] == _REPORTS
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
        assert len([one for one in workplace.staff.all() if one.holder_id]) == 1
        assert tuple(workplace.trail.check()) == ()
    for file in profile.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not content.startswith(PLAIN_HEADER), file.name
            assert PATIENT.encode() not in content, file.name
    assert [file.name for file in profile.iterdir() if file.suffix in {".new", ".plain"}] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", [0, 1, 2])
def test_power_lost_at_any_step_of_a_set_up_or_a_take_over_loses_nothing(
    stem: Stem, faults_folder: Path, tracing: None, say: Callable[[str], None], version: int
) -> None:
    def fresh(name: str) -> Path:
        folder = faults_folder / f"migration-{version}-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if version:
            _plain_store(folder / "profile", version)
        return folder / "profile"

    def run(profile: Path, options: Sequence[str]) -> str:
        morning = stem.start(profile=profile, studies=profile, first=0, last=0, stop_at_start=True)
        assert morning.wait_stopped()
        log = profile.with_name("log")
        with traced(morning.pid, options, log):
            morning.go_on()
        lines = morning.read_all()
        assert not any("crash" in line for line in lines), lines
        return log.read_text(errors="replace")

    whole = fresh("whole")
    counted = _points(run(whole, ("-e", f"trace={','.join(_CALLS)}")), whole)
    _require_all(whole, version)

    def lane(number: int) -> int:
        killed = 0
        for call, when in counted[number::LANES]:
            profile = fresh(str(number))
            log = run(profile, ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"))
            killed += "killed by SIGKILL" in log
            try:
                _require_all(profile, version)
            except BaseException as error:
                raise AssertionError(f"killed at {call} {when}") from error
        return killed

    with ThreadPoolExecutor(LANES) as pool:
        killed = sum(pool.map(lane, range(LANES)))
    say(f"schema {version}: killed at {killed} of {len(counted)} calls")
    assert killed > len(counted) * 0.95
    assert len(counted) > 60


def _points(log: str, profile: Path) -> list[tuple[str, int]]:
    """Return which calls touch the profile, each as its kind and its place among its kind."""
    seen: dict[str, int] = {}
    ours: dict[str, list[int]] = {}
    for line in log.splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match:
            seen[match[1]] = seen.get(match[1], 0) + 1
            if str(profile) in line:
                ours.setdefault(match[1], []).append(seen[match[1]])
    return [
        (call, places[len(places) * step // min(len(places), _MOST)])
        for call, places in ours.items()
        for step in range(min(len(places), _MOST))
    ]
