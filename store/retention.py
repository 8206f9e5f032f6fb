"""When each patient's records were last added to."""

from __future__ import annotations

from dataclasses import dataclass

from store.database import Database

_ENTRIES = """
    WITH RECURSIVE theirs (patient_id, one) AS (
        SELECT patient_id, patient_id FROM patients WHERE merged_into IS NULL
        UNION SELECT theirs.patient_id, patients.patient_id
        FROM patients JOIN theirs ON patients.merged_into = theirs.one
    ),
    entries (patient_id, at, study, report) AS (
        SELECT theirs.patient_id, created_at, NULL, NULL
        FROM patients JOIN theirs ON patients.patient_id = theirs.one
        UNION ALL SELECT theirs.patient_id, first_opened_at, study_id, NULL
        FROM studies JOIN theirs ON studies.patient_id = theirs.one
        UNION ALL SELECT theirs.patient_id, signed_at, NULL, report_id
        FROM signed_reports JOIN studies USING (unit_key) JOIN theirs ON studies.patient_id = theirs.one
        UNION ALL SELECT theirs.patient_id, addenda.signed_at, NULL, NULL
        FROM addenda JOIN signed_reports USING (report_id) JOIN studies USING (unit_key)
        JOIN theirs ON studies.patient_id = theirs.one
    )
    SELECT patients.patient_id, name, number, birth_date, max(at) AS last_at,
        count(DISTINCT study) AS studies, count(DISTINCT report) AS reports,
        (SELECT group_concat(one) FROM theirs WHERE theirs.patient_id = patients.patient_id) AS records
    FROM patients JOIN entries USING (patient_id) GROUP BY patients.patient_id ORDER BY last_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEntry:
    """A patient with the time of the last entry (ISO 8601 in UTC); opening a study again is none.

    ``records`` are the numbers of their record and of those merged into it.
    """

    patient_id: int
    name: str
    number: str
    birth_date: str
    last_at: str
    studies: int
    reports: int
    records: tuple[int, ...]


class RetentionStore:
    """The ages of the records of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_entries(self) -> tuple[LastEntry, ...]:
        """Return every patient with the time of their last entry, the oldest first."""
        with self._database.transaction() as connection:
            rows = [dict(row) for row in connection.execute(_ENTRIES).fetchall()]
        return tuple(
            LastEntry(**{**row, "records": tuple(int(one) for one in str(row["records"]).split(","))})
            for row in rows
        )
