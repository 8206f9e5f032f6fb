"""Who may open the records: an earlier key opens nothing, and key file, people and trail change as one."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import (
    DiskFullError,
    KeysDamagedError,
    KeysReplacedError,
    PasswordGivenError,
    StoreError,
    StoreMissingError,
    WrongPasswordError,
)
from services.access import Access
from services.restore import Restoring
from services.staff import NewPerson
from services.workplace import Workplace
from store import key_turn
from store.backup_manifest import find_backups
from store.database import copy_whole
from store.durable import replace_file
from store.keyring import KeyRing
from store.sqlcipher import connect, dbapi, opens
from tests.opening import CHEAP, PASSWORD, enter_signer, key_of_store, open_workplace
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import put_images, sign_reports

LEAVER = NewPerson(name="Leaver Lee", duty="administrator")
LEAVERS = "leaver password 1"
ANN = NewPerson(name="Assistant Ann", duty="assistant")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


def _acts(workplace: Workplace) -> list[str]:
    return [line.act for line in workplace.trail.lines()]


def _log_in(profile: Path, clock: MovedClock, name: str, password: str) -> Workplace:
    access = Access(profile, clock=clock, cost=CHEAP)
    try:
        holder = next(one for one in access.holders() if one.name == name)
        return access.log_in(holder.holder_id, password)
    except BaseException:
        access.close()
        raise


def _opens(file: Path, key: bytes) -> bool:
    connection = connect(file, key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi.DatabaseError:
        return False
    finally:
        connection.close()
    return True


def _leave(workplace: Workplace, person_id: int) -> None:
    workplace.staff.leave(person_id)


def _change_own(workplace: Workplace, _person_id: int) -> None:
    workplace.staff.change_own_password(PASSWORD, "yam and plantain")


def _reset(workplace: Workplace, person_id: int) -> None:
    workplace.staff.give_password(person_id, "given password 7")


def _new_sheet(workplace: Workplace, _person_id: int) -> None:
    workplace.staff.new_sheet()


TURNS: tuple[Callable[[Workplace, int], None], ...] = (_leave, _change_own, _reset, _new_sheet)


@pytest.mark.parametrize("turn", TURNS)
def test_an_earlier_key_file_and_password_open_the_records_no_more(
    profile: Path, clock: MovedClock, tmp_path: Path, turn: Callable[[Workplace, int], None]
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        for name in ("keys.json", "guesses.json"):
            shutil.copy(profile / name, tmp_path)
        turn(workplace, leaver.person_id)
        sign_reports(workplace, range(2))
        assert list(workplace.trail.check()) == []
    ring = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    for holder, password in ((leaver.holder_id, LEAVERS), (ring.holders()[0].holder_id, PASSWORD)):
        assert not _opens(profile / "farlight.db", ring.unlock(holder, password))
    for name in ("keys.json", "keys-copy.json"):
        shutil.copy(tmp_path / "keys.json", profile / name)
    with pytest.raises(KeysReplacedError):
        open_workplace(profile, clock=clock)


def test_after_a_turn_the_records_open_with_what_holds_now_and_the_trail_is_whole(
    profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        sign_reports(workplace, range(3))
        _leave(workplace, leaver.person_id)
    with open_workplace(profile, clock=clock) as workplace:
        assert (workplace.trail_trouble, list(workplace.trail.check())) == ((), [])
        people = [act for act in _acts(workplace) if act in {"person_added", "person_left", "log_in"}]
        assert people == ["log_in", "person_added", "person_left", "log_in"]
        with workplace._database.transaction() as connection:
            assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
            assert connection.execute("SELECT count(*) FROM signed_reports").fetchone()[0] == 3


def test_an_older_key_file_of_the_same_key_is_told_too(profile: Path, clock: MovedClock) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        old = (profile / "keys.json").read_bytes()
        workplace.staff.add(LEAVER, LEAVERS)
    for name in ("keys.json", "keys-copy.json"):
        (profile / name).write_bytes(old)
    with pytest.raises(KeysReplacedError) as caught:
        open_workplace(profile, clock=clock)
    assert caught.value.detail == "older"


def test_a_backup_made_before_a_turn_verifies_after_it_and_restores_with_its_own_password(
    profile: Path, clock: MovedClock, tmp_path: Path
) -> None:
    medium = tmp_path / "stick"
    medium.mkdir()
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        sign_reports(workplace, range(2))
        made = workplace.backups.make(medium)
        clock.instant += timedelta(minutes=1)
        _leave(workplace, leaver.person_id)
        workplace.backups.verify(made.backup)
        workplace.backups.verify(workplace.backups.make(medium).backup)
    with Restoring(made.backup, tmp_path / "other", clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(leaver.holder_id, LEAVERS)
        assert restoring.prepare().counts["signed_reports"] == 2
        restoring.carry_out()
    _log_in(tmp_path / "other", clock, LEAVER.name, LEAVERS).close()
    latest = find_backups(medium)[0]
    third = Restoring(latest, tmp_path / "third", clock=clock, cost=CHEAP)
    with third as restoring, pytest.raises(WrongPasswordError):
        restoring.unlock(leaver.holder_id, LEAVERS)


def test_a_restore_reads_the_present_records_under_their_later_key_where_the_same_password_opens_them(
    profile: Path, clock: MovedClock, tmp_path: Path
) -> None:
    medium = tmp_path / "stick"
    medium.mkdir()
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        made = workplace.backups.make(medium)
        _leave(workplace, leaver.person_id)
        sign_reports(workplace, range(2))
    for holder, password, known in ((0, PASSWORD, True), (1, LEAVERS, False)):
        with Restoring(made.backup, profile, clock=clock, cost=CHEAP) as restoring:
            restoring.unlock(restoring.holders()[holder].holder_id, password)
            prepared = restoring.prepare()
        assert (prepared.present, len(prepared.lacking)) == (("same", 2) if known else ("unreadable", 0))
        assert prepared.deletions_known == known


def test_copies_of_images_open_after_a_turn(profile: Path, clock: MovedClock) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        files = put_images(workplace)
        _leave(workplace, leaver.person_id)
    with open_workplace(profile, clock=clock):
        assert all(file.exists() for file in files)


# --- key file, people and line are one


def _add(workplace: Workplace, _person_id: int) -> None:
    workplace.staff.add(NewPerson(name="Ghost", duty="administrator"), "ghost password 1")


@pytest.mark.parametrize("change", [*TURNS, _add])
@pytest.mark.parametrize("fails_at", ["line", "key_file", "intent"])
def test_a_change_told_as_not_kept_changed_nothing(
    profile: Path,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Workplace, int], None],
    fails_at: str,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFullError

    with open_workplace(profile, clock=clock) as workplace:
        other = workplace.staff.add(LEAVER, LEAVERS)
        before, lines = workplace.staff.all(), _acts(workplace)
        key = key_of_store(profile)
        with monkeypatch.context() as patched:
            where, name = {
                "line": (workplace.trail._store, "write"),
                "key_file": (workplace._opened.ring, "_keep"),
                "intent": (workplace._keys, "_remember"),
            }[fails_at]
            patched.setattr(where, name, full)
            with pytest.raises(DiskFullError):
                change(workplace, other.person_id)
        assert (workplace.staff.all(), _acts(workplace)) == (before, lines)
        assert [one.name for one in workplace.holders()] == [one.name for one in before]
        assert key_of_store(profile) == key
    _log_in(profile, clock, LEAVER.name, LEAVERS).close()


@pytest.mark.parametrize("change", [*TURNS, _add])
def test_a_crash_after_the_key_file_leaves_a_change_that_the_next_opening_writes_down(
    profile: Path,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Workplace, int], None],
) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with open_workplace(profile, clock=clock) as workplace:
        other = workplace.staff.add(LEAVER, LEAVERS)
        with monkeypatch.context() as patched:
            patched.setattr(workplace._keys, "_settle", crash)
            with pytest.raises(Crash):
                change(workplace, other.person_id)
    password = "yam and plantain" if change is _change_own else PASSWORD
    with _log_in(profile, clock, "Dr. M. Achieng", password) as workplace:
        act = {"_leave": "person_left", "_new_sheet": "sheet_made", "_add": "person_added"}.get(
            change.__name__, "password_changed"
        )
        assert _acts(workplace)[-2:] == [act, "log_in"]
        assert {one.name for one in workplace.staff.all()} == {one.name for one in workplace.holders()}
        assert (workplace.trail_trouble, list(workplace.trail.check())) == ((), [])


def test_where_the_key_cannot_be_turned_now_the_next_opening_does_it(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_key: bytes) -> None:
        raise DiskFullError

    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        old = workplace._database._key
        with monkeypatch.context() as patched:
            patched.setattr(workplace._database, "turn_to", full)
            _leave(workplace, leaver.person_id)
            with pytest.raises(DiskFullError):
                _new_sheet(workplace, 0)
        assert [one.name for one in workplace.staff.all()] == ["Dr. M. Achieng"]
    assert _opens(profile / "farlight.db", old)
    with open_workplace(profile, clock=clock) as workplace:
        assert (workplace.trail_trouble, list(workplace.trail.check())) == ((), [])
    assert not _opens(profile / "farlight.db", old)


# --- no empty store in the place of one that was lost


def test_no_log_in_begins_an_empty_store_where_the_records_are_gone(profile: Path, clock: MovedClock) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.add(NewPerson(name="Assistant Ann", duty="assistant"), "assistant password 1")
        files = put_images(workplace)
        workplace.staff.new_sheet()  # shown, and nobody said that they keep it
    for file in profile.glob("farlight.db*"):
        file.unlink()
    for name, password in (("Assistant Ann", "assistant password 1"), ("Dr. M. Achieng", PASSWORD)):
        with pytest.raises(StoreMissingError):
            _log_in(profile, clock, name, password)
    assert not (profile / "farlight.db").exists()
    assert all(file.exists() for file in files)


@pytest.mark.parametrize("left", ["anchor", "images"])
def test_a_set_up_that_was_cut_short_begins_no_store_over_traces_of_one(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFullError

    with monkeypatch.context() as patched:
        patched.setattr("services.access.Database", full)
        with pytest.raises(DiskFullError):
            open_workplace(profile, clock=clock)
    if left == "anchor":
        (profile / "anchor.json").write_bytes(b"{}")
    else:
        (profile / "images").mkdir()
        (profile / "images" / "copy").write_bytes(b"x")
    with pytest.raises(StoreMissingError):
        open_workplace(profile, clock=clock)
    shutil.rmtree(profile / "images", ignore_errors=True)
    (profile / "anchor.json").unlink(missing_ok=True)
    open_workplace(profile, clock=clock).close()


def test_where_both_key_files_are_gone_no_first_set_up_is_offered(profile: Path, clock: MovedClock) -> None:
    with open_workplace(profile, clock=clock):
        pass
    for name in ("keys.json", "keys-copy.json"):
        (profile / name).unlink()
    before = sorted(file.name for file in profile.iterdir())
    with pytest.raises(KeysDamagedError):
        Access(profile, clock=clock, cost=CHEAP)
    assert sorted(file.name for file in profile.iterdir()) == before


def test_the_sheet_changes_no_password_where_the_records_are_gone(profile: Path, clock: MovedClock) -> None:
    with Access(profile, clock=clock, cost=CHEAP) as access:
        made = access.set_up(NewPerson(name="Dr. M. Achieng", duty="administrator"), PASSWORD)
        made.workplace.close()
    shutil.move(profile / "farlight.db", profile.parent / "farlight.db")
    with Access(profile, clock=clock, cost=CHEAP) as access, pytest.raises(StoreError):
        access.recover(made.code, access.holders()[0].holder_id, "yam and plantain")
    shutil.move(profile.parent / "farlight.db", profile / "farlight.db")
    open_workplace(profile, clock=clock).close()


# --- who sits there


def test_a_log_in_without_its_line_logs_nobody_in(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = enter_signer(workplace, name="A", role="nurse", registration_number="", pin="2468")
    workplace.lock()

    def full(*_: object, **__: object) -> None:
        raise DiskFullError

    monkeypatch.setattr(workplace.trail._store, "write", full)
    with pytest.raises(DiskFullError):
        workplace.switch(signer.holder_id, PASSWORD)
    assert workplace.session.person is None


def test_who_was_given_a_password_sets_no_pin_with_it(workplace: Workplace) -> None:
    signer = enter_signer(workplace, name="A", role="nurse", registration_number="", pin="2468")
    workplace.staff.give_password(signer.person_id, "taken over 99")
    workplace.switch(signer.holder_id, "taken over 99")
    with pytest.raises(PasswordGivenError):
        workplace.staff.change_own_pin("1357", password="taken over 99")
    workplace.staff.change_own_password("taken over 99", "my own words 5")
    workplace.staff.change_own_pin("1357", password="my own words 5")


def test_a_sheet_that_could_not_be_handed_out_leaves_the_earlier_one(
    profile: Path, clock: MovedClock
) -> None:
    with Access(profile, clock=clock, cost=CHEAP) as access:
        made = access.set_up(NewPerson(name="Dr. M. Achieng", duty="administrator"), PASSWORD)

    def fail(_code: str) -> None:
        raise BrokenPipeError

    with made.workplace as workplace, pytest.raises(BrokenPipeError):
        workplace.staff.new_sheet(fail)
    with Access(profile, clock=clock, cost=CHEAP) as access:
        access.recover(made.code, access.holders()[0].holder_id, "yam and plantain").close()


def test_no_words_of_a_secret_stand_in_what_a_traceback_shows(profile: Path, clock: MovedClock) -> None:
    person = NewPerson(name="A", duty="clinician", role="nurse", pin="73918264")
    assert "73918264" not in repr(person)
    with Access(profile, clock=clock, cost=CHEAP) as access:
        made = access.set_up(NewPerson(name="Dr. M. Achieng", duty="administrator"), PASSWORD)
    with made.workplace as workplace:
        assert made.code not in repr(made)
        assert workplace._opened.key.hex() not in repr(workplace._opened)
        assert str(workplace._opened.key) not in repr(workplace._opened)


# --- a disk that stays full, a clock that goes back


def _full_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """Have the disk full from a given write of the key file on."""
    seen = [0]

    def write(file: Path, content: bytes) -> None:
        seen[0] += 1
        if seen[0] > writes:
            raise OSError(errno.ENOSPC, "full")
        replace_file(file, content)

    monkeypatch.setattr("store.key_file.replace_file", write)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_password_told_as_refused_on_a_disk_that_stays_full_does_not_open(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        other = workplace.staff.add(LEAVER, LEAVERS)
        with monkeypatch.context() as patched:
            _full_after(patched, 1)  # the copy alone
            with pytest.raises(DiskFullError):
                workplace.staff.give_password(other.person_id, "given password 7")
    if damaged:  # then the copy is all that is left, and the change has its line
        (profile / "keys.json").write_bytes(b"")
        with _log_in(profile, clock, LEAVER.name, "given password 7") as workplace:
            assert _acts(workplace)[-2:] == ["password_changed", "log_in"]
        return
    with pytest.raises(WrongPasswordError):
        _log_in(profile, clock, LEAVER.name, "given password 7")
    with _log_in(profile, clock, LEAVER.name, LEAVERS) as workplace:
        assert "password_changed" not in _acts(workplace)
        assert (profile / "keys.json").read_bytes() == (profile / "keys-copy.json").read_bytes()
        assert workplace._keys._remembered() == (workplace._opened.ring.edition, None)


def test_a_refused_sheet_does_not_open_and_the_earlier_one_does(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[str] = []
    with Access(profile, clock=clock, cost=CHEAP) as access:
        made = access.set_up(NewPerson(name="Dr. M. Achieng", duty="administrator"), PASSWORD)
        with made.workplace as workplace, monkeypatch.context() as patched:
            _full_after(patched, 1)
            with pytest.raises(DiskFullError):
                workplace.staff.new_sheet(codes.append)
    with Access(profile, clock=clock, cost=CHEAP) as access:
        holder = access.holders()[0].holder_id
        with pytest.raises(WrongPasswordError):
            access.recover(codes[0], holder, "yam and plantain")
        access.recover(made.code, holder, "yam and plantain").close()


def test_backups_verify_though_the_clock_was_back_when_the_key_was_turned(
    profile: Path, clock: MovedClock, tmp_path: Path
) -> None:
    medium = tmp_path / "stick"
    medium.mkdir()
    with open_workplace(profile, clock=clock) as workplace:
        leaver, third = workplace.staff.add(LEAVER, LEAVERS), workplace.staff.add(ANN, LEAVERS)
        made = workplace.backups.make(medium).backup
        clock.instant -= timedelta(days=900)
        _leave(workplace, leaver.person_id)
        between = workplace.backups.make(medium).backup
        _leave(workplace, third.person_id)  # in the same second: both seals are kept
        for one in (made, between):
            workplace.backups.verify(one)


def test_a_key_that_waits_for_room_is_known_until_it_is_made(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        with monkeypatch.context() as patched:
            patched.setattr(workplace._database, "turn_to", _full)
            _leave(workplace, leaver.person_id)
        assert workplace.staff.key_waits
    with open_workplace(profile, clock=clock) as workplace:
        assert not workplace.staff.key_waits


def _full(*_: object) -> None:
    raise DiskFullError


def test_a_schema_copy_that_cannot_be_turned_now_keeps_its_key_until_it_can(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise dbapi.OperationalError("full")

    copy = profile / "farlight-schema-2.db"
    with open_workplace(profile, clock=clock) as workplace:
        leaver = workplace.staff.add(LEAVER, LEAVERS)
        copy_whole(workplace._database._connection, copy, workplace._database._key)
        with monkeypatch.context() as patched:
            patched.setattr(key_turn, "turn", no_room)
            _leave(workplace, leaver.person_id)
        assert workplace.staff.key_waits
        assert any(opens(copy, key) for key in _keys(workplace))
    with open_workplace(profile, clock=clock) as workplace:
        assert not workplace.staff.key_waits
        assert opens(copy, workplace._database._key)


def test_while_another_program_holds_the_records_no_key_is_taken_for_theirs(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_workplace(profile, clock=clock).close()
    file, key = profile / "farlight.db", key_of_store(profile)
    monkeypatch.setattr("store.sqlcipher._BUSY_TIMEOUT_S", 0.05)
    holder = connect(file, key)
    try:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("CREATE TABLE held (a)")
        with pytest.raises(dbapi.OperationalError):
            opens(file, bytes(32))
        with pytest.raises(StoreError, match="E5"):
            open_workplace(profile, clock=clock)
    finally:
        holder.close()
    open_workplace(profile, clock=clock).close()


def _keys(workplace: Workplace) -> tuple[bytes, ...]:
    return workplace._opened.ring.keys()
