"""Moves and merges: both names kept, signed reports untouched, and nothing lost that cannot be taken back."""

from dataclasses import replace

import pytest
from pypdfium2 import PdfDocument

from core.errors import IdentityIncompleteError, NotPermittedError, RecordRequestError
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services.analyze import Analysis
from services.drafts import Draft, key_of
from services.patient import merge
from services.sign import Person
from services.staff import NewPerson
from services.workplace import Workplace
from tests.opening import PASSWORD
from tests.services.test_records import file, patient, unit_of


def _study(workplace: Workplace, number: int) -> int:
    return workplace.records.studies_of(number)[0].study_id


def test_a_move_takes_a_draft_and_its_patient_along(workplace: Workplace) -> None:
    said = patient("Okafor", "A-17", "2020-01-01")
    unit = unit_of(said)
    okafor = file(workplace, said)
    workplace.drafts.keep(Draft(key=key_of(unit), path=unit.path))
    achieng = patient("Achieng", "B-2", "1980-01-01", source="typed")
    after = workplace.corrections.move(_study(workplace, okafor), achieng)
    draft = workplace.drafts.find(key_of(unit))
    assert draft is not None
    now = merge(unit.patient, draft.typed, day=unit.header.date)
    assert (now.name, now.id, now.birth_date) == (achieng.name, achieng.id, achieng.birth_date)
    assert draft.confirmed == ("name", "id", "birth_date")
    assert {one.field for one in now.contradictions} == {"name", "id", "birth_date"}
    assert workplace.records.belongs_to_another(key_of(unit), now) is None
    assert [row.name for row in workplace.records.studies_of(after.patient_id)] == ["Achieng"]


def test_a_study_that_was_moved_is_not_signed_as_its_image_says(workplace: Workplace) -> None:
    said = patient("Okafor", "A-17")
    workplace.corrections.move(_study(workplace, file(workplace, said)), patient("Achieng", "B-2"))
    assert workplace.records.belongs_to_another(key_of(unit_of(said)), said) == "Achieng, ID B-2"


def test_what_the_image_says_of_another_is_asked_before_a_move(workplace: Workplace) -> None:
    said = replace(
        patient("Okafor", "A-17", "2020-01-01"),
        sex=Sourced(value="M", source="header"),
        age_years=Sourced(value=6.0, source="header"),
    )
    study = _study(workplace, file(workplace, said))
    target = patient("Achieng", "B-2", source="typed")
    assert workplace.corrections.asked_of(study, target) == ("birth_date", "sex", "age_years")
    with pytest.raises(IdentityIncompleteError) as caught:
        workplace.corrections.move(study, target)
    assert caught.value.detail == "birth date, sex, age"
    whole = replace(
        target,
        birth_date=Sourced(value="1980-01-01", source="typed"),
        sex=Sourced(value="F", source="typed"),
    )
    workplace.corrections.move(study, whole)


def test_a_move_to_a_known_patient_joins_their_record(workplace: Workplace) -> None:
    okafor = file(workplace, patient("Okafor", "A-17"))
    achieng = file(workplace, patient("Achieng", "B-2"), "1.2.4")
    after = workplace.corrections.move(_study(workplace, okafor), patient("ACHIENG", "b-2"))
    assert after.patient_id == achieng
    assert len(workplace.records.studies_of(achieng)) == 2


def test_a_move_names_both_in_the_trail_and_remembers_by_whom(workplace: Workplace) -> None:
    okafor = file(workplace, patient("Okafor", "A-17"))
    study = _study(workplace, okafor)
    after = workplace.corrections.move(study, patient("Achieng", "B-2"), why="Wrong name at the machine")
    lines = [line for line in workplace.trail.lines() if line.act == "identity_moved"]
    assert {(line.subject, line.words) for line in lines} == {
        (f"patient:{after.patient_id}", "Okafor, ID A-17 -> Achieng, ID B-2"),
        (f"patient:{okafor}", "Okafor, ID A-17"),
    }
    (told,) = workplace.records.corrections(key_of(unit_of(patient("Okafor", "A-17"))))
    assert (told.before, told.after, told.name) == (
        "Okafor, ID A-17",
        "Achieng, ID B-2",
        "Dr. M. Achieng",
    )
    assert tuple(workplace.trail.check()) == ()


def test_a_signed_report_stays_and_every_later_paper_tells_of_the_move(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    row = workplace.records.find(key_of(unit))
    assert row is not None
    workplace.corrections.move(row.study_id, patient("Achieng", "B-2"), why="Names were swapped")
    assert workplace.signing.find_signed(unit) == signed
    issued, pdf = workplace.papers.issue_paper(signed.report_id, "export", "A4")
    assert issued.is_copy
    for paper in (pdf, workplace.papers.preview(signed.report_id, "A4")):
        text = " ".join(page.get_textpage().get_text_range() for page in PdfDocument(paper))
        told = " ".join(text.split())
        assert "it was signed for Nnamdi Okafor, ID A-17; the study now stands under Achieng, ID B-2" in told
        assert "Names were swapped" in told


def test_a_merge_is_found_by_both_names_and_later_studies_of_either_join_it(workplace: Workplace) -> None:
    okafor, okafur = (
        file(workplace, patient("Okafor", "A-17")),
        file(workplace, patient("Okafur", "A-71"), "1.4"),
    )
    workplace.corrections.merge(okafur, okafor)
    assert [row.patient_id for row in workplace.records.patients("okafur")] == [okafor]
    assert file(workplace, patient("Okafur", "A-71"), "1.5") == okafor
    assert workplace.records.perhaps_same(okafor) == ()
    assert workplace.records.belongs_to_another(key_of(unit_of(patient("Okafur", "A-71"), "1.4")),
                                                patient("Okafur", "A-71")) is None  # fmt: skip


def test_a_merge_is_taken_back_whole(workplace: Workplace) -> None:
    okafor, achieng = (
        file(workplace, patient("Okafor", "A-17")),
        file(workplace, patient("Achieng", "B-2"), "1.4"),
    )
    merge = workplace.corrections.merge(achieng, okafor)
    ((kept, gone),) = workplace.corrections.merges_into(okafor)
    assert (kept, gone) == (merge, "Achieng, ID B-2")
    workplace.corrections.split(merge)
    assert [row.patient_id for row in workplace.records.patients("achieng")] == [achieng]
    assert len(workplace.records.studies_of(achieng)) == 1
    with pytest.raises(RecordRequestError):
        workplace.corrections.split(merge)
    noted = [line for line in workplace.trail.lines() if line.act == "records_merged"]
    assert len(noted) == 2


def test_the_last_of_two_merges_is_taken_back_first(workplace: Workplace) -> None:
    one, two, three = (
        file(workplace, patient(name, number), number)
        for name, number in (("Okafor", "1"), ("Achieng", "2"), ("Zawadi", "3"))
    )
    first = workplace.corrections.merge(one, two)
    second = workplace.corrections.merge(two, three)
    with pytest.raises(RecordRequestError):
        workplace.corrections.split(first)
    workplace.corrections.split(second)
    workplace.corrections.split(first)
    assert [len(workplace.records.studies_of(number)) for number in (one, two, three)] == [1, 1, 1]


def test_what_cannot_be_is_refused_and_changes_nothing(workplace: Workplace) -> None:
    okafor = file(workplace, patient("Okafor", "A-17"))
    study = _study(workplace, okafor)
    before = (workplace.records.listed(), len(list(workplace.trail.lines())))
    for act in (
        lambda: workplace.corrections.move(study, okafor),
        lambda: workplace.corrections.move(study, 999),
        lambda: workplace.corrections.move(999, patient("Achieng", "B-2")),
        lambda: workplace.corrections.merge(okafor, okafor),
        lambda: workplace.corrections.merge(okafor, 999),
    ):
        with pytest.raises(RecordRequestError):
            act()
    with pytest.raises(IdentityIncompleteError):
        workplace.corrections.move(study, Patient(name=Sourced(value="Achieng", source="typed")))
    assert (workplace.records.listed(), len(list(workplace.trail.lines()))) == before


def test_an_assistant_corrects_nothing(workplace: Workplace) -> None:
    okafor, achieng = (
        file(workplace, patient("Okafor", "A-17")),
        file(workplace, patient("Achieng", "B-2"), "1.4"),
    )
    person = workplace.staff.add(NewPerson(name="Zawadi", duty="assistant"), PASSWORD)
    workplace.switch(person.holder_id, PASSWORD)
    for act in (
        lambda: workplace.corrections.move(_study(workplace, okafor), achieng),
        lambda: workplace.corrections.merge(okafor, achieng),
        lambda: workplace.corrections.keep_apart(okafor, achieng),
    ):
        with pytest.raises(NotPermittedError):
            act()
