"""People are set up, entered, listed and let go by the real program, with secrets from a descriptor."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from store.secret_words import read_code
from tests.cli.conftest import command, environment

pytestmark = pytest.mark.slow
NAME, PASSWORD, PIN = "Dr. M. Achieng", "maize and beans", "2580"
Program = Callable[..., "subprocess.CompletedProcess[str]"]


def _program(folder: Path) -> Program:
    """Return what runs the program on a profile in a folder, with lines on its standard input."""

    def run(*arguments: str, lines: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(folder / "profile", *arguments),
            cwd=folder,
            env=environment(),
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run the program on a profile of the test's own."""
    return _program(tmp_path)


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A profile that the program set up, and the code of its recovery sheet; do not change it."""
    folder = tmp_path_factory.mktemp("set up")
    done = _program(folder)(
        "people", "setup", "--name", NAME, "--role", "medical officer", "--number", "7", "--password-fd", "0",
        "--pin-fd", "0", "--sheet-fd", "1", lines=(PASSWORD, PIN),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "profile", done.stdout.strip()


@pytest.fixture
def code(set_up: tuple[Path, str], tmp_path: Path) -> str:
    """Give the test a profile that was set up, and the code of its recovery sheet."""
    profile, code = set_up
    shutil.copytree(profile, tmp_path / "profile")
    return code


def _people(program: Program, password: str = PASSWORD, user: str = NAME) -> dict[str, dict[str, object]]:
    done = program("people", "list", "--json", "--user", user, "--password-fd", "0", lines=(password,))
    assert (done.returncode, done.stderr) == (0, "")
    return {one["name"]: one for one in json.loads(done.stdout)}


def test_a_profile_is_set_up_once_and_its_sheet_can_be_read_back(program: Program, code: str) -> None:
    assert read_code(code) == code
    assert _people(program) == {
        NAME: {
            "name": NAME,
            "duty": "administrator",
            "role": "medical officer",
            "number": "7",
            "signs": True,
            "logs_in": True,
        }
    }
    again = program(
        "people", "setup", "--name", "X", "--password-fd", "0", "--sheet-fd", "1", lines=(PASSWORD,)
    )
    assert again.returncode == 2
    assert "set up already" in again.stderr


def test_names_are_listed_without_a_password_and_duties_are_not(program: Program, code: str) -> None:
    done = program("people", "list", "--json")
    assert json.loads(done.stdout) == [{"name": NAME}]


def test_a_person_is_entered_logs_in_and_leaves(program: Program, code: str) -> None:
    added = program(
        "people", "add", "--name", "J. Wanjiru", "--duty", "assistant", "--password-fd", "0",
        "--new-password-fd", "0", lines=(PASSWORD, "yam and plantain"),
    )  # fmt: skip
    assert added.returncode == 0
    assert _people(program, "yam and plantain", "J. Wanjiru")["J. Wanjiru"]["duty"] == "assistant"
    refused = program(
        "people", "leave", NAME, "--user", "J. Wanjiru", "--password-fd", "0", lines=("yam and plantain",)
    )
    assert refused.returncode == 1
    assert "E508" in refused.stderr
    left = program("people", "leave", "J. Wanjiru", "--user", NAME, "--password-fd", "0", lines=(PASSWORD,))
    assert left.returncode == 0
    assert set(_people(program)) == {NAME}


def test_who_got_a_password_is_told_and_chooses_their_own(program: Program, code: str) -> None:
    me, them = ("--user", NAME, "--password-fd", "0"), ("--user", "J. Wanjiru", "--password-fd", "0")
    program(
        "people", "add", "--name", "J. Wanjiru", "--duty", "assistant", "--new-password-fd", "0", *me,
        lines=(PASSWORD, "yam and plantain"),
    )  # fmt: skip
    given = program(
        "people",
        "password",
        "--of",
        "J. Wanjiru",
        "--new-password-fd",
        "0",
        *me,
        lines=(PASSWORD, "rice and peas"),
    )
    assert (given.returncode, given.stderr) == (0, "")
    told = program("people", "list", *them, lines=("rice and peas",))
    assert f"{NAME} gave you this password on 20" in told.stderr
    same = program("people", "password", "--new-password-fd", "0", *them, lines=("rice and peas",) * 2)
    assert same.returncode == 2
    assert "given to you" in same.stderr
    own = program(
        "people", "password", "--new-password-fd", "0", *them, lines=("rice and peas", "beans and maize")
    )
    assert own.returncode == 0
    assert program("people", "list", *them, lines=("beans and maize",)).stderr == ""


def test_wrong_passwords_are_told_beside_the_output_and_stand_in_the_trail(
    program: Program, code: str
) -> None:
    for _ in range(2):
        wrong = program("people", "list", "--user", NAME, "--password-fd", "0", lines=("a wrong guess",))
        assert "E507" in wrong.stderr
    done = program("people", "list", "--json", "--user", NAME, "--password-fd", "0", lines=(PASSWORD,))
    assert "2 wrong passwords for you since you were last here" in done.stderr
    assert [one["name"] for one in json.loads(done.stdout)] == [NAME]
    listed = program(
        "audit", "list", "--act", "wrong_passwords", "--user", NAME, "--password-fd", "0", lines=(PASSWORD,)
    )
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "2 since the last time, from 20" in listed.stdout


def test_a_forgotten_password_is_replaced_with_the_sheet(program: Program, code: str) -> None:
    wrong = program(
        "people", "password", "--code-fd", "0", "--new-password-fd", "0",
        lines=(code[:-1] + ("2" if code[-1] != "2" else "3"), "rice and peas"),
    )  # fmt: skip
    assert wrong.returncode == 1
    done = program(
        "people", "password", "--code-fd", "0", "--new-password-fd", "0", lines=(code, "rice and peas")
    )
    assert done.returncode == 0
    assert "set with the recovery sheet" in done.stderr
    listed = program("people", "list", "--user", NAME, "--password-fd", "0", lines=("rice and peas",))
    assert (listed.returncode, NAME in listed.stdout) == (0, True)
    old = program("people", "list", "--user", NAME, "--password-fd", "0", lines=(PASSWORD,))
    assert (old.returncode, "E507" in old.stderr) == (1, True)


def test_the_code_is_not_written_where_nobody_asked_for_it(program: Program, tmp_path: Path) -> None:
    done = program("people", "setup", "--name", NAME, "--password-fd", "0", lines=(PASSWORD,))
    assert done.returncode == 2
    assert "--sheet-fd" in done.stderr
    assert not (tmp_path / "profile" / "keys.json").exists()


def test_a_sheet_that_nobody_can_take_leaves_the_earlier_one(program: Program, code: str) -> None:
    done = program(
        "people", "sheet", "--sheet-fd", "99", "--user", NAME, "--password-fd", "0", lines=(PASSWORD,)
    )
    assert (done.returncode, "99" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    recovered = program(
        "people", "password", "--of", NAME, "--code-fd", "0", "--new-password-fd", "0",
        lines=(code, "yam and plantain"),
    )  # fmt: skip
    assert recovered.returncode == 0
    assert "set with the recovery sheet" in recovered.stderr


def test_a_set_up_whose_sheet_nobody_can_take_makes_nothing(program: Program, tmp_path: Path) -> None:
    done = program(
        "people", "setup", "--name", NAME, "--password-fd", "0", "--sheet-fd", "99", lines=(PASSWORD,)
    )
    assert done.returncode == 2
    assert not (tmp_path / "profile" / "keys.json").exists()


def test_without_a_terminal_and_a_descriptor_nothing_waits(program: Program, code: str) -> None:
    done = program("people", "sheet", "--sheet-fd", "1", "--user", NAME)
    assert done.returncode == 2
    assert "--password-fd" in done.stderr
    assert "Traceback" not in done.stderr
