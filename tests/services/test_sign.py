"""Signing: what must be answered, whose PIN, which clock, and that nothing changes afterwards."""

import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdfium2 import PdfDocument

from core.errors import (
    AlreadySignedError,
    NotPermittedError,
    NotReadyToSignError,
    RequestError,
    WrongPinError,
)
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services.analyze import Analysis, Analyzer
from services.before_signing import missing_for_signing, reading_beside
from services.drafts import Draft, key_of
from services.patient import merge
from services.report import set_on_paper
from services.scan import scan
from services.sign import Person
from services.workplace import Workplace
from store.signed import SignedStore
from tests.opening import enter_signer, open_workplace
from tests.services.conftest import START, TYPED, MovedClock


def _for(analysis: Analysis, unit: ReadingUnit, draft: Draft) -> Analysis:
    """Return the analysis as it would be if it had been asked for with this unit and this draft."""
    result = analysis.result
    source = replace(result.source, path=unit.path)
    return replace(analysis, result=replace(result, source=source, patient=merge(unit.patient, draft.typed)))


def _codes(unit: ReadingUnit, analysis: Analysis | None, draft: Draft) -> list[str]:
    whole = None if analysis is None else _for(analysis, unit, draft)
    return [missing.code for missing in missing_for_signing(unit, whole, draft)]


def test_an_empty_draft_misses_everything_in_the_order_of_asking(
    unit: ReadingUnit, analysis: Analysis
) -> None:
    empty = Draft(key=key_of(unit), path=unit.path)
    assert _codes(unit, None, empty) == ["analysis", "first_read", "identity"]
    assert _codes(unit, analysis, empty) == ["first_read", "decision", "identity"]


def test_what_is_signed_was_analysed_for_this_patient_and_this_image(
    analyzer: Analyzer, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    def misses_analysis(of: ReadingUnit, analysis: Analysis) -> bool:
        return "analysis" in [missing.code for missing in missing_for_signing(of, analysis, draft)]

    assert not misses_analysis(unit, analysis)
    assert misses_analysis(unit, analyzer.analyze(unit))
    assert misses_analysis(replace(unit, path="another.png"), analysis)
    mine = replace(unit, sop_instance_uids=("1.2.3",))
    assert analysis.image is not None
    theirs = replace(analysis.image, ref=replace(analysis.image.ref, sop_instance_uid="1.2.4"))
    assert misses_analysis(mine, replace(analysis, image=theirs))


def test_a_complete_draft_misses_nothing(unit: ReadingUnit, analysis: Analysis, draft: Draft) -> None:
    assert _codes(unit, analysis, draft) == []


def test_an_answer_to_another_result_is_asked_for_again_and_not_signed(
    unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    for about in ("", "another model above"):
        decisions = tuple(replace(one, about=about) for one in draft.reading.decisions)
        earlier = replace(draft, reading=replace(draft.reading, decisions=decisions))
        assert _codes(unit, analysis, earlier) == ["decision"]
        assert reading_beside(analysis, earlier.reading).decisions == ()


@pytest.mark.parametrize(
    "change",
    [
        {"confirmed": ("name",)},
        {"confirmed": ("name", "birth_date")},
        {"typed": replace(TYPED, id=None)},
    ],
)
def test_an_image_without_a_header_needs_two_confirmed_identifiers(
    unit: ReadingUnit, analysis: Analysis, draft: Draft, change: dict[str, Any]
) -> None:
    assert _codes(unit, analysis, replace(draft, **change)) == ["identity"]


def test_the_question_who_it_is_says_how_many_identifiers_the_image_carries(
    unit: ReadingUnit, analysis: Analysis
) -> None:
    numbered = replace(unit, patient=Patient(id=Sourced(value="2041-77", source="header")))
    for of, carried in ((unit, "carries none"), (numbered, "carries only one")):
        missing = missing_for_signing(of, analysis, Draft(key=key_of(of), path=of.path))
        assert carried in missing[-1].text


def test_a_header_with_two_identifiers_is_enough_unless_what_was_typed_differs(
    unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    header = Patient(
        name=Sourced(value="Doe^Jane", source="header"), id=Sourced(value="A-17", source="header")
    )
    named = replace(unit, patient=header)
    assert _codes(named, analysis, replace(draft, typed=Patient(), confirmed=())) == []
    assert _codes(named, analysis, replace(draft, confirmed=())) == ["identity"]


def test_a_window_that_locks_while_the_paper_is_set_signs_nothing(
    workplace: Workplace,
    amina: Person,
    unit: ReadingUnit,
    analysis: Analysis,
    draft: Draft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workplace.drafts.keep(draft)

    def locked(*arguments: Any) -> bytes:
        workplace.lock()
        return set_on_paper(*arguments)

    monkeypatch.setattr("services.sign.set_on_paper", locked)
    with pytest.raises(NotPermittedError):
        workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    assert workplace.signing._signed.find(key_of(unit)) is None
    assert [line.act for line in workplace.trail._store.lines()][-1] == "lock"


def test_signing_binds_reading_result_and_pdf_and_drops_the_draft(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    workplace.drafts.keep(draft)
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    assert signed.record.report_sha256 == hashlib.sha256(signed.pdf).hexdigest()
    assert signed.record.signature.name == "Amina Ouedraogo"
    assert not signed.record.signature.clock_doubted
    assert workplace.drafts.find(draft.key) is None
    assert workplace.signing.find_signed(unit) == signed
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(signed.pdf))
    assert "Amina Ouedraogo" in text
    assert "UNSIGNED" not in text


def test_while_a_report_is_signed_the_database_waits_for_the_disk_and_overwrites_what_it_deletes(
    workplace: Workplace,
    amina: Person,
    unit: ReadingUnit,
    analysis: Analysis,
    draft: Draft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: dict[str, object] = {}
    real = SignedStore.keep

    def watched(store: SignedStore, **values: Any) -> int:
        with store._database.transaction() as connection:
            for name in ("synchronous", "secure_delete", "journal_mode"):
                said[name] = connection.execute(f"PRAGMA {name}").fetchone()[0]
        return real(store, **values)

    monkeypatch.setattr(SignedStore, "keep", watched)
    workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    full = 2
    assert said == {"synchronous": full, "secure_delete": 1, "journal_mode": "wal"}


def test_what_was_signed_is_there_after_a_restart(
    tmp_path: Path, clock: MovedClock, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    with open_workplace(tmp_path / "p", clock=clock) as workplace:
        person = enter_signer(workplace, name="A", role="B", registration_number="", pin="2468")
        signed = workplace.signing.sign(unit, analysis, draft, person_id=person.person_id, pin="2468")
    with open_workplace(tmp_path / "p", clock=clock) as workplace:
        assert workplace.signing.find_signed(unit) == signed


def test_a_wrong_pin_signs_nothing(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    with pytest.raises(WrongPinError):
        workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="1111")
    assert workplace.signing.find_signed(unit) is None


def test_what_is_not_answered_is_not_signed(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    unanswered = replace(draft, reading=replace(draft.reading, decisions=()))
    with pytest.raises(NotReadyToSignError):
        workplace.signing.sign(unit, analysis, unanswered, person_id=amina.person_id, pin="2468")


def test_after_signing_there_are_only_addenda(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    desk = workplace.signing
    signed = desk.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    with pytest.raises(AlreadySignedError):
        desk.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    with pytest.raises(WrongPinError):
        desk.add_addendum(signed.report_id, "More.", person_id=amina.person_id, pin="0000")
    with pytest.raises(RequestError):
        desk.add_addendum(signed.report_id, "  ", person_id=amina.person_id, pin="2468")
    added = desk.add_addendum(signed.report_id, "Sputum sent.", person_id=amina.person_id, pin="2468")
    assert desk.addenda(signed.report_id) == (added,)
    assert desk.find_signed(unit) == signed


@pytest.mark.parametrize("earlier", [datetime(2020, 1, 1, tzinfo=UTC), START - timedelta(hours=1)])
def test_a_clock_that_went_back_is_asked_about_and_marked(
    workplace: Workplace,
    clock: MovedClock,
    amina: Person,
    unit: ReadingUnit,
    analysis: Analysis,
    draft: Draft,
    earlier: datetime,
) -> None:
    desk = workplace.signing
    signed = desk.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    assert desk.clock_doubt() is None
    clock.instant = earlier
    doubt = desk.clock_doubt()
    assert doubt is not None
    assert doubt.not_before > earlier
    with pytest.raises(NotReadyToSignError):
        desk.add_addendum(signed.report_id, "x", person_id=amina.person_id, pin="2468")
    added = desk.add_addendum(
        signed.report_id, "x", person_id=amina.person_id, pin="2468", clock_accepted=True
    )
    assert added.clock_doubted


def test_a_clock_before_the_build_is_asked_about_on_a_fresh_profile(
    workplace: Workplace, clock: MovedClock
) -> None:
    clock.instant = datetime(2020, 1, 1, tzinfo=UTC)
    doubt = workplace.signing.clock_doubt()
    assert doubt is not None
    assert "2020-01-01" in doubt.text


def test_the_same_pixels_under_another_patient_block_signing(
    workplace: Workplace,
    amina: Person,
    analyzer: Analyzer,
    unit: ReadingUnit,
    analysis: Analysis,
    draft: Draft,
    tmp_path: Path,
) -> None:
    desk = workplace.signing
    desk.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    copy = shutil.copy(unit.files[0], tmp_path / "copy.png")
    (again,) = scan([str(copy)])
    assert isinstance(again, ReadingUnit)
    other = replace(TYPED, name=Sourced(value="Somebody Else", source="typed"))
    theirs = replace(draft, key=key_of(again), path=again.path, typed=other)
    asked = _for(analysis, again, theirs)
    assert [missing.code for missing in desk.missing(again, asked, theirs)] == ["same_pixels"]
    mine = replace(theirs, typed=TYPED)
    assert desk.missing(again, _for(analysis, again, mine), mine) == ()


@pytest.mark.parametrize(
    "change", [{"name": " "}, {"role": ""}, {"pin": "123"}, {"pin": "abcd"}, {"pin": ""}]
)
def test_a_person_needs_a_name_a_role_and_a_pin(workplace: Workplace, change: dict[str, str]) -> None:
    fields = {"name": "A", "role": "B", "registration_number": "", "pin": "2468", **change}
    with pytest.raises(RequestError):
        enter_signer(workplace, **fields)  # type: ignore[arg-type]
    assert workplace.signing.people() == ()


def test_the_last_signer_comes_first(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> None:
    last = enter_signer(workplace, name="Zoë", role="Nurse", registration_number="", pin="1357")
    workplace.signing.sign(unit, analysis, draft, person_id=last.person_id, pin="1357")
    assert [person.name for person in workplace.signing.people()] == ["Zoë", "Amina Ouedraogo"]
