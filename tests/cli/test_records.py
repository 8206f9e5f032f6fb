"""``records`` on the store of a profile, with a password from a file descriptor."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.image import ReadingUnit, StudyHeader
from core.patient import Patient, Sourced
from tests.cli.conftest import command, environment
from tests.opening import PASSWORD, open_workplace

Ask = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile with two patients, a study each."""
    profile = tmp_path / "profile"
    with open_workplace(profile) as workplace:
        for number, (name, card) in enumerate((("Okafor^Nnamdi", "A-17"), ("Achieng^Mary", "B-2"))):
            said = Patient(name=Sourced(value=name, source="header"), id=Sourced(value=card, source="header"))
            unit = ReadingUnit(
                kind="dicom-image",
                path=f"/medium/{number}.dcm",
                files=(),
                header=StudyHeader(date="2026-11-20", modality="DX"),
                patient=said,
                sop_instance_uids=(f"1.2.{number}",),
            )
            assert workplace.records.file(unit, said)
    return profile


@pytest.fixture
def ask(profile: Path, tmp_path: Path) -> Ask:
    """Run the verb in a process of its own; the password comes by a descriptor."""

    def ask(*arguments: str) -> "subprocess.CompletedProcess[str]":
        read, write = os.pipe()
        os.write(write, f"{PASSWORD}\n".encode())
        os.close(write)
        try:
            return subprocess.run(
                command(profile, "records", *arguments, "--password-fd", str(read)),
                cwd=tmp_path,
                env=environment(),
                capture_output=True,
                encoding="utf-8",
                check=False,
                pass_fds=(read,),
            )
        finally:
            os.close(read)

    return ask


def _listed(ask: Ask, *arguments: str) -> list[dict[str, Any]]:
    done = ask("list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_patients_and_studies_are_listed_and_searched(ask: Ask) -> None:
    rows = _listed(ask)
    assert {(row["name"], row["id"], row["state"]) for row in rows} == {
        ("Okafor Nnamdi", "A-17", "to_read"),
        ("Achieng Mary", "B-2", "to_read"),
    }
    assert [row["id"] for row in _listed(ask, "--search", "okafor")] == ["A-17"]
    assert "Okafor Nnamdi" in ask("list").stdout


def test_nothing_is_listed_without_the_password(profile: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(profile, "records", "list"),
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert "Okafor" not in done.stdout + done.stderr


def test_a_study_is_moved_to_a_patient_of_a_file_and_records_are_merged_and_split(
    ask: Ask, tmp_path: Path
) -> None:
    rows = {row["id"]: row for row in _listed(ask)}
    (tmp_path / "who.json").write_text(json.dumps({"name": "Zawadi Amani", "id": "C-3"}))
    study = str(rows["A-17"]["study"])
    moved = ask("move", study, "--patient", "who.json", "--why", "Swapped at the machine")
    assert moved.returncode == 0, moved.stderr
    assert "Zawadi Amani, ID C-3" in moved.stdout
    after = {row["id"]: row for row in _listed(ask)}
    assert str(after["C-3"]["study"]) == study
    assert "study" not in after["A-17"]
    pair = (str(after["C-3"]["patient"]), str(after["B-2"]["patient"]))
    assert ask("merge", *pair).returncode == 0
    assert {row["id"] for row in _listed(ask) if "study" in row} == {"B-2"}
    assert ask("merge", *pair, "--undo").returncode == 0
    assert {row["id"] for row in _listed(ask) if "study" in row} == {"B-2", "C-3"}


def test_what_cannot_be_moved_is_told_in_a_sentence(ask: Ask) -> None:
    done = ask("move", "999", "--to", "1")
    assert done.returncode == 1
    assert "no study number 999" in done.stderr


def test_a_register_is_previewed_read_in_listed_and_removed(ask: Ask, tmp_path: Path) -> None:
    text = "Patient;Card;When\nOkafor;17;03/04/2020\nAchieng;18;05/06/1980\n;;\nAlone;;\n"
    (tmp_path / "camp.csv").write_text(text, encoding="cp1252")
    mapped = ("--map", "name=Patient,id=Card", "--map", "birth_date=3")
    unsaid = ask("register", "camp.csv", *mapped)
    assert unsaid.returncode == 1
    assert "day first or month first" in unsaid.stderr
    tried = ask("register", "camp.csv", *mapped, "--dates", "day-first", "--dry-run")
    assert "3 rows: 2 right, 1 left out, 0 double." in tried.stdout
    assert "camp.csv" not in ask("register").stdout
    done = ask("register", "camp.csv", *mapped, "--dates", "day-first", "--left-out", "left.csv")
    assert "2 people were read in as register 1." in done.stdout
    assert "Alone" in (tmp_path / "left.csv").read_text(encoding="utf-8-sig")
    assert "camp.csv" in ask("register").stdout
    assert "2 people" in ask("register", "--remove", "1").stdout


@pytest.mark.parametrize("wrong", ["nonsense", "name=Nobody", "colour=Patient", "name=9"])
def test_a_column_that_is_not_there_is_told(ask: Ask, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "camp.csv").write_text("Patient,Card\nOkafor,17\n")
    done = ask("register", "camp.csv", "--map", wrong)
    assert done.returncode == 2
    assert "E600" in done.stderr
