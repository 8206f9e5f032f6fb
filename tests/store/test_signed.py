"""Signed reports: written once, never changed, the draft goes in the same step."""

import pytest

from core.clock import Clock
from core.errors import AlreadySignedError
from store.database import Database
from store.drafts import DraftRow, DraftStore
from store.papers import PaperStore
from store.people import PeopleStore
from store.signed import SignedStore
from store.sqlcipher import dbapi


def _sign(database: Database, clock: Clock, key: str = "unit") -> tuple[SignedStore, int]:
    person = PeopleStore(database, clock).add(name="A", role="B", registration_number="", pin="2468")
    signed = SignedStore(database)
    number = signed.keep(
        unit_key=key,
        person_id=person.person_id,
        signed_at="2027-01-01T12:00:00+00:00",
        patient="{}",
        pixels_sha256="ab",
        record="{}",
        result="{}",
        pdf=b"%PDF",
        content=b"words",
    )
    return signed, number


def test_signing_keeps_the_report_and_drops_the_draft(database: Database, clock: Clock) -> None:
    drafts = DraftStore(database)
    drafts.keep(DraftRow(key="unit", payload="{}", updated_at="1"))
    drafts.keep(DraftRow(key="other", payload="{}", updated_at="1"))
    signed, number = _sign(database, clock)
    found = signed.find("unit")
    assert found is not None
    assert (found.report_id, found.pdf) == (number, b"%PDF")
    assert signed.find_by_number(number) == found
    assert signed.content(number) == b"words"
    assert signed.find_by_number(number + 1) is None
    assert signed.content(number + 1) is None
    assert [row.key for row in drafts.all()] == ["other"]


def test_a_unit_is_signed_once(database: Database, clock: Clock) -> None:
    _sign(database, clock)
    with pytest.raises(AlreadySignedError):
        _sign(database, clock)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signed_reports SET pdf = x'00'",
        "DELETE FROM signed_reports",
        "UPDATE addenda SET payload = ''",
        "DELETE FROM addenda",
        "UPDATE frozen_reports SET content = x'00'",
        "DELETE FROM frozen_reports",
        "UPDATE papers SET copy_number = 0",
        "DELETE FROM papers",
        "UPDATE papers_not_made SET not_made_at = ''",
        "DELETE FROM papers_not_made",
    ],
)
def test_what_was_signed_cannot_be_changed(database: Database, clock: Clock, statement: str) -> None:
    signed, number = _sign(database, clock)
    signed.add_addendum(report_id=number, person_id=1, signed_at="2027-01-02", payload="{}")
    papers = PaperStore(database)
    papers.issue(report_id=number, issued_at="2027-01-02", how="print", paper="A4", may_be_original=True)
    papers.withdraw(1, "2027-01-02")
    with pytest.raises(dbapi.IntegrityError), database.transaction() as connection:
        connection.execute(statement)


def test_the_last_signature_counts_addenda_too(database: Database, clock: Clock) -> None:
    assert SignedStore(database).last_signed_at() is None
    signed, number = _sign(database, clock)
    assert signed.last_signed_at() == "2027-01-01T12:00:00+00:00"
    signed.add_addendum(report_id=number, person_id=1, signed_at="2027-01-02T12:00:00+00:00", payload="{}")
    assert signed.last_signed_at() == "2027-01-02T12:00:00+00:00"


def test_the_same_pixels_are_found(database: Database, clock: Clock) -> None:
    signed, _ = _sign(database, clock)
    assert [row.unit_key for row in signed.with_pixels("ab")] == ["unit"]
    assert signed.with_pixels("cd") == ()
