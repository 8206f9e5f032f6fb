"""A deleted patient is in no page, free or used, of any file of the profile; nothing else is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from core.errors import (
    ChangedMeanwhileError,
    HeldRecordsError,
    NotPermittedError,
    NotRemovedError,
    RequestError,
    StoreError,
    WrongPasswordError,
)
from core.image import ReadingUnit
from services.drafts import Draft, OpenPlace, key_of
from services.scan import scan
from services.staff import NewPerson
from services.workplace import Workplace
from store.audit import AuditQuery
from store.database import copy_whole
from store.records import PatientFacts, RecordStore, StudyRow
from store.register import RegisterStore
from store.sqlcipher import dbapi
from tests.opening import PASSWORD, key_of_store, open_workplace
from tests.services.conftest import draw_chest
from tests.store.pages import decrypted

NAME = "Plantedname Zuberi"
NUMBER = "Q-7731"
AT = "2027-01-01T12:00:00+00:00"


@dataclass
class Ward:
    """A workplace with two patients: the planted one and another."""

    workplace: Workplace
    records: RecordStore
    folder: Path
    planted: int
    other: int

    @property
    def profile(self) -> Path:
        return self.workplace.folder

    def study(self, patient_id: int, name: str, number: str, *, seed: int) -> ReadingUnit:
        """Open, copy, draft and sign a study of a patient, and return its unit."""
        draw_chest(self.folder / f"{name} {seed}.png", seed=seed)
        (unit,) = (
            one for one in scan([str(self.folder / f"{name} {seed}.png")]) if isinstance(one, ReadingUnit)
        )
        key = key_of(unit)
        row = StudyRow(
            study_id=0, unit_key=key, patient_id=patient_id, path=unit.path, facts="{}",
            study_date="2027-01-01", modality="CR", description=f"Chest of {name}",
            first_opened_at=AT, last_opened_at=AT,
        )  # fmt: skip
        self.records.add_study(row)
        self.workplace.images.copy(unit)
        self.workplace.drafts.keep(Draft(key=key, path=unit.path))
        self.workplace.trail.note("open", f"unit:{key}", words=f"{name}, {number}")
        return unit

    def sign(self, unit: ReadingUnit, name: str) -> int:
        """Keep a signed report of a unit with addendum and papers, as the signing desk does."""
        signed, papers = self.workplace.signing._signed, self.workplace.papers._papers
        report_id = signed.keep(
            unit_key=key_of(unit), person_id=1, signed_at=AT,
            patient='{"name": {"value": "' + name + '", "source": "typed"}}', pixels_sha256=None,
            record=f'{{"words": "{name} coughs"}}', result=f"{{}} {name}" * 500,
            pdf=f"%PDF {name}".encode() * 3000, content=f"frozen {name}".encode() * 2000,
        )  # fmt: skip
        signed.add_addendum(report_id=report_id, person_id=1, signed_at=AT, payload=f'{{"text": "{name}"}}')
        paper = papers.issue(report_id=report_id, issued_at=AT, how="print", paper="A4", may_be_original=True)
        papers.withdraw(paper.paper_id, AT)
        self.workplace.trail.note("sign", f"report:{report_id}", words=name)
        return report_id


def facts(name: str, number: str) -> PatientFacts:
    plain = name.casefold()
    return PatientFacts(
        known=f'{{"name": "{name}"}}', name=name, number=number, birth_date="1961-02-03", sex="F",
        id_key=number.casefold(), name_key=plain, search=f"{plain} {number.casefold()}",
    )  # fmt: skip


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_workplace(tmp_path / "profile") as workplace:
        records = RecordStore(workplace._database)
        (tmp_path / "stick").mkdir()
        planted = records.add_patient(facts(NAME, NUMBER), AT)
        other = records.add_patient(facts("Grace Otherwoman", "K-102"), AT)
        yield Ward(workplace, records, tmp_path / "stick", planted, other)


def filled(ward: Ward) -> tuple[ReadingUnit, ReadingUnit]:
    """Fill the ward with all that a patient can leave; returns the signed units of both patients."""
    mine = ward.study(ward.planted, NAME, NUMBER, seed=1)
    ward.sign(mine, NAME)
    ward.study(ward.planted, NAME, NUMBER, seed=2)
    theirs = ward.study(ward.other, "Grace Otherwoman", "K-102", seed=3)
    ward.sign(theirs, "Grace Otherwoman")
    ward.study(ward.other, "Grace Otherwoman", "K-102", seed=4)
    moved = ward.study(ward.planted, "Grace Otherwoman", "K-102", seed=5)
    row = ward.records.find_study(key_of(moved))
    assert row is not None
    ward.records.move_study(row.study_id, ward.other, at=AT, payload=f'{{"before": "{NAME}, {NUMBER}"}}')
    ward.workplace.trail.note(
        "identity_moved", f"patient:{ward.other}", words=f"{NAME}, ID {NUMBER} -> Grace Otherwoman"
    )
    RegisterStore(ward.workplace._database).keep(
        "camp", AT, [facts(NAME, NUMBER), facts("Grace Otherwoman", "K-102")]
    )
    ward.workplace.drafts.keep_place(OpenPlace(paths=(f"/media/stick/{NAME}.png",)))
    merged = ward.records.add_patient(facts("Zuberi Plantedname", NUMBER), AT)
    ward.records.merge(merged, ward.planted, at=AT)
    ward.workplace.trail.note("records_merged", f"patient:{ward.planted}", words=NAME)
    ward.workplace.consent.record(
        ward.planted, "research", given=True, how="guardian", who=f"Mother of {NAME}", on=date(2020, 1, 1)
    )
    database = ward.workplace._database
    copy_whole(
        database._connection, database.file.with_name("farlight-schema-2.db"), key_of_store(ward.profile)
    )
    return mine, theirs


def delete(ward: Ward) -> None:
    deletion = ward.workplace.deletion
    deletion.delete(deletion.plan(ward.planted), password=PASSWORD, typed=f" {NUMBER.lower()} ")


def traces(profile: Path) -> list[str]:
    """Return the files of a profile that hold a word of the planted patient, encrypted pages among them."""
    key = key_of_store(profile)
    found = []
    for file in sorted(profile.rglob("*")):
        if not file.is_file() or file.name.endswith("-wal"):
            continue
        content = decrypted(file, key) if file.suffix == ".db" else file.read_bytes()
        words = (b"Plantedname", b"plantedname", b"PLANTEDNAME", b"Zuberi", b"zuberi", b"Q-7731", b"q-7731")
        if any(word in content for word in words):
            found.append(file.name)
    return found


def test_no_page_of_any_file_holds_a_deleted_patient(ward: Ward) -> None:
    filled(ward)
    assert "farlight.db" in traces(ward.profile)
    assert "farlight-schema-2.db" in traces(ward.profile)
    delete(ward)
    assert traces(ward.profile) == []
    assert not (ward.profile / "farlight-schema-2.db").exists()
    assert len(list((ward.profile / "images").iterdir())) == 3


@pytest.mark.parametrize("with_set_aside", [False, True])
def test_records_that_were_set_aside_go_only_where_somebody_says_so(ward: Ward, with_set_aside: bool) -> None:
    filled(ward)
    database, key = ward.workplace._database, key_of_store(ward.profile)
    aside = ward.profile / "set-aside-20270101T120000Z"
    (aside / "images").mkdir(parents=True)
    (aside / "images" / "0").write_bytes(b"sealed")
    copy_whole(database._connection, aside / "farlight.db", key)
    damaged = ward.profile / "farlight-damaged-20260101T000000Z.db"
    copy_whole(database._connection, damaged, key)
    deletion = ward.workplace.deletion
    plan = deletion.plan(ward.planted)
    assert plan.set_aside == (damaged.name, aside.name)
    deletion.delete(plan, password=PASSWORD, typed=NUMBER, with_set_aside=with_set_aside)
    assert damaged.exists() == aside.exists() == (not with_set_aside)
    assert (traces(ward.profile) == []) == with_set_aside
    assert not (ward.profile / "farlight-schema-2.db").exists()


def test_traces_would_be_found_without_wiping(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(ward)
    monkeypatch.setattr(type(ward.workplace._database), "wipe", lambda _self: None)
    delete(ward)
    assert "farlight.db" in traces(ward.profile)


def test_a_crash_before_the_wiping_is_made_good_at_the_next_start(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(ward)

    def fail(_self: object) -> None:
        raise StoreError("OperationalError")

    with monkeypatch.context() as patch:
        patch.setattr(type(ward.workplace._database), "wipe", fail)
        with pytest.raises(NotRemovedError):
            delete(ward)
    ward.workplace.close()
    with open_workplace(ward.profile):
        pass
    assert traces(ward.profile) == []


def test_everything_of_the_other_patient_stays(ward: Ward) -> None:
    _, theirs = filled(ward)
    before = ward.workplace.signing._signed.find(key_of(theirs))
    delete(ward)
    signed = ward.workplace.signing._signed
    after = signed.find(key_of(theirs))
    assert after == before
    assert after is not None
    assert signed.content(after.report_id) is not None
    assert len(signed.addenda(after.report_id)) == 1
    assert len(ward.workplace.papers._papers.of(after.report_id)) == 1
    assert len(ward.records.studies_of(ward.other)) == 3
    assert ward.workplace.images.check(key_of(theirs))
    assert [row.people for row in RegisterStore(ward.workplace._database).all()] == [1]
    words = [line.words for line in ward.workplace.trail.lines() if line.words]
    assert any("Otherwoman" in one for one in words)


def test_the_trail_tells_of_the_deletion_without_a_name_and_still_holds(ward: Ward) -> None:
    mine, _ = filled(ward)
    report = ward.workplace.signing._signed.find(key_of(mine))
    assert report is not None
    lines = sum(1 for _ in ward.workplace.trail.lines())
    delete(ward)
    told = [line for line in ward.workplace.trail.lines() if line.act == "delete"]
    assert [line.subject for line in told] == [f"report:{report.report_id}", f"patient:{ward.planted}"]
    assert sum(1 for _ in ward.workplace.trail.lines()) == lines + 2
    assert tuple(ward.workplace.trail.check()) == ()
    assert not any(NAME in str(line) for line in ward.workplace.trail.lines())


def test_the_plan_names_all_that_goes(ward: Ward) -> None:
    filled(ward)
    plan = ward.workplace.deletion.plan(ward.planted)
    assert (len(plan.studies), len(plan.reports), plan.addenda, plan.papers) == (2, 1, 1, 1)
    assert (plan.drafts, plan.image_units, plan.image_files) == (1, 2, 2)
    assert plan.image_bytes > 0
    assert (plan.consents, plan.register_entries, len(plan.patient_ids)) == (1, 1, 2)
    assert plan.older_copies == ("farlight-schema-2.db",)
    assert plan.typed == NUMBER
    assert NAME in plan.who


@pytest.mark.parametrize(
    ("password", "typed", "error"),
    [
        ("wrong password", NUMBER, WrongPasswordError),
        (PASSWORD, "Q-7732", RequestError),
        (PASSWORD, "", RequestError),
    ],
)
def test_without_password_and_number_nothing_goes(
    ward: Ward, password: str, typed: str, error: type[Exception]
) -> None:
    filled(ward)
    plan = ward.workplace.deletion.plan(ward.planted)
    with pytest.raises(error):
        ward.workplace.deletion.delete(plan, password=password, typed=typed)
    assert ward.workplace.deletion.plan(ward.planted) == plan


def test_what_changed_since_it_was_shown_is_shown_again_first(ward: Ward) -> None:
    plan = ward.workplace.deletion.plan(ward.planted)
    ward.study(ward.planted, NAME, NUMBER, seed=9)
    with pytest.raises(ChangedMeanwhileError):
        ward.workplace.deletion.delete(plan, password=PASSWORD, typed=NUMBER)
    assert len(ward.records.studies_of(ward.planted)) == 1


def test_held_records_are_not_deleted_until_the_hold_is_lifted(ward: Ward) -> None:
    deletion = ward.workplace.deletion
    with pytest.raises(RequestError):
        deletion.hold(ward.planted, "  ")
    deletion.hold(ward.planted, "A court asked for them")
    assert [hold.reason for hold in deletion.holds(ward.planted)] == ["A court asked for them"]
    with pytest.raises(HeldRecordsError):
        delete(ward)
    deletion.lift(ward.planted)
    delete(ward)
    assert ward.records.find_patient(ward.planted) is None
    told = [line.detail for line in ward.workplace.trail.lines() if line.act == "hold"]
    assert told == ['{"hold": "placed"}', '{"hold": "lifted"}']


def test_a_hold_on_a_merged_record_counts(ward: Ward) -> None:
    gone = ward.records.add_patient(facts("Zuberi P.", "Q-1"), AT)
    ward.workplace.deletion.hold(gone, "A court asked for them")
    ward.records.merge(gone, ward.planted, at=AT)
    with pytest.raises(HeldRecordsError):
        delete(ward)


def test_a_hold_placed_after_the_list_was_shown_counts(ward: Ward) -> None:
    plan = ward.workplace.deletion.plan(ward.planted)
    ward.workplace.deletion.hold(ward.planted, "A court asked for them")
    with pytest.raises(HeldRecordsError):
        ward.workplace.deletion.delete(plan, password=PASSWORD, typed=NUMBER)


def test_only_administrators_plan_delete_and_hold(ward: Ward) -> None:
    new = NewPerson(name="Sr. N. Otieno", duty="clinician", role="clinical officer", pin="2580")
    person = ward.workplace.staff.add(new, "another password")
    plan = ward.workplace.deletion.plan(ward.planted)
    ward.workplace.switch(person.holder_id, "another password")
    deletion = ward.workplace.deletion
    for act in (
        lambda: deletion.plan(ward.planted),
        lambda: deletion.delete(plan, password="another password", typed=NUMBER),
        lambda: deletion.hold(ward.planted, "why"),
        lambda: deletion.lift(ward.planted),
    ):
        with pytest.raises(NotPermittedError):
            act()


def test_a_signed_report_is_deleted_through_no_other_door(ward: Ward) -> None:
    mine, _ = filled(ward)
    report = ward.workplace.signing._signed.find(key_of(mine))
    assert report is not None
    database = ward.workplace._database
    lying = ward.workplace.trail.note("delete", "patient:1")
    attempts = (
        "DELETE FROM signed_reports",
        "DELETE FROM frozen_reports",
        "DELETE FROM papers_not_made",
        "DELETE FROM papers",
        "DELETE FROM addenda",
        f"INSERT INTO deletions VALUES ({report.report_id}, {lying})",
        f"INSERT INTO deletions VALUES ({report.report_id}, 9999)",
    )
    for attempt in attempts:
        with pytest.raises(dbapi.IntegrityError), database.transaction() as connection:
            connection.execute(attempt)
    assert ward.workplace.signing._signed.find(key_of(mine)) == report


def test_the_number_of_a_deleted_report_is_not_given_again(ward: Ward) -> None:
    theirs = ward.study(ward.other, "Grace Otherwoman", "K-102", seed=3)
    first = ward.sign(theirs, "Grace Otherwoman")
    mine = ward.study(ward.planted, NAME, NUMBER, seed=1)
    deleted = ward.sign(mine, NAME)
    delete(ward)
    following = ward.sign(ward.study(ward.other, "Grace Otherwoman", "K-102", seed=6), "Grace Otherwoman")
    assert first < deleted < following


def test_a_report_signed_in_the_wrong_name_and_moved_is_told_of(ward: Ward) -> None:
    wrong = ward.study(ward.planted, NAME, NUMBER, seed=1)
    ward.sign(wrong, NAME)
    row = ward.records.find_study(key_of(wrong))
    assert row is not None
    ward.records.move_study(row.study_id, ward.other, at=AT, payload="{}")
    assert ward.workplace.deletion.plan(ward.planted).elsewhere == 1


def delete_study(ward: Ward, unit: ReadingUnit, **choices: bool) -> None:
    row = ward.records.find_study(key_of(unit))
    assert row is not None
    deletion = ward.workplace.deletion
    plan = deletion.plan(ward.planted, [row.study_id])
    deletion.delete(plan, password=PASSWORD, typed=NUMBER, **choices)


def test_a_study_goes_alone_with_report_papers_draft_and_copies(ward: Ward) -> None:
    mine, theirs = filled(ward)
    row = ward.records.find_study(key_of(mine))
    report = ward.workplace.signing._signed.find(key_of(mine))
    assert row is not None
    assert report is not None
    plan = ward.workplace.deletion.plan(ward.planted, [row.study_id])
    assert (plan.whole, plan.stays, len(plan.studies), len(plan.reports)) == (False, 1, 1, 1)
    assert (plan.addenda, plan.papers, plan.image_units, plan.consents) == (1, 1, 1, 0)
    assert plan.register_entries == 0
    delete_study(ward, mine)
    assert ward.records.find_study(key_of(mine)) is None
    assert ward.workplace.signing._signed.find(key_of(mine)) is None
    assert not ward.workplace.images.keeps(key_of(mine))
    assert len(ward.records.studies_of(ward.planted)) == 1
    assert ward.workplace.consent.now(ward.planted)[2].given
    assert ward.workplace.images.check(key_of(theirs))
    assert [row.people for row in RegisterStore(ward.workplace._database).all()] == [2]
    told = [line.subject for line in ward.workplace.trail.lines() if line.act == "delete"]
    assert told == [f"report:{report.report_id}", f"study:{row.study_id}"]
    assert tuple(ward.workplace.trail.check()) == ()


def test_no_page_of_any_file_holds_a_deleted_study_while_its_patient_stays(ward: Ward) -> None:
    kept = ward.study(ward.planted, NAME, NUMBER, seed=1)
    gone = ward.study(ward.planted, "Quiddlewort", NUMBER, seed=2)
    ward.sign(gone, "Quiddlewort")
    database = ward.workplace._database
    copy_whole(
        database._connection, database.file.with_name("farlight-schema-2.db"), key_of_store(ward.profile)
    )

    def holds_it() -> bool:
        key = key_of_store(ward.profile)
        return any(b"Quiddlewort" in decrypted(file, key) for file in ward.profile.glob("*.db"))

    assert holds_it()
    delete_study(ward, gone)
    assert not holds_it()
    assert ward.workplace.images.check(key_of(kept))


def test_a_patient_whose_last_study_was_deleted_stays(ward: Ward) -> None:
    only = ward.study(ward.planted, NAME, NUMBER, seed=1)
    ward.workplace.consent.record(ward.planted, "teaching", given=True, how="spoken", on=date(2020, 1, 1))
    delete_study(ward, only)
    assert ward.records.studies_of(ward.planted) == ()
    assert ward.records.find_patient(ward.planted) is not None
    assert ward.workplace.consent.now(ward.planted)[1].given
    delete(ward)
    assert ward.records.find_patient(ward.planted) is None


def test_a_study_of_held_records_is_not_deleted_and_no_other_patients_is_named(ward: Ward) -> None:
    mine, theirs = filled(ward)
    deletion = ward.workplace.deletion
    other = ward.records.find_study(key_of(theirs))
    assert other is not None
    for studies in ([other.study_id], [99], []):
        with pytest.raises(RequestError):
            deletion.plan(ward.planted, studies)
    deletion.hold(ward.planted, "A court asked for them")
    with pytest.raises(HeldRecordsError):
        delete_study(ward, mine)
    assert ward.records.find_study(key_of(mine)) is not None


def crowd(ward: Ward, count: int) -> list[int]:
    """Enter patients with a study each."""
    found = []
    for number in range(count):
        patient = ward.records.add_patient(facts(f"Crowd {number}", f"C-{number}"), AT)
        ward.study(patient, f"Crowd {number}", f"C-{number}", seed=100 + number)
        found.append(patient)
    return found


def test_several_patients_go_together_after_their_count_was_typed(ward: Ward) -> None:
    patients = crowd(ward, 3)
    deletion = ward.workplace.deletion
    plans = [deletion.plan(one) for one in patients]
    with pytest.raises(RequestError):
        deletion.delete_all(plans, password=PASSWORD, typed="C-0")
    told: list[tuple[str, int, int | None]] = []
    deleted = deletion.delete_all(
        plans, password=PASSWORD, typed=" 3 ",
        progress=lambda one: told.append((one.stage, one.done, one.total)),
    )  # fmt: skip
    assert (len(deleted.done), deleted.left, deleted.trouble) == (3, (), None)
    assert told == [("deleting", 0, 3), ("deleting", 1, 3), ("deleting", 2, 3), ("wiping", 0, None)]
    assert all(ward.records.find_patient(one) is None for one in patients)
    assert ward.records.find_patient(ward.other) is not None


def test_who_stops_between_two_patients_is_told_which_went_and_those_are_wiped(ward: Ward) -> None:
    patients = crowd(ward, 3)
    deletion = ward.workplace.deletion
    plans = [deletion.plan(one) for one in patients]
    asked = iter((False, True))
    deleted = deletion.delete_all(plans, password=PASSWORD, typed="3", cancelled=lambda: next(asked))
    assert [one.patient_id for one in deleted.done] == patients[:1]
    assert [one.patient_id for one in deleted.left] == patients[1:]
    assert not deletion._stores.belongings.needs_wiping
    assert b"Chest of Crowd 0" not in decrypted(ward.profile / "farlight.db", key_of_store(ward.profile))
    assert len(ward.records.studies_of(patients[1])) == 1


def test_what_changed_stops_there_and_says_so_with_those_that_went_wiped(ward: Ward) -> None:
    patients = crowd(ward, 3)
    deletion = ward.workplace.deletion
    plans = [deletion.plan(one) for one in patients]
    ward.study(patients[1], "Crowd 1", "C-1", seed=900)
    deleted = deletion.delete_all(plans, password=PASSWORD, typed="3")
    assert [one.patient_id for one in deleted.left] == patients[1:]
    assert isinstance(deleted.trouble, ChangedMeanwhileError)
    assert not deletion._stores.belongings.needs_wiping


def test_two_records_of_one_name_that_share_a_register_entry_go_together(ward: Ward) -> None:
    twin = ward.records.add_patient(facts(NAME, NUMBER), AT)
    RegisterStore(ward.workplace._database).keep("camp", AT, [facts(NAME, NUMBER)])
    deletion = ward.workplace.deletion
    plans = [deletion.plan(one) for one in (ward.planted, twin)]
    assert [plan.register_entries for plan in plans] == [1, 1]
    assert len(deletion.delete_all(plans, password=PASSWORD, typed="2").done) == 2


def test_a_namesake_born_on_the_same_day_keeps_names_reports_and_register_entry(ward: Ward) -> None:
    """Equal name and birth date, another number: nothing of theirs goes with the one who is deleted."""
    twin = ward.records.add_patient(facts(NAME, "PX-2"), AT)
    theirs = ward.study(twin, NAME, "PX-2", seed=8)
    line = ward.workplace.trail.note("open", f"unit:{key_of(theirs)}", words=f"{NAME} (PX-2) *1961-02-03")
    mine = ward.study(ward.planted, NAME, NUMBER, seed=9)
    own = ward.workplace.trail.note("open", f"unit:{key_of(mine)}", words=f"{NAME} ({NUMBER}) *1961-02-03")
    store = RegisterStore(ward.workplace._database)
    store.keep("camp", AT, [facts(NAME, NUMBER), facts(NAME, "PX-2")])
    plan = ward.workplace.deletion.plan(ward.planted)
    assert own in plan.lines
    assert line not in plan.lines
    assert plan.register_entries == 1
    ward.workplace.deletion.delete(plan, password=PASSWORD, typed=NUMBER)
    words = {one.seq: one.words for one in ward.workplace.trail.lines()}
    assert words[own] is None
    assert words[line] == f"{NAME} (PX-2) *1961-02-03"
    assert [one.id.value for one in ward.workplace.register.offer("PX-2") if one.id] == ["PX-2"]


def test_the_plan_counts_every_line_that_shows_no_name_afterwards(ward: Ward) -> None:
    unit = ward.study(ward.planted, NAME, NUMBER, seed=1)
    ward.workplace.trail.note("analyse", f"unit:{key_of(unit)}")
    ward.workplace.trail.note("reveal", f"unit:{key_of(unit)}")
    before = nameless(ward)
    plan = ward.workplace.deletion.plan(ward.planted)
    ward.workplace.deletion.delete(plan, password=PASSWORD, typed=NUMBER)
    made_since = {"delete", "wiped"}
    after = {seq for seq, act in nameless(ward).items() if act not in made_since} - set(before)
    assert len(after) == plan.trail_lines


def nameless(ward: Ward) -> dict[int, str]:
    page = ward.workplace.trail.page(AuditQuery(), limit=1000)
    return {one.line.seq: one.line.act for one in page if one.unnamed}
