"""Papers of signed reports: one original, then copies that say so and alter nothing."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.decision import PaperSize
from core.errors import ChangedReportError, NoCopyError, NotSignedError
from core.image import ReadingUnit
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Person, SignedFile
from services.workplace import Workplace
from tests.opening import open_workplace, raw_database
from tests.reports.conftest import Printed, poppler
from tests.services.conftest import START, MovedClock

SIZES: dict[PaperSize, str] = {"A4": "595.28 x 841.89", "Letter": "612 x 792", "A5": "419.53 x 595.28"}
PAPERS: tuple[PaperSize, ...] = ("A4", "Letter", "A5")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Printed]:
    """Return a paper as poppler reads it."""

    def write(pdf: bytes) -> Printed:
        path = tmp_path / f"{hashlib.sha256(pdf).hexdigest()}.pdf"
        path.write_bytes(pdf)
        return Printed(path)

    return write


@pytest.fixture
def signed(
    workplace: Workplace, amina: Person, unit: ReadingUnit, analysis: Analysis, draft: Draft
) -> SignedFile:
    """A report that was signed on A4."""
    return workplace.signing.sign(
        unit, analysis, draft, person_id=amina.person_id, pin="2468", site="Health centre", paper="A4"
    )


def _without_mark(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("COPY ")]


def test_the_first_paper_is_the_original_to_the_byte_and_the_next_a_copy(
    workplace: Workplace, signed: SignedFile
) -> None:
    papers = workplace.papers
    assert "COPY" not in papers.next_paper(signed.report_id, "A4")
    first, original = papers.issue_paper(signed.report_id, "print", "A4")
    assert original == signed.pdf
    assert hashlib.sha256(original).hexdigest() == signed.record.report_sha256
    assert (first.number, first.copy_number, first.is_copy) == (1, 0, False)
    assert "COPY" in papers.next_paper(signed.report_id, "A4")
    second, copy = papers.issue_paper(signed.report_id, "export", "A4")
    assert copy != original
    assert (second.number, second.copy_number, second.is_copy) == (2, 1, True)


@pytest.mark.parametrize("paper", PAPERS)
def test_copy_stands_on_every_page_with_its_number_date_and_papers(
    workplace: Workplace,
    clock: MovedClock,
    signed: SignedFile,
    read: Callable[[bytes], Printed],
    paper: PaperSize,
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    clock.instant = START + timedelta(days=40, minutes=7)
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", paper)
    printed = read(pdf)
    assert printed.pages >= 2
    assert SIZES[paper] in poppler("pdfinfo", str(printed.path))
    for page in range(1, printed.pages + 1):
        words = printed.words(page)
        assert words.startswith(f"COPY 2 · made 10 Feb 2027 12:07 on {paper}")
        assert ("the original is on A4" in words) == (paper != "A4")


def test_a_copy_on_the_same_paper_says_page_for_page_what_was_signed(
    workplace: Workplace, clock: MovedClock, signed: SignedFile, read: Callable[[bytes], Printed]
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    clock.instant = START + timedelta(days=900)
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    original, copy = read(signed.pdf), read(pdf)
    assert copy.pages == original.pages
    for page in range(1, original.pages + 1):
        assert _without_mark(copy.text(page)) == _without_mark(original.text(page))
    assert all(
        word in copy.words(1) for word in ("Amina Ouedraogo", "signed 1 Jan 2027 12:00", "Repeat.", "BF 17")
    )
    assert "disagrees" in copy.words()


@pytest.mark.parametrize("paper", PAPERS[1:])
def test_a_copy_on_other_paper_says_every_word_that_was_signed(
    workplace: Workplace, signed: SignedFile, read: Callable[[bytes], Printed], paper: PaperSize
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", paper)

    def words(printed: Printed) -> set[str]:
        kept = (line for page in range(1, printed.pages + 1) for line in _without_mark(printed.text(page)))
        return set(re.findall(r"\b(?=[a-z]*[g-z])[a-z]{3,}\b", " ".join(kept).lower()))  # not of a sha256

    original = words(read(signed.pdf))
    assert len(original) > 150
    assert words(read(pdf)) == original


def test_a_copy_does_not_follow_what_changed_since(
    workplace: Workplace,
    signed: SignedFile,
    read: Callable[[bytes], Printed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    monkeypatch.setattr("reports.content.build_report", None)
    monkeypatch.setattr("reports.machine_part.position_words", None)
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    assert _without_mark(read(pdf).text()) == _without_mark(read(signed.pdf).text())


@pytest.mark.parametrize("paper", PAPERS[1:])
def test_the_first_paper_is_the_original_on_another_size_than_was_signed_too(
    workplace: Workplace, signed: SignedFile, read: Callable[[bytes], Printed], paper: PaperSize
) -> None:
    papers = workplace.papers
    assert papers.usual_paper(signed.report_id) == "A4"
    assert papers.next_paper(signed.report_id, paper) == "The next paper is the original"
    first, original = papers.issue_paper(signed.report_id, "print", paper)
    assert (first.copy_number, first.paper) == (0, paper)
    printed = read(original)
    assert SIZES[paper] in poppler("pdfinfo", str(printed.path))
    assert "COPY" not in printed.words()
    assert "signed 1 Jan 2027 12:00" in printed.words()
    assert papers.preview(signed.report_id, paper) == original
    assert papers.usual_paper(signed.report_id) == paper
    second, copy = papers.issue_paper(signed.report_id, "print", "A4")
    assert second.copy_number == 1
    assert read(copy).words(1).startswith("COPY 1 ")
    assert f"the original is on {paper}" in read(copy).words(1)
    assert papers.next_paper(signed.report_id, paper) == "The next paper says COPY: the original has left"
    again, _ = papers.issue_paper(signed.report_id, "print", paper)
    assert again.copy_number == 2


def test_an_original_of_another_size_that_did_not_come_out_is_still_to_come(
    workplace: Workplace, signed: SignedFile
) -> None:
    papers = workplace.papers
    lost, pdf = papers.issue_paper(signed.report_id, "print", "A5")
    papers.withdraw_paper(lost.paper_id)
    assert "COPY" not in papers.next_paper(signed.report_id, "A5")
    assert papers.issue_paper(signed.report_id, "print", "A4")[1] == signed.pdf
    assert pdf != signed.pdf


def test_a_paper_that_did_not_come_out_is_kept_as_such_and_the_original_is_still_to_come(
    workplace: Workplace, signed: SignedFile
) -> None:
    papers = workplace.papers
    lost, _ = papers.issue_paper(signed.report_id, "export", "A4")
    papers.withdraw_paper(lost.paper_id)
    papers.withdraw_paper(lost.paper_id)
    again, original = papers.issue_paper(signed.report_id, "export", "A4")
    assert original == signed.pdf
    assert [(paper.number, paper.is_copy, paper.made) for paper in papers.papers(signed.report_id)] == [
        (1, False, False),
        (2, False, True),
    ]
    assert papers.issue_paper(signed.report_id, "print", "A4")[0].is_copy
    assert again.number == 2


def test_every_paper_is_recorded_with_when_how_and_which(
    tmp_path: Path,
    clock: MovedClock,
    amina: Person,
    workplace: Workplace,
    unit: ReadingUnit,
    signed: SignedFile,
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    clock.instant = START + timedelta(hours=1)
    workplace.papers.issue_paper(signed.report_id, "export", "Letter")
    workplace.close()
    with open_workplace(tmp_path / "profile", clock=clock) as again:
        assert [
            (paper.number, paper.at, paper.how, paper.paper)
            for paper in again.papers.papers(signed.report_id)
        ] == [(1, START, "print", "A4"), (2, START + timedelta(hours=1), "export", "Letter")]
        found = again.signing.find_signed(unit)
        assert found is not None
        assert found.record.paper == "A4"
        assert found.pdf == signed.pdf


def test_an_addendum_stands_on_a_page_of_its_own_of_every_paper_from_then_on(
    workplace: Workplace,
    clock: MovedClock,
    amina: Person,
    signed: SignedFile,
    read: Callable[[bytes], Printed],
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    clock.instant = START + timedelta(days=2)
    for words in ("Sputum sent.", "Sputum {page}: see ward book."):
        workplace.signing.add_addendum(signed.report_id, words, person_id=amina.person_id, pin="2468")
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    original, copy = read(signed.pdf), read(pdf)
    assert copy.pages == original.pages + 1
    assert all(f"see page {copy.pages}" in copy.words(page) for page in range(1, copy.pages + 1))
    last = copy.words(copy.pages)
    assert (
        "ADDENDUM 1 Sputum sent. Amina Ouedraogo, Clinical officer, reg. BF 17 signed 3 Jan 2027 12:00"
        in last
    )
    assert "ADDENDUM 2 Sputum {page}: see ward book." in last
    for page in range(1, original.pages + 1):
        assert _without_mark(copy.text(page))[:-1] == _without_mark(original.text(page))[:-1]


def test_a_report_with_an_addendum_leaves_no_more_without_it(
    workplace: Workplace, amina: Person, signed: SignedFile, read: Callable[[bytes], Printed]
) -> None:
    workplace.signing.add_addendum(signed.report_id, "Other side.", person_id=amina.person_id, pin="2468")
    assert "COPY" in workplace.papers.next_paper(signed.report_id, "A4")
    said = workplace.papers.next_paper(signed.report_id, "A5")
    assert said == "The next paper says COPY: an addendum was added"
    issued, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    assert issued.is_copy
    assert "Other side." in read(pdf).words()


def test_a_copy_made_by_a_doubted_clock_says_so(
    workplace: Workplace, clock: MovedClock, signed: SignedFile, read: Callable[[bytes], Printed]
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    clock.instant = START - timedelta(days=9)
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    assert "the computer's clock was doubted" in read(pdf).words(1)


def test_two_papers_are_two_files_of_one_document(workplace: Workplace, signed: SignedFile) -> None:
    def identities(pdf: bytes) -> tuple[bytes, bytes]:
        found = re.search(rb"/ID \[<(\w+)><(\w+)>\]", pdf)
        assert found is not None
        return found[1], found[2]

    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    _, pdf = workplace.papers.issue_paper(signed.report_id, "print", "A4")
    original, copy = identities(signed.pdf), identities(pdf)
    assert original[0] == original[1] == copy[0]
    assert copy[1] != original[1]


def test_what_is_not_signed_has_no_paper(workplace: Workplace) -> None:
    with pytest.raises(NotSignedError):
        workplace.papers.issue_paper(1, "print", "A4")
    assert workplace.papers.papers(1) == ()


@pytest.mark.parametrize("change", ["pdf = x'00'", "content"])
def test_what_was_changed_behind_our_back_is_not_given_out(
    tmp_path: Path, clock: MovedClock, workplace: Workplace, signed: SignedFile, change: str
) -> None:
    workplace.papers.issue_paper(signed.report_id, "print", "A4")
    workplace.close()
    with raw_database(tmp_path / "profile") as connection:
        if change == "content":
            connection.execute("DROP TRIGGER frozen_reports_stay")
            connection.execute("UPDATE frozen_reports SET content = x'00'")
        else:
            connection.execute("DROP TRIGGER signed_reports_stay")
            connection.execute("UPDATE signed_reports SET pdf = x'00'")
    connection.close()
    with open_workplace(tmp_path / "profile", clock=clock) as again, pytest.raises(ChangedReportError):
        again.papers.issue_paper(signed.report_id, "print", "A4")


def test_a_report_that_an_early_farlight_signed_keeps_its_original_and_says_why_there_is_no_copy(
    tmp_path: Path, clock: MovedClock, workplace: Workplace, signed: SignedFile
) -> None:
    workplace.close()
    with raw_database(tmp_path / "profile") as connection:
        connection.execute("DROP TRIGGER frozen_reports_remain")
        connection.execute("DELETE FROM frozen_reports")
        connection.execute("DROP TRIGGER signed_reports_stay")
        connection.execute(
            "UPDATE signed_reports SET record = json_remove(record, '$.paper', '$.content_sha256')"
        )
        connection.execute("DROP TRIGGER audit_stays")
        connection.execute("UPDATE audit SET detail = json_remove(detail, '$.sealed')")
    connection.close()
    with open_workplace(tmp_path / "profile", clock=clock) as again:
        said = again.papers.next_paper(signed.report_id, "A5")
        assert said == "The next paper says COPY: an early Farlight kept the original on A4 alone"
        assert again.papers.issue_paper(signed.report_id, "print", "A4")[1] == signed.pdf
        with pytest.raises(NoCopyError):
            again.papers.issue_paper(signed.report_id, "print", "A4")
        assert [paper.made for paper in again.papers.papers(signed.report_id)] == [True, False]
