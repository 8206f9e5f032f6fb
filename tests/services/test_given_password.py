"""Somebody whose password an administrator gave them is told, and signs only with one of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import DiskFullError, PasswordGivenError, RequestError, WrongPinError
from services.workplace import Workplace
from store.people import PersonRow
from tests.opening import ADMINISTRATOR, PASSWORD, enter_signer, open_workplace
from tests.services.conftest import MovedClock

GIVEN, OWN = "given to somebody", "yam and plantain"


@pytest.fixture
def workplace(tmp_path: Path, clock: MovedClock) -> Iterator[Workplace]:
    with open_workplace(tmp_path / "profile", clock=clock) as workplace:
        yield workplace


@pytest.fixture
def signer(workplace: Workplace) -> PersonRow:
    return enter_signer(workplace, name="J. Wanjiru", role="nurse", registration_number="", pin="2580")


def _sign(workplace: Workplace, signer: PersonRow, pin: str = "0000") -> None:
    workplace.signing.add_addendum(1, "more", person_id=signer.person_id, pin=pin)


def test_who_was_entered_or_changed_their_own_is_told_nothing_and_signs(
    workplace: Workplace, signer: PersonRow
) -> None:
    workplace.switch(signer.holder_id, PASSWORD)
    assert workplace.given_password is None
    workplace.staff.change_own_password(PASSWORD, OWN)
    workplace.switch(signer.holder_id, OWN)
    assert workplace.given_password is None
    with pytest.raises(WrongPinError):
        _sign(workplace, signer)


def test_a_password_that_was_given_is_told_and_signs_nothing_until_another_is_chosen(
    workplace: Workplace, signer: PersonRow
) -> None:
    workplace.staff.give_password(signer.person_id, GIVEN)
    with pytest.raises(PasswordGivenError):
        _sign(workplace, signer, "2580")
    workplace.switch(signer.holder_id, GIVEN)
    given = workplace.given_password
    assert given is not None
    assert (given.by, given.used_at) == (ADMINISTRATOR, None)
    assert ADMINISTRATOR in given.title
    assert "cannot sign" in given.hint
    with pytest.raises(PasswordGivenError):
        _sign(workplace, signer, "2580")
    for change in (
        lambda: workplace.staff.change_own_password(GIVEN, GIVEN),
        lambda: workplace.staff.give_password(signer.person_id, GIVEN),
    ):
        with pytest.raises(RequestError, match="given to you"):
            change()
    workplace.staff.change_own_password(GIVEN, OWN)
    with pytest.raises(WrongPinError):  # the PIN is looked at now
        _sign(workplace, signer)
    workplace.switch(signer.holder_id, OWN)
    assert workplace.given_password is None


def test_who_was_logged_in_as_before_is_told_when(
    workplace: Workplace, signer: PersonRow, clock: MovedClock
) -> None:
    administrator = workplace.holders()[0].holder_id
    workplace.switch(signer.holder_id, PASSWORD)
    workplace.switch(administrator, PASSWORD)
    clock.instant += timedelta(minutes=1)
    workplace.staff.give_password(signer.person_id, GIVEN)
    workplace.switch(signer.holder_id, GIVEN)  # the administrator, in their name
    assert workplace.given_password is not None
    assert workplace.given_password.used_at is None
    workplace.switch(administrator, PASSWORD)
    workplace.switch(signer.holder_id, GIVEN)
    hint = workplace.given_password.hint
    at = f"{clock.now().astimezone():%Y-%m-%d %H:%M}"
    assert hint.startswith(f"Somebody logged in with it before, last on {at}")


def test_it_is_told_after_a_restart_and_after_a_second_gift(tmp_path: Path, clock: MovedClock) -> None:
    with open_workplace(tmp_path / "again", clock=clock) as workplace:
        person = enter_signer(workplace, name="A", role="nurse", registration_number="", pin="2580")
        workplace.staff.give_password(person.person_id, GIVEN)
    with open_workplace(tmp_path / "again", clock=clock) as workplace:
        workplace.switch(person.holder_id, GIVEN)
        assert workplace.given_password is not None
        workplace.staff.change_own_password(GIVEN, OWN)
        workplace.switch(workplace.holders()[0].holder_id, PASSWORD)
        workplace.staff.give_password(person.person_id, GIVEN)
        workplace.switch(person.holder_id, GIVEN)
        assert workplace.given_password is not None


def test_a_password_that_was_told_as_not_kept_is_the_old_one(
    workplace: Workplace, signer: PersonRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_anything: object, **_more: object) -> None:
        raise DiskFullError

    workplace.switch(signer.holder_id, PASSWORD)
    with monkeypatch.context() as patched:
        patched.setattr(workplace.trail._store, "write", full)
        with pytest.raises(DiskFullError):
            workplace.staff.change_own_password(PASSWORD, OWN)
    workplace.switch(signer.holder_id, PASSWORD)
