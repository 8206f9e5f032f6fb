"""The record of papers: numbered, and which of them is the original."""

import pytest

from core.clock import Clock
from store.database import Database
from store.papers import PaperRow, PaperStore
from store.people import PeopleStore
from store.signed import SignedStore
from store.sqlcipher import dbapi


@pytest.fixture
def papers(database: Database, clock: Clock) -> PaperStore:
    """The papers of a store with two signed reports, 1 and 2."""
    PeopleStore(database, clock).add(name="A", role="B", registration_number="", pin="2468")
    for key in ("one", "two"):
        SignedStore(database).keep(
            unit_key=key,
            person_id=1,
            signed_at="2027-01-01T12:00:00+00:00",
            patient="{}",
            pixels_sha256=None,
            record="{}",
            result="{}",
            pdf=b"%PDF",
            content=b"",
        )
    return PaperStore(database)


def _issue(papers: PaperStore, report_id: int = 1, *, may_be_original: bool = True) -> PaperRow:
    return papers.issue(
        report_id=report_id, issued_at="2027-01-02", how="print", paper="A4", may_be_original=may_be_original
    )


def test_only_the_first_paper_as_signed_is_the_original(papers: PaperStore) -> None:
    issued = [
        _issue(papers, may_be_original=may_be_original) for may_be_original in (False, True, True, False)
    ]
    assert [(row.number, row.copy_number) for row in issued] == [(1, 1), (2, 0), (3, 2), (4, 3)]
    assert papers.of(1) == tuple(issued)


def test_each_report_has_its_own_papers(papers: PaperStore) -> None:
    assert [_issue(papers, report_id).number for report_id in (1, 2, 1, 2)] == [1, 1, 2, 2]
    assert [row.report_id for row in papers.of(2)] == [2, 2]


def test_the_number_of_a_copy_that_did_not_come_out_is_not_used_again(papers: PaperStore) -> None:
    _issue(papers)
    papers.withdraw(_issue(papers).paper_id, "2027-01-03")
    assert _issue(papers).copy_number == 2
    assert [row.not_made_at for row in papers.of(1)] == [None, "2027-01-03", None]


def test_a_report_that_is_not_there_has_no_paper(papers: PaperStore) -> None:
    with pytest.raises(dbapi.IntegrityError):
        _issue(papers, report_id=9)
