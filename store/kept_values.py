"""Settings inside the records, where nobody changes them without the key."""

from __future__ import annotations

from collections.abc import Mapping

from store.database import Database


class KeptValues:
    """The settings of one database; each value is JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, str]:
        """Return every value by its key; nothing in a store that holds none yet."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT key, value FROM kept_settings").fetchall()
        return {str(row["key"]): str(row["value"]) for row in rows}

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep values, in the place of earlier ones."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO kept_settings VALUES (?, ?)", tuple(values.items())
            )
