"""The real program checks, lists and exports a real trail; the password comes from a file descriptor."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import FixedClock
from services.staff import NewPerson
from tests.cli.conftest import command, environment
from tests.opening import PASSWORD, open_workplace, raw_database

Audit = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A store with some lines about an invented patient."""
    folder = tmp_path / "profile"
    with open_workplace(folder) as workplace:
        for number in range(3):
            workplace.trail.note("open", f"unit:{number}", words=f"Wanjiru Kamau (K-{number})")
            workplace.trail.note("decide", f"unit:{number}", detail={"answer": "agree"})
        workplace.staff.add(NewPerson(name="Zo", duty="assistant"), "yam and plantain")
    return folder


@pytest.fixture
def audit(profile: Path) -> Audit:
    """Run ``audit`` with the administrator's password on a descriptor."""

    def audit(
        *arguments: str, password: str = PASSWORD, user: str = "Dr. M. Achieng"
    ) -> "subprocess.CompletedProcess[str]":
        read, write = os.pipe()
        os.write(write, password.encode() + b"\n")
        os.close(write)
        try:
            return subprocess.run(
                command(profile, "audit", *arguments, "--user", user, "--password-fd", str(read)),
                env=environment(),
                pass_fds=(read,),
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
        finally:
            os.close(read)

    return audit


def _tamper(profile: Path, *statements: str) -> None:
    connection = raw_database(profile)
    for name in ("audit_stays", "audit_remains", "audit_words_stay"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def _find(profile: Path, act: str) -> int:
    connection = raw_database(profile)
    row = connection.execute("SELECT min(seq) AS seq FROM audit WHERE act = ?", (act,)).fetchone()
    connection.close()
    return int(row["seq"])


def test_a_whole_trail_ends_with_0(audit: Audit) -> None:
    done = audit("verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "lines, whole; checked" in done.stdout
    known = json.loads(audit("verify", "--json").stdout)
    assert (known["whole"], known["broken"]) == (True, [])


def test_a_changed_line_ends_with_1_and_says_where_and_between_which_times(
    audit: Audit, profile: Path
) -> None:
    seq = _find(profile, "decide")
    _tamper(profile, f"UPDATE audit SET person = 'Zoe' WHERE seq = {seq}")
    done = audit("verify")
    assert done.returncode == 1
    assert f"Line {seq} is not as it was written. The lines around were written on 20" in done.stdout
    (known,) = json.loads(audit("verify", "--json").stdout)["broken"]
    assert (known["seq"], known["trouble"]) == (seq, "changed")
    assert known["before_at"] < known["after_at"]


def test_an_end_that_was_cut_off_ends_with_1_every_time(audit: Audit, profile: Path) -> None:
    _tamper(profile, "DELETE FROM audit_words", "DELETE FROM audit WHERE seq > 3")
    assert "at the end are missing" in audit("verify").stdout
    again = audit("verify")
    assert again.returncode == 1
    assert "Found on" in again.stdout


def test_lines_are_listed_as_asked_for(audit: Audit) -> None:
    table = audit("list", "--act", "open", "--subject", "unit:1")
    assert table.returncode == 0
    heading, line = table.stdout.splitlines()
    assert heading.split() == ["LINE", "TIME", "WHO", "ACT", "PATIENT", "RECORD", "WHAT"]
    assert "Opened a study" in line
    assert "Wanjiru Kamau (K-1)" in line
    listed = audit("list", "--json", "--text", "kamau", "--limit", "4", "--from", "2000-01-01").stdout
    known = [json.loads(line) for line in listed.splitlines()]
    assert [one["act"] for one in known] == ["decide", "open", "decide", "open"]
    assert audit("list", "--json", "--to", "2000-01-01").stdout == ""
    assert len(audit("list", "--person", "Nobody").stdout.splitlines()) == 1


def test_an_export_is_checked_without_a_password_and_holds_no_name(
    audit: Audit, profile: Path, tmp_path: Path
) -> None:
    file = tmp_path / "trail.jsonl"
    assert audit("export", str(file)).returncode == 0
    assert "Kamau" not in file.read_text()
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0

    def verify(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(tmp_path / "none", "audit", "verify", "--file", str(file), *arguments),
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    done = verify()
    assert (done.returncode, done.stderr) == (0, "")
    header, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert header["last"]["digest"] in done.stdout
    assert verify("--witness", f"2:{lines[1]['digest'][:8]}").returncode == 0
    assert verify("--witness", f"3:{lines[1]['digest'][:8]}").returncode == 1
    assert audit("verify", "--witness", f"2:{lines[1]['digest'][:8]}").returncode == 0
    file.write_text(file.read_text().replace('"act": "decide"', '"act": "edit"', 1))
    broken = verify()
    assert broken.returncode == 1
    assert "is not as it was written" in broken.stdout
    assert audit("export", str(file)).returncode == 2  # nothing is overwritten
    assert audit("export", str(tmp_path / "named.jsonl"), "--with-names").returncode == 0
    assert "Kamau" in (tmp_path / "named.jsonl").read_text()


def test_who_may_not_read_the_trail_is_told_so(audit: Audit, tmp_path: Path) -> None:
    for verb in (["list"], ["export", str(tmp_path / "trail.jsonl")]):
        done = audit(*verb, user="Zo", password="yam and plantain")
        assert (done.returncode, done.stdout) == (1, "")
        assert "E508" in done.stderr
    assert not (tmp_path / "trail.jsonl").exists()
    assert audit("verify", user="Zo", password="yam and plantain").returncode == 0
    assert audit("verify", password="not the one").returncode == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["list", "--from", "yesterday"],
        ["list", "--act", "nothing"],
        ["list", "--limit", "0"],
        ["verify", "--witness", "3:ab"],
    ],
)
def test_a_wrong_argument_is_told_before_the_password_is_read(audit: Audit, wrong: list[str]) -> None:
    assert audit(*wrong).returncode == 2


def test_verify_says_that_the_clock_went_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cli.program import parse, run_verb

    profile = tmp_path / "clock"
    later = datetime.now(UTC) + timedelta(days=400)
    with open_workplace(profile, clock=FixedClock(instant=later)):
        pass
    read, write = os.pipe()
    os.write(write, PASSWORD.encode())
    os.close(write)
    status = run_verb(parse(["--profile", str(profile), "audit", "verify", "--password-fd", str(read)]))
    assert status == 0
    assert "earlier than the last entry" in capsys.readouterr().err
