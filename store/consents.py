"""What patients agreed to, and which records are held: written once, the latest word counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from store.database import Database
from store.sqlcipher import dbapi

Purpose = Literal["care", "teaching", "research"]
How = Literal["signed_paper", "spoken", "guardian"]
PURPOSES: tuple[Purpose, ...] = ("care", "teaching", "research")
HOWS: tuple[How, ...] = ("signed_paper", "spoken", "guardian")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """One answer: agreed (``given``), or refused or withdrawn.

    ``given_on`` is the day of the answer (ISO 8601), ``who`` the guardian where one answered, ``person`` who
    recorded it, at ``recorded_at``.
    """

    consent_id: int
    patient_id: int
    purpose: Purpose
    given: bool
    how: How
    who: str
    given_on: str
    recorded_at: str
    person_id: int | None
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """Records that must not be deleted, why and since when; ``lifted_at`` is "" while it stands."""

    hold_id: int
    patient_id: int
    reason: str
    placed_at: str
    person: str
    lifted_at: str
    lifted_by: str


class ConsentStore:
    """The consents and holds of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        patient_id: int,
        purpose: Purpose,
        *,
        given: bool,
        how: How,
        who: str,
        given_on: str,
        recorded_at: str,
        person_id: int | None,
        person: str,
    ) -> int:
        """Keep an answer; returns its number."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO consents (patient_id, purpose, given, how, who, given_on, recorded_at,"
                " person_id, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (patient_id, purpose, given, how, who, given_on, recorded_at, person_id, person),
            )
            return int(cursor.lastrowid or 0)

    def of(self, patient_ids: Sequence[int]) -> tuple[ConsentRow, ...]:
        """Return the answers of a patient (all records that are theirs), in the order recorded."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM consents WHERE patient_id IN (SELECT value FROM json_each(?))"
                " ORDER BY consent_id",
                (json.dumps(patient_ids),),
            ).fetchall()
        return tuple(_consent(row) for row in rows)

    def place_hold(self, patient_id: int, reason: str, *, at: str, person: str) -> int:
        """Hold a patient's records; returns the hold's number."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO holds (patient_id, reason, placed_at, person) VALUES (?, ?, ?, ?)",
                (patient_id, reason, at, person),
            )
            return int(cursor.lastrowid or 0)

    def lift_holds(self, patient_ids: Sequence[int], *, at: str, person: str) -> int:
        """Lift every hold of a patient; returns how many stood."""
        with self._database.transaction() as connection:
            return connection.execute(
                "UPDATE holds SET lifted_at = ?, lifted_by = ? WHERE lifted_at = ''"
                " AND patient_id IN (SELECT value FROM json_each(?))",
                (at, person, json.dumps(patient_ids)),
            ).rowcount

    def holds(self, patient_ids: Sequence[int] | None = None) -> tuple[HoldRow, ...]:
        """Return the holds that stand, of one patient or of all."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM holds WHERE lifted_at = ''"
                " AND (? OR patient_id IN (SELECT value FROM json_each(?))) ORDER BY hold_id",
                (patient_ids is None, json.dumps(patient_ids or ())),
            ).fetchall()
        return tuple(HoldRow(**dict(row)) for row in rows)


def _consent(row: dbapi.Row) -> ConsentRow:
    values = dict(row)
    return ConsentRow(
        **{
            **values,
            "given": bool(values["given"]),
            "purpose": cast("Purpose", values["purpose"]),
            "how": cast("How", values["how"]),
        }
    )
