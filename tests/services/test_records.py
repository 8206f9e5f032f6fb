"""Records: what is filed, who is joined, and what stands against signing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import NotPermittedError, NotReadyToSignError
from core.image import ReadingUnit, StudyHeader
from core.patient import Patient, Sourced
from services.analyze import Analysis
from services.drafts import Draft, key_of
from services.picture_marks import marks_of
from services.record_facts import patient_of, who
from services.sign import Person
from services.workplace import Workplace
from store.schema import MIGRATIONS
from store.sqlcipher import connect
from tests.opening import open_workplace, raw_database
from tests.services.conftest import TYPED


def patient(name: str = "", number: str = "", born: str = "", source: str = "header") -> Patient:
    """Return a patient as a header says them."""
    values = {"name": name, "id": number, "birth_date": born}
    return Patient(
        **{key: Sourced(value=value, source=source) for key, value in values.items() if value}  # type: ignore[arg-type]
    )


def unit_of(said: Patient, uid: str = "1.2.3", **header: str) -> ReadingUnit:
    """Return a unit whose header says a patient."""
    return ReadingUnit(
        kind="dicom-image",
        path=f"/medium/{uid}.dcm",
        files=(Path(f"/medium/{uid}.dcm"),),
        header=StudyHeader(date="2026-11-20", modality="DX", **header),  # type: ignore[arg-type]
        patient=said,
        sop_instance_uids=(uid,),
    )


def file(workplace: Workplace, said: Patient, uid: str = "1.2.3") -> int:
    """File a unit and return the number of its patient."""
    row = workplace.records.file(unit_of(said, uid), said)
    assert row is not None
    return row.patient_id


def test_a_study_is_filed_under_its_patient_when_the_header_says_who(workplace: Workplace) -> None:
    file(workplace, patient("Okafor^Nnamdi", "A-17"))
    (listed,) = workplace.records.listed()
    assert (listed.name, listed.number, listed.modality, listed.state) == (
        "Okafor Nnamdi",
        "A-17",
        "DX",
        "to_read",
    )


@pytest.mark.parametrize("said", [Patient(), patient("Okafor"), patient(number="A-17"), patient("^", "A-17")])
def test_a_study_of_nobody_known_is_not_filed(workplace: Workplace, said: Patient) -> None:
    assert workplace.records.file(unit_of(said), said) is None
    assert workplace.records.listed() == ()


def test_a_picture_is_filed_when_two_identifiers_were_confirmed(
    workplace: Workplace, unit: ReadingUnit
) -> None:
    assert workplace.records.file(unit, TYPED, confirmed=("name",)) is None
    assert workplace.records.file(unit, TYPED, confirmed=("name", "id")) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (patient("Okafor^Nnamdi", "A-17"), patient("Nnamdi Okafor", "a-17 ")),
        (patient("Okafor^Nnamdi", "A-17", "2020-01-01"), patient("", "A-17", "2020-01-01")),
    ],
)
def test_priors_join_on_number_and_name_or_birth_date(
    workplace: Workplace, one: Patient, other: Patient
) -> None:
    assert file(workplace, one) == file(workplace, other, "1.2.4")


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        (patient("Okafor", "A-17"), patient("Achieng", "A-17"), True),
        (patient("Okafor", "A-17", "2020-01-01"), patient("Okafor", "A-17", "1980-01-01"), True),
        (patient("Okafor", "A-17", "2020-01-01"), patient("Okafor", "B-2", "2020-01-01"), True),
        (patient("Okafor", "A-17"), patient("Okafor", "B-2"), False),
    ],
)
def test_what_may_be_one_person_is_asked_and_not_joined(
    workplace: Workplace, one: Patient, other: Patient, asked: bool
) -> None:
    first, second = file(workplace, one), file(workplace, other, "1.2.4")
    assert first != second
    assert [row.patient_id for row in workplace.records.perhaps_same(second)] == [first] * asked
    workplace.corrections.keep_apart(first, second)
    assert workplace.records.perhaps_same(second) == ()


def test_a_record_learns_what_a_later_study_says(workplace: Workplace) -> None:
    number = file(workplace, patient("Okafor", "A-17"))
    file(workplace, patient("Okafor", "A-17", "2020-01-01"), "1.2.4")
    row = workplace.records.patient(number)
    assert row is not None
    assert row.birth_date == "2020-01-01"


def test_opening_again_keeps_the_place_and_files_nothing_twice(workplace: Workplace) -> None:
    said = patient("Okafor", "A-17")
    file(workplace, said)
    workplace.records.file(replace(unit_of(said), path="/other/stick.dcm"), said)
    (listed,) = workplace.records.listed()
    assert listed.path == "/other/stick.dcm"


def test_a_name_typed_anew_corrects_the_record_that_only_this_study_has(workplace: Workplace) -> None:
    said = patient("Okafor", "A-17")
    number = file(workplace, said)
    typed = patient("Okafur", "A-17", source="typed")
    row = workplace.records.identify(unit_of(said), typed, ("name", "id"))
    assert row is not None
    assert row.patient_id == number
    assert [one.name for one in workplace.records.patients()] == ["Okafur"]
    (line,) = [line for line in workplace.trail.lines() if line.act == "identity_moved"]
    assert line.words == "Okafor, ID A-17 -> Okafur, ID A-17"
    assert "Okafor" not in line.detail


def test_a_study_typed_to_be_somebody_elses_goes_to_their_record(workplace: Workplace) -> None:
    okafor = file(workplace, patient("Okafor", "A-17"))
    achieng = file(workplace, patient("Achieng", "B-2"), "1.2.4")
    typed = patient("Okafor", "A-17", source="typed")
    workplace.records.identify(unit_of(patient("Achieng", "B-2"), "1.2.4"), typed, ("name", "id"))
    assert len(workplace.records.studies_of(okafor)) == 2
    assert workplace.records.patient(achieng) is None


@pytest.mark.parametrize("text", ["okafor", "OKAFOR a-17", "2026-11", "dx nnam", "e 2026-11-20"])
def test_studies_are_searched_without_regard_to_accents_and_capitals(workplace: Workplace, text: str) -> None:
    file(workplace, patient("Okafór^Nnamdí É", "A-17"))
    file(workplace, patient("Smith", "C-3"), "1.2.5") if "2026" not in text else None
    assert [row.number for row in workplace.records.listed(text)] == ["A-17"]


# --- the same pixels


def test_the_same_pixels_under_an_unsigned_record_of_another_block_signing(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    marks = marks_of(analysis)
    other = patient("Achieng", "B-2")
    workplace.records.file(unit_of(other), other, marks=marks)
    (missing,) = workplace.signing.missing(unit, analysis, draft)
    assert missing.code == "same_pixels"
    assert "Achieng, ID B-2" in missing.text
    with pytest.raises(NotReadyToSignError):
        workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")


def test_the_same_pixels_are_settled_by_merging_both_records(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    marks = marks_of(analysis)
    other = patient("Nnamdi Okafur", "A-71")
    wrong = workplace.records.file(unit_of(other), other, marks=marks)
    mine = workplace.records.file(unit, TYPED, confirmed=draft.confirmed, marks=marks)
    assert wrong is not None
    assert mine is not None
    assert workplace.signing.missing(unit, analysis, draft)
    workplace.corrections.merge(wrong.patient_id, mine.patient_id)
    assert workplace.signing.missing(unit, analysis, draft) == ()
    workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")


def test_the_same_pixels_are_settled_by_moving_the_signed_study(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    theirs = patient("Achieng", "B-2")
    marks = marks_of(analysis)
    again = unit_of(theirs)
    workplace.records.file(again, theirs, marks=marks)
    assert workplace.records.holder_of_pixels(key_of(again), marks, theirs) == "Nnamdi Okafor, ID A-17"
    signed = workplace.records.find(key_of(unit))
    assert signed is not None
    workplace.corrections.move(signed.study_id, theirs)
    assert workplace.records.holder_of_pixels(key_of(again), marks, theirs) is None


def test_a_study_that_the_records_give_to_another_is_not_signed(
    workplace: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    workplace.records.file(unit, patient("Achieng", "B-2"), confirmed=("name", "id"))
    (missing,) = workplace.signing.missing(unit, analysis, draft)
    assert (missing.code, missing.subject) == ("identity", "records")
    assert "Achieng, ID B-2" in missing.text


# --- what an early Farlight kept


def _early_store(profile: Path) -> None:
    profile.mkdir(parents=True)
    connection = connect(profile / "farlight.db", None)
    connection.executescript(f"{MIGRATIONS[0]}{MIGRATIONS[1]} PRAGMA user_version = 2;")
    connection.execute("INSERT INTO people VALUES (1, 'A', 'B', '', x'00', x'00', 0, 0, '')")
    source = {"study_uid": "1.2", "series_uids": ["1.2.1"], "modality": "CR", "frames": 1, "path": "/a/b.dcm"}
    signed = {"name": {"value": "Okafor", "source": "header"}, "id": {"value": "A-17", "source": "header"}}
    connection.execute(
        "INSERT INTO signed_reports"
        " VALUES (1, 'signed', 1, '2026-01-01T08:00:00+00:00', ?, 'ab', '{}', ?, x'25')",
        (json.dumps(signed), json.dumps({"source": source})),
    )
    draft = {
        "key": "draft",
        "path": "/a/c.png",
        "typed": {"name": {"value": "Achieng", "source": "typed"}, "id": {"value": "B-2", "source": "typed"}},
        "confirmed": ["name", "id"],
    }
    nobody = {"key": "nobody", "path": "/a/d.png"}
    for one in (draft, nobody):
        connection.execute(
            "INSERT INTO drafts VALUES (?, ?, '2026-01-02T08:00:00+00:00')", (one["key"], json.dumps(one))
        )
    connection.execute("INSERT INTO drafts VALUES ('newer', 'not JSON', '2026-01-02T08:00:00+00:00')")
    connection.commit()
    connection.close()


def test_what_an_early_store_kept_becomes_records_once(tmp_path: Path) -> None:
    profile = tmp_path / "old"
    _early_store(profile)
    with open_workplace(profile) as workplace:
        listed = workplace.records.listed()
        found = {(row.name, row.state, row.path, row.modality) for row in listed}
        assert found == {("Okafor", "signed", "/a/b.dcm", "CR"), ("Achieng", "draft", "/a/c.png", "")}
        assert workplace.records.adopt() == 0
    with open_workplace(profile) as workplace:
        assert workplace.records.listed() == listed


def test_a_damaged_row_of_an_early_store_does_not_close_the_door(tmp_path: Path) -> None:
    profile = tmp_path / "old"
    _early_store(profile)
    connection = connect(profile / "farlight.db", None)
    connection.execute(
        "INSERT INTO signed_reports"
        " VALUES (2, 'odd', 1, '2026-01-01T08:00:00+00:00', 'not JSON', 'cd', '{}', '{}', x'25')"
    )
    connection.commit()
    connection.close()
    with open_workplace(profile) as workplace:
        assert len(workplace.records.listed()) == 2
        kept = workplace.signing._signed.find_by_number(2)
    assert kept is not None
    assert kept.pdf == b"%"


def test_no_name_stands_outside_the_words_of_the_trail(workplace: Workplace, tmp_path: Path) -> None:
    one, other = (
        file(workplace, patient("Okafor", "A-17")),
        file(workplace, patient("Achieng", "B-2"), "1.2.4"),
    )
    workplace.corrections.merge(one, other)
    study = workplace.records.listed()[0].study_id
    workplace.corrections.move(study, patient("Zawadi", "C-3"), why="Zawadi was meant")
    workplace.close()
    lines = raw_database(tmp_path / "profile").execute("SELECT * FROM audit").fetchall()
    told = json.dumps([dict(line) for line in lines])
    assert not any(name in told for name in ("Okafor", "Zawadi", "A-17", "B-2"))


def test_a_patient_in_words_says_what_tells_two_apart() -> None:
    assert who(patient("Okafor^Nnamdi", "A-17", "2020-01-02")) == "Okafor Nnamdi, ID A-17, born 2020-01-02"
    assert who(Patient()) == "a patient without a name"


def test_a_patient_is_read_back_as_kept(workplace: Workplace) -> None:
    said = patient("Okafor^Nnamdi", "A-17", "2020-01-02")
    row = workplace.records.patient(file(workplace, said))
    assert row is not None
    assert patient_of(row) == said


def test_nobody_reads_the_records_while_they_are_locked(workplace: Workplace) -> None:
    file(workplace, patient("Okafor", "A-17"))
    workplace.lock()
    for read in (workplace.records.listed, workplace.records.patients):
        with pytest.raises(NotPermittedError):
            read()
