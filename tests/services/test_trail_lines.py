"""Every act of reading is a line, kept in one step with the act; no line names a patient but in its words."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.decision import FirstRead, Reading
from core.errors import NotPermittedError, RequestError, StoreError
from core.image import ReadingUnit
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Person
from services.staff import NewPerson
from services.trail import between_days
from services.trail_export import check_export
from services.trail_words import act_words, patient_words, subject_words, what_words
from services.workplace import Workplace
from store.audit import AuditLine, AuditQuery
from tests.opening import PASSWORD
from tests.services.conftest import START, MovedClock

PLANTED = ("Nnamdi", "Okafor", "A-17")


class Lines:
    """The lines that were written since it was asked last."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._seen = 0
        self.fresh()

    def fresh(self) -> list[AuditLine]:
        found = list(self._workplace.trail.lines(after=self._seen))
        self._seen = found[-1].seq if found else self._seen
        return found

    def acts(self) -> list[str]:
        return [line.act for line in self.fresh()]


@pytest.fixture
def lines(workplace: Workplace) -> Lines:
    return Lines(workplace)


def _detail(line: AuditLine) -> dict[str, object]:
    return dict(json.loads(line.detail))


def test_a_reading_from_first_look_to_paper_is_told_line_by_line(
    workplace: Workplace, lines: Lines, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person,
    tmp_path: Path,
) -> None:  # fmt: skip
    lines.fresh()
    workplace.reading.open(draft.key, "Nnamdi Okafor (A-17)")
    workplace.reading.analyse(draft.key, analysis.result)
    workplace.drafts.keep(replace(draft, reading=Reading(first_read=draft.reading.first_read)))
    workplace.reading.reveal(draft.key, analysis.result)
    workplace.drafts.keep(draft)
    workplace.drafts.keep(draft)
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    workplace.signing.add_addendum(signed.report_id, "Seen again.", person_id=amina.person_id, pin="2468")
    paper, _ = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    workplace.papers.withdraw_paper(paper.paper_id)
    workplace.papers.withdraw_paper(paper.paper_id)
    workplace.papers.issue_paper(signed.report_id, "export", "A5")
    workplace.papers.note_unsigned("other", "print", analysis.result.patient, "A4")
    workplace.reading.leave()

    found = lines.fresh()
    decisions = ["decide"] * len(draft.reading.decisions)
    assert [line.act for line in found] == [
        "open", "analyse", "enter_patient", "first_read", "reveal", *decisions, "edit", "edit",
        "enter_patient", "sign", "addendum", "print", "paper_not_made", "export", "print",
    ]  # fmt: skip
    of = {line.act: line for line in found}
    unit_subject, report = f"unit:{draft.key}", f"report:{signed.report_id}"
    assert {line.subject for line in found} == {unit_subject, report, "unit:other", "patient:1"}
    assert all(line.person == workplace.session.person.name for line in found if workplace.session.person)
    models = _detail(of["reveal"])["models"]
    assert models == _detail(of["analyse"])["models"]
    stamps = {(one.stamp.pack_id, one.stamp.version, one.stamp.sha256) for one in analysis.result.results}
    assert {(one["pack"], one["version"], one["sha256"]) for one in models} == stamps  # type: ignore[attr-defined]
    assert _detail(of["decide"])["sha256"] in {sha256 for _, _, sha256 in stamps}
    assert _detail(of["sign"])["signer"] == amina.name
    assert _detail(of["sign"])["report_sha256"] == signed.record.report_sha256
    assert of["sign"].words == "Nnamdi Okafor (A-17)"

    whole = json.dumps([[line.detail, line.subject, line.person] for line in found])
    assert not any(name in whole for name in PLANTED)
    workplace.export_trail(tmp_path / "plain.jsonl")
    assert not any(name in (tmp_path / "plain.jsonl").read_text() for name in PLANTED)
    assert check_export(tmp_path / "plain.jsonl").broken == ()
    workplace.export_trail(tmp_path / "named.jsonl", with_names=True)
    assert all(name in (tmp_path / "named.jsonl").read_text() for name in PLANTED)
    assert check_export(tmp_path / "named.jsonl").broken == ()


def test_a_study_is_opened_once_and_again_when_another_person_sees_it(
    workplace: Workplace, lines: Lines, analysis: Analysis
) -> None:
    for _ in range(3):
        workplace.reading.open("a", "Anna")
        workplace.reading.reveal("a", analysis.result)
    assert lines.acts() == ["open", "reveal"]
    workplace.reading.open("b", "Berta")
    workplace.reading.open("a", "Anna")
    workplace.reading.reveal("a", analysis.result)
    assert lines.acts() == ["open", "open", "reveal"]
    helper = workplace.staff.add(NewPerson(name="Zo", duty="assistant"), "yam and plantain")
    workplace.lock()
    workplace.switch(helper.holder_id, "yam and plantain")
    workplace.switch(workplace.holders()[0].holder_id, PASSWORD)
    told = [(line.act, line.person) for line in lines.fresh() if line.act in ("open", "reveal")]
    assert [person for _, person in told] == ["Zo", "Zo", "Dr. M. Achieng", "Dr. M. Achieng"]
    workplace.reading.leave()
    workplace.switch(helper.holder_id, "yam and plantain")
    with pytest.raises(NotPermittedError):
        workplace.trail.page(AuditQuery())
    with pytest.raises(NotPermittedError):
        workplace.export_trail(Path("never.jsonl"))


def test_typing_is_one_line_a_field_and_sitting(
    workplace: Workplace, lines: Lines, clock: MovedClock
) -> None:
    draft = Draft(key="a", path="a.png")
    workplace.reading.open("a", "Anna")
    lines.fresh()

    def type_words(words: str, field: str = "words") -> None:
        nonlocal draft
        draft = replace(draft, reading=replace(draft.reading, **{field: words}))  # type: ignore[arg-type]
        workplace.drafts.keep(draft)

    for count in range(1, 6):
        type_words("word " * count)
    type_words("Rest.", "advice")
    assert [_detail(line) for line in lines.fresh()] == [{"field": "words"}, {"field": "advice"}]
    clock.instant = START + timedelta(minutes=11)
    type_words("another word")
    assert lines.acts() == ["edit"]
    workplace.reading.leave()
    type_words("and one more")
    type_words("and one more")
    assert lines.acts() == ["edit"]


def test_the_act_and_its_line_are_kept_together_or_neither(
    workplace: Workplace, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise StoreError("full")

    kept = workplace.drafts.keep(Draft(key="a", path="a.png"))
    with monkeypatch.context() as patch:
        patch.setattr(workplace.trail, "note", refuse)
        with pytest.raises(StoreError):
            workplace.drafts.keep(
                replace(kept, reading=Reading(first_read=FirstRead(impression="unsure", at=START)))
            )
        with pytest.raises(StoreError):
            workplace.settings.set("paper", "A5")
    assert workplace.drafts.find("a") == kept
    assert workplace.settings.text("paper") == "A4"
    assert lines.acts() == []


def test_a_signed_paper_carries_the_end_of_the_trail_as_a_witness(
    workplace: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person
) -> None:
    import pypdfium2

    witness = workplace.trail.witness()
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    copy = workplace.papers.issue_paper(signed.report_id, "print", "A5")[1]
    for pdf in (signed.pdf, copy):
        pages = pypdfium2.PdfDocument(pdf)
        text = "".join(page.get_textpage().get_text_range() for page in pages)
        assert witness in "".join(text.split())
    seq, _, digits = witness.partition(":")
    assert workplace.trail.has_digest(int(seq), digits)
    assert not workplace.trail.has_digest(int(seq) + 1, digits)


def test_nothing_is_signed_or_given_out_without_its_line(
    workplace: Workplace, unit: ReadingUnit, analysis: Analysis, draft: Draft, amina: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def refuse(*_: object, **__: object) -> int:
        raise StoreError("full")

    workplace.drafts.keep(draft)
    with monkeypatch.context() as patch:
        patch.setattr(workplace.trail, "note", refuse)
        with pytest.raises(StoreError):
            workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    assert workplace.signing.find_signed(unit) is None
    assert workplace.drafts.find(draft.key) is not None
    signed = workplace.signing.sign(unit, analysis, draft, person_id=amina.person_id, pin="2468")
    with monkeypatch.context() as patch:
        patch.setattr(workplace.trail, "note", refuse)
        with pytest.raises(StoreError):
            workplace.papers.issue_paper(signed.report_id, "print", "A4")
        with pytest.raises(StoreError):
            workplace.signing.add_addendum(signed.report_id, "x", person_id=amina.person_id, pin="2468")
    assert workplace.papers.papers(signed.report_id) == ()
    assert workplace.signing.addenda(signed.report_id) == ()


def test_a_setting_is_told_with_its_old_and_new_value_and_the_place_of_the_window_is_not(
    workplace: Workplace, lines: Lines
) -> None:
    workplace.settings.set("paper", "A5")
    workplace.settings.set("paper", "A5")
    workplace.settings.set_many({"window.geometry": "1", "overlay.opacity_percent": 3})
    with pytest.raises(RequestError):
        workplace.settings.set("paper", "A6")
    assert [_detail(line) for line in lines.fresh()] == [{"key": "paper", "old": "A4", "new": "A5"}]


@pytest.fixture
def listed(workplace: Workplace, clock: MovedClock) -> Workplace:
    for number in range(3):
        clock.instant = START + timedelta(days=number)
        workplace.trail.note("open", f"unit:{number}", words=f"Ångström {number}")
        workplace.trail.note("decide", f"unit:{number}", detail={"pack": "chest"})
    return workplace


def test_lines_are_found_by_patient_act_day_person_and_record(listed: Workplace) -> None:
    def found(**asked: object) -> list[tuple[str, str]]:
        query = AuditQuery(**asked)  # type: ignore[arg-type]
        page = listed.trail.page(query)
        assert listed.trail.count(query) == len(page)
        return [(one.line.act, one.line.subject) for one in page if one.line.subject.startswith("unit")]

    assert found(text="ÅNGSTRÖM 1") == [("decide", "unit:1"), ("open", "unit:1")]
    assert found(text="chest", subject="unit:2") == [("decide", "unit:2")]
    assert found(acts=("open",)) == [("open", "unit:2"), ("open", "unit:1"), ("open", "unit:0")]
    assert found(person="nobody") == []
    day = (START + timedelta(days=1)).astimezone().date()
    since, before = between_days(day, day)
    assert found(since=since, before=before) == [("decide", "unit:1"), ("open", "unit:1")]


def test_what_was_removed_with_the_record_is_said(listed: Workplace) -> None:
    with listed._database.transaction() as connection:
        connection.execute("DELETE FROM audit_words WHERE subject = 'unit:1'")
    told = {(one.line.act, one.line.subject): patient_words(one) for one in listed.trail.page(AuditQuery())}
    assert told["open", "unit:1"] == told["decide", "unit:1"] == "removed with the record"
    assert told["decide", "unit:2"] == "Ångström 2"
    assert told["log_in", "person:1"] == ""
    assert listed.check_trail().is_whole


def test_every_act_has_words_and_nothing_in_a_line_stops_them(workplace: Workplace) -> None:
    from services.trail import ACTS

    assert [act for act in ACTS if act_words(act) == act.replace("_", " ")] == []
    assert act_words("an_act_of_tomorrow") == "an act of tomorrow"
    assert subject_words("report:12") == "Report 12"
    line = next(workplace.trail.lines())
    for detail in (
        '{"tomorrow": [1, {"a": null}], "old": ""}',
        "[]",
        "{",
        '{"models": [{"pack": 1}]}',
        '{"found": 3}',
    ):
        assert isinstance(what_words(replace(line, detail=detail)), str)
