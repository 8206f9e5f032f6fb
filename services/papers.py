"""Papers of signed reports: the first that leaves is the original, on any size; every later one says COPY."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from core.clock import Clock
from core.decision import PaperSize, Signature, SignedReport
from core.errors import ChangedReportError, NoCopyError, NotSignedError
from core.patient import Patient
from core.wording import say
from services.clock_doubt import clock_doubt
from services.corrections import correction_text
from services.draft_acts import named
from services.frozen import thaw
from services.pdf_pages import page_size
from services.record_json import from_plain
from services.records import RecordDesk
from services.report import set_on_paper
from services.report_seals import ReportSeals
from services.session import Session
from services.sign import Addendum, addendum_of
from services.trail import Trail
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

    def __init__(
        self,
        signed: SignedStore,
        papers: PaperStore,
        clock: Clock,
        session: Session,
        *,
        trail: Trail,
        records: RecordDesk,
        seals: ReportSeals,
    ) -> None:
        self._signed, self._records, self._seals = signed, records, seals
        self._papers = papers
        self._clock = clock
        self._session = session
        self._trail = trail

    def issue_paper(self, report_id: int, how: IssuedHow, paper: PaperSize) -> tuple[IssuedPaper, bytes]:
        """Return a paper to print or export as PDF bytes, with its record, which is kept at once.

        The first paper is the original: to the byte on the size that was signed, on another one set from what
        was frozen at signing, which the signature binds as well. Every other one is set from that too, with
        COPY, its number and its date on every page, and the addenda so far on pages of their own: a report
        with an addendum leaves no more without it.

        Raises:
            NotPermittedError: who is logged in may give nothing out.
            NotSignedError: there is no such report.
            NoCopyError: an early Farlight signed it and kept nothing to set a copy from.
            ChangedReportError: what is kept is not what was signed.
            ReportError: the copy could not be set; no paper is recorded as made then.
        """
        self._session.require("give_out")
        row, record = self._require(report_id)
        with self._trail.together():
            issued = _issued(
                self._papers.issue(
                    report_id=report_id,
                    issued_at=self._clock.now().isoformat(),
                    how=how,
                    paper=paper,
                    may_be_original=not self._never_original(row, record, paper),
                )
            )
            detail = {"paper": paper, "number": issued.number, "copy": issued.copy_number}
            patient = from_plain(Patient, json.loads(row.patient))
            self._trail.note(how, f"report:{report_id}", detail=detail, words=named(patient))
        try:
            if issued.is_copy:
                return issued, self._copy(issued, row, record)
            return issued, self._original(row, record, paper)
        except BaseException:
            self.withdraw_paper(issued.paper_id)
            raise

    def is_as_signed(self, report_id: int) -> bool:
        """Whether a report and its addenda are what was signed, as their lines in the trail say."""
        return self._seals.holds(report_id)

    def withdraw_paper(self, paper_id: int) -> None:
        """Keep that a paper did not come out (the disk was full, the printer refused it).

        If it was the original, the next paper is the original again.
        """
        with self._trail.together():
            row = self._papers.withdraw(paper_id, self._clock.now().isoformat())
            if row is not None:
                self._trail.note(
                    "paper_not_made", f"report:{row.report_id}", detail={"how": row.how, "number": row.number}
                )

    def note_unsigned(self, key: str, how: IssuedHow, patient: Patient, paper: PaperSize) -> None:
        """Write that a report goes out that nobody signed: it says so on each page, and is kept nowhere.

        Raises:
            NotPermittedError: who is logged in may give nothing out.
            StoreError: it could not be kept; then the report does not go out either.
        """
        self._session.require("give_out")
        self._trail.note(how, f"unit:{key}", detail={"paper": paper, "unsigned": True}, words=named(patient))

    def papers(self, report_id: int) -> tuple[IssuedPaper, ...]:
        """Return the papers of a report, the oldest first."""
        return tuple(_issued(row) for row in self._papers.of(report_id))

    def preview(self, report_id: int, paper: PaperSize) -> bytes:
        """Return a report on a paper size, without giving one out: without COPY where nothing was added.

        It is the signed report where an early Farlight kept nothing to set another one from.

        Raises:
            NotSignedError: there is no such report.
            ChangedReportError: what is kept is not what was signed.
            ReportError: the copy could not be set.
        """
        row, record = self._require(report_id)
        if self._signed.content(report_id) is None:
            return row.pdf
        if not self._additions(row):
            return self._original(row, record, paper)
        earlier = self.papers(report_id)
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

    def next_paper(self, report_id: int, paper: PaperSize) -> str:
        """Return in a sentence as what the next paper of that size goes out, and why.

        Raises:
            NotSignedError: there is no such report.
        """
        row, record = self._require(report_id)
        why = "original_out" if self._original_out(report_id) else self._never_original(row, record, paper)
        return say(f"services.papers.{why or 'original'}", paper=signed_paper(record, row.pdf))

    def usual_paper(self, report_id: int) -> PaperSize:
        """Return the size to begin with: that of the original, where it has left, else the one signed.

        Raises:
            NotSignedError: there is no such report.
        """
        row, record = self._require(report_id)
        return self._original_paper(row, record)

    def _original_out(self, report_id: int) -> IssuedPaper | None:
        return next((one for one in self.papers(report_id) if one.made and not one.is_copy), None)

    def _original_paper(self, row: SignedRow, record: SignedReport) -> PaperSize:
        out = self._original_out(row.report_id)
        return signed_paper(record, row.pdf) if out is None else out.paper

    def _never_original(
        self, row: SignedRow, record: SignedReport, paper: PaperSize
    ) -> Literal["", "addendum", "moved", "early"]:
        """Return why a paper of that size cannot be the original though none left; empty where it can."""
        if self._signed.addenda(row.report_id):
            return "addendum"
        if self._additions(row):
            return "moved"
        if paper != signed_paper(record, row.pdf) and self._signed.content(row.report_id) is None:
            return "early"
        return ""

    def _additions(self, row: SignedRow) -> tuple[Addendum, ...]:
        """Return what was added after signing, the oldest first: addenda, and moves to another patient."""
        moves = (
            Addendum(
                text=correction_text(told),
                name=told.name,
                role=told.role,
                registration_number=told.registration_number,
                at=told.at,
                clock_doubted=told.clock_doubted,
            )
            for told in self._records.corrections(row.unit_key)
            if told.at.astimezone(UTC) >= datetime.fromisoformat(row.signed_at)
        )
        added = (*map(addendum_of, self._signed.addenda(row.report_id)), *moves)
        return tuple(sorted(added, key=lambda one: one.at))

    def _require(self, report_id: int) -> tuple[SignedRow, SignedReport]:
        row = self._signed.find_by_number(report_id)
        if row is None:
            raise NotSignedError
        self._seals.require(report_id)
        record = from_plain(SignedReport, json.loads(row.record))
        if hashlib.sha256(row.pdf).hexdigest() != record.report_sha256:
            raise ChangedReportError("report")
        return row, record

    def _original(self, row: SignedRow, record: SignedReport, paper: PaperSize) -> bytes:
        if paper == signed_paper(record, row.pdf):
            return row.pdf
        return set_on_paper(thaw(self._frozen(row, record)), paper)

    def _copy(self, issued: IssuedPaper, row: SignedRow, record: SignedReport) -> bytes:
        from reports.content import as_copy
        from reports.records import Addition

        content = as_copy(
            thaw(self._frozen(row, record)),
            number=issued.copy_number,
            made_at=issued.at,
            paper=issued.paper,
            original_on=self._original_paper(row, record),
            clock_doubted=clock_doubt(self._clock, self._signed) is not None,
            additions=[
                Addition(words=addendum.text, signature=_signature(addendum))
                for addendum in self._additions(row)
            ],
        )
        return set_on_paper(content, issued.paper)

    def _frozen(self, row: SignedRow, record: SignedReport) -> bytes:
        frozen = self._signed.content(row.report_id)
        if frozen is None:
            raise NoCopyError
        if hashlib.sha256(frozen).hexdigest() != record.content_sha256:
            raise ChangedReportError("content")
        return frozen


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
