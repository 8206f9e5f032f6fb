"""What is kept of a patient, from the command line: listed, agreed to, held, deleted."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import program
from cli.keeping import add_to_records
from store.records import PatientFacts, RecordStore, StudyRow
from tests.opening import ADMINISTRATOR, PASSWORD, open_workplace

AT = "2010-05-05T08:00:00+00:00"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    with open_workplace(tmp_path / "profile") as workplace:
        records = RecordStore(workplace._database)
        patient = PatientFacts(known="{}", name="Otieno Grace", number="K-102", birth_date="1950-01-01")
        number = records.add_patient(patient, AT)
        study = StudyRow(
            study_id=0, unit_key="key", patient_id=number, path="", facts="{}", study_date="2010-05-05",
            modality="CR", description="Chest PA", first_opened_at=AT, last_opened_at=AT,
        )  # fmt: skip
        records.add_study(study)
    return tmp_path / "profile"


def run(profile: Path, *words: str, lines: tuple[str, ...] = (PASSWORD,)) -> int:
    """Run ``records`` with these words; ``lines`` come from the descriptor."""
    read, write = os.pipe()
    os.write(write, "".join(f"{line}\n" for line in lines).encode())
    os.close(write)
    parser = argparse.ArgumentParser()
    parser.set_defaults(profile=str(profile))
    add_to_records(parser.add_subparsers())
    arguments = parser.parse_args([*words, "--password-fd", str(read)])
    try:
        return program.run_verb(arguments)
    finally:
        os.close(read)


def test_consent_is_shown_recorded_and_withdrawn(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(profile, "consent", "1", "--json") == 0
    before = json.loads(capsys.readouterr().out)
    assert [(one["purpose"], one["given"], one["asked"]) for one in before] == [
        ("care", True, False), ("teaching", False, False), ("research", False, False),
    ]  # fmt: skip
    words = ("consent", "1", "--purpose", "research", "--given", "--how", "guardian", "--on", "2020-01-02")
    assert run(profile, *words, lines=(PASSWORD, "A. Wanjiru")) == 0
    shown = capsys.readouterr().out
    assert "agreed" in shown
    assert "A. Wanjiru" in shown
    assert ADMINISTRATOR in shown
    assert run(profile, "consent", "1", "--purpose", "research", "--withdrawn", "--json") == 0
    after = json.loads(capsys.readouterr().out)
    assert (after[2]["given"], after[2]["asked"]) == (False, True)
    assert after[2]["on"] == datetime.now(UTC).astimezone().date().isoformat()


def test_an_answer_without_its_purpose_is_refused(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(profile, "consent", "1", "--given") == 2
    assert "--purpose" in capsys.readouterr().err


def test_what_is_due_is_listed_once_the_clinic_has_entered_its_years(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(profile, "due") == 0
    printed = capsys.readouterr()
    assert "has not entered" in printed.err
    assert "K-102" not in printed.out
    with open_workplace(profile) as workplace:
        workplace.settings.set("keep.years_adult", 8)
    assert run(profile, "due") == 0
    assert "K-102" in capsys.readouterr().out
    assert run(profile, "due", "--json") == 0
    (due,) = json.loads(capsys.readouterr().out)
    assert (due["patient_id"], due["last"], due["due_on"]) == (1, "2010-05-05", "2018-05-05")


def test_a_patient_is_deleted_after_number_and_password_again(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(profile, "delete", "1", "--show") == 0
    shown = capsys.readouterr().out
    assert "study of 2010-05-05: CR · Chest PA" in shown
    assert "Backups made earlier" in shown
    assert run(profile, "delete", "1", lines=(PASSWORD, "K-103", PASSWORD)) == 2
    assert run(profile, "delete", "1", lines=(PASSWORD, "K-102", "not the one")) == 1
    assert run(profile, "delete", "1", "--show") == 0
    capsys.readouterr()
    assert run(profile, "delete", "1", lines=(PASSWORD, "k-102", PASSWORD)) == 0
    assert "deleted" in capsys.readouterr().out
    assert run(profile, "delete", "1", "--show") == 2


def test_a_held_patient_is_not_deleted(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(profile, "hold", "1", lines=(PASSWORD, "A court asked")) == 0
    assert "A court asked" in capsys.readouterr().out
    assert run(profile, "delete", "1", lines=(PASSWORD, "K-102", PASSWORD)) == 1
    assert "E532" in capsys.readouterr().err
    assert run(profile, "hold", "1", "--lift") == 0
    assert capsys.readouterr().out == ""
    assert run(profile, "delete", "1", lines=(PASSWORD, "K-102", PASSWORD)) == 0


def test_a_single_study_is_deleted_and_its_patient_stays(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(profile, "delete", "1", "--study", "1", "--show") == 0
    shown = capsys.readouterr().out
    assert "one study of Otieno Grace" in shown
    assert "cannot be undone" in shown
    assert "The patient stays" in shown
    assert run(profile, "delete", "1", "--study", "7", "--show") == 2
    assert run(profile, "delete", "1", "--study", "1", lines=(PASSWORD, "K-102", PASSWORD)) == 0
    with open_workplace(profile) as workplace:
        assert workplace.records.studies_of(1) == ()
        assert workplace.records.patient(1) is not None
