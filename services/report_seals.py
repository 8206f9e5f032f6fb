"""Binds signed reports and addenda to the trail: what is kept of them must fit their line of signing.

The hashes inside a report bind its parts to one another; whoever can write the database can write them anew.
The trail cannot be written anew unseen: its lines are chained, and the last one stands on every signed paper.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

from core.errors import ChangedReportError
from services.trail import Trail
from store.audit import AuditLine, Broken
from store.signed import SignedStore

SEAL = "sealed"
"""The key in the detail of a line of signing under which the seal stands."""


def report_seal(*, patient: str, record: str, result: str, pdf: bytes, content: bytes | None) -> str:
    """Return the SHA-256 of all that is kept of a signed report, as hexadecimal digits."""
    return _seal(patient.encode(), record.encode(), result.encode(), pdf, content or b"")


def addendum_seal(payload: str) -> str:
    """Return the SHA-256 of an addendum as it is kept."""
    return _seal(payload.encode())


class ReportSeals:
    """Compares signed reports with what the trail says of their signing."""

    def __init__(self, signed: SignedStore, trail: Trail) -> None:
        self._signed, self._trail = signed, trail

    def require(self, report_id: int) -> None:
        """Check one report and its addenda.

        Raises:
            ChangedReportError: something of it is not what was signed.
        """
        if not self.holds(report_id):
            raise ChangedReportError("seal")

    def holds(self, report_id: int) -> bool:
        """Whether a report and its addenda are what was signed."""
        lines = self._trail.of(("sign", "addendum"), f"report:{report_id}")
        return not any(True for line in lines for _ in self._broken(line))

    def check(self, watch: Callable[[], None] | None = None) -> Iterator[Broken]:
        """Yield the lines of signing whose report is missing or is not what was signed.

        Lines of an early Farlight hold no seal and are passed over; so is what was deleted, which has a line
        of its own. ``watch`` is called now and then and may end the check by raising.
        """
        deleted = {line.subject for line in self._trail.of(("delete",))}
        for line in self._trail.of(("sign", "addendum")):
            if watch is not None:
                watch()
            if line.subject not in deleted:
                yield from self._broken(line)

    def _broken(self, line: AuditLine) -> Iterator[Broken]:
        detail = _detail(line)
        seal = detail.get(SEAL)
        number = line.subject.removeprefix("report:")
        if not isinstance(seal, str) or not number.isdigit():
            return
        kept = self._addendum(int(number), detail) if line.act == "addendum" else self._report(int(number))
        if kept is None:
            yield Broken(seq=line.seq, trouble="report_missing", before_at=line.at)
        elif kept != seal:
            yield Broken(seq=line.seq, trouble="report_changed", before_at=line.at)

    def _report(self, report_id: int) -> str | None:
        row = self._signed.find_by_number(report_id)
        if row is None:
            return None
        return report_seal(
            patient=row.patient,
            record=row.record,
            result=row.result,
            pdf=row.pdf,
            content=self._signed.content(report_id),
        )

    def _addendum(self, report_id: int, detail: dict[str, object]) -> str | None:
        rows = self._signed.addenda(report_id)
        return next(
            (addendum_seal(row.payload) for row in rows if row.addendum_id == detail["addendum"]), None
        )


def _detail(line: AuditLine) -> dict[str, object]:
    try:
        detail = json.loads(line.detail)
    except ValueError:
        return {}  # the check of the lines says so
    return detail if isinstance(detail, dict) else {}


def _seal(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
