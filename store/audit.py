"""The audit trail: who did what and when, each line bound to the one before by its hash.

A line's digest is the SHA-256 of the line as canonical JSON, its predecessor's digest among it, so that a
line that was changed, left out or moved is found by anybody who reads the trail, also in an export. Names of
patients never stand in a line: they stand beside it as its words, and the line holds their salted SHA-256.
Words can be removed with the patient; the chain still closes.

That the end of the trail was cut off, or the whole store put back to an earlier day, shows against the
anchor: the last line's number and digest, kept outside the database under the store's key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import Literal

from core.clock import Clock
from store.database import Database
from store.durable import replace_file
from store.sqlcipher import dbapi

FIRST = "0" * 64
_BATCH = 500
Trouble = Literal["changed", "missing", "words_changed", "end_missing", "anchor_missing", "anchor_forged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One act: by whom, when, to what (``subject``, as in ``report:12``), and ``detail`` as JSON.

    ``at`` is ISO 8601 in UTC. ``words`` name the patient; None where there were none, or where they were
    removed with the patient.
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
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the trail does not hold: the line's number and in which way."""

    seq: int
    trouble: Trouble


class AuditStore:
    """The trail of one database."""

    def __init__(self, database: Database, clock: Clock, anchor: Path, key: bytes) -> None:
        self._database, self._clock = database, clock
        self._anchor = anchor
        self._anchor_key = hmac.digest(key, b"farlight audit anchor", "sha256")

    def write(
        self,
        act: str,
        *,
        person_id: int | None,
        person: str,
        subject: str = "",
        detail: Mapping[str, object] | None = None,
        words: str = "",
        clock_doubted: bool = False,
    ) -> int:
        """Add a line, on the disk with the transaction around it (or at once); returns its number.

        ``detail`` never holds what names a patient; ``words`` may.
        """
        with self._database.transaction() as connection:
            last = connection.execute("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            seq, previous = (int(last["seq"]) + 1, str(last["digest"])) if last else (1, FIRST)
            salt = secrets.token_hex(16) if words else ""
            line = {
                "seq": seq,
                "at": self._clock.now().astimezone(UTC).isoformat(),
                "clock_doubted": clock_doubted,
                "person_id": person_id,
                "person": person,
                "act": act,
                "subject": subject,
                "detail": json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False),
                "words_sha256": _words_digest(salt, words) if words else "",
                "previous": previous,
            }
            digest = _digest(line)
            connection.execute(
                "INSERT INTO audit VALUES (:seq, :at, :clock_doubted, :person_id, :person, :act, :subject,"
                " :detail, :words_sha256, :previous, :digest)",
                {**line, "digest": digest},
            )
            if words:
                connection.execute("INSERT INTO audit_words VALUES (?, ?, ?, ?)", (seq, subject, salt, words))
            self._database.after_commit(lambda: self._set_anchor(seq, digest))
        return seq

    def lines(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditLine]:
        """Yield the lines after a number in their order, with the words that are still kept."""
        left = limit
        while left is None or left > 0:
            with self._database.transaction() as connection:
                rows = connection.execute(
                    "SELECT audit.*, words FROM audit LEFT JOIN audit_words USING (seq)"
                    " WHERE seq > ? ORDER BY seq LIMIT ?",
                    (after, _BATCH if left is None else min(_BATCH, left)),
                ).fetchall()
            if not rows:
                return
            yield from (_line(row) for row in rows)
            after = int(rows[-1]["seq"])
            left = None if left is None else left - len(rows)

    def last_at(self) -> str | None:
        """Return when the last line was written, ISO 8601 in UTC, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return str(row["at"]) if row else None

    def remove_words(self, subject: str) -> int:
        """Remove the words of every line about a subject; returns of how many. The lines stay."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM audit_words WHERE subject = ?", (subject,)).rowcount

    def check(self) -> tuple[Broken, ...]:
        """Return where the trail does not hold; empty where every line and the anchor do."""
        found = list(check_lines(self.lines()))
        found.extend(self._check_words())
        found.extend(self.check_end())
        return tuple(sorted(found, key=lambda one: one.seq))

    def _check_words(self) -> Iterator[Broken]:
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT seq, salt, words, words_sha256 FROM audit_words JOIN audit USING (seq)"
            ).fetchall()
        for row in rows:
            if _words_digest(row["salt"], row["words"]) != row["words_sha256"]:
                yield Broken(seq=int(row["seq"]), trouble="words_changed")

    def check_end(self) -> Iterator[Broken]:
        """Yield what is wrong with the trail's end; ask before the next line is written, which moves it."""
        with self._database.transaction() as connection:
            last = connection.execute("SELECT max(seq) AS seq FROM audit").fetchone()["seq"]
        if last is None and not self._anchor.exists():
            return  # a trail that has not begun
        try:
            kept = json.loads(self._anchor.read_bytes())
            seq, digest, seal = int(kept["seq"]), str(kept["digest"]), str(kept["seal"])
        except (OSError, ValueError, TypeError, KeyError):
            yield Broken(seq=last or 0, trouble="anchor_missing")
            return
        if not hmac.compare_digest(seal, self._seal(seq, digest)):
            yield Broken(seq=last or 0, trouble="anchor_forged")
            return
        line = next(iter(self.lines(after=seq - 1, limit=1)), None)
        if line is None:
            yield Broken(seq=seq, trouble="end_missing")
        elif line.seq == seq and line.digest != digest:
            yield Broken(seq=seq, trouble="changed")

    def _set_anchor(self, seq: int, digest: str) -> None:
        """Keep the end of the trail; an anchor that lags behind (a full disk) is true all the same."""
        kept = {"seq": seq, "digest": digest, "seal": self._seal(seq, digest)}
        with suppress(OSError):
            replace_file(self._anchor, json.dumps(kept).encode())

    def _seal(self, seq: int, digest: str) -> str:
        return hmac.digest(self._anchor_key, f"{seq} {digest}".encode(), "sha256").hex()


def check_lines(lines: Iterable[AuditLine]) -> Iterator[Broken]:
    """Yield where a run of lines that begins with the first does not hold; needs no key."""
    expected, previous = 1, FIRST
    for line in lines:
        if line.seq != expected:
            yield Broken(seq=expected, trouble="missing")
        elif line.previous != previous or _digest(_plain(line)) != line.digest:
            yield Broken(seq=line.seq, trouble="changed")
        expected, previous = line.seq + 1, line.digest


def _plain(line: AuditLine) -> dict[str, object]:
    return {name: value for name, value in asdict(line).items() if name not in {"digest", "words"}}


def _digest(line: Mapping[str, object]) -> str:
    canonical = json.dumps(dict(line), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _words_digest(salt: str, words: str) -> str:
    return hashlib.sha256(f"{salt}{words}".encode("utf-8", "surrogatepass")).hexdigest()


def _line(row: dbapi.Row) -> AuditLine:
    values = dict(row)
    return AuditLine(**{**values, "clock_doubted": bool(values["clock_doubted"])})
