"""Whether the audit trail is whole: the check of all of it, and what is known from earlier checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from core.clock import Clock
from services.report_seals import ReportSeals
from services.trail import Trail
from store.audit import AuditLine, Broken

MOST_TOLD = 100
_MOST_NOTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFinding:
    """What an earlier check found, and the line that says so: an end that was cut off shows only once."""

    seq: int
    at: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailState:
    """How the trail stands: ``broken`` are the first places where it does not hold, ``more`` how many follow.

    ``earlier`` is what was found before and shows no more; ``fresh`` names what no check had found before.
    """

    lines: int
    checked_at: datetime
    broken: tuple[Broken, ...] = ()
    more: int = 0
    earlier: tuple[EarlierFinding, ...] = ()
    fresh: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was ever found wrong."""
        return not self.broken and not self.earlier


def check_trail(
    trail: Trail,
    clock: Clock,
    at_start: Sequence[Broken] = (),
    watch: Callable[[int], None] | None = None,
    *,
    seals: ReportSeals | None = None,
) -> TrailState:
    """Check every line, and what was signed against its line; write down what was not found before.

    ``at_start`` is what the quick check at the start found: by now the end of the trail has moved on.
    """
    broken, more = list(at_start), 0
    lines = trail.count()
    signed = seals.check(None if watch is None else lambda: watch(lines)) if seals is not None else ()
    for one in chain(trail.check(watch), signed):
        if one in broken:
            continue
        if len(broken) < MOST_TOLD:
            broken.append(one)
        else:
            more += 1
    broken.sort(key=lambda one: one.seq)
    earlier = tuple(found for found in map(_finding, trail.findings()) if found.found)
    names = [name_of(one) for one in broken]
    known = {name for found in earlier for name in found.found}
    fresh = tuple(name for name in names if name not in known)[:_MOST_NOTED]
    if fresh:
        trail.note("trail_checked", detail={"found": fresh})
    return TrailState(
        lines=trail.count(),
        checked_at=clock.now(),
        broken=tuple(broken),
        more=more,
        earlier=tuple(found for found in earlier if not set(found.found) <= set(names)),
        fresh=fresh,
    )


def name_of(one: Broken) -> str:
    """Return how a place is named in the trail itself: ``changed 812``."""
    return f"{one.trouble} {one.seq}"


def _finding(line: AuditLine) -> EarlierFinding:
    try:
        found = json.loads(line.detail).get("found", [])
    except (ValueError, AttributeError):
        found = []
    names = tuple(str(name) for name in found) if isinstance(found, list) else ()
    return EarlierFinding(seq=line.seq, at=line.at, found=names)
