"""What an image counts as: the one place that window, table and overview ask.

Several models may speak of one image. It stands under the most urgent thing that any of them said, so that
the refusal of one never hides the answer of another. Demonstration models count for nothing, and neither does
the refusal of a model that reads values of the patient: it says what was not given, nothing of the image.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.result import Result, Status

Standing = Literal["above", "undecided", "failed", "refused", "below", "answered", "not_for_it"]
STANDINGS: tuple[Standing, ...] = (
    "above",
    "undecided",
    "failed",
    "refused",
    "below",
    "answered",
    "not_for_it",
)
"""From the most urgent to the least: ``answered`` are measurements and outlines without a score."""


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


def standing_of(said: Iterable[Said], *, failed: bool = False) -> Standing:
    """Return what an image counts as; ``failed`` where it could not be read, or something not be done."""
    counted = [one for one in said if one.counts]
    positions = {position for one in counted if one.status == "ok" for position in one.positions}
    states = {one.status for one in counted}
    true: dict[Standing, bool] = {
        "above": "above" in positions,
        "undecided": "undecided" in positions,
        "failed": failed,
        "refused": "refused" in states,
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
            positions=tuple(finding.position for finding in pack.findings),
            reads_values=pack.reads_values,
        )
        for pack in result.results
    )
    return standing_of(said, failed=bool(result.errors))


def standing_of_record(record: Mapping[str, Any]) -> Standing:
    """Return what an image counts as by its record in ``results.jsonl``."""
    said = (
        Said(
            pack_class=entry["pack"]["class"],
            status=entry["status"],
            positions=tuple(finding["position"] for finding in entry["findings"]),
            reads_values=entry.get("reads_values", False),
        )
        for entry in record["results"]
    )
    return standing_of(said, failed=bool(record["errors"]))
