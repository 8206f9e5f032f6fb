"""Wrong passwords, codes and PINs become lines of the audit trail, and whoever logs in next is told."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from core.errors import ProfileNotWritableError, WrongPasswordError, WrongPinError
from services.access import Access
from services.trail_words import act_words, what_words
from services.workplace import Workplace
from store.audit import AuditLine
from store.keyring import KeyRing
from store.people import PeopleStore
from store.secret_words import new_code
from tests.opening import CHEAP, PASSWORD, enter_signer, open_workplace
from tests.services.conftest import MovedClock

OTHER = "yam and plantain"


@pytest.fixture
def profile(tmp_path: Path, clock: MovedClock) -> Path:
    """Return a profile of an administrator and of somebody who signs."""
    with open_workplace(tmp_path / "profile", clock=clock) as workplace:
        enter_signer(workplace, name="J. Wanjiru", role="nurse", registration_number="", pin="2580")
    return tmp_path / "profile"


def _wrong(workplace: Workplace) -> list[AuditLine]:
    return [line for line in workplace.trail.lines() if line.act.startswith("wrong_")]


def _said(workplace: Workplace) -> list[str]:
    return list(workplace.wrong_guesses)


def _guess(access: Access | Workplace, number: int, clock: MovedClock, count: int = 1) -> None:
    try_it = access.log_in if isinstance(access, Access) else access.switch
    for _ in range(count):
        with pytest.raises(WrongPasswordError):
            try_it(access.holders()[number].holder_id, "guess")
        clock.instant += timedelta(seconds=60)


def test_wrong_passwords_are_told_to_whose_they_are_at_the_next_log_in(
    profile: Path, clock: MovedClock
) -> None:
    with Access(profile, clock=clock, cost=CHEAP) as access:
        began = clock.now()
        _guess(access, 1, clock, 2)
    with open_workplace(profile, clock=clock) as workplace:
        assert _said(workplace) == []
        assert _wrong(workplace) == []
        workplace.lock()
        _guess(workplace, 1, clock)
        workplace.switch(workplace.holders()[1].holder_id, PASSWORD)
        assert len(_said(workplace)) == 1
        assert _said(workplace)[0].startswith("3 wrong passwords for you since you were last here")
        workplace.switch(workplace.holders()[0].holder_id, PASSWORD)
        assert _said(workplace) == []
        (line,) = _wrong(workplace)
    assert (line.act, line.person, line.subject) == ("wrong_passwords", "J. Wanjiru", "person:2")
    ended = began + timedelta(seconds=120)
    assert json.loads(line.detail) == {
        "wrong": 3,
        "wrong_from": began.astimezone(UTC).isoformat(timespec="seconds"),
        "wrong_until": ended.astimezone(UTC).isoformat(timespec="seconds"),
    }
    local = began.astimezone().strftime("%Y-%m-%d %H:%M")
    assert f"3 since the last time, from {local}" in what_words(line)
    assert act_words(line.act) == "Wrong passwords before"


def test_wrong_codes_of_the_sheet_are_told_to_whoever_logs_in_next(profile: Path, clock: MovedClock) -> None:
    with Access(profile, clock=clock, cost=CHEAP) as access, pytest.raises(WrongPasswordError):
        access.recover(new_code(), access.holders()[0].holder_id, OTHER)
    with open_workplace(profile, clock=clock) as workplace:
        (said,) = _said(workplace)
        assert said.startswith("1 wrong code of a recovery sheet")
        assert [line.act for line in _wrong(workplace)] == ["wrong_codes"]
    with open_workplace(profile, clock=clock) as workplace:
        assert _said(workplace) == []


def test_what_cannot_be_forgotten_is_told_once_more(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_ring: KeyRing, _holder_id: str) -> None:
        raise ProfileNotWritableError

    with Access(profile, clock=clock, cost=CHEAP) as access:
        _guess(access, 0, clock)
    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, "forget_wrong_guesses", fail)
        with open_workplace(profile, clock=clock) as workplace:
            assert len(_said(workplace)) == 1
    with open_workplace(profile, clock=clock) as workplace:
        assert len(_said(workplace)) == 1
        assert len(_wrong(workplace)) == 2
    with open_workplace(profile, clock=clock) as workplace:
        assert _said(workplace) == []


def test_a_password_given_anew_takes_no_wrong_guess_away(profile: Path, clock: MovedClock) -> None:
    with Access(profile, clock=clock, cost=CHEAP) as access:
        _guess(access, 1, clock, 4)
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.give_password(2, OTHER)
        workplace.switch(workplace.holders()[1].holder_id, OTHER)
        assert _said(workplace)[0].startswith("4 wrong passwords")


def test_each_wrong_pin_is_a_line_and_one_that_is_not_looked_at_is_none(
    profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        for _ in range(4):  # the fourth comes too early
            with pytest.raises(WrongPinError):
                workplace.signing.add_addendum(1, "more", person_id=2, pin="0000")
        lines = _wrong(workplace)
        assert [(line.act, line.subject) for line in lines] == [("wrong_pin", "person:2")] * 3
        assert tuple(workplace.trail.check()) == ()


def test_a_wrong_pin_whose_line_cannot_be_kept_is_not_looked_at(
    profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_anything: object, **_more: object) -> None:
        raise ProfileNotWritableError

    with open_workplace(profile, clock=clock) as workplace:
        with monkeypatch.context() as patched:
            patched.setattr(PeopleStore, "wait_seconds", lambda *_: 0.0)
            patched.setattr(workplace.trail._store, "write", full)
            with pytest.raises(ProfileNotWritableError):
                workplace.signing.add_addendum(1, "more", person_id=2, pin="0000")
        assert workplace.signing.wait_seconds(2) == 0
        assert _wrong(workplace) == []
