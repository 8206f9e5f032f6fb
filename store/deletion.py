"""What belongs to a patient, and its removal: rows, words in the audit trail, older copies of the store.

Signed reports go through one door: a row in ``deletions``, which the database takes only for a report whose
deletion stands in the audit trail, and which deletes the report in the same statement. Until the free pages
and the log are wiped, a row in ``wiping`` says so, and the next start goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from store.database import Database
from store.shred import shred
from store.sqlcipher import dbapi

_SUFFIXES = ("-wal", "-shm", "-journal", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """A signed report as it is listed before it goes."""

    report_id: int
    unit_key: str
    signed_at: str
    signer: str
    addenda: int
    papers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a patient is written in words: name, number, birth date; "" where it is not known."""

    name: str
    number: str
    birth_date: str
    id_key: str = ""
    name_key: str = ""
    namesakes: tuple[str, ...] = ()
    """The numbers of other patients with the same name: words with one of them are about those."""


class DeletionStore:
    """Finds and removes what belongs to a patient of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[object]:
        """Return a transaction: what is removed inside it goes together, or nothing goes."""
        return self._database.transaction()

    # --- what belongs to a patient

    def records_of(self, patient_id: int) -> tuple[int, ...]:
        """Return the patient's number with those of every record that was merged into theirs."""
        return tuple(
            int(row["patient_id"])
            for row in self._rows(
                "WITH RECURSIVE theirs (patient_id) AS (VALUES (?) UNION"
                " SELECT patients.patient_id FROM patients JOIN theirs"
                " ON patients.merged_into = theirs.patient_id) SELECT patient_id FROM theirs",
                (patient_id,),
            )
        )

    def named(self, patient_ids: Sequence[int]) -> tuple[Named, ...]:
        """Return how these records name their patient, and who else has the same name."""
        rows = self._rows(
            "SELECT name, number, birth_date, id_key, name_key, (SELECT json_group_array(other.number)"
            "  FROM patients AS other WHERE other.name_key = patients.name_key AND other.number <> ''"
            "  AND other.id_key <> patients.id_key"
            "  AND other.patient_id NOT IN (SELECT value FROM json_each(:ids))) AS namesakes"
            " FROM patients WHERE patient_id IN (SELECT value FROM json_each(:ids))",
            {"ids": json.dumps(patient_ids)},
        )
        return tuple(Named(**{**dict(row), "namesakes": tuple(json.loads(row["namesakes"]))}) for row in rows)

    def reports(self, unit_keys: Sequence[str]) -> tuple[ReportFacts, ...]:
        """Return the signed reports of these studies."""
        rows = self._rows(
            "SELECT report_id, unit_key, signed_reports.signed_at, people.name AS signer,"
            " (SELECT count(*) FROM addenda WHERE addenda.report_id = signed_reports.report_id) AS addenda,"
            " (SELECT count(*) FROM papers WHERE papers.report_id = signed_reports.report_id) AS papers"
            " FROM signed_reports JOIN people USING (person_id)"
            " WHERE unit_key IN (SELECT value FROM json_each(?)) ORDER BY report_id",
            (json.dumps(unit_keys),),
        )
        return tuple(ReportFacts(**dict(row)) for row in rows)

    def drafts(self, unit_keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the drafts of these studies: key and time."""
        rows = self._rows(
            "SELECT key, updated_at FROM drafts WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
            (json.dumps(unit_keys),),
        )
        return tuple((str(row["key"]), str(row["updated_at"])) for row in rows)

    def register_entries(self, named: Iterable[Named]) -> tuple[int, ...]:
        """Return the entries of camp registers that are this patient: number, or name and birth date.

        An entry with another number is somebody else, whatever their name.
        """
        found: set[int] = set()
        for one in named:
            rows = self._rows(
                "SELECT entry_id FROM register_entries WHERE (id_key <> '' AND id_key = ?)"
                " OR (name_key <> '' AND name_key = ? AND birth_date = ? AND (id_key = '' OR ? = ''))",
                (one.id_key, one.name_key, one.birth_date, one.id_key),
            )
            found.update(int(row["entry_id"]) for row in rows)
        return tuple(sorted(found))

    def words(self, subjects: Iterable[str], named: Sequence[Named]) -> tuple[int, ...]:
        """Return the lines of the trail whose words are about these subjects, or name the patient."""
        wanted, patients = frozenset(subjects), [_Wanted(one) for one in named]
        rows = self._rows("SELECT seq, subject, words FROM audit_words ORDER BY seq")
        return tuple(
            int(row["seq"])
            for row in rows
            if row["subject"] in wanted or any(one.is_named_in(str(row["words"])) for one in patients)
        )

    def lines_left_nameless(self, lines: Sequence[int]) -> int:
        """Return how many lines show no name once these lost their words: others of a record have none."""
        (row,) = self._rows(
            "SELECT count(*) AS count FROM audit WHERE seq IN (SELECT value FROM json_each(:lines))"
            " OR (subject <> '' AND subject IN (SELECT subject FROM audit_words"
            "  WHERE seq IN (SELECT value FROM json_each(:lines)))"
            " AND NOT EXISTS (SELECT 1 FROM audit_words AS kept WHERE kept.subject = audit.subject"
            "  AND kept.seq NOT IN (SELECT value FROM json_each(:lines))))",
            {"lines": json.dumps(lines)},
        )
        return int(row["count"])

    def reports_elsewhere(
        self, patient_ids: Sequence[int], unit_keys: Sequence[str], named: Sequence[Named]
    ) -> tuple[int, ...]:
        """Return the reports of other patients' studies that name this one, or were signed under their name.

        Such a report was signed before its study moved; it stays with the patient whom the study is of.
        """
        patients = [_Wanted(one) for one in named]
        rows = self._rows(
            "SELECT report_id, patient, EXISTS (SELECT 1 FROM study_moves JOIN studies USING (study_id)"
            " WHERE studies.unit_key = signed_reports.unit_key"
            " AND from_patient IN (SELECT value FROM json_each(?))) AS moved FROM signed_reports"
            " WHERE unit_key NOT IN (SELECT value FROM json_each(?)) ORDER BY report_id",
            (json.dumps(patient_ids), json.dumps(unit_keys)),
        )
        return tuple(
            int(row["report_id"])
            for row in rows
            if row["moved"] or any(one.is_named_in(_values(str(row["patient"]))) for one in patients)
        )

    def older_copies(self) -> tuple[Path, ...]:
        """Return copies of the whole store as it was once: nothing in them that the store did not have."""
        file = self._database.file
        found = (
            *file.parent.glob(f"{file.stem}-schema-*{file.suffix}"),
            *file.parent.glob(f"{file.stem}*{file.suffix}.new"),
            *file.parent.glob(f"{file.stem}*{file.suffix}.plain"),
        )
        return tuple(sorted(found))

    def set_aside(self) -> tuple[Path, ...]:
        """Return damaged or replaced records kept beside the store: they may hold what is nowhere else."""
        file = self._database.file
        found = (
            *file.parent.glob(f"{file.stem}-damaged-*{file.suffix}"),
            *(one for one in file.parent.glob("set-aside-*") if one.is_dir()),
        )
        return tuple(sorted(found))

    # --- removing (inside the caller's transaction)

    def delete_report(self, report_id: int, audit_seq: int) -> None:
        """Delete a signed report with its addenda, papers and frozen content.

        Raises:
            dbapi.IntegrityError: that line of the audit trail does not tell of it.
        """
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO deletions VALUES (?, ?)", (report_id, audit_seq))

    def delete_drafts(self, unit_keys: Sequence[str]) -> None:
        """Delete drafts, and what was open (its paths may name anybody)."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM drafts WHERE key = ?", [(key,) for key in unit_keys])
            connection.execute("DELETE FROM place")

    def delete_register_entries(self, entry_ids: Iterable[int]) -> None:
        """Delete people from camp registers."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM register_entries WHERE entry_id = ?", [(one,) for one in entry_ids]
            )

    def delete_words(self, lines: Iterable[int]) -> None:
        """Delete the words beside lines of the audit trail; the lines stay, and the chain closes."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM audit_words WHERE seq = ?", [(one,) for one in lines])

    def ask_for_wiping(self, at: str, *, set_aside: bool) -> None:
        """Remember that free pages and the log hold what was deleted, and whether what was set aside goes."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO wiping VALUES (1, ?, ?) ON CONFLICT DO UPDATE"
                " SET set_aside = max(set_aside, excluded.set_aside)",
                (at, set_aside),
            )

    # --- wiping

    @property
    def needs_wiping(self) -> bool:
        """Whether something was deleted of which a trace may be left."""
        return bool(self._rows("SELECT 1 FROM wiping"))

    def wipe(self) -> None:
        """Remove older copies of the store, and what free pages and the log still hold.

        Raises:
            StoreError: it could not be done now; it is still asked for.
            OSError: an older copy could not be deleted; it is still asked for.
        """
        asked = self._rows("SELECT set_aside FROM wiping")
        with_set_aside = any(row["set_aside"] for row in asked)
        for copy in (*self.older_copies(), *(self.set_aside() if with_set_aside else ())):
            _shred_all(copy)
        self._database.wipe()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM wiping")

    def _rows(
        self, statement: str, values: tuple[object, ...] | dict[str, object] = ()
    ) -> tuple[dbapi.Row, ...]:
        with self._database.transaction() as connection:
            return tuple(connection.execute(statement, values).fetchall())


def _shred_all(copy: Path) -> None:
    """Overwrite and delete a database with its log, or a folder with all that is in it."""
    if copy.is_symlink() or not copy.is_dir():
        for suffix in _SUFFIXES:
            shred(copy.with_name(copy.name + suffix))
        return
    for inside in sorted(copy.rglob("*"), reverse=True):
        if inside.is_dir() and not inside.is_symlink():
            inside.rmdir()
        else:
            shred(inside)
    copy.rmdir()


class _Wanted:
    """A patient as words are searched for them: made ready once, for thousands of lines."""

    def __init__(self, patient: Named) -> None:
        self._name = _plain(patient.name).split()
        self._others = [_plain(one) for one in (patient.number, patient.birth_date) if one]
        self._number = _plain(patient.number)
        self._namesakes = [_plain(one) for one in patient.namesakes]

    def is_named_in(self, words: str) -> bool:
        """Whether words name this patient: their name in any order, with number or birth date if known.

        Words with the number of somebody else of that name, and without theirs, name that other.
        """
        folded = words.casefold()
        if not (self._name or self._others) or not all(part in folded for part in self._name):
            return False  # most lines end here, before each letter is looked at
        text = f" {_plain(words)} "
        if not self._name:
            return all(f" {one} " in text for one in self._others)
        named = all(f" {part} " in text for part in self._name)
        if not (self._number and f" {self._number} " in text):
            named = named and not any(f" {one} " in text for one in self._namesakes)
        return named and (not self._others or any(f" {one} " in text for one in self._others))


def _plain(text: str) -> str:
    """Return words as they are compared: small letters and digits, a single space between."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())


def _values(text: str) -> str:
    """Return the values of the JSON of a patient, one after another."""
    with suppress(ValueError, AttributeError):
        parts = [one.get("value") for one in json.loads(text).values() if isinstance(one, dict)]
        return " ".join(str(one) for one in parts if one is not None)
    return text
