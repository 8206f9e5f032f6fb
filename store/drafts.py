"""Drafts and the open place, as text that services understands."""

from dataclasses import dataclass

from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """One kept draft; ``payload`` is JSON, ``updated_at`` ISO 8601."""

    key: str
    payload: str
    updated_at: str


class DraftStore:
    """The drafts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, row: DraftRow) -> None:
        """Keep a draft, in place of an earlier one of the same key."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO drafts VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE "
                "SET payload = excluded.payload, updated_at = excluded.updated_at",
                (row.key, row.payload, row.updated_at),
            )

    def find(self, key: str) -> DraftRow | None:
        """Return the draft of that key, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM drafts WHERE key = ?", (key,)).fetchone()
        return DraftRow(**dict(row)) if row else None

    def all(self) -> tuple[DraftRow, ...]:
        """Return every draft, the latest first."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM drafts ORDER BY updated_at DESC, key").fetchall()
        return tuple(DraftRow(**dict(row)) for row in rows)

    def at_paths_like(self, beginning: str) -> tuple[DraftRow, ...]:
        """Return the drafts whose path begins so, in the order in which they were entered."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM drafts WHERE instr(payload, ?) ORDER BY rowid", (f'"path": "{beginning}',)
            ).fetchall()
        return tuple(DraftRow(**dict(row)) for row in rows)

    def keep_place(self, payload: str) -> None:
        """Keep what is open."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO place VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET payload = excluded.payload",
                (payload,),
            )

    def place(self) -> str | None:
        """Return what was open at the last change, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT payload FROM place").fetchone()
        return str(row["payload"]) if row else None
