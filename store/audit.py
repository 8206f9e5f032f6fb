"""The audit trail: who did what and when, each line bound to the one before by its hash.

A line's digest is the SHA-256 of the line as canonical JSON, its predecessor's digest among it, so that a
line that was changed, left out or moved is found by anybody who reads the trail, also in an export. Names of
patients never stand in a line: they stand beside it as its words, and the line holds their salted SHA-256.
Words can be removed with the patient; the chain still closes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from core.clock import Clock
from store.audit_anchor import PURPOSE, Anchor, TrailEnd
from store.audit_lines import FIRST, AuditLine, Broken, check_lines, digest, words_digest
from store.database import Database
from store.sqlcipher import dbapi

__all__ = ["AuditLine", "AuditQuery", "AuditStore", "Broken", "ListedLine", "check_lines"]

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which lines are asked for; what is empty or None asks for all.

    ``since`` and ``before`` are ISO 8601 in UTC, the latter excluded. ``text`` stands in a line, or in what
    names the patient of its record.
    """

    person: str = ""
    acts: tuple[str, ...] = ()
    subject: str = ""
    since: str | None = None
    before: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLine:
    """A line as a list shows it: ``about`` names the patient of its record, from this line or another one.

    ``unnamed`` where the record had a name that was removed with it.
    """

    line: AuditLine
    about: str = ""
    unnamed: bool = False


class AuditStore:
    """The trail of one database."""

    def __init__(self, database: Database, clock: Clock, anchor: Path) -> None:
        self._database, self._clock = database, clock
        self._anchor = Anchor(anchor, lambda: database.subkey(PURPOSE))
        self._latest: TrailEnd | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all that is done inside with its lines, or none of it."""
        with self._database.transaction():
            yield

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once the transaction around this is on the disk, and never where it failed."""
        self._database.after_commit(act)

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
            words = _storable(words)
            salt = secrets.token_hex(16) if words else ""
            line = {
                "seq": seq,
                "at": self._clock.now().astimezone(UTC).isoformat(),
                "clock_doubted": clock_doubted,
                "person_id": person_id,
                "person": person,
                "act": act,
                "subject": subject,
                "detail": _storable(json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False)),
                "words_sha256": words_digest(salt, words) if words else "",
                "previous": previous,
            }
            end = TrailEnd(seq=seq, digest=digest(line))
            connection.execute(
                "INSERT INTO audit VALUES (:seq, :at, :clock_doubted, :person_id, :person, :act, :subject,"
                " :detail, :words_sha256, :previous, :digest)",
                {**line, "digest": end.digest},
            )
            if words:
                connection.execute("INSERT INTO audit_words VALUES (?, ?, ?, ?)", (seq, subject, salt, words))
            self._latest = end
            self._database.after_commit(lambda: self._move_anchor(end))
        return seq

    def lines(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditLine]:
        """Yield the lines after a number in their order, with the words that are still kept."""
        left = limit
        while left is None or left > 0:
            with self._database.transaction() as connection:
                rows = connection.execute(
                    "SELECT audit.*, salt, words FROM audit LEFT JOIN audit_words USING (seq)"
                    " WHERE seq > ? ORDER BY seq LIMIT ?",
                    (after, _BATCH if left is None else min(_BATCH, left)),
                ).fetchall()
            if not rows:
                return
            yield from (_line(row) for row in rows)
            after = int(rows[-1]["seq"])
            left = None if left is None else left - len(rows)

    def page(
        self, query: AuditQuery, *, below: int | None = None, limit: int = 200
    ) -> tuple[ListedLine, ...]:
        """Return the latest lines that are asked for, the newest first, ``below`` a number."""
        where, values = _conditions(query)
        with self._database.transaction() as connection:
            connection.create_function("folded", 1, _folded, deterministic=True)
            rows = connection.execute(
                "SELECT audit.*, own.salt, own.words,"  # noqa: S608  conditions of ours, their values bound
                " (SELECT other.words FROM audit_words AS other WHERE other.subject = audit.subject"
                "  ORDER BY other.seq DESC LIMIT 1) AS about,"
                " EXISTS (SELECT 1 FROM audit AS other WHERE other.subject = audit.subject"
                "  AND other.words_sha256 != '') AS named"
                " FROM audit LEFT JOIN audit_words AS own USING (seq)"
                f" WHERE seq < ? AND {where} ORDER BY seq DESC LIMIT ?",
                (below if below is not None else 1 << 62, *values, limit),
            ).fetchall()
        return tuple(_listed(row) for row in rows)

    def count(self, query: AuditQuery | None = None) -> int:
        """Return how many lines there are, or how many are asked for."""
        where, values = _conditions(query or AuditQuery())
        with self._database.transaction() as connection:
            connection.create_function("folded", 1, _folded, deterministic=True)
            row = connection.execute(
                f"SELECT count(*) AS lines FROM audit WHERE {where}",  # noqa: S608  conditions of ours
                values,
            ).fetchone()
        return int(row["lines"])

    def people(self) -> tuple[str, ...]:
        """Return everybody who stands in the trail, by name."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT DISTINCT person FROM audit WHERE person != '' ORDER BY person"
            ).fetchall()
        return tuple(str(row["person"]) for row in rows)

    def last_at(self) -> str | None:
        """Return when the last line was written, ISO 8601 in UTC, or None."""
        last = self.last()
        return last.at if last else None

    def last(self) -> AuditLine | None:
        """Return the last line, without its words, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return _line(row) if row else None

    def check(self, watch: Callable[[int], None] | None = None) -> Iterator[Broken]:
        """Yield where the trail does not hold; nothing where every line, its words and the anchor do.

        ``watch`` is told now and then how many lines were looked at, and may end the check by raising.
        """
        yield from check_lines(_watched(self.lines(), watch))
        yield from self.check_end()

    def check_end(self) -> Iterator[Broken]:
        """Yield what is wrong with the trail's end; ask before the next line is written, which moves it."""
        last = self.last()
        if last is None and not self._anchor.exists:
            if self._has_records():
                yield Broken(seq=1, trouble="all_missing")
            return
        end = self._anchor.read()
        at = last.at if last else None
        if not isinstance(end, TrailEnd):
            yield Broken(seq=last.seq if last else 0, trouble=end, before_at=at)
            return
        line = next(iter(self.lines(after=end.seq - 1, limit=1)), None)
        if line is None:
            first = last.seq + 1 if last else 1
            yield Broken(seq=first, trouble="end_missing", until=end.seq, before_at=at)
        elif line.seq == end.seq and line.digest != end.digest:
            yield Broken(seq=end.seq, trouble="changed", before_at=line.at)

    def _has_records(self) -> bool:
        """Whether patients were entered, which nobody does before the first line is written."""
        with self._database.transaction() as connection:
            return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM patients)").fetchone()[0])

    def settle(self) -> None:
        """Have the anchor on the disk; the lines are there already."""
        self._anchor.settle()

    def _move_anchor(self, end: TrailEnd) -> None:
        if end is self._latest:  # of several lines in one transaction the last is enough
            self._anchor.keep(end)


def _watched(lines: Iterator[AuditLine], watch: Callable[[int], None] | None) -> Iterator[AuditLine]:
    for number, line in enumerate(lines, 1):
        if watch is not None and number % _BATCH == 0:
            watch(number)
        yield line


def _conditions(query: AuditQuery) -> tuple[str, list[object]]:
    parts, values = ["1 = 1"], list[object]()
    for column, asked in (("person", query.person), ("subject", query.subject)):
        if asked:
            parts.append(f"audit.{column} = ?")
            values.append(asked)
    if query.acts:
        parts.append(f"act IN ({', '.join('?' * len(query.acts))})")
        values.extend(query.acts)
    if query.since:
        parts.append("at >= ?")
        values.append(query.since)
    if query.before:
        parts.append("at < ?")
        values.append(query.before)
    for word in query.text.casefold().split():
        parts.append(
            "(instr(folded(person || ' ' || audit.subject || ' ' || detail), ?) > 0 OR (audit.subject != ''"
            " AND audit.subject IN (SELECT subject FROM audit_words WHERE instr(folded(words), ?) > 0)))"
        )
        values.extend((word, word))
    return " AND ".join(parts), values


def _folded(text: object) -> str:
    return str(text).casefold()


def _storable(text: str) -> str:
    """Return text without what UTF-8 cannot carry (names from files may hold half characters)."""
    return text.encode("utf-8", "replace").decode()


def _line(row: dbapi.Row) -> AuditLine:
    values = dict(row)
    return AuditLine(**{**values, "clock_doubted": bool(values["clock_doubted"])})


def _listed(row: dbapi.Row) -> ListedLine:
    values = dict(row)
    other, named = values.pop("about"), bool(values.pop("named"))
    line = AuditLine(**{**values, "clock_doubted": bool(values["clock_doubted"])})
    if not line.subject:  # what has no record is known by its own words alone
        return ListedLine(
            line=line, about=line.words or "", unnamed=bool(line.words_sha256) and not line.words
        )
    about = line.words or other or ""
    return ListedLine(line=line, about=about, unnamed=named and not about)
