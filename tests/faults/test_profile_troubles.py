"""What becomes of a profile that is read-only, gone, opened twice, damaged, or under a clock set back."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import FarlightError, KeysDamagedError, StoreDamagedError, StoreError
from services.access import Access
from tests.faults.morning import acts_of
from tests.faults.stand import ROOT, Stem, held_by_permissions, own_environment
from tests.faults.witness import Ledger, check
from tests.opening import CHEAP, PASSWORD, open_workplace
from tests.services.conftest import MovedClock

_LENGTH = len(acts_of(0))
_DAMAGES = 60
_STARTS = 20


@pytest.fixture(scope="module")
def lived_in(stem: Stem, studies: Path, faults_folder: Path) -> tuple[Path, Ledger]:
    """A profile after one morning, and what it promised."""
    profile, ledger = faults_folder / "lived-in", Ledger()
    ledger.take(stem.start(profile=profile, studies=studies, first=0, last=_LENGTH).read_all())
    check(profile, ledger)
    return profile, ledger


@pytest.fixture
def copy(lived_in: tuple[Path, Ledger], tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived_in[0], tmp_path / "profile"))


_OPEN = """
import sys
from pathlib import Path
from core.errors import FarlightError
from services.access import Access
from tests.opening import CHEAP, PASSWORD
try:
    access = Access(Path(sys.argv[1]), cost=CHEAP)
    access.log_in(access.holders()[0].holder_id, PASSWORD).close()
except FarlightError as error:
    print(error.code, error.title, error.hint)
    sys.exit(1)
"""


def test_a_read_only_profile_is_refused_with_a_sentence_and_left_as_it_is(
    copy: Path, tmp_path: Path, lived_in: tuple[Path, Ledger]
) -> None:
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    ended = subprocess.run(
        [sys.executable, "-c", _OPEN, str(copy)],
        env=own_environment(tmp_path / "own"), cwd=ROOT, preexec_fn=held_by_permissions,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout[:4]) == (1, "E502"), ended.stderr
    assert ended.stderr == ""
    assert {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    check(copy, lived_in[1])


def test_a_profile_that_is_taken_away_under_the_program_is_told_at_the_next_act(
    stem: Stem, studies: Path, copy: Path
) -> None:
    morning = stem.start(
        profile=copy, studies=studies, first=_LENGTH, last=2 * _LENGTH, stop_before=_LENGTH + 8
    )
    assert morning.wait_stopped()
    copy.rename(copy.with_name("elsewhere"))
    morning.go_on()
    lines = morning.read_all()
    assert not any("crash" in line for line in lines)
    assert lines[-1]["ended"] == "E505", lines[-1]
    assert not any(line.get("kept", 0) >= _LENGTH + 8 for line in lines)
    copy.with_name("elsewhere").rename(copy)
    with open_workplace(copy) as workplace:
        assert tuple(workplace.trail.check()) == ()


def test_of_twenty_starts_at_once_exactly_one_has_the_profile(stem: Stem, studies: Path, copy: Path) -> None:
    mornings = [
        stem.start(profile=copy, studies=studies, first=_LENGTH, last=_LENGTH + 6, stop_before=_LENGTH)
        for _ in range(_STARTS)
    ]
    stopped = [one for one in mornings if one.wait_stopped()]
    assert len(stopped) == 1
    stopped[0].go_on()
    ended = [one.read_all()[-1] for one in mornings]
    assert sorted(line["ended"] for line in ended) == ["", *["E501"] * (_STARTS - 1)]


def test_a_second_start_is_refused_while_the_first_works_and_taken_when_it_was_killed(
    stem: Stem, studies: Path, copy: Path
) -> None:
    order = {"profile": copy, "studies": studies, "first": _LENGTH, "last": _LENGTH + 1}
    first = stem.start(**order, stop_before=_LENGTH)
    assert first.wait_stopped()
    assert stem.start(**order).read_all()[-1]["ended"] == "E501"
    first.kill()
    first.read_all()
    assert stem.start(**order).read_all()[-1]["ended"] == ""


def test_a_clock_set_back_is_asked_about_at_signing_and_marked_in_the_trail(copy: Path) -> None:
    clock = MovedClock()
    clock.instant = datetime.now(UTC)
    with open_workplace(copy, clock=clock) as workplace:
        assert workplace.signing.clock_doubt() is None
        clock.instant -= timedelta(days=400)
        doubt = workplace.signing.clock_doubt()
        assert doubt is not None
        number = workplace.trail.note("settings")
        line = next(iter(workplace.trail.lines(after=number - 1)))
        assert line.clock_doubted
        assert tuple(workplace.trail.check()) == ()


def _damaged(file: Path, seed: int) -> None:
    """Damage a file as disks and sticks do: bytes changed, a block of nothing, an end that is missing."""
    chance = random.Random(seed)
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    match seed % 3:
        case 0:
            content[place] ^= 1 << chance.randrange(8)
        case 1:
            content[place : place + 4096] = bytes(len(content[place : place + 4096]))
        case _:
            del content[place:]
    file.write_bytes(content)


def _look_through(profile: Path) -> None:
    """Open a profile and read all of it that a start reads."""
    access = Access(profile, cost=CHEAP)
    with access, access.log_in(access.holders()[0].holder_id, PASSWORD) as workplace:
        workplace.drafts.all()
        tuple(workplace.trail.check())


@pytest.mark.parametrize("seed", range(_DAMAGES))
def test_a_damaged_store_says_so_and_is_left_alone(copy: Path, seed: int) -> None:
    file = copy / "farlight.db"
    _damaged(file, seed)
    before = file.read_bytes()
    with pytest.raises(StoreDamagedError) as caught:
        _look_through(copy)
    assert caught.value.code == "E503"
    assert file.read_bytes() == before


@pytest.mark.parametrize("seed", range(12))
def test_a_torn_key_file_opens_by_its_copy_and_two_torn_ones_say_so(copy: Path, seed: int) -> None:
    _tear(copy / "keys.json", seed)
    with Access(copy, cost=CHEAP) as access:
        access.log_in(access.holders()[0].holder_id, PASSWORD).close()
    assert (copy / "keys.json").read_bytes() == (copy / "keys-copy.json").read_bytes()
    _tear(copy / "keys.json", seed)
    _tear(copy / "keys-copy.json", seed)
    with pytest.raises(KeysDamagedError):
        Access(copy, cost=CHEAP)


def _tear(file: Path, seed: int) -> None:
    content = file.read_bytes()
    place = random.Random(seed).randrange(len(content) - 2)
    file.write_bytes(content[:place] if seed % 2 else b"")


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 100, b"[]", b'{"seq": "x"}', b"null"])
def test_a_torn_count_of_guesses_makes_wait_and_stops_no_start_after_that(copy: Path, content: bytes) -> None:
    (copy / "guesses.json").write_bytes(content)
    with Access(copy, cost=CHEAP) as access:
        assert 150 < access.wait_seconds(access.holders()[0].holder_id) <= 160
    counted = json.loads((copy / "guesses.json").read_bytes())
    earlier = {holder: [in_row, at - 161, *more] for holder, (in_row, at, *more) in counted.items()}
    (copy / "guesses.json").write_text(json.dumps(earlier))
    with open_workplace(copy) as workplace:
        assert workplace.trail_trouble == ()


@pytest.mark.parametrize("name", ["anchor.json", "settings.json", "lock"])
@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 100, b"[]", b'{"seq": "x"}', b"null"])
def test_a_torn_small_file_stops_no_start(copy: Path, name: str, content: bytes) -> None:
    (copy / name).write_bytes(content)
    with open_workplace(copy) as workplace:
        troubles = [one.trouble for one in workplace.trail_trouble]
    assert bool(troubles) == (name == "anchor.json")


def test_a_torn_key_file_is_never_taken_for_a_new_profile(copy: Path) -> None:
    for name in ("keys.json", "keys-copy.json"):
        (copy / name).write_bytes(b"")
    with pytest.raises(FarlightError) as caught:
        Access(copy, cost=CHEAP)
    assert caught.value.code == "E506"


@pytest.mark.parametrize("missing", ["farlight.db", "keys.json", "keys-copy.json", "anchor.json"])
def test_a_missing_file_is_told_or_got_over_and_nothing_is_made_in_its_place(
    copy: Path, missing: str
) -> None:
    (copy / missing).unlink()
    try:
        with open_workplace(copy) as workplace:
            said = bool(workplace.trail_trouble)
    except StoreError as error:
        said = error.code == "E505"
    assert said == (missing in {"farlight.db", "anchor.json"})
    assert (copy / "farlight.db").exists() == (missing != "farlight.db")
