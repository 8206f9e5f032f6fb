"""A password reaches the command line by a terminal or a file descriptor, never by an argument."""

import argparse
import os
import re
from pathlib import Path

import pytest

from cli.credentials import add_credentials, open_workplace, read_line
from cli.program import complain
from core.errors import DiskFullError, NotPermittedError, NotSetUpError, RequestError, WrongPasswordError
from store.database import Database
from tests.opening import ADMINISTRATOR, PASSWORD
from tests.opening import open_workplace as open_for_test


def _descriptor(text: str) -> int:
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    return read


def _asked(profile: Path, *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_credentials(parser)
    parser.set_defaults(profile=str(profile))
    return parser.parse_args(arguments)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    open_for_test(tmp_path / "profile").close()
    return tmp_path / "profile"


def test_a_password_from_a_descriptor_opens_the_records(profile: Path) -> None:
    arguments = _asked(
        profile, "--user", ADMINISTRATOR.upper(), "--password-fd", str(_descriptor(PASSWORD + "\r\n"))
    )
    with open_workplace(arguments) as workplace:
        assert workplace.session.person is not None
        assert workplace.session.person.name == ADMINISTRATOR


def test_the_only_person_need_not_be_named(profile: Path) -> None:
    with open_workplace(_asked(profile, "--password-fd", str(_descriptor(PASSWORD)))) as workplace:
        assert workplace.session.may("people")


def test_a_wrong_password_leaves_the_profile_to_the_next_one(profile: Path) -> None:
    with pytest.raises(WrongPasswordError):
        open_workplace(_asked(profile, "--password-fd", str(_descriptor("not the one"))))
    with open_workplace(_asked(profile, "--password-fd", str(_descriptor(PASSWORD)))) as workplace:
        assert workplace.session.person is not None


def test_a_stranger_and_a_new_profile_are_told_apart(profile: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="Nobody of that name"):
        open_workplace(_asked(profile, "--user", "Nemo", "--password-fd", str(_descriptor(PASSWORD))))
    with pytest.raises(NotSetUpError):
        open_workplace(_asked(tmp_path / "new", "--password-fd", str(_descriptor(PASSWORD))))


def test_several_secrets_come_from_one_descriptor_a_line_each() -> None:
    descriptor = _descriptor("maize ünd beans\n2580\n")
    assert (read_line(descriptor), read_line(descriptor)) == ("maize ünd beans", "2580")
    with pytest.raises(RequestError):
        read_line(descriptor)


@pytest.mark.parametrize("content", ["", "\n", "x" * 5000])
def test_a_descriptor_without_a_password_is_refused(content: str) -> None:
    with pytest.raises(RequestError):
        read_line(_descriptor(content))


@pytest.mark.parametrize("number", [-1, 9999, 2**40])
def test_a_descriptor_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(RequestError):
        read_line(number)


def test_during_the_wait_the_right_password_is_not_called_wrong_and_the_seconds_are_told(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(4):
        with pytest.raises(WrongPasswordError) as caught:
            open_workplace(_asked(profile, "--password-fd", str(_descriptor("not the one"))))
    assert caught.value.waits, "three tries are free"
    with pytest.raises(WrongPasswordError) as caught:
        open_workplace(_asked(profile, "--password-fd", str(_descriptor(PASSWORD))))
    complain(caught.value)
    said = capsys.readouterr().err
    assert "Type it again" not in said
    assert re.search(r"Wait [1-5] s before the next try\.", said)
    assert "(wait)" not in said


def test_the_last_free_try_tells_of_the_wait_that_follows(profile: Path) -> None:
    for _ in range(3):
        with pytest.raises(WrongPasswordError) as caught:
            open_workplace(_asked(profile, "--password-fd", str(_descriptor("not the one"))))
    assert not caught.value.waits
    assert "Type it again" in caught.value.message
    assert "Wait 5 s before the next try." in caught.value.message


@pytest.mark.parametrize(
    ("act", "who"),
    [
        ("delete", "An administrator may"),
        ("read", "A clinician or an administrator"),
        ("log_in", "Let somebody"),
    ],
)
def test_what_is_not_permitted_says_who_may(act: str, who: str) -> None:
    assert NotPermittedError(act).hint.startswith(who)


def test_a_new_key_that_waits_for_room_is_told_at_each_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_database: Database, _key: bytes) -> None:
        raise DiskFullError

    profile = tmp_path / "profile"
    monkeypatch.setattr(Database, "turn_to", full)
    with open_for_test(profile) as workplace:
        workplace.staff.new_sheet()
    for _ in range(2):
        open_workplace(_asked(profile, "--password-fd", str(_descriptor(f"{PASSWORD}\n")))).close()
        assert "still waits for room" in capsys.readouterr().err
    monkeypatch.undo()
    open_workplace(_asked(profile, "--password-fd", str(_descriptor(f"{PASSWORD}\n")))).close()
    assert "waits for room" not in capsys.readouterr().err
