"""Patients and studies as records: filed when opened, joined where number and name or birth date agree."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.clock import Clock
from core.image import ReadingUnit, StudyHeader, UnitKind
from core.patient import Patient
from services.drafts import Draft, key_of
from services.patient import identity_differs, same_id, same_person
from services.picture_marks import Marks
from services.record_facts import (
    IDENTIFIERS,
    StudyFacts,
    facts_of_unit,
    fold,
    is_known,
    patient_facts,
    patient_of,
    study_row,
    who,
)
from services.record_json import from_plain
from services.session import Session
from services.trail import Trail
from store.records import ListedStudy, MoveRow, PatientRow, RecordStore, StudyRow
from store.signed import SignedStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A study that was given to another patient: both in words, by whom, when and why."""

    before: str
    after: str
    why: str
    name: str
    role: str
    registration_number: str
    at: datetime
    clock_doubted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A signed study that is another patient's now: whose it is, and whom its report names, in words."""

    owner: Patient
    signed_as: str


class RecordDesk:
    """The patients and studies of one profile. Every method is one transaction, from any thread."""

    def __init__(
        self, store: RecordStore, signed: SignedStore, *, session: Session, trail: Trail, clock: Clock
    ) -> None:
        self._store, self._signed = store, signed
        self._session, self._trail, self._clock = session, trail, clock

    # --- filing

    def file(
        self,
        unit: ReadingUnit,
        patient: Patient,
        *,
        confirmed: tuple[str, ...] = (),
        marks: Marks = (),
    ) -> StudyRow | None:
        """Keep that a unit was opened, under its patient; None while nobody knows who that is.

        The patient is known where the image says two identifiers, or a person ``confirmed`` two. A study that
        is filed stays with its patient.
        """
        key = key_of(unit)
        with self._store.transaction():
            row = self._store.find_study(key)
            if row is not None:
                self._store.reopen_study(
                    study_row(
                        facts_of_unit(unit),
                        key=key,
                        path=unit.path,
                        patient_id=row.patient_id,
                        at=self._now(),
                    )
                )
            elif is_known(unit.patient) or _is_confirmed(patient, confirmed):
                self._enter(facts_of_unit(unit), key, unit.path, patient)
            else:
                return None
            self._store.keep_marks(key, marks)
            return self._store.find_study(key)

    def identify(self, unit: ReadingUnit, patient: Patient, confirmed: tuple[str, ...]) -> StudyRow | None:
        """Keep who a person says the patient of an unsigned unit is.

        A record that this unit alone had is corrected, or left for that of the patient meant; both names
        stand in the trail.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        key = key_of(unit)
        with self._store.transaction():
            row = self._store.find_study(key)
            if row is None or self._signed.find(key) is not None:
                return self.file(unit, patient, confirmed=confirmed)
            before = self._store.find_patient(row.patient_id)
            if before is None or not is_known(patient):
                return row
            if any(not identity_differs(one, patient) for one in self._identities(before.patient_id)):
                self._learn(before, patient)
            else:
                self._refile(row, before, patient)
            return self._store.find_study(key)

    def keep_marks(self, key: str, marks: Marks) -> None:
        """Keep what the pixels of a filed study are known by."""
        self._store.keep_marks(key, marks)

    def adopt(self) -> int:
        """File what an early Farlight kept: signed reports, and drafts whose patient was confirmed.

        Returns how many were filed; a second time there is nothing left. A draft whose patient only the image
        names is filed when it is opened again.
        """
        filed = 0
        with self._store.transaction():
            for report in self._store.unfiled_reports():
                try:
                    patient = from_plain(Patient, json.loads(report["patient"]))
                    facts, path = _facts_of_result(report["result"])
                    at = datetime.fromisoformat(report["signed_at"]).astimezone(UTC).isoformat()
                except (ValueError, TypeError, KeyError, AttributeError):
                    _log.warning("report %d cannot be filed under a patient", report["report_id"])
                    continue  # the report itself stays; one damaged row must not close the door
                self._enter(facts, report["unit_key"], path, patient, at=at)
                if report["pixels_sha256"]:
                    self._store.keep_marks(report["unit_key"], (report["pixels_sha256"],))
                filed += 1
            for kept in self._store.unfiled_drafts():
                try:
                    draft = from_plain(Draft, json.loads(kept["payload"]))
                    at = datetime.fromisoformat(kept["updated_at"]).astimezone(UTC).isoformat()
                except ValueError:
                    continue
                if _is_confirmed(draft.typed, draft.confirmed):
                    self._enter(StudyFacts(), kept["key"], draft.path, draft.typed, at=at)
                    filed += 1
        return filed

    # --- asking

    def find(self, key: str) -> StudyRow | None:
        """Return the study of a unit's key, or None."""
        return self._store.find_study(key)

    def study(self, study_id: int) -> StudyRow | None:
        """Return the study of that number, or None."""
        return self._store.find_study_by_number(study_id)

    def patient(self, patient_id: int) -> PatientRow | None:
        """Return the record that stands for a patient now, or None.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        return self._store.current_patient(patient_id)

    def listed(self, text: str = "") -> tuple[ListedStudy, ...]:
        """Return the studies that hold every word of a text, the last opened first.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        return self._store.listed(fold(text).split())

    def patients(self, text: str = "") -> tuple[PatientRow, ...]:
        """Return the patients that hold every word of a text, by name.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        return self._store.patients(fold(text).split())

    def patients_without_studies(self, text: str = "") -> tuple[PatientRow, ...]:
        """Return the patients without a study that hold every word of a text, by name.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        return self._store.patients_without_studies(fold(text).split())

    def studies_of(self, patient_id: int) -> tuple[ListedStudy, ...]:
        """Return the studies of a patient, the latest first.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        return self._store.studies_of(patient_id)

    def perhaps_same(self, patient_id: int) -> tuple[PatientRow, ...]:
        """Return other records that may be the same person, and of which nobody said that they are not."""
        row = self._store.find_patient(patient_id)
        if row is None or row.merged_into is not None:
            return ()
        others = {one.patient_id: one for one in self._current_like(row)}
        others.pop(patient_id, None)
        return tuple(one for one in others.values() if not self._store.are_apart(patient_id, one.patient_id))

    def corrections(self, key: str) -> tuple[Correction, ...]:
        """Return the moves of a study, the oldest first; without those whose patient was deleted."""
        return tuple(correction_of(move) for move in self._store.moves_of(key) if move.payload)

    def moved(self, key: str) -> Moved | None:
        """Return whose a signed study is now, where its report names somebody else."""
        report, row = self._signed.find(key), self._store.find_study(key)
        if report is None or row is None:
            return None
        named, known = from_plain(Patient, json.loads(report.patient)), self._identities(row.patient_id)
        if not known or any(not identity_differs(one, named) for one in known):
            return None
        return Moved(owner=known[0], signed_as=who(named))

    def belongs_to_another(self, key: str, patient: Patient) -> str | None:
        """Return who the records say a unit's patient is, where that contradicts who they are said to be."""
        row = self._store.find_study(key)
        if row is None:
            return None
        known = self._identities(row.patient_id)
        if not known or any(not identity_differs(one, patient) for one in known):
            return None
        return who(known[0])

    def holder_of_pixels(self, key: str, marks: Marks, patient: Patient) -> str | None:
        """Return who else the very same pixels stand under, signed or not, in words; None where nobody."""
        own = self._store.find_study(key)
        for other_key, recorded in self._with_marks(marks):
            if other_key == key:
                continue
            row = self._store.find_study(other_key)
            if row is not None and own is not None and row.patient_id == own.patient_id:
                continue
            others = self._identities(row.patient_id) if row is not None else [recorded]
            if not any(same_person(patient, other) for other in others):
                return who(others[0])
        return None

    def _with_marks(self, marks: Marks) -> Iterator[tuple[str, Patient]]:
        for mark in marks:
            for report in self._signed.with_pixels(mark):
                yield report.unit_key, from_plain(Patient, json.loads(report.patient))
        for study in self._store.studies_with_marks(marks):
            yield study.unit_key, Patient()

    def _identities(self, patient_id: int) -> list[Patient]:
        """Return how a patient is known: as the record that stays, and as every one merged into it."""
        current = self._store.current_patient(patient_id)
        if current is None:
            return []
        found, waiting = [patient_of(current)], [current.patient_id]
        while waiting:
            for merge in self._store.merges_into(waiting.pop()):
                gone = self._store.find_patient(merge.gone)
                if gone is not None:
                    found.append(patient_of(gone))
                    waiting.append(gone.patient_id)
        return found

    # --- entering

    def _enter(
        self,
        facts: StudyFacts,
        key: str,
        path: str,
        patient: Patient,
        *,
        at: str | None = None,
    ) -> None:
        at = at or self._now()
        joined = self.joined(patient)
        number = joined.patient_id if joined else self.enter_patient(patient, at)
        if joined is not None:
            self._learn(joined, patient)
        row = study_row(facts, key=key, path=path, patient_id=number, at=at)
        self._store.add_study(row)

    def enter_patient(self, patient: Patient, at: str | None = None) -> int:
        """Enter a patient, whoever else there is; returns their number.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        number = self._store.add_patient(patient_facts(patient), at or self._now())
        self._trail.note("enter_patient", f"patient:{number}", words=who(patient))
        return number

    def joined(self, patient: Patient) -> PatientRow | None:
        """Return the record that a patient joins: the same number, and the same name or birth date.

        Nothing that both know may differ.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        for like in self._like(patient):
            known = patient_of(like)
            agree = same_id(known, patient) and same_person(known, patient)
            if agree and (_both(known.name, patient.name) or _both(known.birth_date, patient.birth_date)):
                return self._store.current_patient(like.patient_id)
        return None

    def _like(self, patient: Patient) -> tuple[PatientRow, ...]:
        facts = patient_facts(patient)
        return self._store.patients_like(
            id_key=facts.id_key, name_key=facts.name_key, birth_date=facts.birth_date
        )

    def _current_like(self, row: PatientRow) -> Iterator[PatientRow]:
        for known in self._identities(row.patient_id):
            for like in self._like(known):
                current = self._store.current_patient(like.patient_id)
                if current is not None:
                    yield current

    def _learn(self, row: PatientRow, patient: Patient) -> None:
        """Add to a record what it did not know."""
        known = patient_of(row)
        fresh = {
            name: getattr(patient, name)
            for name in (*IDENTIFIERS, "sex")
            if getattr(known, name) is None and getattr(patient, name) is not None
        }
        if fresh:
            facts = patient_facts(replace(known, **fresh))
            words = " ".join(dict.fromkeys(f"{facts.search} {row.search}".split()))
            self._store.change_patient(row.patient_id, replace(facts, search=words))

    def _refile(self, row: StudyRow, before: PatientRow, patient: Patient) -> None:
        target = self.joined(patient)
        words = f"{who(before)} -> {who(patient)}"
        alone = len(self._store.studies_of(before.patient_id)) == 1
        if target is None and alone and not self._store.merges_into(before.patient_id):
            self._store.change_patient(before.patient_id, patient_facts(patient))
            self._trail.note(
                "identity_moved",
                f"patient:{before.patient_id}",
                detail={"study": row.study_id, "how": "corrected"},
                words=words,
            )
            return
        number = target.patient_id if target else self.enter_patient(patient)
        self._store.refile_study(row.study_id, number)
        if alone:
            self._store.remove_patient_without_studies(before.patient_id)
        self._trail.note(
            "identity_moved",
            f"patient:{number}",
            detail={"study": row.study_id, "from": before.patient_id, "how": "typed"},
            words=words,
        )

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat()


def correction_of(move: MoveRow) -> Correction:
    """Return a move as the store kept it."""
    return from_plain(Correction, json.loads(move.payload))


def _is_confirmed(patient: Patient, confirmed: tuple[str, ...]) -> bool:
    return is_known(patient) and sum(one in confirmed for one in IDENTIFIERS) >= 2


def _both(one: object, other: object) -> bool:
    return one is not None and other is not None


def _facts_of_result(result: str) -> tuple[StudyFacts, str]:
    """Return what a kept result says of its study, and the path that it was read from."""
    try:
        source = json.loads(result)["source"]
        header = StudyHeader(
            study_uid=source["study_uid"],
            series_uids=tuple(source["series_uids"]),
            modality=source["modality"],
        )
        kind: UnitKind = "dicom-image" if source["study_uid"] else "raster"
        return StudyFacts(kind=kind, frames=int(source["frames"]), header=header), str(source["path"])
    except (ValueError, KeyError, TypeError):
        return StudyFacts(), ""
