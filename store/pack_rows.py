"""Model packs in the records: whose keys are trusted, what is installed, and which licences were accepted."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any, Literal

from store.database import Database
from store.sqlcipher import dbapi

PackState = Literal["coming", "here", "going"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKeyRow:
    """A maker's public key (32 bytes) that an administrator trusts; ``trusted_at`` is ISO 8601."""

    key: bytes
    name: str
    trusted_at: str
    person_id: int | None
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPackRow:
    """One version of a pack; ``sha256`` is that of its manifest, ``signature`` the signed list of its files.

    ``state`` is "coming" or "going" only while it is put into its place or taken out.
    """

    pack_id: str
    version: str
    sha256: str
    key: bytes
    signature: str
    state: PackState
    installed_at: str
    person_id: int | None
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLicenceRow:
    """Who accepted which text (by its sha256), for which version of a pack."""

    pack_id: str
    version: str
    sha256: str
    accepted_at: str
    person_id: int | None
    person: str


class PackStore:
    """The packs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[dbapi.Connection]:
        """Keep what is done inside together, or none of it."""
        return self._database.transaction()

    def trusted_keys(self) -> tuple[TrustedKeyRow, ...]:
        """Return the trusted keys, by name."""
        return tuple(TrustedKeyRow(**row) for row in self._rows("pack_keys", TrustedKeyRow, "name, key"))

    def trust(self, row: TrustedKeyRow) -> None:
        """Keep a key; one that is there already gets the new name."""
        self._write("INSERT OR REPLACE INTO pack_keys", row)

    def distrust(self, key: bytes) -> None:
        """Forget a key."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM pack_keys WHERE key = ?", (key,))

    def installed(self) -> tuple[InstalledPackRow, ...]:
        """Return every installed version, by pack."""
        rows = self._rows("installed_packs", InstalledPackRow, "pack_id, version")
        return tuple(InstalledPackRow(**row) for row in rows)

    def put(self, row: InstalledPackRow) -> None:
        """Keep a version, in place of what was kept of it."""
        self._write("INSERT OR REPLACE INTO installed_packs", row)

    def set_state(self, pack_id: str, version: str, state: PackState) -> None:
        """Keep how far the installing or removing of a version is."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE installed_packs SET state = ? WHERE pack_id = ? AND version = ?",
                (state, pack_id, version),
            )

    def drop(self, pack_id: str, version: str) -> None:
        """Forget a version; the licence that was accepted for it stays."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM installed_packs WHERE pack_id = ? AND version = ?", (pack_id, version)
            )

    def accept(self, row: AcceptedLicenceRow) -> None:
        """Keep that a licence was accepted."""
        self._write("INSERT INTO pack_licences", row)

    def licences(self) -> tuple[AcceptedLicenceRow, ...]:
        """Return the accepted licences in the order in which they were accepted."""
        rows = self._rows("pack_licences", AcceptedLicenceRow, "licence_id")
        return tuple(AcceptedLicenceRow(**row) for row in rows)

    def _rows(self, table: str, kind: type, order: str) -> list[dict[str, Any]]:
        names = [one.name for one in fields(kind)]
        query = f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}"  # noqa: S608  names of our own
        with self._database.transaction() as connection:
            return [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]

    def _write(self, verb: str, row: TrustedKeyRow | InstalledPackRow | AcceptedLicenceRow) -> None:
        names = [one.name for one in fields(row)]
        marks = ", ".join("?" * len(names))
        with self._database.transaction() as connection:
            connection.execute(
                f"{verb} ({', '.join(names)}) VALUES ({marks})", [getattr(row, name) for name in names]
            )
