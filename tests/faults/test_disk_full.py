"""A disk that is full at a write of a morning: a clear sentence, nothing lost, all goes on afterwards.

Which writes are tried, ``_spread`` says: a sample, or every one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.morning import acts_of
from tests.faults.stand import Stem, traced, under
from tests.faults.witness import Ledger, check

LANES = 2
_CALLS = ("write", "pwrite64", "fsync", "ftruncate", "rename", "openat", "mkdir")
_CODES = {"E550", "E500", "E401"}  # the disk is full; records or a report not kept: is the disk full?
# At a start also E502: SQLite does not say why a file could not be opened. Its hint names the disk.


class Point(NamedTuple):
    """The ``number``-th of one kind of call inside an act (-1 is the start); ``lasting`` where no later
    one succeeds either.
    """

    act: int
    call: str
    number: int
    lasting: bool


@dataclass(slots=True)
class Lane:
    """A profile at a fixed place, put back to as it was before an act, for one run after another."""

    stem: Stem
    studies: Path
    folder: Path
    before: list[tuple[Path, Ledger]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def profile(self) -> Path:
        return self.folder / "profile"

    def put_back(self, act: int) -> Ledger:
        """Put the profile back to as it was before an act; returns what is promised by then."""
        kept, ledger = self.before[act + 1]
        for name in ("profile", "stick"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        return deepcopy(ledger)

    def record(self) -> None:
        """Walk through a morning once, noting before each act what is there, and what each act calls."""
        ledger = Ledger()
        for number in range(-1, len(acts_of(0))):
            kept = self.folder.with_name(f"{self.folder.name}-before-{number}")
            for name in ("profile", "stick"):
                if (self.folder / name).exists():
                    shutil.copytree(self.folder / name, kept / name)
            self.before.append((kept, deepcopy(ledger)))
            ledger.take(self.run(number, ("-e", f"trace={','.join(_CALLS)}")))
            self._note(number)
            check(self.profile, ledger)

    def run(self, act: int, options: tuple[str, ...], *, again: bool = False) -> list[dict[str, object]]:
        """Do one act (-1: only start) under strace."""
        where = {"stop_at_start": True} if act < 0 else {"stop_before": act}
        morning = self.stem.start(
            profile=self.profile, studies=self.studies, first=max(act, 0), last=act + 1, again=again, **where
        )
        assert morning.wait_stopped()
        with traced(morning.pid, options, self.log):
            morning.go_on()
        return morning.read_all()

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.log")

    def _note(self, act: int) -> None:
        """Note the points of an act; an open is one only where it would make a file."""
        ours: dict[str, int] = {}
        names: set[str] = set()
        for line in self.log.read_text(errors="replace").splitlines():
            match = re.match(r"\d+\s+(\w+)\(", line)
            path = re.search(rf"{re.escape(str(self.folder))}/([^\">]+)", line)
            if match and path:
                ours[match[1]] = ours.get(match[1], 0) + 1
                names.add(path[1])
                if match[1] != "openat" or "O_CREAT" in line:
                    self.points.append(Point(act, match[1], ours[match[1]], False))
        self.names[act] = tuple(sorted(names))
        for call in sorted(ours):
            first = next((one for one in self.points if (one.act, one.call) == (act, call)), None)
            if first is not None:
                self.points.append(first._replace(lasting=True))

    def try_at(self, point: Point) -> str:
        """Take the disk away at a point; returns what was said, "" where it was got over unsaid."""
        ledger = self.put_back(point.act)
        when = f"{point.number}+" if point.lasting else str(point.number)
        inject = f"inject={point.call}:error=ENOSPC:when={when}"
        options = ("-e", f"trace={point.call}", "-e", inject, *under(self.folder, self.names[point.act]))
        lines = self.run(point.act, options, again=not point.lasting)
        hit = "(INJECTED)" in self.log.read_text(errors="replace")
        ledger.take(lines)
        assert ledger.crashes == [], f"{point}: {ledger.crashes}"
        assert lines, point
        said = [str(line["sentence"]) for line in lines if line.get("sentence")]
        codes = {str(line.get("refused") or line.get("ended")) for line in lines if line.get("sentence")}
        assert codes <= (_CODES if point.act >= 0 else {*_CODES, "E502"}), (point, said)
        if not point.lasting:
            assert lines[-1] == {"ended": "", "sentence": ""}, (point, said)
        try:
            check(self.profile, ledger)
        except BaseException as error:
            raise AssertionError(f"{point}: {said}") from error
        return "|".join(said) if hit else "not reached"


def _spread(points: list[Point]) -> list[Point]:
    """Return points of the first act of each kind: of each call the first, the middle and the last.

    With FARLIGHT_EVERY_WRITE set, all points (many minutes).
    """
    if os.environ.get("FARLIGHT_EVERY_WRITE"):
        return points
    names = [act.name for act in acts_of(0)]
    alike: dict[tuple[int, str, bool], list[Point]] = {}
    for point in points:
        if point.act < 0 or names.index(names[point.act]) == point.act:
            alike.setdefault((point.act, point.call, point.lasting), []).append(point)
    return [
        point for each in alike.values() for point in dict.fromkeys((each[0], each[len(each) // 2], each[-1]))
    ]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_full_disk_loses_nothing_at_the_writes_that_are_tried(
    stem: Stem, studies: Path, faults_folder: Path, tracing: None, say: Callable[[str], None]
) -> None:
    lanes = [Lane(stem=stem, studies=studies, folder=faults_folder / f"full-{n}") for n in range(LANES)]

    def walk(number: int) -> list[tuple[Point, str]]:
        lane = lanes[number]
        lane.folder.mkdir()
        lane.record()
        return [(point, lane.try_at(point)) for point in _spread(lane.points)[number::LANES]]

    with ThreadPoolExecutor(LANES) as pool:
        tried = [one for lane in pool.map(walk, range(LANES)) for one in lane]
    reached = [one for one in tried if one[1] != "not reached"]
    told = [one for one in reached if one[1]]
    say(f"{len(tried)} points, {len(reached)} reached, {len(told)} told")
    assert len(reached) >= 100
    # Got over unsaid: the anchor (it may lag), the line of the log-out, bringing the log into the file.
    unsaid = {point.act for point, said in reached if point.call == "pwrite64" and point.lasting and not said}
    assert unsaid <= {number for number, act in enumerate(acts_of(0)) if act.name == "setting"}
