"""Counts the records of a batch as they pass, for the page that the batch ends with.

Memory stays bounded: of what to look at first only so many names are kept as a page could hold.
"""

from __future__ import annotations

import hashlib
import json
import os.path
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.clock import Clock
from core.form import PREGNANCY
from core.result import CELLS_CALLED, CELLS_COUNTED, Measurement
from core.wording import say
from services.output import Record
from services.standing import Standing, counts_in, doubts_of_record, own_findings, standing_of_record
from services.version import VERSION
from services.words import measured_words

LISTED: tuple[Standing, ...] = ("failed", "refused", "doubted", "undecided", "above")
"""What is to be looked at first, in the order of the page: nothing that was not answered comes last."""
_MOST_GROUPS, _MOST_NAMES, _MOST_WHYS = 60, 200, 60
_WHYS_SHOWN = 2
_BINS = 20
_NOT_DOUBTED = (PREGNANCY, "yes", "no")
"""Fields, or in older records values, that stand beside a pregnancy and do not speak against it."""
_MEASURED_SHOWN = 4
Causes = tuple[str | tuple[str, str], ...]
"""What images of one group have in common: sentences of scores, codes of errors, or models with gates."""


@dataclass(slots=True)
class _Scores:
    label: str
    threshold: float
    positions: Counter[str] = field(default_factory=Counter)
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)


@dataclass(slots=True)
class _Model:
    title: str
    name: str
    states: Counter[str] = field(default_factory=Counter)
    scores: dict[str, _Scores] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    measured: list[tuple[str, str]] = field(default_factory=list)
    measured_count: int = 0


@dataclass(slots=True)
class _Group:
    """Images that are to be looked at for the same cause, and what else is to be said of them.

    Each image counts once in ``whys``; what differs from image to image (an age) does not part them.
    """

    head: tuple[str, ...]
    count: int = 0
    paths: list[tuple[str, str]] = field(default_factory=list)
    whys: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, why: str, number: str) -> None:
        self.count += 1
        if len(self.paths) < _MOST_NAMES:
            self.paths.append((path, number))
        if why and (why in self.whys or len(self.whys) < _MOST_WHYS):
            self.whys[why] += 1
        elif why:
            self.whys[""] += 1

    def reasons(self) -> tuple[str, ...]:
        """Return what is said of all, then what is said of most, then of how many more there is something."""
        known = Counter({why: count for why, count in self.whys.items() if why})
        shown = known.most_common(_WHYS_SHOWN)
        rest = self.whys.total() - sum(count for _, count in shown)
        told = [_of(count, self.count, why) for why, count in shown]
        if rest:
            told.append(say("reports.overview.others", count=rest))
        return (*self.head, *told)


class Tally:
    """What a batch came to; each record stands under the most urgent thing that was said of it."""

    def __init__(self) -> None:
        self.records = 0
        self._standings: Counter[Standing] = Counter()
        self._models: dict[tuple[str, str], _Model] = {}
        self._groups: dict[Standing, dict[Causes, _Group]] = {kind: {} for kind in LISTED}
        self._left_out = 0
        self._folder: str | None = None
        self._failed = 0
        self.twins: tuple[tuple[str, ...], ...] = ()
        self._digest = hashlib.sha256()

    def add(self, record: Record) -> None:
        """Count one record, and remember it where somebody should look at it first.

        Demonstration models are left out of the page: they order nothing.
        """
        self.records += 1
        self._digest.update(json.dumps(record, sort_keys=True).encode("utf-8", "backslashreplace"))
        path = str(record["source"]["path"])
        folder = os.path.dirname(path)  # noqa: PTH120 - a path as it was given, of whichever system
        self._folder = folder if self._folder is None else _shared(self._folder, folder)
        said = [entry for entry in record["results"] if entry["pack"]["class"] != "demonstration"]
        for entry in said:
            self._count(entry, path)
        standing = standing_of_record(record)
        self._standings[standing] += 1
        self._failed += not said and bool(record["errors"])
        if standing in self._groups:
            self._look(standing, path, record, said)

    def overview(self, clock: Clock) -> Any:
        """Return what the page says."""
        from reports.overview import LookFirst, Overview

        above = os.path.dirname((self._folder or "").rstrip("/\\"))  # noqa: PTH120
        cut = len(above.rstrip("/\\")) + 1 if above else 0
        return Overview(
            created=clock.now(),
            program=say("reports.footer.program", version=VERSION),
            records=self.records,
            standings=tuple((str(kind), self._standings[kind]) for kind in _cells(self._standings)),
            tallies=tuple(one for model in self._models.values() for one in self._tallies(model, cut)),
            first=tuple(
                LookFirst(
                    kind=kind,
                    reasons=group.reasons(),
                    count=group.count,
                    names=tuple(_named(path[cut:], number) for path, number in group.paths),
                )
                for kind in LISTED
                for group in self._groups[kind].values()
            ),
            twins=tuple(tuple(path[cut:] for path in paths) for paths in self.twins),
            more=self._left_out,
            report_id=self._digest.hexdigest(),
        )

    def _tallies(self, model: _Model, cut: int) -> list[Any]:
        from reports.overview import FindingTally

        def of_model(spoken: int) -> dict[str, Any]:
            refused = model.states["refused"]
            return {
                "model": model.name,
                "answered": spoken,
                "refused": refused,
                "failed": self._failed,
                "not_for_it": self.records - model.states["ok"] - refused - self._failed,
            }

        tallies = [
            FindingTally(
                label=one.label,
                threshold=one.threshold,
                bins=tuple(one.bins),
                **_positions(one.positions),
                **of_model(one.positions.total()),
            )
            for one in model.scores.values()
        ]
        if not tallies or model.measured:
            tallies.append(
                FindingTally(
                    label=model.title,
                    counted=bool(model.counts),
                    measured=tuple(_named(path[cut:], number) for path, number in model.measured),
                    measured_more=model.measured_count - len(model.measured),
                    **_positions(model.counts),
                    **of_model(model.counts.total() or model.states["ok"]),
                )
            )
        return tallies

    def _count(self, entry: dict[str, Any], path: str) -> None:
        pack = entry["pack"]
        key = (pack["id"], pack["version"])
        model = self._models.setdefault(key, _Model(_title(entry), f"{pack['id']} {pack['version']}"))
        model.states[entry["status"]] += 1
        model.counts.update(one["position"] for one in counts_in(entry))
        if number := _number(entry):
            model.measured_count += 1
            if len(model.measured) < _MEASURED_SHOWN:
                model.measured.append((path, number))
        for finding in own_findings(entry):
            scores = model.scores.setdefault(finding["code"], _Scores(finding["label"], finding["threshold"]))
            scores.positions[finding["position"]] += 1
            scores.bins[min(_BINS - 1, int(finding["probability"] * _BINS))] += 1

    def _look(self, kind: Standing, path: str, record: Record, said: list[dict[str, Any]]) -> None:
        causes, head, why = _causes(kind, record, said)
        groups = self._groups[kind]
        if causes not in groups and len(groups) >= _MOST_GROUPS:
            self._left_out += 1
            return
        numbers = (_number(entry) for entry in said if counts_in(entry))
        groups.setdefault(causes, _Group(head)).add(path, why, "; ".join(filter(None, numbers)))


def _cells(standings: Counter[Standing]) -> tuple[Standing, ...]:
    """Return what the page counts, in the order of its list; rare standings only where there are any."""
    order: tuple[Standing, ...] = (*LISTED, "below", "answered", "not_for_it")
    rare = ("failed", "doubted", "answered", "not_for_it")
    return tuple(kind for kind in order if kind not in rare or standings[kind])


def _causes(
    kind: Standing, record: Record, said: list[dict[str, Any]]
) -> tuple[Causes, tuple[str, ...], str]:
    """Return what puts an image into a group, the sentences that its whole group shares, and its own."""
    findings = [finding for entry in said if entry["status"] == "ok" for finding in own_findings(entry)]
    scored = tuple(
        say(f"reports.overview.{position}_one", label=finding["label"])
        for position in ("above", "undecided")
        for finding in findings
        if finding["position"] == position
    )
    scored += tuple(
        say(f"reports.overview.{position}_count", title=_title(entry))
        for position in ("above", "undecided")
        for entry in said
        if entry["status"] == "ok" and any(one["position"] == position for one in counts_in(entry))
    )
    errors = [say("reports.overview.error", why=one["message"]) for one in record["errors"]]
    refused = [entry for entry in said if entry["status"] == "refused"]
    own = [entry for entry in refused if entry["refusal"]["gate"] != "upstream"] or refused
    refusals = [
        say("reports.overview.refused_one", title=_title(entry), why=entry["refusal"]["reason"])
        for entry in own
    ]
    shown = [_title(one) for one in record["results"] if one not in said and one["status"] == "ok"]
    if kind == "refused" and shown and not any(one["status"] == "ok" for one in said):
        scored += (say("reports.overview.shown_only", titles="; ".join(shown)),)
    causes: Causes = scored
    if kind == "failed":
        causes = tuple(str(one["code"]) for one in record["errors"])
    elif kind == "refused":
        causes = (*scored, *((entry["pack"]["id"], str(entry["refusal"]["gate"])) for entry in own))
    if kind == "doubted":
        causes = doubts_of_record(record)
    return causes, scored, " ".join((*errors, *_whose(record), *refusals))


def doubts_in_words(record: Record) -> tuple[str, ...]:
    """Return what has to be checked of the patient of a record: whose image it is, and a pregnancy."""
    said = record["patient"].get("contradictions", ())
    pregnancies = (
        f"{one['text']}."
        for one in said
        if one["field"] == PREGNANCY and one.get("other_field", one["other"]["value"]) not in _NOT_DOUBTED
    )
    return (*_whose(record), *pregnancies)


def answers_to_values(record: Record) -> tuple[str, ...]:
    """Return in a sentence each what the models said of a record that rests on values alone; else nothing."""
    source = record["source"]
    if source["frames"] or source["modality"] or source["series_uids"] or record["errors"]:
        return ()
    said = tuple(
        say("cli.values.refused", title=_title(entry), why=entry["refusal"]["reason"])
        if entry["refusal"]
        else say("cli.values.answered", title=_title(entry))
        for entry in record["results"]
    )
    return said or (say("cli.values.nobody"),)


def _whose(record: Record) -> tuple[str, ...]:
    """Return that it is not sure whose image it is, in a sentence, where it is not."""
    fields = doubts_of_record(record)
    named = ", ".join(say(f"reports.patient.field_{field}") for field in fields)
    return (say("reports.overview.doubted", fields=named),) if fields else ()


def measured_in(entry: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the numbers of a model that is no demonstration, as a record has them."""
    if entry["pack"]["class"] == "demonstration" or entry["status"] != "ok":
        return ()
    return tuple(entry.get("measurements", ()))


def _number(entry: dict[str, Any]) -> str:
    """Return the first number that a model measured with its interval, and of what it was counted."""
    measured = {one["code"]: one for one in measured_in(entry) if one["value"] is not None}
    first = next(iter(measured.values()), None)
    if first is None:
        return ""
    number = Measurement(
        code=first["code"],
        label=first["label"],
        value=first["value"],
        unit=first["unit"],
        interval=first.get("interval") and tuple(first["interval"]),
    )
    words = f"{number.label} {measured_words(number)}"
    if not {CELLS_CALLED, CELLS_COUNTED} <= measured.keys():
        return words
    found, cells = (f"{measured[code]['value']:.0f}" for code in (CELLS_CALLED, CELLS_COUNTED))
    return say("reports.overview.of_cells", words=words, found=found, cells=cells)


def _positions(counts: Counter[str]) -> dict[str, Any]:
    return {position: counts[position] for position in ("above", "undecided", "below")}


def _named(name: str, number: str) -> str:
    return f"{name} ({number})" if number else name


def _of(count: int, total: int, why: str) -> str:
    return why if count == total else say("reports.overview.of_them", count=count, why=why)


def _title(entry: dict[str, Any]) -> str:
    return str(entry["pack"].get("title") or entry["pack"]["id"])


def _shared(one: str, other: str) -> str:
    """Return the folder that two folders lie in."""
    while one and one != other and not other.startswith(one.rstrip("/\\") + ("\\" if "\\" in one else "/")):
        shorter = os.path.dirname(one)  # noqa: PTH120
        one = "" if shorter == one else shorter
    return one
