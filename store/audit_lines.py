"""The lines of the audit trail and their chain: what a line is bound by, and where a run of them breaks.

Needs no database and no key, so that an export is checked by the same words as the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

FIRST = "0" * 64
"""What stands in the first line as its predecessor's digest."""

Trouble = Literal[
    "changed",
    "missing",
    "words_changed",
    "end_missing",
    "all_missing",
    "anchor_missing",
    "anchor_forged",
    "report_changed",
    "report_missing",
]
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One act: by whom, when, to what (``subject``, as in ``report:12``), and ``detail`` as JSON.

    ``at`` is ISO 8601 in UTC. ``words`` name the patient, ``salt`` is what they were hashed with; both are
    None where there were none, or where they were removed with the patient.
    """

    seq: int
    at: str
    clock_doubted: bool
    person_id: int | None
    person: str
    act: str
    subject: str
    detail: str
    words_sha256: str
    previous: str
    digest: str
    salt: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the trail does not hold: the line's number (of missing ones the first) and in which way.

    ``until`` is the last number that is missing; ``before_at`` and ``after_at`` are the times of the lines
    around, ISO 8601 in UTC, where there are such lines.
    """

    seq: int
    trouble: Trouble
    until: int | None = field(default=None, compare=False)
    before_at: str | None = field(default=None, compare=False)
    after_at: str | None = field(default=None, compare=False)


def check_lines(lines: Iterable[AuditLine]) -> Iterator[Broken]:
    """Yield where a run of lines that begins with the first does not hold; needs no key."""
    expected, previous, before_at = 1, FIRST, None
    waiting: list[Broken] = []  # of the line before, whose next neighbour is not known yet
    for line in lines:
        yield from (replace(one, after_at=line.at) for one in waiting)
        waiting = []
        if line.seq != expected:
            yield Broken(
                seq=expected, trouble="missing", until=line.seq - 1, before_at=before_at, after_at=line.at
            )
        elif line.previous != previous:
            waiting.append(Broken(seq=line.seq, trouble="changed", before_at=before_at))
        if not waiting and digest_of(line) != line.digest:
            waiting.append(Broken(seq=line.seq, trouble="changed", before_at=before_at))
        if line.words is not None and words_digest(line.salt or "", line.words) != line.words_sha256:
            waiting.append(Broken(seq=line.seq, trouble="words_changed", before_at=before_at))
        expected, previous, before_at = line.seq + 1, line.digest, line.at
    yield from waiting


def digest_of(line: AuditLine) -> str:
    """Return the digest that a line must have; nothing that fits where a value is not of its kind."""
    try:
        return digest(
            {
                "seq": line.seq,
                "at": line.at,
                "clock_doubted": line.clock_doubted,
                "person_id": line.person_id,
                "person": line.person,
                "act": line.act,
                "subject": line.subject,
                "detail": line.detail,
                "words_sha256": line.words_sha256,
                "previous": line.previous,
            }
        )
    except (TypeError, ValueError):
        return ""


def digest(line: Mapping[str, object]) -> str:
    """Return the SHA-256 of a line as canonical JSON, as hexadecimal digits."""
    return hashlib.sha256(_canonical(dict(line)).encode("utf-8", "surrogatepass")).hexdigest()


def words_digest(salt: str, words: str) -> str:
    """Return the salted SHA-256 of the words beside a line."""
    return hashlib.sha256(f"{salt}{words}".encode("utf-8", "surrogatepass")).hexdigest()
