"""The door of a profile: set up once, opened by password or sheet, and closed to everybody else."""

import sqlite3
from pathlib import Path

import pytest

from core.errors import (
    DiskFullError,
    NotPermittedError,
    PasswordGivenError,
    ProfileInUseError,
    RequestError,
    StoreMissingError,
    WrongPasswordError,
)
from services.access import Access
from services.staff import NewPerson
from services.workplace import Workplace
from store.audit import AuditStore
from store.schema import MIGRATIONS
from tests.opening import ADMINISTRATOR, CHEAP, PASSWORD, enter_signer, open_workplace, raw_database
from tests.services.conftest import MovedClock

FIRST = NewPerson(
    name="Amina Ouedraogo",
    duty="administrator",
    role="Clinical officer",
    registration_number="17",
    pin="2468",
)


def _acts(workplace: Workplace) -> list[str]:
    return [line.act for line in workplace.trail.lines()]


def test_a_new_profile_is_set_up_and_opened_again_with_the_password(tmp_path: Path) -> None:
    access = Access(tmp_path, cost=CHEAP)
    assert access.is_new
    made = access.set_up(FIRST, PASSWORD)
    with made.workplace as workplace:
        assert workplace.session.person is not None
        assert workplace.session.person.name == FIRST.name
        assert [person.name for person in workplace.signing.people()] == [FIRST.name]
    access = Access(tmp_path, cost=CHEAP)
    assert not access.is_new
    (holder,) = access.holders()
    with pytest.raises(WrongPasswordError):
        access.log_in(holder.holder_id, "not the password")
    with access.log_in(holder.holder_id, PASSWORD) as workplace:
        assert _acts(workplace) == ["log_in", "set_up", "log_out", "log_in", "wrong_passwords"]


def test_the_sheet_gives_a_new_password_to_who_forgot_theirs(tmp_path: Path) -> None:
    made = Access(tmp_path, cost=CHEAP).set_up(FIRST, PASSWORD)
    made.workplace.close()
    access = Access(tmp_path, cost=CHEAP)
    (holder,) = access.holders()
    with pytest.raises(RequestError):
        access.recover(made.code, holder.holder_id, "short")
    with access.recover(made.code, holder.holder_id, "yam and plantain") as workplace:
        assert _acts(workplace)[-2:] == ["sheet_used", "log_in"]
    access = Access(tmp_path, cost=CHEAP)
    with pytest.raises(WrongPasswordError):
        access.log_in(holder.holder_id, PASSWORD)
    access.log_in(holder.holder_id, "yam and plantain").close()


def test_the_code_of_the_sheet_is_no_password(tmp_path: Path) -> None:
    made = Access(tmp_path, cost=CHEAP).set_up(FIRST, PASSWORD)
    made.workplace.close()
    with Access(tmp_path, cost=CHEAP) as access, pytest.raises(WrongPasswordError):
        access.log_in("sheet", made.code)


@pytest.mark.parametrize(
    ("first", "password"),
    [
        (NewPerson(name="A", duty="clinician", role="r", pin="2468"), PASSWORD),
        (NewPerson(name=" ", duty="administrator"), PASSWORD),
        (NewPerson(name="A", duty="administrator", pin="2468"), PASSWORD),
        (NewPerson(name="A", duty="administrator", role="r", pin="24"), PASSWORD),
        (NewPerson(name="A", duty="administrator"), "short"),
        (NewPerson(name="A", duty="administrator"), "aaaaaaaaaa"),
        (NewPerson(name="Amina Ouedraogo", duty="administrator"), "amina ouedraogo"),
    ],
)
def test_what_will_not_do_leaves_the_profile_new(tmp_path: Path, first: NewPerson, password: str) -> None:
    with Access(tmp_path, cost=CHEAP) as access:
        with pytest.raises(RequestError):
            access.set_up(first, password)
        assert access.is_new


def test_a_set_up_that_was_cut_short_is_ended_at_the_next_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(BaseException):
        pass

    def cut(_folder: Path, _key: bytes) -> int:
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr("services.access.encrypt_all", cut)
        access = Access(tmp_path, cost=CHEAP)
        with pytest.raises(Cut):
            access.set_up(FIRST, PASSWORD)
        access.close()
    access = Access(tmp_path, cost=CHEAP)
    (holder,) = access.holders()
    with access.log_in(holder.holder_id, PASSWORD) as workplace:
        assert workplace.session.may("people")
        assert not workplace.staff.sheet_kept


def test_records_of_an_early_farlight_are_taken_over_with_their_signers(tmp_path: Path) -> None:
    early = sqlite3.connect(tmp_path / "farlight.db")
    early.executescript(f"{MIGRATIONS[0]} {MIGRATIONS[1]} PRAGMA user_version = 2;")
    early.execute("INSERT INTO people VALUES (1, 'Old Hand', 'Nurse', '5', x'00', x'00', 0, 0, '')")
    early.commit()
    early.close()
    access = Access(tmp_path, cost=CHEAP)
    assert access.is_new
    assert access.has_plain_records
    with access.set_up(FIRST, PASSWORD).workplace as workplace:
        assert {person.name for person in workplace.signing.people()} == {"Old Hand", FIRST.name}
        old = next(person for person in workplace.staff.all() if person.name == "Old Hand")
        assert old.holder_id == ""
        given = workplace.staff.give_password(old.person_id, "yam and plantain")
        workplace.switch(given.holder_id, "yam and plantain")
        assert workplace.session.person == given
    assert b"Old Hand" not in (tmp_path / "farlight.db").read_bytes()


def test_a_store_that_is_gone_is_told_and_no_empty_one_is_made(tmp_path: Path) -> None:
    open_workplace(tmp_path).close()
    (tmp_path / "farlight.db").unlink()
    with pytest.raises(StoreMissingError):
        open_workplace(tmp_path)
    assert not (tmp_path / "farlight.db").exists()


def test_one_program_at_a_time_and_the_profile_is_free_again_afterwards(tmp_path: Path) -> None:
    with Access(tmp_path, cost=CHEAP), pytest.raises(ProfileInUseError):
        Access(tmp_path, cost=CHEAP)
    workplace = open_workplace(tmp_path)
    with pytest.raises(ProfileInUseError):
        Access(tmp_path, cost=CHEAP)
    workplace.close()
    Access(tmp_path, cost=CHEAP).close()


def test_people_do_what_their_duty_allows(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), "yam and plantain")
        officer = workplace.staff.add(
            NewPerson(name="Officer", duty="clinician", role="CO", pin="1357"), "rice and peas"
        )
        workplace.switch(helper.holder_id, "yam and plantain")
        session = workplace.session
        assert (session.may("enter_patient"), session.may("read"), session.may("sign")) == (
            True,
            False,
            False,
        )
        with pytest.raises(NotPermittedError):
            workplace.staff.add(NewPerson(name="X", duty="assistant"), "another password")
        with pytest.raises(NotPermittedError):
            list(workplace.trail.lines())
        workplace.switch(officer.holder_id, "rice and peas")
        assert (session.may("read"), session.may("sign"), session.may("delete")) == (True, True, False)
        workplace.lock()
        assert session.person is None
        assert not session.may("enter_patient")


def test_a_wrong_password_leaves_whoever_was_logged_in(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        before = workplace.session.person
        with pytest.raises(WrongPasswordError):
            workplace.switch(workplace.holders()[0].holder_id, "not the password")
        assert workplace.session.person == before


def test_who_left_logs_in_no_more_and_the_last_administrator_stays(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), "yam and plantain")
        workplace.staff.leave(helper.person_id)
        with pytest.raises(WrongPasswordError):
            workplace.switch(helper.holder_id, "yam and plantain")
        assert [person.name for person in workplace.staff.all()] == [ADMINISTRATOR]
        (last,) = workplace.staff.all()
        with pytest.raises(RequestError):
            workplace.staff.leave(last.person_id)


def test_nobody_gives_a_pin_to_somebody_else_and_an_assistant_has_none(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), "yam and plantain")
        with pytest.raises(RequestError):
            workplace.staff.change_own_pin("1357", password=PASSWORD)  # they have no role to sign in
        signer = enter_signer(workplace, name="Zo", role="Nurse", registration_number="", pin="2468")
        workplace.switch(signer.holder_id, PASSWORD)
        with pytest.raises(WrongPasswordError):
            workplace.staff.change_own_pin("1357", password="not the password")
        workplace.staff.change_own_pin("1357", password=PASSWORD)
        assert [person.name for person in workplace.signing.people()] == ["Zo"]
        workplace.switch(helper.holder_id, "yam and plantain")
        with pytest.raises(RequestError):
            workplace.staff.change_own_pin("1357", password="yam and plantain")


def test_an_end_that_was_cut_off_the_trail_is_told_at_the_next_start_and_written_down(
    tmp_path: Path, clock: MovedClock
) -> None:
    open_workplace(tmp_path, clock=clock).close()
    connection = raw_database(tmp_path)
    connection.execute("DROP TRIGGER audit_remains")
    connection.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    connection.close()
    with open_workplace(tmp_path, clock=clock) as workplace:
        assert [one.trouble for one in workplace.trail_trouble] == ["end_missing"]
        assert "trail_checked" in _acts(workplace)
    with open_workplace(tmp_path, clock=clock) as workplace:
        assert workplace.trail_trouble == ()
        assert "trail_checked" in _acts(workplace)


def test_lines_written_while_the_clock_is_back_are_marked(tmp_path: Path, clock: MovedClock) -> None:
    from datetime import timedelta

    with open_workplace(tmp_path, clock=clock) as workplace:
        assert not workplace.trail.clock_went_back()
        clock.instant -= timedelta(days=3)
        assert workplace.trail.clock_went_back()
        workplace.trail.note("settings")
        assert [line.clock_doubted for line in workplace.trail.lines()] == [False, False, True]


def test_a_log_in_that_could_not_be_kept_leaves_the_profile_ours_for_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_workplace(tmp_path / "p").close()

    def full(*_arguments: object, **_named: object) -> int:
        raise DiskFullError

    with Access(tmp_path / "p", cost=CHEAP) as access:
        holder_id = access.holders()[0].holder_id
        with monkeypatch.context() as patch:
            patch.setattr(AuditStore, "write", full)
            with pytest.raises(DiskFullError):
                access.log_in(holder_id, PASSWORD)
        with pytest.raises(ProfileInUseError):
            Access(tmp_path / "p", cost=CHEAP)
        access.log_in(holder_id, PASSWORD).close()


def test_a_password_set_with_the_sheet_signs_nothing_and_its_line_names_nobody(tmp_path: Path) -> None:
    """Whoever holds the sheet could have typed it, in anybody's name."""
    with Access(tmp_path, cost=CHEAP) as access:
        made = access.set_up(FIRST, PASSWORD)
        made.workplace.staff.confirm_sheet()
        made.workplace.close()
    with Access(tmp_path, cost=CHEAP) as access:
        (holder,) = access.holders()
        with access.recover(made.code, holder.holder_id, "yam and plantain") as workplace:
            assert workplace.given_password is not None
            assert "recovery sheet" in workplace.given_password.title
            (line,) = workplace.trail.of(("sheet_used",))
            assert (line.person, line.person_id, line.subject) == ("", None, "person:1")
            with pytest.raises(PasswordGivenError):
                workplace.staff.change_own_pin("9753", password="yam and plantain")
            workplace.staff.change_own_password("yam and plantain", "cassava and groundnut")
            workplace.staff.change_own_pin("9753", password="cassava and groundnut")
