"""What a batch ends with: a table for spreadsheets and one page, both from the lines that were written.

Memory stays bounded: lines are read one after another, and of what to look at first only so many are kept
as a page could hold.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.decision import PaperSize
from core.errors import OutputNotWritableError
from core.wording import say
from services.output import LINES, PAGE, TABLE, Record, write_whole
from services.register_table import escaped
from services.version import VERSION

COLUMNS = (
    "dir", "path", "modality", "patient_id", "age_years", "sex", "pack", "version", "class", "status",
    "finding", "label", "probability", "low", "high", "threshold", "position",
    "prevalence_here", "probability_here",
    "refused_by", "reason", "error", "seconds",
)  # fmt: skip
_KINDS = ("error", "refused", "undecided", "above")
_MOST_KEPT = 100
_BINS = 20
_PARTIAL = ".partial-" + TABLE


def write_overview(out: Path, clock: Clock, *, paper: PaperSize = "A4", with_pdf: bool = True) -> int:
    """Write the table, and the page where there is more than one record; return how many records there are.

    Raises:
        OutputNotWritableError: it could not be written; an earlier table stays as it was.
        ReportError: the page could not be set.
    """
    tally = _Tally()
    try:
        _write_table(out, tally)
        if tally.records > 1 and with_pdf:
            from reports.overview import render_overview

            write_whole(out / PAGE, render_overview(tally.overview(clock), paper), durable=True)
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    return tally.records


def _write_table(out: Path, tally: _Tally) -> None:
    partial = out / _PARTIAL
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            for record in _records(out / LINES):
                tally.add(record)
                for row in _rows(record):
                    writer.writerow([_cell(row.get(name)) for name in COLUMNS])
        partial.replace(out / TABLE)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _records(lines: Path) -> Iterator[Record]:
    with lines.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            yield json.loads(line)


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield a row for each finding, for each model without one, and for a record that has neither."""
    patient, errors = record["patient"], record["errors"]
    head = {
        "dir": record["dir"],
        "path": record["source"]["path"],
        "modality": record["source"]["modality"],
        "patient_id": _value(patient.get("id")),
        "age_years": _value(patient.get("age_years")),
        "sex": _value(patient.get("sex")),
        "error": "; ".join(f"{one['code']} {one['message']}" for one in errors),
    }
    if not record["results"]:
        yield head
    for entry in record["results"]:
        refusal = entry["refusal"] or {}
        said = {
            **head,
            "pack": entry["pack"]["id"],
            "version": entry["pack"]["version"],
            "class": entry["pack"]["class"],
            "status": entry["status"],
            "refused_by": refusal.get("gate"),
            "reason": refusal.get("reason"),
            "seconds": entry["seconds"],
        }
        yield from ({**said, **_scored(finding)} for finding in entry["findings"])
        if not entry["findings"]:
            yield said


def _scored(finding: dict[str, Any]) -> dict[str, Any]:
    low, high = finding["interval"] or (None, None)
    site = finding.get("site") or {}
    return {
        "finding": finding["code"],
        "label": finding["label"],
        "probability": finding["probability"],
        "low": low,
        "high": high,
        "threshold": finding["threshold"],
        "position": finding["position"],
        "prevalence_here": site.get("prevalence"),
        "probability_here": site.get("probability"),
    }


def _value(sourced: dict[str, Any] | None) -> Any:
    return None if sourced is None else sourced.get("value")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else escaped(str(value))


@dataclass(slots=True)
class _Scores:
    label: str
    model: str
    threshold: float
    positions: Counter[str] = field(default_factory=Counter)
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)


class _Tally:
    """Counts records as they pass."""

    def __init__(self) -> None:
        self.records = 0
        self._ends: Counter[str] = Counter()
        self._scores: dict[tuple[str, str, str], _Scores] = {}
        self._first: dict[str, list[tuple[str, str]]] = {kind: [] for kind in _KINDS}
        self._left_out = 0
        self._digest = hashlib.sha256()

    def add(self, record: Record) -> None:
        """Count one record, and remember it where somebody should look at it first.

        Demonstration models are left out of the page: they order nothing.
        """
        self.records += 1
        self._digest.update(json.dumps(record, sort_keys=True).encode("utf-8", "backslashreplace"))
        results = [entry for entry in record["results"] if entry["pack"]["class"] != "demonstration"]
        answers = [entry for entry in results if entry["status"] == "ok"]
        refused = [entry for entry in results if entry["status"] == "refused"]
        findings = [(entry, finding) for entry in answers for finding in entry["findings"]]
        for entry, finding in findings:
            self._score(entry, finding)
        if record["errors"]:
            self._ends["failed"] += 1
            self._look("error", record, say("reports.overview.error", why=record["errors"][0]["message"]))
        elif refused:
            self._ends["refused"] += 1
            self._look("refused", record, refused[0]["refusal"]["reason"])
        elif answers:
            self._ends["answered"] += 1
            self._look_at_score(record, [finding for _, finding in findings])
        else:
            self._ends["not_for_it"] += 1

    def overview(self, clock: Clock) -> Any:
        """Return what the page says."""
        from reports.overview import FindingTally, LookFirst, Overview

        kept = chain.from_iterable(((kind, one) for one in self._first[kind]) for kind in _KINDS)
        return Overview(
            created=clock.now(),
            program=say("reports.footer.program", version=VERSION),
            records=self.records,
            answered=self._ends["answered"],
            refused=self._ends["refused"],
            failed=self._ends["failed"],
            not_for_it=self._ends["not_for_it"],
            tallies=tuple(
                FindingTally(
                    label=one.label,
                    model=one.model,
                    above=one.positions["above"],
                    undecided=one.positions["undecided"],
                    below=one.positions["below"],
                    threshold=one.threshold,
                    bins=tuple(one.bins),
                )
                for one in self._scores.values()
            ),
            first=tuple(LookFirst(name=name, kind=kind, why=why) for kind, (name, why) in kept),
            more=self._left_out,
            report_id=self._digest.hexdigest(),
        )

    def _score(self, entry: dict[str, Any], finding: dict[str, Any]) -> None:
        pack = entry["pack"]
        key = (pack["id"], pack["version"], finding["code"])
        scores = self._scores.setdefault(
            key, _Scores(finding["label"], f"{pack['id']} {pack['version']}", finding["threshold"])
        )
        scores.positions[finding["position"]] += 1
        scores.bins[min(_BINS - 1, int(finding["probability"] * _BINS))] += 1

    def _look_at_score(self, record: Record, findings: list[dict[str, Any]]) -> None:
        for kind in ("undecided", "above"):
            found = next((one for one in findings if one["position"] == kind), None)
            if found is not None:
                self._look(kind, record, say(f"reports.overview.{kind}", label=found["label"]))
                return

    def _look(self, kind: str, record: Record, why: str) -> None:
        if len(self._first[kind]) < _MOST_KEPT:
            self._first[kind].append((str(record["dir"]), why))
        else:
            self._left_out += 1
