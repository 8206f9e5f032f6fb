"""What an image counts as: the one place that window, table and overview ask.

Several models may speak of one image. It stands under the most urgent thing that any of them said, so that
the refusal of one never hides the answer of another. Demonstration models count for nothing, and neither does
the refusal of a model that reads values of the patient: it says what was not given, nothing of the image.
A count stands where a score would: above what the model's own false calls explain, undecided, or below.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.result import Result, Status
from services.patient import identity_doubts

Standing = Literal["above", "undecided", "failed", "refused", "doubted", "below", "answered", "not_for_it"]
STANDINGS: tuple[Standing, ...] = (
    "above",
    "undecided",
    "failed",
    "refused",
    "doubted",
    "below",
    "answered",
    "not_for_it",
)
"""From the most urgent to the least.

Of ``doubted`` two sources disagree on who the patient is; ``answered`` are measurements and outlines without
score or limit.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one model said of an image, as far as its standing needs it."""

    pack_class: str
    status: Status
    positions: tuple[str, ...] = ()
    reads_values: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts: a demonstration never does, nor values that were not given."""
        return self.pack_class != "demonstration" and not (self.reads_values and self.status == "refused")


def standing_of(said: Iterable[Said], *, failed: bool = False, doubted: bool = False) -> Standing:
    """Return what an image counts as; ``failed`` where it could not be read, or something not be done.

    ``doubted`` where it is not sure whose image it is.
    """
    counted = [one for one in said if one.counts]
    positions = {position for one in counted if one.status == "ok" for position in one.positions}
    states = {one.status for one in counted}
    true: dict[Standing, bool] = {
        "above": "above" in positions,
        "undecided": "undecided" in positions,
        "failed": failed,
        "refused": "refused" in states,
        "doubted": doubted,
        "below": "below" in positions,
        "answered": "ok" in states,
        "not_for_it": True,
    }
    return next(standing for standing in STANDINGS if true[standing])


def standing_of_result(result: Result) -> Standing:
    """Return what an image counts as by what was said of it in the window."""
    said = (
        Said(
            pack_class=pack.stamp.pack_class,
            status=pack.status,
            positions=(
                *(finding.position for finding in pack.findings),
                *(one.position for one in pack.measurements if one.position is not None),
            ),
            reads_values=pack.reads_values,
        )
        for pack in result.results
    )
    pairs = ((one.field, one.used_source, one.other_source) for one in result.patient.contradictions)
    return standing_of(said, failed=bool(result.errors), doubted=bool(identity_doubts(pairs)))


def standing_of_record(record: Mapping[str, Any]) -> Standing:
    """Return what an image counts as by its record in ``results.jsonl``."""
    said = (
        Said(
            pack_class=entry["pack"]["class"],
            status=entry["status"],
            positions=tuple(one["position"] for one in (*own_findings(entry), *counts_in(entry))),
            reads_values=entry.get("reads_values", False),
        )
        for entry in record["results"]
    )
    return standing_of(said, failed=bool(record["errors"]), doubted=bool(doubts_of_record(record)))


def doubts_of_record(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in which of the facts that say whose an image is two sources of a record disagree."""
    return identity_doubts(
        (one["field"], one["used"]["source"], one["other"]["source"])
        for one in record["patient"].get("contradictions", ())
    )


def own_findings(entry: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the findings of a model's entry that count: not the scores that are told beside another one."""
    return tuple(one for one in entry["findings"] if not one.get("beside"))


def counts_in(entry: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the counts of a model's entry that lie above, around or below a limit."""
    return tuple(one for one in entry.get("measurements", ()) if one.get("position"))
