"""What goes with a patient, or with some studies of theirs, as it is shown before anything is deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from core.errors import RequestError
from core.wording import say
from services.record_facts import who
from store.consents import ConsentStore, HoldRow
from store.deletion import DeletionStore, ReportFacts
from store.image_vault import ImageVault
from store.records import ListedStudy, PatientRow, RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A patient who is to be deleted, or studies of theirs (by number; None: the patient with all)."""

    patient_id: int
    studies: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPlan:
    """All that goes, as it is shown before.

    ``whole`` is whether the patient goes; where only ``studies`` go, the patient stays with ``stays`` others.
    ``patient_ids`` are the patient's record and those merged into it. ``typed`` is what has to be typed to
    confirm: the number, or the name where there is none. ``elsewhere`` counts reports of other patients that
    name this one and stay. ``entries`` are those of camp registers, ``lines`` those of the trail that lose
    the name; ``trail_lines`` counts the lines that show none afterwards. ``older_copies`` are earlier copies
    of the whole store, which go as well; ``set_aside`` are damaged or replaced records, which go only where
    somebody says so: what is nowhere else may be in them.
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
    elsewhere: int
    older_copies: tuple[str, ...]
    set_aside: tuple[str, ...]
    holds: tuple[HoldRow, ...]
    digest: str = field(repr=False)
    entries: tuple[int, ...] = field(default=(), repr=False)
    lines: tuple[int, ...] = field(default=(), repr=False)
    trail_lines: int = 0
    whole: bool = True
    stays: int = 0

    @property
    def patient_id(self) -> int:
        """The record that stands for the patient."""
        return self.patient_ids[0]

    @property
    def unit_keys(self) -> tuple[str, ...]:
        """What drafts, reports and image copies of the studies are kept under."""
        return tuple(study.unit_key for study in self.studies)

    @property
    def register_entries(self) -> int:
        """How many entries of camp registers go."""
        return len(self.entries)

    @property
    def addenda(self) -> int:
        """How many addenda go."""
        return sum(report.addenda for report in self.reports)

    @property
    def papers(self) -> int:
        """How many papers left this computer, which Farlight cannot take back."""
        return sum(report.papers for report in self.reports)

    @property
    def subjects(self) -> frozenset[str]:
        """What lines of the audit trail about all this are about."""
        return frozenset(
            (
                *(f"patient:{one}" for one in (self.patient_ids if self.whole else ())),
                *(f"study:{one.study_id}" for one in self.studies),
                *(f"unit:{one.unit_key}" for one in self.studies),
                *(f"report:{one.report_id}" for one in self.reports),
            )
        )

    def still_holds(self, now: DeletionPlan) -> bool:
        """Whether what would go now is what was shown (entries of registers may have gone with another)."""
        return self.digest == now.digest and set(now.entries) <= set(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionStores:
    """Where a patient's records lie."""

    records: RecordStore
    belongings: DeletionStore
    consents: ConsentStore
    images: ImageVault


class DeletionPlanner:
    """Finds what would go; changes nothing and asks nobody."""

    def __init__(self, stores: DeletionStores) -> None:
        self._stores = stores

    def current(self, patient_id: int) -> PatientRow:
        """Return the record that stands for a patient now.

        Raises:
            RequestError: there is no such patient.
        """
        patient = self._stores.records.current_patient(patient_id)
        if patient is None:
            raise RequestError(say("keeping.patient.unknown"))
        return patient

    def find(self, patient_id: int, studies: Collection[int] | None = None) -> DeletionPlan:
        """Return all that goes with a patient, or with these studies of theirs.

        Raises:
            RequestError: there is no such patient, or a study is not theirs.
        """
        stores = self._stores
        patient = self.current(patient_id)
        ids = stores.belongings.records_of(patient.patient_id)
        theirs = tuple(study for one in ids for study in stores.records.studies_of(one))
        going = theirs if studies is None else tuple(one for one in theirs if one.study_id in studies)
        if studies is not None and (not studies or len(going) != len(set(studies))):
            raise RequestError(say("keeping.study.unknown"))
        return self._plan(patient, ids, going, stays=len(theirs) - len(going), whole=studies is None)

    def _plan(
        self,
        patient: PatientRow,
        ids: tuple[int, ...],
        studies: tuple[ListedStudy, ...],
        *,
        stays: int,
        whole: bool,
    ) -> DeletionPlan:
        stores = self._stores
        keys = tuple(study.unit_key for study in studies)
        named = stores.belongings.named(ids) if whole else ()
        reports = stores.belongings.reports(keys)
        drafts = stores.belongings.drafts(keys)
        kept = [unit for key in keys if (unit := stores.images.find(key)) is not None]
        entries = stores.belongings.register_entries(named)
        consents = stores.consents.of(ids) if whole else ()
        holds = stores.consents.holds(ids)
        shown = [
            ids,
            whole,
            sorted(keys),
            [(one.report_id, one.addenda, one.papers) for one in reports],
            drafts,
            sorted((unit.unit_key, unit.files) for unit in kept),
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
            elsewhere=len(stores.belongings.reports_elsewhere(ids, keys, named)) if whole else 0,
            older_copies=tuple(copy.name for copy in stores.belongings.older_copies()),
            set_aside=tuple(copy.name for copy in stores.belongings.set_aside()),
            holds=holds,
            digest=hashlib.sha256(json.dumps(shown).encode()).hexdigest(),
            entries=entries,
            whole=whole,
            stays=stays,
        )
        lines = stores.belongings.words(plan.subjects, named)
        return replace(plan, lines=lines, trail_lines=stores.belongings.lines_left_nameless(lines))


def to_type(plans: Sequence[DeletionPlan]) -> str:
    """Return what has to be typed to confirm: the patient's number, or how many are deleted together."""
    return plans[0].typed if len(plans) == 1 else str(len(plans))


def is_typed(typed: str, plans: Sequence[DeletionPlan]) -> bool:
    """Whether what somebody typed confirms a deletion."""
    return " ".join(typed.casefold().split()) == " ".join(to_type(plans).casefold().split())
