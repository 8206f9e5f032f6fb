"""The papers of a signed report, each as it left the program: written once, never changed."""

from dataclasses import dataclass

from store.database import Database
from store.sqlcipher import dbapi


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One paper; ``number`` counts all papers of its report from 1, ``copy_number`` its copies (0: original).

    ``issued_at`` and ``not_made_at`` are ISO 8601; the latter says that the paper did not come out.
    """

    paper_id: int
    report_id: int
    number: int
    copy_number: int
    issued_at: str
    how: str
    paper: str
    not_made_at: str | None


class PaperStore:
    """The papers of the signed reports of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(
        self, *, report_id: int, issued_at: str, how: str, paper: str, may_be_original: bool
    ) -> PaperRow:
        """Keep that a paper goes out; the first one that ``may_be_original`` is, the others are copies.

        Raises:
            dbapi.IntegrityError: there is no such report.
        """
        with self._database.transaction() as connection:
            earlier = _papers(connection, report_id)
            original_is_out = any(row.copy_number == 0 and row.not_made_at is None for row in earlier)
            copies = max((row.copy_number for row in earlier), default=0)
            copy_number = copies + 1 if original_is_out or not may_be_original else 0
            connection.execute(
                "INSERT INTO papers (report_id, number, copy_number, issued_at, how, paper)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (report_id, len(earlier) + 1, copy_number, issued_at, how, paper),
            )
            return _papers(connection, report_id)[-1]

    def withdraw(self, paper_id: int, not_made_at: str) -> PaperRow | None:
        """Keep that a paper did not come out, and return it; telling it twice changes nothing (None)."""
        with self._database.transaction() as connection:
            told = connection.execute(
                "INSERT INTO papers_not_made VALUES (?, ?) ON CONFLICT DO NOTHING", (paper_id, not_made_at)
            )
            if told.rowcount < 1:
                return None
            report = connection.execute(
                "SELECT report_id FROM papers WHERE paper_id = ?", (paper_id,)
            ).fetchone()
            return next(row for row in _papers(connection, report["report_id"]) if row.paper_id == paper_id)

    def of(self, report_id: int) -> tuple[PaperRow, ...]:
        """Return the papers of a report, the oldest first."""
        with self._database.transaction() as connection:
            return _papers(connection, report_id)


def _papers(connection: dbapi.Connection, report_id: int) -> tuple[PaperRow, ...]:
    rows = connection.execute(
        "SELECT papers.*, not_made_at FROM papers LEFT JOIN papers_not_made USING (paper_id) "
        "WHERE report_id = ? ORDER BY number",
        (report_id,),
    ).fetchall()
    return tuple(PaperRow(**dict(row)) for row in rows)
