"""The patient file and the merging of sources."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from core.clock import FixedClock
from core.errors import PatientFileError
from core.form import PREGNANCY, says_pregnant
from core.patient import Patient, Sourced, ValueSource
from imaging.dicom_header import read_patient
from inference.subject import unsettled_ages_of
from services.patient import (
    age_disagrees,
    age_now,
    merge,
    patient_from_mapping,
    read_patient_file,
    same_person,
)
from services.result_json import patient_to_dict

WHOLE = {
    "name": "Nnamdi Okafor",
    "id": "A-17",
    "sex": "M",
    "birth_date": "2023-04-30",
    "age_years": 3,
    "height_cm": 95.5,
    "weight_kg": 14,
    "serum_creatinine": 1.1,
    "smoking": False,
}


def _write(folder: Path, content: Any) -> Path:
    file = folder / "patient.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_every_field_comes_with_its_source(tmp_path: Path) -> None:
    patient = read_patient_file(_write(tmp_path, WHOLE))
    assert patient.name == Sourced(value="Nnamdi Okafor", source="file")
    assert patient.age_years == Sourced(value=3.0, source="file")
    assert dict(patient.further) == {
        "serum_creatinine": Sourced(value=1.1, source="file"),
        "smoking": Sourced(value=False, source="file"),
    }


def test_null_and_absent_are_unknown(tmp_path: Path) -> None:
    assert read_patient_file(_write(tmp_path, {"name": None})) == Patient()


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_bytes(b"\xef\xbb\xbf" + b'{"id": 17}')
    assert read_patient_file(file).id == Sourced(value="17", source="file")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("sex", "male"),
        ("birth_date", "30.04.2023"),
        ("birth_date", 20230430),
        ("age_years", "3"),
        ("age_years", -1),
        ("age_years", 131),
        ("age_years", True),
        ("height_cm", 1.75),
        ("weight_kg", 0),
        ("further", [1]),
        ("further", {"a": 1}),
        ("further", 10**400),
        ("age_years", 10**400),
    ],
)
def test_a_wrong_value_is_refused_and_its_field_named(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(PatientFileError, match=field):
        read_patient_file(_write(tmp_path, {field: value}))


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "patient.json"
    file.write_bytes(content)
    with pytest.raises(PatientFileError):
        read_patient_file(file)


def test_a_missing_file_and_an_enormous_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PatientFileError):
        read_patient_file(tmp_path / "nothing.json")
    (tmp_path / "large.json").write_bytes(b" " * 2_000_000)
    with pytest.raises(PatientFileError):
        read_patient_file(tmp_path / "large.json")


def _header(**values: Any) -> Patient:
    sourced: dict[str, Any] = {name: Sourced(value=value, source="header") for name, value in values.items()}
    return Patient(**sourced)


def test_what_was_given_wins_and_the_contradiction_is_recorded() -> None:
    merged = merge(_header(sex="F", age_years=40.0), patient_from_mapping({"sex": "M", "weight_kg": 60}))
    assert merged.sex == Sourced(value="M", source="file")
    assert merged.age_years == Sourced(value=40.0, source="header")
    assert merged.weight_kg == Sourced(value=60.0, source="file")
    (contradiction,) = merged.contradictions
    assert (contradiction.field, contradiction.used, contradiction.other) == ("sex", "M", "F")
    assert (contradiction.used_source, contradiction.other_source) == ("file", "header")


@pytest.mark.parametrize(
    ("in_header", "in_file", "used", "from_"),
    [("yes", False, "yes", "header"), ("yes", "no", "yes", "header"), ("no", True, True, "file")],
)
def test_a_pregnancy_counts_whoever_says_it_and_the_contradiction_is_recorded(
    in_header: str, in_file: bool | str, used: bool | str, from_: ValueSource
) -> None:
    header = Patient(further={PREGNANCY: Sourced(value=in_header, source="header")})
    merged = merge(header, patient_from_mapping({PREGNANCY: in_file}))
    assert merged.further[PREGNANCY] == Sourced(value=used, source=from_)
    (contradiction,) = merged.contradictions
    assert (contradiction.field, contradiction.used, contradiction.other) == (PREGNANCY, "yes", "no")
    assert {contradiction.used_source, contradiction.other_source} == {"header", "file"}


def test_a_contradiction_is_one_plain_sentence_in_the_result() -> None:
    header = Patient(further={PREGNANCY: Sourced(value="yes", source="header")})
    (entry,) = patient_to_dict(merge(header, patient_from_mapping({PREGNANCY: False})))["contradictions"]
    assert entry == {
        "field": PREGNANCY,
        "used": {"value": "yes", "source": "header"},
        "other": {"value": "no", "source": "file"},
        "other_field": PREGNANCY,
        "text": "Pregnancy: “yes” (image header) is used; the patient file says “no”",
    }


@pytest.mark.parametrize(("in_header", "in_file"), [("yes", True), ("no", False), ("no", "no")])
def test_a_pregnancy_that_is_said_twice_is_no_contradiction(in_header: str, in_file: bool | str) -> None:
    header = Patient(further={PREGNANCY: Sourced(value=in_header, source="header")})
    merged = merge(header, patient_from_mapping({PREGNANCY: in_file}))
    assert says_pregnant(merged.further[PREGNANCY].value) is (in_header == "yes")
    assert merged.contradictions == ()


def test_the_header_alone_stays_as_it_is() -> None:
    header = _header(name="Doe^Jane")
    assert merge(header, None) is header


@pytest.mark.parametrize(
    ("header", "given"),
    [
        ({"name": "Okafor^Nnamdi"}, {"name": "Nnamdi Okafor"}),
        ({"age_years": 3.4}, {"age_years": 3}),
        ({"id": "a17 "}, {"id": "A17"}),
        ({"weight_kg": 60.0}, {"weight_kg": 60.3}),
    ],
)
def test_the_same_thing_said_differently_is_no_contradiction(
    header: dict[str, Any], given: dict[str, Any]
) -> None:
    assert merge(_header(**header), patient_from_mapping(given)).contradictions == ()


def test_a_birth_date_makes_the_age_on_the_day_of_the_examination() -> None:
    merged = merge(Patient(), patient_from_mapping({"birth_date": "2023-05-01"}), day="2026-05-02")
    assert merged.age_years is not None
    assert merged.age_years.source == "file"
    assert merged.age_years.value == pytest.approx(3.0, abs=0.01)
    assert merged.contradictions == ()


def test_a_birth_date_wins_over_the_headers_age_and_the_contradiction_is_shown() -> None:
    given = patient_from_mapping({"birth_date": "2023-05-01"})
    merged = merge(_header(age_years=81.0), given, day="2026-05-02")
    assert merged.age_years is not None
    assert merged.age_years.value == pytest.approx(3.0, abs=0.01)
    (contradiction,) = merged.contradictions
    assert (contradiction.field, contradiction.other) == ("age_years", "81.0")


def test_the_headers_age_stays_where_the_birth_date_says_the_same_or_the_day_is_not_known() -> None:
    given = patient_from_mapping({"birth_date": "1985-04-01"})
    for header, day in (
        (_header(age_years=40.0, birth_date="1985-04-01"), "2026-01-01"),
        (_header(age_years=40.0), None),
        (_header(age_years=40.0), "1984-01-01"),
        (_header(age_years=7.0), None),
    ):
        merged = merge(header, given, day=day)
        assert merged.age_years == header.age_years


def test_nobody_was_older_at_an_examination_than_now() -> None:
    given = patient_from_mapping({"birth_date": "2024-05-01"})
    merged = merge(_header(age_years=50.0), given)
    assert merged.age_years is not None
    assert merged.age_years.source == "file"
    assert merged.age_years.value == age_now("2024-05-01")
    assert [(one.field, one.other) for one in merged.contradictions] == [("age_years", "50.0")]


def test_an_age_that_was_given_stands_beside_a_birth_date() -> None:
    given = patient_from_mapping({"birth_date": "2023-05-01", "age_years": 4})
    merged = merge(Patient(), given, day="2026-05-02")
    assert merged.age_years == Sourced(value=4.0, source="file")


def test_a_birth_date_in_the_future_is_refused_unless_the_clock_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(PatientFileError, match="future"):
        patient_from_mapping({"birth_date": "2999-01-01"})
    stopped = FixedClock(instant=datetime(2001, 1, 1, tzinfo=UTC))
    monkeypatch.setattr("services.patient.SystemClock", lambda: stopped)
    born = patient_from_mapping({"birth_date": "2023-05-01"}).birth_date
    assert born == Sourced(value="2023-05-01", source="file")


def test_two_records_are_one_person_only_where_something_agrees() -> None:
    assert same_person(_header(id="1", name="A"), _header(id="1"))
    assert not same_person(_header(id="1", name="A"), _header(id="2", name="A"))
    assert not same_person(_header(id="1"), _header(name="A"))


@pytest.mark.parametrize(
    ("born", "years", "disagree"),
    [
        ("2023-06-10", 45.0, True),
        ("2023-06-10", 3.0, False),
        ("2020-01-01", 1.0, True),
        ("2027-01-01", 1.0, True),
    ],
)
def test_an_age_is_compared_with_the_birth_date_on_the_day_of_the_examination(
    born: str, years: float, disagree: bool
) -> None:
    assert age_disagrees(born, years, day="2026-06-01") is disagree


@pytest.mark.parametrize(
    ("sex", "age", "text"),
    [
        ("M", 34, "“male” (patient file): please check"),
        ("F", 67, "“67 years” (patient file): please check"),
        ("F", 34, None),
        ("O", 34, None),
    ],
)
def test_a_pregnancy_that_cannot_well_be_is_asked_about(sex: str, age: int, text: str | None) -> None:
    given = patient_from_mapping({"sex": sex, "age_years": age, "pregnancy": "yes"})
    whole = merge(merge(Patient(), given), None)
    contradictions = patient_to_dict(whole)["contradictions"]
    said = [one["text"] for one in contradictions]
    assert all(one["other_field"] == ("sex" if sex == "M" else "age_years") for one in contradictions)
    assert len(said) == (text is not None)
    assert all(text is not None and one.endswith(text) for one in said)


def test_an_age_that_somebody_gave_settles_what_a_header_says_against_itself() -> None:
    dataset = Dataset()
    dataset.PatientAge, dataset.PatientBirthDate, dataset.StudyDate = "034Y", "20220101", "20260301"
    header = read_patient(dataset)
    assert unsettled_ages_of(header), "the header does not contradict itself: nothing is tried here"
    for source in ("typed", "file"):
        settled = merge(header, Patient(age_years=Sourced(value=34.0, source=source)))
        assert settled.contradictions
        assert unsettled_ages_of(settled) == ()
