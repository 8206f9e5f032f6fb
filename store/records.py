"""Patients and their studies: who a study belongs to now, and every move and merge that made it so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from typing import Literal, TypeVar

from store.database import Database
from store.sqlcipher import dbapi

StudyState = Literal["to_read", "draft", "signed"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """What is known of a patient: ``known`` is JSON, the rest stands beside it to be listed and searched.

    ``id_key`` and ``name_key`` are number and name as they are compared, "" where they identify nobody.
    """

    known: str
    name: str = ""
    number: str = ""
    birth_date: str = ""
    sex: str = ""
    id_key: str = ""
    name_key: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow(PatientFacts):
    """One patient. ``merged_into`` names the record that stays, where this one was merged into another."""

    patient_id: int
    created_at: str
    merged_into: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One study, as it was opened: ``unit_key`` is that of its draft and report, ``facts`` JSON.

    ``path`` is the place as given when it was opened last; times are ISO 8601 in UTC.
    """

    study_id: int
    unit_key: str
    patient_id: int
    path: str
    facts: str
    study_date: str
    modality: str
    description: str
    first_opened_at: str
    last_opened_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStudy(StudyRow):
    """A study with its patient and where its reading stands, as a list shows it."""

    name: str
    number: str
    birth_date: str
    sex: str
    report_id: int | None
    signed_at: str | None
    has_draft: bool

    @property
    def state(self) -> StudyState:
        """Where the reading stands."""
        if self.report_id is not None:
            return "signed"
        return "draft" if self.has_draft else "to_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A study that was given to another patient; ``payload`` is JSON (both names, by whom, why)."""

    move_id: int
    study_id: int
    moved_at: str
    from_patient: int
    to_patient: int
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRow:
    """Two records that became one; ``studies`` are those ``gone`` had. ``undone_at`` is "" until then."""

    merge_id: int
    gone: int
    stays: int
    merged_at: str
    studies: tuple[int, ...]
    undone_at: str


_LISTED = """
    SELECT studies.*, patients.name, patients.number, patients.birth_date, patients.sex,
        signed_reports.report_id, signed_reports.signed_at, drafts.key IS NOT NULL AS has_draft
    FROM studies JOIN patients USING (patient_id)
    LEFT JOIN signed_reports USING (unit_key)
    LEFT JOIN drafts ON drafts.key = studies.unit_key
"""
_COLUMNS = ", ".join(entry.name for entry in fields(PatientFacts))
_MARKS = ", ".join(f":{entry.name}" for entry in fields(PatientFacts))


class RecordStore:
    """The patients and studies of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[object]:
        """Return a transaction: what is kept inside it is kept together, or not at all."""
        return self._database.transaction()

    # --- patients

    def add_patient(self, facts: PatientFacts, created_at: str) -> int:
        """Enter a patient; returns their number, which is never given again."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                f"INSERT INTO patients ({_COLUMNS}, created_at) VALUES ({_MARKS}, :created_at)",  # noqa: S608
                {**asdict(facts), "created_at": created_at},
            )
            return int(cursor.lastrowid or 0)

    def change_patient(self, patient_id: int, facts: PatientFacts) -> None:
        """Keep what is known of a patient now."""
        settings = ", ".join(f"{entry.name} = :{entry.name}" for entry in fields(PatientFacts))
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE patients SET {settings} WHERE patient_id = :patient_id",  # noqa: S608 - our names
                {**asdict(facts), "patient_id": patient_id},
            )

    def find_patient(self, patient_id: int) -> PatientRow | None:
        """Return the patient of that number, also one that was merged into another, or None."""
        rows = self._rows(PatientRow, "SELECT * FROM patients WHERE patient_id = ?", (patient_id,))
        return rows[0] if rows else None

    def current_patient(self, patient_id: int) -> PatientRow | None:
        """Return the record that stands for a patient now, following every merge, or None."""
        row = self.find_patient(patient_id)
        while row is not None and row.merged_into is not None:
            row = self.find_patient(row.merged_into)
        return row

    def patients_like(self, *, id_key: str, name_key: str, birth_date: str) -> tuple[PatientRow, ...]:
        """Return who shares the number, or name and birth date, merged records among them."""
        return self._rows(
            PatientRow,
            "SELECT * FROM patients WHERE (id_key <> '' AND id_key = ?)"
            " OR (name_key <> '' AND birth_date <> '' AND name_key = ? AND birth_date = ?)"
            " ORDER BY patient_id",
            (id_key, name_key, birth_date),
        )

    def patients(self, words: Sequence[str] = ()) -> tuple[PatientRow, ...]:
        """Return the patients that stand for themselves and hold every one of these folded words."""
        wanted = "".join(" AND search LIKE ? ESCAPE '\\'" for _ in words)
        return self._rows(
            PatientRow,
            f"SELECT * FROM patients WHERE merged_into IS NULL{wanted} ORDER BY name, patient_id",  # noqa: S608
            tuple(like(word) for word in words),
        )

    def remove_patient_without_studies(self, patient_id: int) -> bool:
        """Remove a patient to whom nothing belongs; False where something does, and they stay."""
        try:
            with self._database.transaction() as connection:
                return (
                    connection.execute(
                        "DELETE FROM patients WHERE patient_id = ? AND NOT EXISTS"
                        " (SELECT 1 FROM studies WHERE studies.patient_id = patients.patient_id)"
                        " AND NOT EXISTS (SELECT 1 FROM patients AS other"
                        " WHERE other.merged_into = patients.patient_id)"
                        " AND NOT EXISTS (SELECT 1 FROM patient_merges"
                        " WHERE patients.patient_id IN (gone, stays))",
                        (patient_id,),
                    ).rowcount
                    > 0
                )
        except dbapi.IntegrityError:
            return False

    # --- studies

    def add_study(self, row: StudyRow) -> int:
        """Enter a study (its ``study_id`` is not looked at); returns its number.

        Raises:
            dbapi.IntegrityError: it is entered already, or there is no such patient.
        """
        values = asdict(row)
        del values["study_id"]
        with self._database.transaction() as connection:
            cursor = connection.execute(
                f"INSERT INTO studies ({', '.join(values)}) VALUES (:{', :'.join(values)})",  # noqa: S608
                values,
            )
            return int(cursor.lastrowid or 0)

    def find_study(self, unit_key: str) -> StudyRow | None:
        """Return the study of that key, or None."""
        rows = self._rows(StudyRow, "SELECT * FROM studies WHERE unit_key = ?", (unit_key,))
        return rows[0] if rows else None

    def find_study_by_number(self, study_id: int) -> StudyRow | None:
        """Return the study of that number, or None."""
        rows = self._rows(StudyRow, "SELECT * FROM studies WHERE study_id = ?", (study_id,))
        return rows[0] if rows else None

    def reopen_study(self, row: StudyRow) -> None:
        """Keep where and when a study was opened last, and what its image says now."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE studies SET path = :path, facts = :facts, study_date = :study_date,"
                " modality = :modality, description = :description, last_opened_at = :last_opened_at"
                " WHERE unit_key = :unit_key",
                asdict(row),
            )

    def keep_marks(self, unit_key: str, marks: Sequence[str]) -> None:
        """Keep what the pixels of a study are known by; a study that is not entered is left out."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO study_marks SELECT study_id, ? FROM studies WHERE unit_key = ?",
                [(mark, unit_key) for mark in marks],
            )

    def studies_with_marks(self, marks: Sequence[str]) -> tuple[StudyRow, ...]:
        """Return the studies whose pixels are known by any of these marks."""
        wanted = ", ".join("?" for _ in marks)
        return self._rows(
            StudyRow,
            "SELECT * FROM studies WHERE study_id IN"  # noqa: S608 - only question marks are put in
            f" (SELECT study_id FROM study_marks WHERE mark IN ({wanted})) ORDER BY study_id",
            tuple(marks),
        )

    def studies_of(self, patient_id: int) -> tuple[ListedStudy, ...]:
        """Return the studies of a patient, the latest first."""
        return self._listed(
            f"{_LISTED} WHERE patient_id = ? ORDER BY study_date DESC, study_id DESC", (patient_id,)
        )

    def listed(self, words: Sequence[str] = ()) -> tuple[ListedStudy, ...]:
        """Return the studies whose patient or study holds every one of these folded words, latest first."""
        told = "patients.search || ' ' || studies.study_date || ' ' || lower(studies.modality || ' ' ||"
        told += " studies.description)"
        wanted = " AND ".join(f"({told}) LIKE ? ESCAPE '\\'" for _ in words)
        where = f"WHERE {wanted}" if words else ""
        return self._listed(
            f"{_LISTED} {where} ORDER BY last_opened_at DESC, study_id DESC",
            tuple(like(word) for word in words),
        )

    def patients_without_studies(self, words: Sequence[str] = ()) -> tuple[PatientRow, ...]:
        """Return the patients that stand for themselves, have no study, and hold every one of the words."""
        wanted = "".join(" AND search LIKE ? ESCAPE '\\'" for _ in words)
        return self._rows(
            PatientRow,
            "SELECT * FROM patients WHERE merged_into IS NULL AND NOT EXISTS"  # noqa: S608
            f" (SELECT 1 FROM studies WHERE studies.patient_id = patients.patient_id){wanted}"
            " ORDER BY name, patient_id",
            tuple(like(word) for word in words),
        )

    def unfiled_reports(self) -> tuple[dbapi.Row, ...]:
        """Return number, key, patient, result, pixels, time of signed reports whose study is not entered."""
        return self._plain_rows(
            "SELECT report_id, unit_key, patient, result, signed_reports.pixels_sha256, signed_at"
            " FROM signed_reports LEFT JOIN studies USING (unit_key)"
            " WHERE study_id IS NULL ORDER BY report_id"
        )

    def unfiled_drafts(self) -> tuple[dbapi.Row, ...]:
        """Return key, payload and time of drafts whose study is not entered."""
        return self._plain_rows(
            "SELECT key, payload, updated_at FROM drafts"
            " LEFT JOIN studies ON unit_key = key WHERE study_id IS NULL ORDER BY updated_at, key"
        )

    # --- moves and merges

    def move_study(self, study_id: int, to_patient: int, *, at: str, payload: str) -> int:
        """Give a study to another patient; returns the move's number."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO study_moves (study_id, moved_at, from_patient, to_patient, payload)"
                " SELECT study_id, ?, patient_id, ?, ? FROM studies WHERE study_id = ?",
                (at, to_patient, payload, study_id),
            )
            connection.execute("UPDATE studies SET patient_id = ? WHERE study_id = ?", (to_patient, study_id))
            return int(cursor.lastrowid or 0)

    def refile_study(self, study_id: int, patient_id: int) -> None:
        """File a study elsewhere because who it is was typed anew; there is no move to tell of."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE studies SET patient_id = ? WHERE study_id = ?", (patient_id, study_id))

    def moves_of(self, unit_key: str) -> tuple[MoveRow, ...]:
        """Return the moves of a study, the oldest first."""
        return self._rows(
            MoveRow,
            "SELECT study_moves.* FROM study_moves JOIN studies USING (study_id)"
            " WHERE unit_key = ? ORDER BY move_id",
            (unit_key,),
        )

    def merge(self, gone: int, stays: int, *, at: str) -> int:
        """Make of two records one: all studies go to the one that stays; returns the merge's number."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT study_id FROM studies WHERE patient_id = ?", (gone,)).fetchall()
            cursor = connection.execute(
                "INSERT INTO patient_merges (gone, stays, merged_at, studies) VALUES (?, ?, ?, ?)",
                (gone, stays, at, json.dumps([int(row["study_id"]) for row in rows])),
            )
            connection.execute("UPDATE studies SET patient_id = ? WHERE patient_id = ?", (stays, gone))
            connection.execute("UPDATE patients SET merged_into = ? WHERE patient_id = ?", (stays, gone))
            return int(cursor.lastrowid or 0)

    def merges_into(self, patient_id: int) -> tuple[MergeRow, ...]:
        """Return the merges into a record that still stand, the latest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM patient_merges WHERE stays = ? AND undone_at = '' ORDER BY merge_id DESC",
                (patient_id,),
            ).fetchall()
        return tuple(_merge(row) for row in rows)

    def undo_merge(self, merge_id: int, *, at: str) -> None:
        """Make two records of one again; studies that were moved elsewhere since stay where they are."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM patient_merges WHERE merge_id = ? AND undone_at = ''", (merge_id,)
            ).fetchone()
            if row is None:
                return
            merge = _merge(row)
            connection.execute("UPDATE patient_merges SET undone_at = ? WHERE merge_id = ?", (at, merge_id))
            connection.execute("UPDATE patients SET merged_into = NULL WHERE patient_id = ?", (merge.gone,))
            connection.executemany(
                "UPDATE studies SET patient_id = ? WHERE study_id = ? AND patient_id = ?",
                [(merge.gone, study_id, merge.stays) for study_id in merge.studies],
            )

    def keep_apart(self, one: int, other: int) -> None:
        """Remember that somebody said of two records that they are two people."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO patients_apart VALUES (?, ?) ON CONFLICT DO NOTHING", tuple(sorted((one, other)))
            )

    def are_apart(self, one: int, other: int) -> bool:
        """Whether somebody said of two records that they are two people."""
        return bool(
            self._plain_rows(
                "SELECT 1 FROM patients_apart WHERE one = ? AND other = ?", tuple(sorted((one, other)))
            )
        )

    # --- deletion

    def forget_study(self, study_id: int) -> None:
        """Remove a study with its moves (its draft, report and images are others' to remove)."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM studies WHERE study_id = ?", (study_id,))

    def forget_patient(self, patient_id: int) -> tuple[int, ...]:
        """Remove a patient without studies, with every record that was merged into theirs.

        Returns the numbers of all that went. Moves that name one of them keep that there was a move, and
        forget who it was.

        Raises:
            dbapi.IntegrityError: something still belongs to one of them.
        """
        gone: list[int] = []
        with self._database.transaction() as connection:
            for row in connection.execute(
                "SELECT patient_id FROM patients WHERE merged_into = ?", (patient_id,)
            ).fetchall():
                gone.extend(self.forget_patient(int(row["patient_id"])))
            connection.execute(
                "UPDATE study_moves SET payload = '' WHERE ? IN (from_patient, to_patient)", (patient_id,)
            )
            connection.execute("DELETE FROM patients WHERE patient_id = ?", (patient_id,))
        return (*gone, patient_id)

    # --- reading rows

    def _rows(self, kind: type[_T], statement: str, values: tuple[object, ...]) -> tuple[_T, ...]:
        return tuple(kind(**dict(row)) for row in self._plain_rows(statement, values))

    def _listed(self, statement: str, values: tuple[object, ...]) -> tuple[ListedStudy, ...]:
        rows = (dict(row) for row in self._plain_rows(statement, values))
        return tuple(ListedStudy(**{**row, "has_draft": bool(row["has_draft"])}) for row in rows)

    def _plain_rows(self, statement: str, values: tuple[object, ...] = ()) -> tuple[dbapi.Row, ...]:
        with self._database.transaction() as connection:
            return tuple(connection.execute(statement, values).fetchall())


def like(word: str) -> str:
    """Return the pattern that finds a word anywhere in a text (a backslash is its escape)."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _merge(row: dbapi.Row) -> MergeRow:
    return MergeRow(**{**dict(row), "studies": tuple(json.loads(row["studies"]))})
