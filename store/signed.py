"""Signed reports and their addenda: written once, never changed (triggers of the database see to it)."""

from dataclasses import dataclass

from core.errors import AlreadySignedError
from store.database import Database
from store.sqlcipher import dbapi


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRow:
    """One signed report; ``patient``, ``record`` and ``result`` are JSON, ``signed_at`` ISO 8601 in UTC.

    What it says, as it was frozen at signing (``SignedStore.content``), is read only when a copy is made.
    """

    report_id: int
    unit_key: str
    person_id: int
    signed_at: str
    patient: str
    pixels_sha256: str | None
    record: str
    result: str
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AddendumRow:
    """Words added to a signed report; ``payload`` is JSON."""

    addendum_id: int
    report_id: int
    signed_at: str
    payload: str


class SignedStore:
    """The signed reports of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self,
        *,
        unit_key: str,
        person_id: int,
        signed_at: str,
        patient: str,
        pixels_sha256: str | None,
        record: str,
        result: str,
        pdf: bytes,
        content: bytes,
    ) -> int:
        """Keep a signed report and drop its draft in the same transaction; returns its number.

        Raises:
            AlreadySignedError: this unit has a signed report.
        """
        try:
            with self._database.transaction() as connection:
                report_id = _next_number(connection)
                connection.execute(
                    "INSERT INTO signed_reports (report_id, unit_key, person_id, signed_at, patient,"
                    " pixels_sha256, record, result, pdf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (report_id, unit_key, person_id, signed_at, patient, pixels_sha256, record, result, pdf),
                )
                connection.execute("INSERT INTO frozen_reports VALUES (?, ?)", (report_id, content))
                connection.execute("DELETE FROM drafts WHERE key = ?", (unit_key,))
                connection.execute(
                    "UPDATE people SET signed_at = ? WHERE person_id = ?", (signed_at, person_id)
                )
                return report_id
        except dbapi.IntegrityError as error:
            raise AlreadySignedError from error

    def find(self, unit_key: str) -> SignedRow | None:
        """Return the signed report of a unit, or None."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM signed_reports WHERE unit_key = ?", (unit_key,)
            ).fetchone()
        return SignedRow(**dict(row)) if row else None

    def find_by_number(self, report_id: int) -> SignedRow | None:
        """Return the signed report of that number, or None."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM signed_reports WHERE report_id = ?", (report_id,)
            ).fetchone()
        return SignedRow(**dict(row)) if row else None

    def content(self, report_id: int) -> bytes | None:
        """Return what a report says, frozen at signing; None where an early Farlight signed it."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT content FROM frozen_reports WHERE report_id = ?", (report_id,)
            ).fetchone()
        return row["content"] if row else None

    def with_pixels(self, pixels_sha256: str) -> tuple[SignedRow, ...]:
        """Return the signed reports over the very same pixels."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM signed_reports WHERE pixels_sha256 = ?", (pixels_sha256,)
            ).fetchall()
        return tuple(SignedRow(**dict(row)) for row in rows)

    def patients(self) -> tuple[str, ...]:
        """Return who the patients of the signed reports are, each JSON once."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT DISTINCT patient FROM signed_reports").fetchall()
        return tuple(row["patient"] for row in rows)

    def last_signed_at(self) -> str | None:
        """Return the latest time that anything was signed at, ISO 8601 in UTC, or None."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT max(signed_at) AS latest FROM "
                "(SELECT signed_at FROM signed_reports UNION ALL SELECT signed_at FROM addenda)"
            ).fetchone()
        return str(row["latest"]) if row["latest"] else None

    def add_addendum(self, *, report_id: int, person_id: int, signed_at: str, payload: str) -> AddendumRow:
        """Add words to a signed report."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO addenda (report_id, signed_at, payload) VALUES (?, ?, ?)",
                (report_id, signed_at, payload),
            )
            connection.execute("UPDATE people SET signed_at = ? WHERE person_id = ?", (signed_at, person_id))
            number = int(cursor.lastrowid or 0)
        return AddendumRow(addendum_id=number, report_id=report_id, signed_at=signed_at, payload=payload)

    def addenda(self, report_id: int) -> tuple[AddendumRow, ...]:
        """Return the addenda of a report, the oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM addenda WHERE report_id = ? ORDER BY addendum_id", (report_id,)
            ).fetchall()
        return tuple(AddendumRow(**dict(row)) for row in rows)


def _next_number(connection: dbapi.Connection) -> int:
    """Return the next report's number; that of a deleted or a lost report is not given again."""
    row = connection.execute(
        "SELECT ifnull(max(report_id), 0) + 1 AS number FROM"
        " (SELECT report_id FROM signed_reports UNION ALL SELECT report_id FROM deletions"
        " UNION ALL SELECT report_id FROM frozen_reports UNION ALL SELECT report_id FROM papers)"
    ).fetchone()
    return int(row["number"])
