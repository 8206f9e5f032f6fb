"""How common findings are at the clinic, as an administrator entered it: one value a model and finding."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class PrevalenceRow:
    """One value: ``share`` is 0..1, ``source`` says where it is from, ``entered_at`` is ISO 8601 in UTC."""

    pack_id: str
    finding: str
    version: str
    share: float
    source: str
    entered_at: str
    person: str


class PrevalenceStore:
    """The values of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[PrevalenceRow, ...]:
        """Return every value, by model and finding."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM prevalences ORDER BY pack_id, finding").fetchall()
        return tuple(PrevalenceRow(**dict(row)) for row in rows)

    def keep(self, row: PrevalenceRow) -> None:
        """Keep a value, in the place of an earlier one."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO prevalences VALUES"
                " (:pack_id, :finding, :version, :share, :source, :entered_at, :person)",
                asdict(row),
            )

    def remove(self, pack_id: str, finding: str) -> bool:
        """Forget a value; returns whether there was one."""
        with self._database.transaction() as connection:
            return (
                connection.execute(
                    "DELETE FROM prevalences WHERE pack_id = ? AND finding = ?", (pack_id, finding)
                ).rowcount
                > 0
            )
