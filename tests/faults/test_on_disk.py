"""What is told as kept is on the disk by then: a kill cannot show that, the calls to the system can.

Each file of the profile that was written is settled (fsync) before the word that an act is kept, and so is
each folder in which a name was made or changed. Excepted are files that a start makes anew (the shared memory
of the database's log, the lock, the log for support), and the anchor, which may lag behind the trail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.morning import acts_of
from tests.faults.stand import Stem, traced

_CALLS = ("write", "pwrite64", "writev", "ftruncate", "fsync", "fdatasync", "openat", "rename", "renameat")
_EXCEPTED = ("-shm", "/lock", "/anchor.json")
_ACTS = [act.name for act in acts_of(0)]


@dataclass(slots=True)
class Disk:
    """What a log of calls says of a profile: written and not settled, at each word that is told."""

    profile: Path
    written: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    settled: list[str] = field(default_factory=list)
    """What was settled since the last word."""

    def words(self, log: Path) -> Iterator[str]:
        """Yield each word that was told, at its moment."""
        for line in _whole_lines(log):
            match = re.match(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)", line)
            if match is None or int(match[3]) < 0:
                continue
            call, rest = match[1], match[2]
            if call == "writev":
                yield rest
                self.settled.clear()
            else:
                self._take(call, rest, line)

    def _take(self, call: str, rest: str, line: str) -> None:
        if call in ("rename", "renameat"):
            source, target = re.findall(r'"([^"]+)"', rest)
            self._rename(source, target)
            return
        path = re.search(r"= \d+<([^>]+)>", line) if call == "openat" else re.match(r"\d+<([^>]+)>", rest)
        if path is None or not path[1].startswith(str(self.profile)) or _is_excepted(path[1]):
            return
        if call in ("fsync", "fdatasync"):
            self.written.discard(path[1])
            self.named.discard(path[1])
            self.settled.append(path[1])
        elif call != "openat":
            self.written.add(path[1])
        elif "O_CREAT" in rest and path[1] not in self.known:
            self.known.add(path[1])
            self.named.add(str(Path(path[1]).parent))

    def _rename(self, source: str, target: str) -> None:
        if target.startswith(str(self.profile)):
            self.named.add(str(Path(target).parent))
            self.known.add(target)
            if source in self.written:
                self.written.remove(source)
                self.written.add(target)


def _is_excepted(path: str) -> bool:
    return path.endswith(_EXCEPTED) or "/log/" in path


def _whole_lines(log: Path) -> Iterator[str]:
    """Yield the calls of a log; one that another thread's call broke into stands where it ended."""
    begun: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        thread = line.split(maxsplit=1)[0]
        if line.endswith("<unfinished ...>"):
            begun[thread] = line.removesuffix(" <unfinished ...>")
        elif (resumed := re.match(r"\d+\s+<\.\.\. \w+ resumed>(.*)", line)) is not None:
            yield begun.pop(thread, thread) + resumed[1]
        else:
            yield line


@pytest.fixture(scope="module")
def calls(stem: Stem, studies: Path, faults_folder: Path, tracing: None) -> tuple[Path, Path]:
    """Profile and log of calls of a morning up to the first signed report and its paper."""
    folder = faults_folder / "on-disk"
    folder.mkdir()
    last = _ACTS.index("export") + 1
    morning = stem.start(profile=folder / "profile", studies=studies, first=0, last=last, stop_at_start=True)
    assert morning.wait_stopped()
    log = folder / "calls"
    options = ("-s", "160", "-e", f"trace={','.join(_CALLS)}")
    with traced(morning.pid, options, log):
        morning.go_on()
        lines = morning.read_all()
    assert lines[-1] == {"ended": "", "sentence": ""}, lines[-1]
    return folder / "profile", log


def test_nothing_is_told_as_kept_before_it_is_on_the_disk(calls: tuple[Path, Path]) -> None:
    disk = Disk(calls[0])
    kept = []
    for word in disk.words(calls[1]):
        if '{\\"kept\\"' in word:
            kept.append(word)
            assert disk.written == set(), word
            assert disk.named == set(), word
    assert len(kept) == _ACTS.index("export") + 1


def test_signing_waits_for_the_log_and_was_told_after_its_folder(calls: tuple[Path, Path]) -> None:
    disk = Disk(calls[0])
    number = _ACTS.index("sign")
    for word in disk.words(calls[1]):
        if f'{{\\"kept\\": {number},' in word:
            assert f"{calls[0]}/farlight.db-wal" in disk.settled
            assert str(calls[0]) not in disk.named
            return
    pytest.fail("nobody was told of the signed report")
