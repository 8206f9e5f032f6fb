"""A password reaches the command line by a terminal or a file descriptor, never by an argument."""

import argparse
import os
from pathlib import Path

import pytest

from cli.credentials import add_credentials, open_workplace, read_line
from core.errors import NotSetUpError, RequestError, WrongPasswordError
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
