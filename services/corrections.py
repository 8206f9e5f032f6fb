"""Putting right whose study it is: move a study, make one record of two, and take that back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import Any

from core.clock import Clock
from core.errors import IdentityIncompleteError, RecordRequestError
from core.patient import Patient, Sourced
from core.wording import say
from services.drafts import Draft, DraftKeeper
from services.patient import merge as merge_patients
from services.record_facts import (
    IDENTIFIERS,
    StudyFacts,
    is_known,
    patient_facts,
    patient_of,
    study_facts,
    who,
)
from services.record_json import to_plain
from services.records import Correction, RecordDesk
from services.session import Session
from services.trail import Trail
from store.records import MergeRow, PatientRow, RecordStore, StudyRow
from store.signed import SignedStore


class CorrectionDesk:
    """Moves and merges of one profile; each is one transaction with its line in the trail."""

    def __init__(
        self,
        store: RecordStore,
        signed: SignedStore,
        *,
        records: RecordDesk,
        drafts: DraftKeeper,
        session: Session,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._store, self._signed = store, signed
        self._records, self._drafts = records, drafts
        self._session, self._trail, self._clock = session, trail, clock

    def asked_of(self, study_id: int, patient: Patient) -> tuple[str, ...]:
        """Return what must be known of a patient before an unsigned study can be theirs.

        What the image says of somebody else (``name``, ``id``, ``birth_date``, ``sex``, ``age_years``) would
        otherwise go on standing beside their name.
        """
        row = self._study(study_id)
        if self._signed.find(row.unit_key) is not None:
            return ()
        facts = study_facts(row)
        asked = [
            name
            for name in (*IDENTIFIERS, "sex")
            if getattr(facts.said, name) is not None and getattr(patient, name) is None
        ]
        aged = patient.age_years is not None or (patient.birth_date is not None and bool(facts.header.date))
        if facts.said.age_years is not None and not aged:
            asked.append("age_years")
        return tuple(asked)

    def move(
        self, study_id: int, to: int | Patient, *, also: Patient | None = None, why: str = ""
    ) -> PatientRow:
        """Give a study to another patient, known here already or new; returns whose it is now.

        ``also`` is what is known of a patient named by number, beside their record. A signed report stays
        as it is; every later copy tells of the move. A draft goes along, and its patient with it.

        Raises:
            NotPermittedError: who is logged in may not correct this.
            IdentityIncompleteError: the patient is not known well enough; the detail says what is asked.
            RecordRequestError: there is no such study or patient, or the study is theirs already.
        """
        person = self._session.require("correct_identity")
        with self._store.transaction():
            row = self._study(study_id)
            before = self._patient(row.patient_id)
            after = self._target(to)
            if after.patient_id == before.patient_id:
                raise RecordRequestError(say("records.request.same_patient"))
            given = to if isinstance(to, Patient) else also
            identity = merge_patients(patient_of(after), given)
            asked = self.asked_of(study_id, identity)
            if asked:
                raise IdentityIncompleteError(", ".join(say(f"records.field.{one}") for one in asked))
            doubted = self._trail.clock_went_back()
            told = Correction(
                before=who(before),
                after=who(after),
                why=why.strip(),
                name=person.name,
                role=person.role,
                registration_number=person.registration_number,
                at=self._clock.now(),
                clock_doubted=doubted,
            )
            payload = json.dumps(to_plain(told))
            move = self._store.move_study(study_id, after.patient_id, at=self._now(), payload=payload)
            if self._signed.find(row.unit_key) is None:
                self._take_draft_along(row, identity)
            self._trail.note(
                "identity_moved",
                f"patient:{after.patient_id}",
                detail={"study": study_id, "from": before.patient_id, "move": move, "how": "moved"},
                words=f"{told.before} -> {told.after}",
            )
            self._trail.note(
                "identity_moved",
                f"patient:{before.patient_id}",
                detail={"study": study_id, "to": after.patient_id, "move": move, "how": "moved"},
                words=told.before,
            )
        return after

    def merge(self, gone: int, stays: int, *, why: str = "") -> MergeRow:
        """Make one record of two: what belongs to ``gone`` goes to ``stays``; nothing is lost.

        ``why`` stands in the trail, with the names and as long as they do.

        Raises:
            NotPermittedError: who is logged in may not correct this.
            RecordRequestError: it is one record, or there is no such record.
        """
        self._session.require("correct_identity")
        if gone == stays:
            raise RecordRequestError(say("records.request.same_record"))
        with self._store.transaction():
            leaves, keeps = self._patient(gone), self._patient(stays)
            number = self._store.merge(gone, stays, at=self._now())
            words = " ".join(dict.fromkeys(f"{keeps.search} {leaves.search}".split()))
            self._store.change_patient(stays, replace(_facts(keeps), search=words))
            self._trail.note(
                "records_merged",
                f"patient:{stays}",
                detail={"gone": gone, "merge": number},
                words=" · ".join(part for part in (f"{who(leaves)} -> {who(keeps)}", why.strip()) if part),
            )
            return next(one for one in self._store.merges_into(stays) if one.merge_id == number)

    def split(self, merge: MergeRow) -> None:
        """Make two records of one again; what was moved elsewhere since stays there.

        Raises:
            NotPermittedError: who is logged in may not correct this.
            RecordRequestError: it was undone already, or what stayed was itself merged since.
        """
        self._session.require("correct_identity")
        with self._store.transaction():
            stays = self._store.find_patient(merge.stays)
            standing = [one for one in self._store.merges_into(merge.stays) if one.merge_id == merge.merge_id]
            if stays is None or not standing:
                raise RecordRequestError(say("records.request.no_merge"))
            if stays.merged_into is not None:
                raise RecordRequestError(say("records.request.stays_gone"))
            self._store.undo_merge(merge.merge_id, at=self._now())
            left = [self._store.find_patient(one.gone) for one in self._store.merges_into(merge.stays)]
            also = " ".join(row.search for row in left if row is not None)
            self._store.change_patient(merge.stays, patient_facts(patient_of(stays), also=also))
            self._trail.note(
                "records_merged",
                f"patient:{merge.stays}",
                detail={"gone": merge.gone, "merge": merge.merge_id, "undone": True},
            )

    def merges_into(self, patient_id: int) -> tuple[tuple[MergeRow, str], ...]:
        """Return the merges into a record that still stand, each with who was merged, in words."""
        found = []
        for merge in self._store.merges_into(patient_id):
            gone = self._store.find_patient(merge.gone)
            found.append((merge, who(gone) if gone is not None else ""))
        return tuple(found)

    def keep_apart(self, one: int, other: int) -> None:
        """Remember that two records are two people, so that it is not asked again.

        Raises:
            NotPermittedError: who is logged in may not correct this.
        """
        self._session.require("correct_identity")
        with self._store.transaction():
            self._patient(one), self._patient(other)
            self._store.keep_apart(one, other)
            self._trail.note("records_merged", f"patient:{one}", detail={"apart": other})

    def _take_draft_along(self, row: StudyRow, identity: Patient) -> None:
        """Let the draft say whose the study is now: the image itself goes on saying another."""
        draft = self._drafts.find(row.unit_key) or Draft(key=row.unit_key, path=row.path)
        typed = replace(_typed(identity, study_facts(row)), further=draft.typed.further)
        confirmed = tuple(name for name in IDENTIFIERS if getattr(identity, name) is not None)
        self._drafts.keep(replace(draft, typed=typed, confirmed=confirmed, identity_jotting=None))

    def _target(self, to: int | Patient) -> PatientRow:
        if isinstance(to, int):
            return self._patient(to)
        if not is_known(to):
            wanted = [say(f"records.field.{name}") for name in IDENTIFIERS if getattr(to, name) is None]
            raise IdentityIncompleteError(", ".join(wanted))
        joined = self._records.joined(to)
        return joined or self._patient(self._records.enter_patient(to))

    def _study(self, study_id: int) -> StudyRow:
        row = self._store.find_study_by_number(study_id)
        if row is None:
            raise RecordRequestError(say("records.request.unknown_study", number=study_id))
        return row

    def _patient(self, patient_id: int) -> PatientRow:
        row = self._store.find_patient(patient_id)
        if row is None:
            raise RecordRequestError(say("records.request.unknown_patient", number=patient_id))
        if row.merged_into is not None:
            raise RecordRequestError(say("records.request.gone_already", number=patient_id))
        return row

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat()


def correction_text(told: Correction) -> str:
    """Return what a copy of a signed report says of a move."""
    text = say("records.correction.addendum", before=told.before, after=told.after)
    return f"{text} {say('records.correction.why', why=told.why)}" if told.why else text


def _typed(identity: Patient, facts: StudyFacts) -> Patient:
    """Return a patient as somebody typed them over what the image says."""
    values: dict[str, Any] = {}
    for name in (*IDENTIFIERS, "sex", "age_years"):
        value = getattr(identity, name)
        said = getattr(facts.said, name)
        if value is not None and (said is None or said.value != value.value):
            values[name] = Sourced(value=value.value, source="typed")
    return Patient(**values)


def _facts(row: PatientRow) -> Any:
    return patient_facts(patient_of(row))
