"""What a batch ends with: a table for spreadsheets and one page, both from the lines that were written.

Memory stays bounded: lines are read one after another (see ``services.batch_tally`` for the page).
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.decision import PaperSize
from core.errors import OutputNotWritableError
from services.batch_tally import Tally, measured_in
from services.output import LINES, PAGE, TABLE, Record, write_whole
from services.register_table import escaped
from services.standing import standing_of_record

COLUMNS = (
    "dir", "path", "modality", "patient_id", "age_years", "sex", "pack", "version", "class", "status",
    "finding", "label", "probability", "low", "high", "threshold", "position",
    "prevalence_here", "probability_here",
    "refused_by", "reason", "error", "seconds", "counts_as", "same_picture_as",
    "value", "value_low", "value_high", "unit", "beside",
)  # fmt: skip
_PARTIAL = ".partial-" + TABLE


def write_overview(out: Path, clock: Clock, *, paper: PaperSize = "A4", with_pdf: bool = True) -> int:
    """Write the table, and the page where there is more than one record; return how many records there are.

    Raises:
        OutputNotWritableError: it could not be written; an earlier table stays as it was.
        ReportError: the page could not be set.
    """
    tally = Tally()
    try:
        _write_table(out, tally)
        if tally.records > 1 and with_pdf:
            from reports.overview import render_overview

            write_whole(out / PAGE, render_overview(tally.overview(clock), paper), durable=True)
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    return tally.records


def _write_table(out: Path, tally: Tally) -> None:
    partial = out / _PARTIAL
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            twins = _twins(out / LINES)
            tally.twins = tuple(map(tuple, twins.values()))
            for record in _records(out / LINES):
                tally.add(record)
                same = [path for path in twins.get(_mark(record), ()) if path != record["source"]["path"]]
                for row in _rows(record):
                    row["same_picture_as"] = "; ".join(same)
                    writer.writerow([_cell(row.get(name)) for name in COLUMNS])
        partial.replace(out / TABLE)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _records(lines: Path) -> Iterator[Record]:
    with lines.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            yield json.loads(line)


def _twins(lines: Path) -> dict[str, list[str]]:
    """Return where each picture lies that was given more than once, whatever its files are called."""
    often = Counter(_mark(record) for record in _records(lines))
    found: dict[str, list[str]] = {}
    for record in _records(lines):
        mark = _mark(record)
        if mark and often[mark] > 1:
            found.setdefault(mark, []).append(record["source"]["path"])
    return found


def _mark(record: Record) -> str:
    """Return by what a picture is known: its pixels, else its files; "" where neither is."""
    return str(record.get("picture_sha256") or record["source"].get("sha256") or "")


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield a row for each finding and number, for each model without one, and a record without models."""
    patient, errors = record["patient"], record["errors"]
    head = {
        "dir": record["dir"],
        "path": record["source"]["path"],
        "modality": record["source"]["modality"],
        "patient_id": _value(patient.get("id")),
        "age_years": _value(patient.get("age_years")),
        "sex": _value(patient.get("sex")),
        "error": "; ".join(f"{one['code']} {one['message']}" for one in errors),
        "counts_as": standing_of_record(record),
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
        yield from ({**said, **_estimated(risk)} for risk in entry.get("risks", ()))
        measured = measured_in(entry)
        yield from ({**said, **_measured(one)} for one in measured)
        if not entry["findings"] and not entry.get("risks") and not measured:
            yield said


def _estimated(risk: dict[str, Any]) -> dict[str, Any]:
    low, high = risk["interval"] or (None, None)
    return {
        "finding": risk["code"],
        "label": risk["label"],
        "probability": risk["probability"],
        "low": low,
        "high": high,
    }


def _measured(one: dict[str, Any]) -> dict[str, Any]:
    low, high = one.get("interval") or (None, None)
    return {
        "finding": one["code"],
        "label": one["label"],
        "position": one.get("position"),
        "value": one["value"],
        "value_low": low,
        "value_high": high,
        "unit": one["unit"],
    }


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
        "beside": finding.get("beside"),
        "prevalence_here": site.get("prevalence"),
        "probability_here": site.get("probability"),
    }


def _value(sourced: dict[str, Any] | None) -> Any:
    return None if sourced is None else sourced.get("value")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else escaped(str(value))
