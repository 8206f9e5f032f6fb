"""Deletions that a backup does not know of, done again in what is restored from it, as truly as before."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from core.clock import Clock
from core.errors import StoreError
from services.deletion import remove
from services.deletion_plan import DeletionPlan, DeletionPlanner, DeletionStores
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.session import Session
from services.trail import Trail
from store.audit import AuditStore
from store.consents import ConsentStore
from store.database import Database
from store.deletion import DeletionStore
from store.image_vault import ImageVault
from store.later_deletions import LaterDeletion, LaterDeletions
from store.people import PersonRow
from store.records import RecordStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedAgain:
    """How many patients and single studies went again.

    ``left`` are the numbers of records that could not go as they are: something of them lives on with
    somebody else in the present records, or they are held. Somebody has to look at them.
    """

    patients: int = 0
    studies: int = 0
    left: tuple[int, ...] = ()


class DeletingAgain:
    """Deletes in restored records, before they take the place of any, what was deleted after their day."""

    def __init__(self, database: Database, folder: Path, *, clock: Clock, person: PersonRow | None) -> None:
        """``folder`` holds the restored records; ``person`` restores them (None: the sheet did)."""
        self._stores = DeletionStores(
            records=RecordStore(database),
            belongings=DeletionStore(database),
            consents=ConsentStore(database),
            images=ImageVault(database, clock, folder / "images"),
        )
        audit = AuditStore(database, clock, folder / "anchor.json")
        self._trail = Trail(audit, Session(person), clock)
        self._planner, self._clock = DeletionPlanner(self._stores), clock
        self._patients = self._studies = 0
        self._left: list[int] = []

    def run(
        self, later: LaterDeletions, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
    ) -> DeletedAgain:
        """Do each deletion again, a line in the trail for each, and wipe what is free.

        Raises:
            Cancelled: somebody stopped it; the records are not to be used then.
        """
        total = len(later.deletions)
        for number, one in enumerate(later.deletions):
            progress(Progress(stage="deleting", done=number, total=total))
            stop_if(cancelled)
            for patient_id in one.records:
                self._patient(patient_id, one, later)
            if one.study_id:
                self._study(one, later)
        if self._patients or self._studies:
            progress(Progress(stage="wiping"))
            self._wipe()
        return DeletedAgain(
            patients=self._patients, studies=self._studies, left=tuple(dict.fromkeys(self._left))
        )

    def _patient(self, patient_id: int, one: LaterDeletion, later: LaterDeletions) -> None:
        if self._stores.records.find_patient(patient_id) is None:
            return  # entered after the day of the backup, or gone with a record that it is merged into
        plan = self._planner.find(patient_id)
        if plan.holds and not later.straight:
            self._left.append(plan.patient_id)
            return
        gone = [study.study_id for study in plan.studies if study.study_id not in later.studies]
        if len(gone) == len(plan.studies) and later.patients.isdisjoint(plan.patient_ids):
            self._remove(plan, one)
            self._patients += 1
            return
        if gone:
            self._remove(self._planner.find(patient_id, gone), one)
            self._studies += len(gone)
        self._left.append(plan.patient_id)

    def _study(self, one: LaterDeletion, later: LaterDeletions) -> None:
        row = self._stores.records.find_study_by_number(one.study_id)
        if row is None or row.unit_key != one.unit_key or one.study_id in later.studies:
            return
        plan = self._planner.find(row.patient_id, (one.study_id,))
        if plan.holds and not later.straight:
            self._left.append(plan.patient_id)
            return
        self._remove(plan, one)
        self._studies += 1

    def _remove(self, plan: DeletionPlan, one: LaterDeletion) -> None:
        why = {"again": True, "first_deleted": one.at}
        remove(plan, self._stores, self._trail, at=self._clock.now().astimezone(UTC).isoformat(), why=why)

    def _wipe(self) -> None:
        """Wipe the records; copies of images that stay where they lie are swept up by the first opening."""
        try:
            self._stores.belongings.wipe()
        except (StoreError, OSError) as error:  # it is still asked for, and the first opening does it
            _log.warning("what was deleted again is not wiped yet: %s", type(error).__name__)
