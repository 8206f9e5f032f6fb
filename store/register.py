"""The camp's registers: lists of people who are expected, read from a file and offered while typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

from store.database import Database
from store.records import PatientFacts, like

_COLUMNS = ", ".join(entry.name for entry in fields(PatientFacts))
_MARKS = ", ".join(f":{entry.name}" for entry in fields(PatientFacts))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One register: how it is called, when it was read (ISO 8601 in UTC), how many people it lists."""

    register_id: int
    title: str
    read_at: str
    people: int


class RegisterStore:
    """The registers of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, title: str, read_at: str, entries: Iterable[PatientFacts]) -> int:
        """Keep a register with all its people, or nothing of it; returns its number."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO registers (title, read_at) VALUES (?, ?)", (title, read_at)
            )
            register_id = int(cursor.lastrowid or 0)
            connection.executemany(
                f"INSERT INTO register_entries (register_id, {_COLUMNS})"  # noqa: S608 - our names
                f" VALUES (:register_id, {_MARKS})",
                ({**asdict(entry), "register_id": register_id} for entry in entries),
            )
            return register_id

    def all(self) -> tuple[RegisterRow, ...]:
        """Return the registers, the latest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT registers.*, (SELECT count(*) FROM register_entries"
                " WHERE register_entries.register_id = registers.register_id) AS people"
                " FROM registers ORDER BY register_id DESC"
            ).fetchall()
        return tuple(RegisterRow(**dict(row)) for row in rows)

    def remove(self, register_id: int) -> int:
        """Remove a register with all its people; returns how many there were."""
        with self._database.transaction() as connection:
            count = connection.execute(
                "DELETE FROM register_entries WHERE register_id = ?", (register_id,)
            ).rowcount
            connection.execute("DELETE FROM registers WHERE register_id = ?", (register_id,))
            return int(count)

    def with_id(self, id_key: str) -> tuple[PatientFacts, ...]:
        """Return the people of that number."""
        return self._entries("id_key = ?", (id_key,), 50)

    def search(self, words: Sequence[str], limit: int) -> tuple[PatientFacts, ...]:
        """Return people who hold every one of these folded words."""
        where = " AND ".join("search LIKE ? ESCAPE '\\'" for _ in words)
        return self._entries(where, tuple(like(word) for word in words), limit) if words else ()

    def ids(self) -> frozenset[str]:
        """Return the numbers of everybody listed, as they are compared."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT DISTINCT id_key FROM register_entries WHERE id_key <> ''"
            ).fetchall()
        return frozenset(row["id_key"] for row in rows)

    def _entries(self, where: str, values: tuple[str, ...], limit: int) -> tuple[PatientFacts, ...]:
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT DISTINCT {_COLUMNS} FROM register_entries WHERE {where}"  # noqa: S608 - our names
                " ORDER BY name, number LIMIT ?",
                (*values, limit),
            ).fetchall()
        return tuple(PatientFacts(**dict(row)) for row in rows)
