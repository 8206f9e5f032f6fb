"""Deletes a patient truly: shown in full before, asked for twice, told in the trail, wiped from the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC

from core.clock import Clock
from core.errors import (
    ChangedMeanwhileError,
    HeldRecordsError,
    NotRemovedError,
    RequestError,
    StoreError,
    WrongPasswordError,
)
from core.wording import say
from services.record_facts import who
from services.session import Session
from services.trail import Trail
from store.consents import ConsentStore, HoldRow
from store.deletion import DeletionStore, ReportFacts
from store.image_vault import ImageVault
from store.records import ListedStudy, PatientRow, RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPlan:
    """All that goes with a patient, as it is shown before.

    ``patient_ids`` are the patient's record and those merged into it. ``typed`` is what has to be typed to
    confirm: the number, or the name where there is none. ``elsewhere`` counts reports of other patients that
    name this one and stay. ``older_copies`` are earlier copies of the whole store, which go as well;
    ``set_aside`` are damaged or replaced records, which go only where somebody says so: what is nowhere else
    may be in them.
    """

    patient_ids: tuple[int, ...]
    who: str
    typed: str
    studies: tuple[ListedStudy, ...]
    reports: tuple[ReportFacts, ...]
    drafts: int
    image_units: int
    image_files: int
    image_bytes: int
    consents: int
    register_entries: int
    trail_lines: int
    elsewhere: int
    older_copies: tuple[str, ...]
    set_aside: tuple[str, ...]
    holds: tuple[HoldRow, ...]
    digest: str = field(repr=False)

    @property
    def patient_id(self) -> int:
        """The record that stands for the patient."""
        return self.patient_ids[0]

    @property
    def addenda(self) -> int:
        """How many addenda go."""
        return sum(report.addenda for report in self.reports)

    @property
    def papers(self) -> int:
        """How many papers left this computer, which Farlight cannot take back."""
        return sum(report.papers for report in self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionStores:
    """Where a patient's records lie."""

    records: RecordStore
    belongings: DeletionStore
    consents: ConsentStore
    images: ImageVault


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A plan with the numbers behind it."""

    plan: DeletionPlan
    unit_keys: tuple[str, ...]
    entries: tuple[int, ...]


class DeletionDesk:
    """Plans and carries out the deletion of patients of one profile; only for administrators."""

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
        self._check_password = check_password

    def plan(self, patient_id: int) -> DeletionPlan:
        """Return all that would go; nothing is changed.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: there is no such patient.
        """
        self._session.require("delete")
        return self._find(patient_id).plan

    def delete(self, plan: DeletionPlan, *, password: str, typed: str, with_set_aside: bool = False) -> None:
        """Delete a patient as planned; afterwards no file of the profile holds them.

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
        person = self._session.require("delete")
        if plan.holds:
            raise HeldRecordsError
        if _as_typed(typed) != _as_typed(plan.typed):
            raise RequestError(say("keeping.delete.typed"))
        if not person.holder_id:
            raise WrongPasswordError
        self._check_password(person.holder_id, password)
        with self._stores.belongings.transaction():
            self._session.require("delete")  # the window may have been locked meanwhile
            found = self._find(plan.patient_id)
            if found.plan.holds:
                raise HeldRecordsError
            if found.plan.digest != plan.digest:
                raise ChangedMeanwhileError
            self._remove(found, with_set_aside=with_set_aside)
        self.finish()

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
            patient_id = self._current(patient_id).patient_id
            self._stores.consents.place_hold(patient_id, reason.strip(), at=self._now(), person=person.name)
            self._trail.note("hold", f"patient:{patient_id}", detail={"held": True})

    def lift(self, patient_id: int) -> None:
        """Lift the holds on a patient's records.

        Raises:
            NotPermittedError: who is logged in is no administrator.
        """
        person = self._session.require("delete")
        with self._stores.belongings.transaction():
            patient_id = self._current(patient_id).patient_id
            ids = self._stores.belongings.records_of(patient_id)
            if self._stores.consents.lift_holds(ids, at=self._now(), person=person.name):
                self._trail.note("hold", f"patient:{patient_id}", detail={"held": False})

    def holds(self, patient_id: int) -> tuple[HoldRow, ...]:
        """Return the holds that stand on a patient's records.

        Raises:
            RequestError: there is no such patient.
        """
        current = self._current(patient_id)
        return self._stores.consents.holds(self._stores.belongings.records_of(current.patient_id))

    # --- finding

    def _current(self, patient_id: int) -> PatientRow:
        patient = self._stores.records.current_patient(patient_id)
        if patient is None:
            raise RequestError(say("keeping.patient.unknown"))
        return patient

    def _find(self, patient_id: int) -> _Found:
        stores = self._stores
        patient = self._current(patient_id)
        ids = stores.belongings.records_of(patient.patient_id)
        studies = tuple(study for one in ids for study in stores.records.studies_of(one))
        keys = tuple(study.unit_key for study in studies)
        named = stores.belongings.named(ids)
        reports = stores.belongings.reports(keys)
        drafts = stores.belongings.drafts(keys)
        kept = [unit for key in keys if (unit := stores.images.find(key)) is not None]
        entries = stores.belongings.register_entries(named)
        consents = stores.consents.of(ids)
        holds = stores.consents.holds(ids)
        shown = [
            ids,
            sorted(keys),
            [(one.report_id, one.addenda, one.papers) for one in reports],
            drafts,
            sorted((unit.unit_key, unit.files) for unit in kept),
            entries,
            [one.consent_id for one in consents],
            [one.hold_id for one in holds],
        ]
        plan = DeletionPlan(
            patient_ids=ids,
            who=who(patient),
            typed=patient.number or patient.name,
            studies=studies,
            reports=reports,
            drafts=len(drafts),
            image_units=len(kept),
            image_files=sum(unit.files for unit in kept),
            image_bytes=sum(unit.byte_count for unit in kept),
            consents=len(consents),
            register_entries=len(entries),
            trail_lines=len(stores.belongings.words(_subjects(ids, studies, reports), named)),
            elsewhere=len(stores.belongings.reports_elsewhere(ids, keys, named)),
            older_copies=tuple(copy.name for copy in stores.belongings.older_copies()),
            set_aside=tuple(copy.name for copy in stores.belongings.set_aside()),
            holds=holds,
            digest=hashlib.sha256(json.dumps(shown).encode()).hexdigest(),
        )
        return _Found(plan=plan, unit_keys=keys, entries=entries)

    # --- removing

    def _remove(self, found: _Found, *, with_set_aside: bool) -> None:
        """Remove all of a plan inside one transaction, and tell it in the trail, without a name."""
        stores, plan = self._stores, found.plan
        self._tell(plan, len(plan.set_aside) if with_set_aside else 0)
        named = stores.belongings.named(plan.patient_ids)
        stores.belongings.delete_drafts(found.unit_keys)
        stores.images.remove(found.unit_keys)
        stores.belongings.delete_register_entries(found.entries)
        subjects = _subjects(plan.patient_ids, plan.studies, plan.reports)
        stores.belongings.delete_words(stores.belongings.words(subjects, named))
        for study in plan.studies:
            stores.records.forget_study(study.study_id)
        stores.records.forget_patient(plan.patient_id)
        stores.belongings.ask_for_wiping(self._now(), set_aside=with_set_aside)

    def _tell(self, plan: DeletionPlan, set_aside: int) -> None:
        for report in plan.reports:
            line = self._trail.note("delete", f"report:{report.report_id}")
            self._stores.belongings.delete_report(report.report_id, line)
        self._trail.note(
            "delete",
            f"patient:{plan.patient_id}",
            detail={
                "records": list(plan.patient_ids),
                "studies": len(plan.studies),
                "reports": len(plan.reports),
                "drafts": plan.drafts,
                "image_files": plan.image_files,
                "older_copies": len(plan.older_copies),
                "set_aside": set_aside,
            },
        )

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat()


def _subjects(
    ids: tuple[int, ...], studies: tuple[ListedStudy, ...], reports: tuple[ReportFacts, ...]
) -> frozenset[str]:
    """Return what lines of the trail about a patient are about."""
    return frozenset(
        (
            *(f"patient:{one}" for one in ids),
            *(f"study:{one.study_id}" for one in studies),
            *(f"unit:{one.unit_key}" for one in studies),
            *(f"report:{one.report_id}" for one in reports),
        )
    )


def _as_typed(text: str) -> str:
    return " ".join(text.casefold().split())
