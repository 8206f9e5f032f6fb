"""Who can log in after a restore: nobody who left since, and no old key opens what is written then."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import DiskFullError, WrongPasswordError
from services.access import Access
from services.restore import Prepared, Restoring, again_lines
from services.staff import NewPerson
from store.backup_manifest import Backup
from store.database import Database
from store.keyring import KeyRing
from store.sqlcipher import opens
from tests.opening import CHEAP, PASSWORD, open_workplace
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import sign_reports

LEAVER = NewPerson(name="Leaver Lee", duty="administrator")
LEAVERS = "leaver password 1"
NEW = "yam and plantain"


@pytest.fixture
def backup(profile: Path, medium: Path, clock: MovedClock) -> Backup:
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.add(LEAVER, LEAVERS)
        workplace.staff.add(NewPerson(name="Ann", duty="assistant"), "assistant password 1")
        sign_reports(workplace, range(2))
        return workplace.backups.make(medium).backup


def _leave(profile: Path, clock: MovedClock) -> None:
    clock.instant += timedelta(days=1)
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.leave(next(one.person_id for one in workplace.staff.all() if one.name == LEAVER.name))


def _restore(backup: Backup, profile: Path, clock: MovedClock, password: str = PASSWORD) -> Prepared:
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, password)
        prepared = restoring.prepare()
        restoring.carry_out()
    return prepared


def _old_key(backup: Backup, folder: Path, clock: MovedClock, holder: int, password: str) -> bytes:
    folder.mkdir()
    shutil.copy(backup.folder / "keys.json", folder)
    (folder / "guesses.json").write_text("{}")
    ring = KeyRing(folder / "keys.json", clock, CHEAP)
    return ring.unlock(ring.holders()[holder].holder_id, password)


def test_where_the_records_are_damaged_their_key_file_tells_who_left(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    _leave(profile, clock)
    (profile / "farlight.db").write_bytes(bytes(100_000))
    assert _restore(backup, profile, clock).people.left_again == (LEAVER.name,)
    with open_workplace(profile, clock=clock) as workplace:
        assert LEAVER.name not in {one.name for one in workplace.staff.all()}


@pytest.mark.parametrize("target", ["clinic", "elsewhere"])
def test_an_old_sticks_keys_and_password_do_not_open_what_is_written_after_a_restore(
    backup: Backup, profile: Path, clock: MovedClock, tmp_path: Path, target: str
) -> None:
    _leave(profile, clock)
    _restore(backup, tmp_path / target, clock)
    for number, (holder, password) in enumerate(((0, PASSWORD), (1, LEAVERS))):
        old = _old_key(backup, tmp_path / f"old {number}", clock, holder, password)
        assert not opens(tmp_path / target / "farlight.db", old)
    with open_workplace(tmp_path / target, clock=clock) as workplace:
        assert (workplace.trail_trouble, list(workplace.trail.check())) == ((), [])
        assert not workplace._opened.ring.turning
        workplace.backups.verify(backup)


def test_who_left_since_is_taken_off_again_with_a_line(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    _leave(profile, clock)
    people = _restore(backup, profile, clock).people
    assert (people.known, people.left_again, people.left_stay) == (True, (LEAVER.name,), ())
    assert {one.name for one in people.log_in} == {"Dr. M. Achieng", "Ann"}
    with open_workplace(profile, clock=clock) as workplace:
        assert LEAVER.name not in {one.name for one in workplace.staff.all()}
        assert LEAVER.name not in {one.name for one in workplace.holders()}
        line = next(one for one in workplace.trail.lines() if one.act == "person_left")
        assert json.loads(line.detail)["first_left"] == "2027-01-02T12:00:00+00:00"
        assert line.person == "Dr. M. Achieng"
        assert list(workplace.trail.check()) == []


def test_passwords_and_sheet_replaced_since_stay_replaced(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        ann = next(one for one in workplace.staff.all() if one.name == "Ann")
        workplace.staff.give_password(ann.person_id, NEW)
        sheet = workplace.staff.new_sheet()
    _restore(backup, profile, clock)
    with Access(profile, clock=clock, cost=CHEAP) as access:
        with pytest.raises(WrongPasswordError):
            access.log_in(ann.holder_id, "assistant password 1")
        access.log_in(ann.holder_id, NEW).close()
    with Access(profile, clock=clock, cost=CHEAP) as access:
        access.recover(sheet, ann.holder_id, "recovered words 3").close()


def test_passwords_of_records_that_are_older_than_the_backup_do_not_come_back(
    backup: Backup, profile: Path, medium: Path, clock: MovedClock, tmp_path: Path
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        ann = next(one for one in workplace.staff.all() if one.name == "Ann")
        workplace.staff.give_password(ann.person_id, NEW)
        clock.instant += timedelta(days=1)
        later = workplace.backups.make(medium).backup
    _restore(backup, tmp_path / "older", clock)
    _restore(later, tmp_path / "older", clock)
    with Access(tmp_path / "older", clock=clock, cost=CHEAP) as access:
        with pytest.raises(WrongPasswordError):
            access.log_in(ann.holder_id, "assistant password 1")
        access.log_in(ann.holder_id, NEW).close()


def test_where_nothing_here_can_tell_it_is_said_who_can_log_in_and_since_when(
    backup: Backup, profile: Path, clock: MovedClock, tmp_path: Path
) -> None:
    _leave(profile, clock)
    prepared = _restore(backup, tmp_path / "elsewhere", clock)
    assert not prepared.people.known
    (line,) = [one for one in again_lines(prepared, "that day") if LEAVER.name in one]
    assert all(name in line for name in ("Dr. M. Achieng", "Ann", "that day"))
    _leave(tmp_path / "elsewhere", clock)


def test_the_last_administrator_of_that_day_stays_and_is_named(
    profile: Path, medium: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        me, holder = workplace.session.person, workplace.holders()[0]
        backup = workplace.backups.make(medium).backup
        assert me is not None
        other = workplace.staff.add(LEAVER, PASSWORD)
        workplace.switch(other.holder_id, PASSWORD)
        workplace.staff.leave(me.person_id)
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(holder.holder_id, PASSWORD)
        restoring.prepare()
        restoring.carry_out()
    with Access(profile, clock=clock, cost=CHEAP) as access:
        assert [one.name for one in access.holders()] == [holder.name]


def test_backups_made_after_the_day_that_was_restored_still_verify(
    backup: Backup, profile: Path, medium: Path, clock: MovedClock
) -> None:
    _leave(profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        later = workplace.backups.make(medium).backup
    _restore(backup, profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        workplace.backups.verify(later)
        workplace.backups.verify(backup)


def test_where_the_new_key_cannot_be_made_nothing_is_replaced(
    backup: Backup, profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_database: Database, _key: bytes) -> None:
        raise DiskFullError

    before = (profile / "farlight.db").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Database, "turn_to", full)
        with pytest.raises(DiskFullError):
            _restore(backup, profile, clock)
    assert (profile / "farlight.db").read_bytes() == before
    open_workplace(profile, clock=clock).close()
    _restore(backup, profile, clock)
    open_workplace(profile, clock=clock).close()
