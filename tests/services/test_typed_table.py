"""An estimate without an image: its unit, its draft, what must be there before signing, paper and records."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.decision import FirstRead, Reading
from core.errors import NotReadyToSignError
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.before_signing import missing_for_signing
from services.draft_acts import acts_between
from services.drafts import Draft, claimed, key_of, taken_over
from services.sign import Person
from services.typed_table import find_table, is_typed, new_table
from services.workplace import Workplace
from tests.inference.toy_tables import make_odds, make_risk
from tests.opening import PASSWORD
from tests.reports.conftest import poppler
from tests.services.conftest import START
from tests.services.conftest import TYPED as CHILD

VALUES: dict[str, Sourced[float | str | bool]] = {
    "ejection_fraction": Sourced(value=25.0, source="typed"),
    "smoking": Sourced(value="yes", source="typed"),
}
TYPED = replace(CHILD, age_years=Sourced(value=72.0, source="typed"), further=VALUES)
WRITTEN = Reading(conclusion="Poor outlook in this table.")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Analyzer:
    folder = tmp_path_factory.mktemp("packs")
    make_risk(folder / "toy-risk")
    make_odds(folder / "toy-odds")
    return Analyzer(AnalysisOptions(demonstration=True), pack_folders=[folder])


@pytest.fixture
def table() -> ReadingUnit:
    return new_table()


def _draft(table: ReadingUnit, **facts: object) -> Draft:
    draft = Draft(key=key_of(table), path=table.path, typed=TYPED, confirmed=("name", "id"), reading=WRITTEN)
    return replace(draft, **facts)  # type: ignore[arg-type]


def _missing(table: ReadingUnit, analysis: Analysis | None, draft: Draft) -> list[str]:
    return [one.code for one in missing_for_signing(table, analysis, draft)]


def _words(pdf: bytes, path: Path) -> str:
    path.write_bytes(pdf)
    said = poppler("pdftotext", "-layout", str(path), "-").replace("·", " · ")
    return " ".join(said.split())


def test_each_has_a_key_of_its_own_and_is_found_again_by_its_path(table: ReadingUnit) -> None:
    again = find_table(table.path)
    assert again is not None
    assert key_of(again) == key_of(table) != key_of(new_table())
    assert is_typed(again)
    assert again.files == ()


@pytest.mark.parametrize("path", ["", "values-", "values-2024.csv", "a/values-" + "0" * 32, "chest.png"])
def test_the_path_of_a_file_is_none(path: str) -> None:
    assert find_table(path) is None


def test_an_image_is_none(unit: ReadingUnit) -> None:
    assert not is_typed(unit)


def test_the_models_answer_from_typed_values_alone(tables: Analyzer, table: ReadingUnit) -> None:
    silent = tables.analyze(table, patient=CHILD).result
    assert silent.results == ()
    assert silent.errors == ()
    result = tables.analyze(table, patient=TYPED).result
    assert {one.stamp.pack_id: one.status for one in result.results} == {"toy-odds": "ok", "toy-risk": "ok"}
    assert result.without_image
    assert result.source.sha256 is None


def test_no_impression_is_asked_but_values_and_a_conclusion(tables: Analyzer, table: ReadingUnit) -> None:
    empty = Draft(key=key_of(table), path=table.path)
    assert _missing(table, None, empty) == ["analysis", "values", "conclusion", "identity"]
    whole = tables.analyze(table, patient=TYPED)
    answered = [one.code for one in missing_for_signing(table, whole, _draft(table))]
    assert answered == []
    assert _missing(table, whole, _draft(table, reading=Reading())) == ["conclusion"]


def test_values_that_no_model_has_counted_are_not_signed(tables: Analyzer, table: ReadingUnit) -> None:
    earlier = tables.analyze(table, patient=replace(TYPED, further={}))
    (missing,) = missing_for_signing(table, earlier, _draft(table))
    assert missing.code == "analysis"
    assert "press Estimate" in missing.text


def test_an_age_that_a_birth_date_made_does_not_stand_against_signing(
    tables: Analyzer, table: ReadingUnit
) -> None:
    born = replace(TYPED, age_years=None, birth_date=Sourced(value="1960-02-03", source="typed"))
    analysis = tables.analyze(table, patient=born)
    assert analysis.result.patient.age_years is not None
    assert _missing(table, analysis, _draft(table, typed=born)) == []


def test_an_image_still_asks_for_an_impression(unit: ReadingUnit, analysis: Analysis, draft: Draft) -> None:
    unread = replace(draft, reading=replace(draft.reading, first_read=None))
    assert "first_read" in [one.code for one in missing_for_signing(unit, analysis, unread)]


def test_begun_ones_are_listed_and_images_are_not(
    workplace: Workplace, table: ReadingUnit, unit: ReadingUnit
) -> None:
    other = new_table()
    for one in (table, unit, other, table):
        workplace.drafts.keep(Draft(key=key_of(one), path=one.path))
    assert [one.path for one in workplace.drafts.tables()] == [table.path, other.path]


def test_typed_values_make_a_reading_somebodys(unit: ReadingUnit) -> None:
    draft = Draft(key=key_of(unit), path=unit.path, typed=Patient(further=VALUES))
    mine = claimed(draft, 7, "Amina")
    assert (mine.reader_id, mine.reader) == (7, "Amina")
    assert claimed(mine, 8, "Njeri").reader_id == 7
    over = taken_over(mine, 8, "Njeri")
    assert (over.reader_id, over.typed.further) == (8, VALUES)


def test_typing_values_is_writing_and_enters_no_patient(table: ReadingUnit) -> None:
    before = _draft(table, typed=replace(TYPED, further={}))
    assert [(one.act, one.detail) for one in acts_between(before, _draft(table))] == [
        ("edit", {"field": "values"})
    ]


def _signed(workplace: Workplace, analyzer: Analyzer, table: ReadingUnit, who: Person) -> bytes:
    analysis = analyzer.analyze(table, patient=TYPED)
    return workplace.signing.sign(
        table,
        analysis,
        workplace.drafts.keep(_draft(table)),
        person_id=who.person_id,
        pin="2468",
        facts=analyzer.facts_for(analysis.result),
    ).pdf


def test_the_signed_paper_lists_the_values_and_speaks_of_no_image(
    workplace: Workplace, amina: Person, tables: Analyzer, table: ReadingUnit, tmp_path: Path
) -> None:
    _log_in(workplace)
    words = _words(_signed(workplace, tables, table, amina), tmp_path / "report.pdf")
    assert "Report on values" in words
    assert "Ejection fraction 25 % · Smoking Yes" in words
    assert "Poor outlook in this table." in words
    assert "none: the values were typed" in words
    assert "values-" not in words
    assert words.replace("values of the patient, no image", "").casefold().count("image") == 0
    assert "Demonstration models also ran" in words
    assert "toy-odds 1.0.0" in words
    assert "toy-risk" not in words, "a demonstration is in no signed report"


def _log_in(workplace: Workplace) -> None:
    amina = next(one for one in workplace.staff.all() if one.signs)
    workplace.switch(amina.holder_id, PASSWORD)


def test_what_is_signed_is_in_the_records_no_draft_any_more_and_comes_back_with_its_values(
    workplace: Workplace, amina: Person, tables: Analyzer, table: ReadingUnit
) -> None:
    _log_in(workplace)
    _signed(workplace, tables, table, amina)
    (listed,) = workplace.records.listed("okafor")
    assert (listed.state, listed.path) == ("signed", table.path)
    assert workplace.drafts.tables() == ()
    again = find_table(listed.path)
    assert again is not None
    signed = workplace.signing.find_signed(again)
    assert signed is not None
    back = workplace.signing.draft_for(again, signed)
    assert back.typed.further == VALUES
    assert tables.analyze(again, patient=back.typed).result.patient == signed.patient


def test_nothing_is_signed_before_it_may_be(
    workplace: Workplace, amina: Person, tables: Analyzer, table: ReadingUnit
) -> None:
    _log_in(workplace)
    analysis = tables.analyze(table, patient=TYPED)
    looked = _draft(table, reading=Reading(first_read=FirstRead(impression="abnormal", at=START)))
    with pytest.raises(NotReadyToSignError) as told:
        workplace.signing.sign(table, analysis, looked, person_id=amina.person_id, pin="2468")
    assert told.value.detail == "conclusion"


def test_it_is_deleted_with_its_patient(workplace: Workplace, table: ReadingUnit) -> None:
    draft = workplace.drafts.keep(_draft(table))
    row = workplace.records.identify(table, draft.typed, draft.confirmed)
    assert row is not None
    plan = workplace.deletion.plan(row.patient_id)
    workplace.deletion.delete(plan, password=PASSWORD, typed=plan.typed)
    assert workplace.drafts.tables() == ()
    assert workplace.records.listed() == ()


def test_typed_values_go_along_with_a_study_that_is_moved(workplace: Workplace, table: ReadingUnit) -> None:
    draft = workplace.drafts.keep(_draft(table))
    row = workplace.records.identify(table, draft.typed, draft.confirmed)
    assert row is not None
    other = Patient(name=Sourced(value="Wanjiru", source="typed"), id=Sourced(value="B-2", source="typed"))
    workplace.corrections.move(row.study_id, other)
    moved = workplace.drafts.find(draft.key)
    assert moved is not None
    assert moved.typed.name == other.name
    assert moved.typed.further == VALUES
