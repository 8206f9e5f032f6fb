"""Patients and studies in the database: who belongs to whom after moves, merges and their undoing."""

from dataclasses import replace

import pytest

from store.database import Database
from store.drafts import DraftRow, DraftStore
from store.records import PatientFacts, RecordStore, StudyRow
from store.sqlcipher import dbapi

DAY = "2027-01-01T12:00:00+00:00"


def _facts(name: str, number: str = "", born: str = "") -> PatientFacts:
    return PatientFacts(
        known="{}",
        name=name,
        number=number,
        birth_date=born,
        id_key=number.casefold(),
        name_key=name.casefold(),
        search=f"{name} {number} {born}".casefold(),
    )


def _study(patient_id: int, key: str = "unit", **other: str) -> StudyRow:
    row = StudyRow(
        study_id=0,
        unit_key=key,
        patient_id=patient_id,
        path="/medium/a.dcm",
        facts="{}",
        study_date="2026-12-31",
        modality="DX",
        description="Chest",
        first_opened_at=DAY,
        last_opened_at=DAY,
    )
    return replace(row, **other)  # type: ignore[arg-type]


@pytest.fixture
def records(database: Database) -> RecordStore:
    return RecordStore(database)


def test_a_study_lists_with_its_patient_and_where_its_reading_stands(
    records: RecordStore, database: Database
) -> None:
    amina = records.add_patient(_facts("Amina", "17"), DAY)
    records.add_study(_study(amina))
    (listed,) = records.listed()
    assert (listed.name, listed.number, listed.state) == ("Amina", "17", "to_read")
    DraftStore(database).keep(DraftRow(key="unit", payload="{}", updated_at=DAY))
    assert records.listed()[0].state == "draft"


def test_a_study_is_entered_once(records: RecordStore) -> None:
    amina = records.add_patient(_facts("Amina"), DAY)
    records.add_study(_study(amina))
    with pytest.raises(dbapi.IntegrityError):
        records.add_study(_study(amina))


def test_the_number_of_a_removed_patient_is_never_given_again(records: RecordStore) -> None:
    first = records.add_patient(_facts("Amina"), DAY)
    assert records.remove_patient_without_studies(first)
    assert records.add_patient(_facts("Baraka"), DAY) > first


def test_a_patient_with_a_study_is_not_removed_as_empty(records: RecordStore) -> None:
    amina = records.add_patient(_facts("Amina"), DAY)
    records.add_study(_study(amina))
    assert not records.remove_patient_without_studies(amina)


@pytest.mark.parametrize("words", [["amina"], ["17"], ["2026-12-31"], ["dx", "amina"], ["chest"]])
def test_a_study_is_found_by_each_of_its_words(records: RecordStore, words: list[str]) -> None:
    records.add_study(_study(records.add_patient(_facts("Amina", "17"), DAY)))
    records.add_study(
        _study(
            records.add_patient(_facts("Baraka", "20"), DAY),
            "other",
            study_date="2026-01-01",
            modality="CR",
            description="Hand",
        )
    )
    assert [row.unit_key for row in records.listed(words)] == ["unit"]


def test_signs_of_a_pattern_are_looked_for_as_they_stand(records: RecordStore) -> None:
    records.add_study(_study(records.add_patient(_facts("Amina"), DAY)))
    assert records.listed(["%"]) == ()
    assert records.listed(["_"]) == ()


def test_a_move_keeps_from_whom_to_whom(records: RecordStore) -> None:
    amina, baraka = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Baraka"))
    study = records.add_study(_study(amina))
    records.move_study(study, baraka, at=DAY, payload="{}")
    (move,) = records.moves_of("unit")
    assert (move.from_patient, move.to_patient) == (amina, baraka)
    assert [row.study_id for row in records.studies_of(baraka)] == [study]
    assert records.studies_of(amina) == ()


def test_a_merge_takes_the_studies_along_and_its_undoing_brings_them_back(records: RecordStore) -> None:
    amina, amena = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Amena"))
    first, second = records.add_study(_study(amina)), records.add_study(_study(amena, "second"))
    merge = records.merge(amena, amina, at=DAY)
    current = records.current_patient(amena)
    assert current is not None
    assert current.patient_id == amina
    assert {row.study_id for row in records.studies_of(amina)} == {first, second}
    assert [row.patient_id for row in records.patients()] == [amina]
    records.undo_merge(merge, at=DAY)
    assert [row.study_id for row in records.studies_of(amena)] == [second]
    assert records.merges_into(amina) == ()


def test_a_study_moved_after_a_merge_stays_where_it_was_moved_to(records: RecordStore) -> None:
    amina, amena, baraka = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Amena", "Baraka"))
    study = records.add_study(_study(amena))
    merge = records.merge(amena, amina, at=DAY)
    records.move_study(study, baraka, at=DAY, payload="{}")
    records.undo_merge(merge, at=DAY)
    assert [row.study_id for row in records.studies_of(baraka)] == [study]


def test_who_was_said_to_be_two_people_is_remembered_either_way_round(records: RecordStore) -> None:
    one, other = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Amena"))
    records.keep_apart(other, one)
    records.keep_apart(one, other)
    assert records.are_apart(one, other)
    assert records.are_apart(other, one)


def test_a_forgotten_patient_takes_along_who_was_merged_into_them(records: RecordStore) -> None:
    amina, amena = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Amena"))
    records.merge(amena, amina, at=DAY)
    assert set(records.forget_patient(amina)) == {amina, amena}
    assert records.find_patient(amena) is None


def test_a_patient_is_not_forgotten_while_a_study_is_theirs(records: RecordStore) -> None:
    amina = records.add_patient(_facts("Amina"), DAY)
    study = records.add_study(_study(amina))
    with pytest.raises(dbapi.IntegrityError):
        records.forget_patient(amina)
    records.forget_study(study)
    records.forget_patient(amina)
    assert records.patients() == ()


def test_a_move_forgets_whom_it_named_with_the_patient(records: RecordStore) -> None:
    amina, baraka = (records.add_patient(_facts(name), DAY) for name in ("Amina", "Baraka"))
    records.move_study(records.add_study(_study(amina)), baraka, at=DAY, payload='{"name": "Amina"}')
    records.forget_patient(amina)
    assert [move.payload for move in records.moves_of("unit")] == [""]
