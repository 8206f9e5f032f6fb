"""What was deleted in a store after an earlier state of it: told by its trail, and by what lives in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from store.sqlcipher import connect, dbapi


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterDeletion:
    """One deletion: of a patient (``records``: theirs and those merged into it), or of one study.

    ``at`` is when it was done, ISO 8601 in UTC.
    """

    at: str
    records: tuple[int, ...] = ()
    study_id: int = 0
    unit_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterDeletions:
    """The deletions that an earlier state does not know of, the first first.

    ``straight`` is whether the earlier state is one that this store once had. Where it is not (records were
    restored and went on elsewhere), numbers may stand for somebody else, and only what both know is listed.
    ``patients`` and ``studies`` live in the store still: nothing of them is deleted again.
    """

    deletions: tuple[LaterDeletion, ...]
    straight: bool
    patients: frozenset[int]
    studies: frozenset[int]


def later_deletions(present: Path, present_key: bytes, earlier: Path, key: bytes) -> LaterDeletions:
    """Return what was deleted in the present store and is not deleted in an earlier state of it.

    Between both the store's key may have been turned.

    Raises:
        OSError, dbapi.DatabaseError: one of them cannot be read.
    """
    if not present.is_file():
        raise FileNotFoundError(present.name)
    with closing(connect(present, present_key)) as now, closing(connect(earlier, key)) as then:
        here, there = _digests(now), _digests(then)
        shared = max((seq for seq, digest in there.items() if here.get(seq) == digest), default=0)
        straight = shared == max(there, default=0)
        known = None if straight else _subjects(then, shared)
        return LaterDeletions(
            deletions=tuple(one for one in _told(now, shared) if _is_known(one, known)),
            straight=straight,
            patients=_numbers(now, "SELECT patient_id FROM patients"),
            studies=_numbers(now, "SELECT study_id FROM studies"),
        )


def _told(connection: dbapi.Connection, after: int) -> Iterator[LaterDeletion]:
    rows = connection.execute(
        "SELECT at, subject, detail FROM audit WHERE seq > ? AND act = 'delete'"
        " AND (subject LIKE 'patient:%' OR subject LIKE 'study:%') ORDER BY seq",
        (after,),
    )
    for row in rows:
        kind, _, number = str(row["subject"]).partition(":")
        with suppress(ValueError, TypeError, AttributeError):
            detail = json.loads(row["detail"])
            if kind == "patient":
                records = tuple(int(one) for one in detail.get("records", (number,)))
                yield LaterDeletion(at=row["at"], records=records)
            else:
                yield LaterDeletion(at=row["at"], study_id=int(number), unit_key=str(detail["unit"]))


def _is_known(one: LaterDeletion, known: frozenset[str] | None) -> bool:
    """Whether what was deleted is what the earlier state has under this number."""
    if known is None:
        return True
    return f"unit:{one.unit_key}" in known or any(f"patient:{number}" in known for number in one.records)


def _digests(connection: dbapi.Connection) -> dict[int, str]:
    return {
        int(row["seq"]): str(row["digest"]) for row in connection.execute("SELECT seq, digest FROM audit")
    }


def _subjects(connection: dbapi.Connection, until: int) -> frozenset[str]:
    rows = connection.execute("SELECT DISTINCT subject FROM audit WHERE seq <= ?", (until,))
    return frozenset(str(row["subject"]) for row in rows)


def _numbers(connection: dbapi.Connection, statement: str) -> frozenset[int]:
    return frozenset(int(row[0]) for row in connection.execute(statement))
