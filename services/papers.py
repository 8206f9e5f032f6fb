"""Papers of signed reports: the first is the original that was signed, every later one says COPY."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from core.clock import Clock
from core.decision import PaperSize, Signature, SignedReport
from core.errors import ChangedReportError, NoCopyError, NotSignedError
from services.clock_doubt import clock_doubt
from services.frozen import thaw
from services.pdf_pages import page_size
from services.record_json import from_plain
from services.report import set_on_paper
from services.session import Session
from services.sign import Addendum, addendum_of
from store.papers import PaperRow, PaperStore
from store.signed import SignedRow, SignedStore

IssuedHow = Literal["print", "export"]
_SIZES_PT: dict[PaperSize, tuple[int, int]] = {"A4": (595, 842), "Letter": (612, 792), "A5": (420, 595)}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedPaper:
    """One paper of a signed report; ``number`` counts all of them, ``copy_number`` is 0 for the original.

    ``made`` is False where it was told afterwards that the paper did not come out.
    """

    paper_id: int
    report_id: int
    number: int
    copy_number: int
    at: datetime
    how: IssuedHow
    paper: PaperSize
    made: bool = True

    @property
    def is_copy(self) -> bool:
        """Whether COPY stands on it."""
        return self.copy_number > 0


class PaperDesk:
    """Gives out the papers of one profile's signed reports, and keeps a record of each."""

    def __init__(self, signed: SignedStore, papers: PaperStore, clock: Clock, session: Session) -> None:
        self._signed = signed
        self._papers = papers
        self._clock = clock
        self._session = session

    def issue_paper(self, report_id: int, how: IssuedHow, paper: PaperSize) -> tuple[IssuedPaper, bytes]:
        """Return a paper to print or export as PDF bytes, with its record, which is kept at once.

        The first paper of the size that was signed is the original, to the byte. Every other one is set anew
        from what was frozen at signing, with COPY, its number and its date on every page, and the addenda
        so far on pages of their own: a report with an addendum leaves no more without it.

        Raises:
            NotPermittedError: who is logged in may give nothing out.
            NotSignedError: there is no such report.
            NoCopyError: an early Farlight signed it and kept nothing to set a copy from.
            ChangedReportError: what is kept is not what was signed.
            ReportError: the copy could not be set; no paper is recorded as made then.
        """
        self._session.require("give_out")
        row, record = self._require(report_id)
        issued = _issued(
            self._papers.issue(
                report_id=report_id,
                issued_at=self._clock.now().isoformat(),
                how=how,
                paper=paper,
                as_signed=self._goes_as_signed(row, record, paper),
            )
        )
        try:
            return issued, self._copy(issued, row, record) if issued.is_copy else row.pdf
        except BaseException:
            self.withdraw_paper(issued.paper_id)
            raise

    def withdraw_paper(self, paper_id: int) -> None:
        """Keep that a paper did not come out (the disk was full, the printer refused it).

        If it was the original, the next paper of its size is the original again.
        """
        self._papers.withdraw(paper_id, self._clock.now().isoformat())

    def papers(self, report_id: int) -> tuple[IssuedPaper, ...]:
        """Return the papers of a report, the oldest first."""
        return tuple(_issued(row) for row in self._papers.of(report_id))

    def preview(self, report_id: int, paper: PaperSize) -> bytes:
        """Return a report as its next paper would look, without giving one out.

        It is the signed report where nothing was added, or where an early Farlight kept nothing for a copy.

        Raises:
            NotSignedError: there is no such report.
            ChangedReportError: what is kept is not what was signed.
            ReportError: the copy could not be set.
        """
        row, record = self._require(report_id)
        earlier = self.papers(report_id)
        if not self._signed.addenda(report_id) or self._signed.content(report_id) is None:
            return row.pdf
        following = IssuedPaper(
            paper_id=0,
            report_id=report_id,
            number=len(earlier) + 1,
            copy_number=max((one.copy_number for one in earlier), default=0) + 1,
            at=self._clock.now(),
            how="print",
            paper=paper,
        )
        return self._copy(following, row, record)

    def next_is_copy(self, report_id: int, paper: PaperSize) -> bool:
        """Return whether COPY would stand on the next paper of that size.

        Raises:
            NotSignedError: there is no such report.
        """
        row, record = self._require(report_id)
        original_is_out = any(issued.made and not issued.is_copy for issued in self.papers(report_id))
        return original_is_out or not self._goes_as_signed(row, record, paper)

    def _goes_as_signed(self, row: SignedRow, record: SignedReport, paper: PaperSize) -> bool:
        return paper == signed_paper(record, row.pdf) and not self._signed.addenda(row.report_id)

    def _require(self, report_id: int) -> tuple[SignedRow, SignedReport]:
        row = self._signed.find_by_number(report_id)
        if row is None:
            raise NotSignedError
        record = from_plain(SignedReport, json.loads(row.record))
        if hashlib.sha256(row.pdf).hexdigest() != record.report_sha256:
            raise ChangedReportError("report")
        return row, record

    def _copy(self, issued: IssuedPaper, row: SignedRow, record: SignedReport) -> bytes:
        from reports.content import as_copy
        from reports.records import Addition

        frozen = self._signed.content(row.report_id)
        if frozen is None:
            raise NoCopyError
        if hashlib.sha256(frozen).hexdigest() != record.content_sha256:
            raise ChangedReportError("content")
        content = as_copy(
            thaw(frozen),
            number=issued.copy_number,
            made_at=issued.at,
            paper=issued.paper,
            signed_on=signed_paper(record, row.pdf),
            clock_doubted=clock_doubt(self._clock, self._signed) is not None,
            additions=[
                Addition(words=addendum.text, signature=_signature(addendum))
                for addendum in map(addendum_of, self._signed.addenda(row.report_id))
            ],
        )
        return set_on_paper(content, issued.paper)


def signed_paper(record: SignedReport, pdf: bytes) -> PaperSize:
    """Return the paper that a report was signed on; where the record does not say, the PDF does."""
    if record.paper is not None:
        return record.paper
    width, height = page_size(pdf)
    return min(_SIZES_PT, key=lambda name: abs(_SIZES_PT[name][0] - width) + abs(_SIZES_PT[name][1] - height))


def _signature(addendum: Addendum) -> Signature:
    return Signature(
        name=addendum.name,
        role=addendum.role,
        registration_number=addendum.registration_number,
        at=addendum.at,
        clock_doubted=addendum.clock_doubted,
    )


def _issued(row: PaperRow) -> IssuedPaper:
    return IssuedPaper(
        paper_id=row.paper_id,
        report_id=row.report_id,
        number=row.number,
        copy_number=row.copy_number,
        at=datetime.fromisoformat(row.issued_at),
        how=cast("IssuedHow", row.how),
        paper=cast("PaperSize", row.paper),
        made=row.not_made_at is None,
    )
