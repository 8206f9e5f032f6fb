"""Deletes truly: shown in full before, asked for twice, told in the trail, wiped from the disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from core.clock import Clock
from core.errors import (
    ChangedMeanwhileError,
    FarlightError,
    HeldRecordsError,
    NotRemovedError,
    RequestError,
    StoreError,
    WrongPasswordError,
)
from core.wording import say
from services.deletion_plan import Chosen, DeletionPlan, DeletionPlanner, DeletionStores, is_typed
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.session import Session
from services.trail import Trail
from store.consents import HoldRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What became of several deletions: those done, those that were not, and why not.

    ``trouble`` is None where all was done, or where somebody stopped it; with nothing ``left`` it is what
    could not be wiped yet.
    """

    done: tuple[DeletionPlan, ...]
    left: tuple[DeletionPlan, ...] = ()
    trouble: FarlightError | None = None


class DeletionDesk:
    """Plans and carries out deletions in one profile; only for administrators."""

    def __init__(
        self,
        stores: DeletionStores,
        session: Session,
        trail: Trail,
        clock: Clock,
        check_password: Callable[[str, str], object],
    ) -> None:
        """``check_password`` takes holder and password, and raises WrongPasswordError."""
        self._stores, self._session, self._trail, self._clock = stores, session, trail, clock
        self._planner = DeletionPlanner(stores)
        self._check_password = check_password

    def plan(self, patient_id: int, studies: Collection[int] | None = None) -> DeletionPlan:
        """Return all that would go with a patient, or with these studies of theirs; nothing is changed.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: there is no such patient, or a study is not theirs.
        """
        self._session.require("delete")
        return self._planner.find(patient_id, studies)

    def plan_all(
        self,
        chosen: Sequence[Chosen],
        *,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> tuple[DeletionPlan, ...]:
        """Return all that would go with each of several; nothing is changed.

        Raises:
            NotPermittedError, RequestError: as for one.
            Cancelled: somebody stopped it.
        """
        plans: list[DeletionPlan] = []
        for one in chosen:
            progress(Progress(stage="looking", done=len(plans), total=len(chosen)))
            stop_if(cancelled)
            plans.append(self.plan(one.patient_id, one.studies))
        return tuple(plans)

    def delete(self, plan: DeletionPlan, *, password: str, typed: str, with_set_aside: bool = False) -> None:
        """Delete as planned; afterwards no file of the profile holds it.

        Backups made earlier, papers and exported files are out of reach, and so are records that were set
        aside, unless they go as well.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            HeldRecordsError: the records are held.
            RequestError: what was typed is not the patient's number.
            WrongPasswordError: it is not the password of who is logged in.
            ChangedMeanwhileError: the records are not what was shown any more. Nothing is deleted then.
            NotRemovedError: all is deleted, and the next start wipes the last traces.
        """
        deleted = self.delete_all((plan,), password=password, typed=typed, with_set_aside=with_set_aside)
        if deleted.trouble is not None:
            raise deleted.trouble

    def delete_all(
        self,
        plans: Sequence[DeletionPlan],
        *,
        password: str,
        typed: str,
        with_set_aside: bool = False,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> Deleted:
        """Delete patients one after another, each whole or not at all, then wipe; may be stopped between two.

        Raises:
            NotPermittedError, HeldRecordsError, RequestError, WrongPasswordError: as for one; nothing is
                deleted. What happens later stands in what is returned.
        """
        person = self._session.require("delete")
        if any(plan.holds for plan in plans):
            raise HeldRecordsError
        if not plans or not is_typed(typed, plans):
            raise RequestError(
                say("keeping.delete.typed" if len(plans) == 1 else "keeping.delete.typed_many")
            )
        if not person.holder_id:
            raise WrongPasswordError
        self._check_password(person.holder_id, password)
        done: list[DeletionPlan] = []
        trouble: FarlightError | None = None
        for plan in plans:
            progress(Progress(stage="deleting", done=len(done), total=len(plans)))
            if cancelled():
                break
            try:
                self._delete(plan, with_set_aside=with_set_aside)
            except FarlightError as error:
                trouble = error
                break
            done.append(plan)
        if done:
            progress(Progress(stage="wiping"))
            try:
                self.finish()
            except NotRemovedError as error:
                trouble = trouble or error
        return Deleted(done=tuple(done), left=tuple(plans[len(done) :]), trouble=trouble)

    def finish(self) -> None:
        """Wipe what a deletion left in free pages, in the log and in older copies; also after a crash.

        Raises:
            NotRemovedError: it could not be done now; the next start tries again.
        """
        belongings = self._stores.belongings
        try:
            if belongings.needs_wiping:
                self._stores.images.sweep()
                belongings.wipe()
        except (StoreError, OSError) as error:
            raise NotRemovedError(type(error).__name__) from error

    # --- holds

    def hold(self, patient_id: int, reason: str) -> None:
        """Keep a patient's records from being deleted.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: there is no reason.
        """
        person = self._session.require("delete")
        if not reason.strip():
            raise RequestError(say("keeping.hold.reason"))
        with self._stores.belongings.transaction():
            patient_id = self._planner.current(patient_id).patient_id
            self._stores.consents.place_hold(patient_id, reason.strip(), at=self._now(), person=person.name)
            self._trail.note("hold", f"patient:{patient_id}", detail={"hold": "placed"})

    def lift(self, patient_id: int) -> None:
        """Lift the holds on a patient's records.

        Raises:
            NotPermittedError: who is logged in is no administrator.
        """
        person = self._session.require("delete")
        with self._stores.belongings.transaction():
            patient_id = self._planner.current(patient_id).patient_id
            ids = self._stores.belongings.records_of(patient_id)
            if self._stores.consents.lift_holds(ids, at=self._now(), person=person.name):
                self._trail.note("hold", f"patient:{patient_id}", detail={"hold": "lifted"})

    def holds(self, patient_id: int) -> tuple[HoldRow, ...]:
        """Return the holds that stand on a patient's records.

        Raises:
            RequestError: there is no such patient.
        """
        current = self._planner.current(patient_id)
        return self._stores.consents.holds(self._stores.belongings.records_of(current.patient_id))

    # --- removing

    def _delete(self, plan: DeletionPlan, *, with_set_aside: bool) -> None:
        with self._stores.belongings.transaction():
            self._session.require("delete")  # the window may have been locked meanwhile
            now = self._planner.find(
                plan.patient_id, None if plan.whole else {study.study_id for study in plan.studies}
            )
            if now.holds:
                raise HeldRecordsError
            if not plan.still_holds(now):
                raise ChangedMeanwhileError
            remove(now, self._stores, self._trail, at=self._now(), with_set_aside=with_set_aside)

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat()


def remove(
    plan: DeletionPlan,
    stores: DeletionStores,
    trail: Trail,
    *,
    at: str,
    with_set_aside: bool = False,
    why: Mapping[str, object] | None = None,
) -> None:
    """Remove all of a plan in one step, told in the trail without a name; what is free is wiped later.

    Asks nobody: whoever calls this has, and has found the plan in the same transaction. ``why`` is told
    beside each line.
    """
    belongings = stores.belongings
    with belongings.transaction():
        _tell(plan, stores, trail, set_aside=len(plan.set_aside) if with_set_aside else 0, why=why or {})
        belongings.delete_drafts(plan.unit_keys)
        stores.images.remove(plan.unit_keys)
        belongings.delete_register_entries(plan.entries)
        belongings.delete_words(plan.lines)
        for study in plan.studies:
            stores.records.forget_study(study.study_id)
        if plan.whole:
            stores.records.forget_patient(plan.patient_id)
        belongings.ask_for_wiping(at, set_aside=with_set_aside)


def _tell(
    plan: DeletionPlan, stores: DeletionStores, trail: Trail, *, set_aside: int, why: Mapping[str, object]
) -> None:
    for report in plan.reports:
        line = trail.note("delete", f"report:{report.report_id}", detail=why)
        stores.belongings.delete_report(report.report_id, line)
    copies = {"older_copies": len(plan.older_copies), "set_aside": set_aside}
    if plan.whole:
        counts = {
            "records": list(plan.patient_ids),
            "studies": len(plan.studies),
            "reports": len(plan.reports),
            "drafts": plan.drafts,
            "image_files": plan.image_files,
        }
        trail.note("delete", f"patient:{plan.patient_id}", detail={**counts, **copies, **why})
        return
    for study in plan.studies:
        kept = stores.images.find(study.unit_key)
        of_it = {
            "what": "study",
            "record": plan.patient_id,
            "unit": study.unit_key,
            "reports": sum(report.unit_key == study.unit_key for report in plan.reports),
            "drafts": int(study.has_draft),
            "image_files": kept.files if kept is not None else 0,
        }
        trail.note("delete", f"study:{study.study_id}", detail={**of_it, **copies, **why})
