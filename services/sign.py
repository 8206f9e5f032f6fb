"""Sign a report: who signs, whether the clock is to be believed, and what is kept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.clock import Clock, FixedClock
from core.decision import Signature, SignedReport
from core.errors import (
    AlreadySignedError,
    NotPermittedError,
    NotReadyToSignError,
    PasswordGivenError,
    RequestError,
)
from core.image import ReadingUnit
from core.model_facts import ModelFacts
from core.patient import Patient, Sourced
from core.wording import say
from services.analyze import Analysis
from services.before_signing import Missing, missing_for_signing, reading_beside
from services.clock_doubt import ClockDoubt, clock_doubt
from services.draft_acts import named
from services.drafts import Draft, key_of
from services.frozen import freeze, thaw
from services.pack_keys import KeyDesk
from services.patient import merge, same_id
from services.picture_marks import marks_of
from services.record_json import from_plain, to_plain
from services.records import RecordDesk
from services.report import Paper, ReportRequest, content_of, set_on_paper
from services.report_seals import SEAL, addendum_seal, report_seal
from services.result_json import WrittenFiles, result_to_dict
from services.session import Session
from services.staff import Staff
from services.trail import Trail
from store.people import PeopleStore, PersonRow
from store.signed import AddendumRow, SignedRow, SignedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may sign on this computer."""

    person_id: int
    name: str
    role: str
    registration_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFile:
    """A signed report: the record and the exact PDF bytes it is bound to.

    ``result`` is the JSON of what the computer had answered, ``patient`` who the patient was known to be.
    """

    report_id: int
    record: SignedReport
    pdf: bytes
    result: str = ""
    patient: Patient = field(default_factory=Patient)


class _Made(NamedTuple):
    """A report as it is signed: what it says, frozen, and how that looks on its paper."""

    content: bytes
    pdf: bytes
    paper: Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """Words added after signing, by whom and when."""

    text: str
    name: str
    role: str
    registration_number: str
    at: datetime
    clock_doubted: bool = False


class SigningDesk:
    """People, PINs and signed reports of one profile."""

    def __init__(
        self,
        people: PeopleStore,
        signed: SignedStore,
        clock: Clock,
        session: Session,
        *,
        records: RecordDesk,
        trail: Trail,
        staff: Staff,
        keys: KeyDesk,
    ) -> None:
        self.clock = clock
        self._staff = staff
        self._trail = trail
        self._people = people
        self._signed = signed
        self._session = session
        self._records = records
        self._keys = keys

    def people(self) -> tuple[Person, ...]:
        """Return who may sign here, the last signer first."""
        return tuple(_person(row) for row in self._people.all() if row.signs)

    def wait_seconds(self, person_id: int) -> float:
        """Return how long this person must wait after wrong PINs before the next try; 0 when none."""
        return self._people.wait_seconds(person_id)

    def clock_doubt(self) -> ClockDoubt | None:
        """Return a question where the clock is earlier than the build or the last signature, else None."""
        return clock_doubt(self.clock, self._signed)

    def missing(self, unit: ReadingUnit, analysis: Analysis | None, draft: Draft) -> tuple[Missing, ...]:
        """Return what must be answered before signing, also where the records speak of another patient."""
        found = missing_for_signing(unit, analysis, draft)
        person = self._session.person
        if person is not None and draft.reader_id not in (None, person.person_id):
            found = (*found, Missing(code="reader", text=say("people.missing.reader", name=draft.reader)))
        return (*found, *self.withheld(unit, analysis, draft))

    def withheld(self, unit: ReadingUnit, analysis: Analysis | None, draft: Draft) -> tuple[Missing, ...]:
        """Return what the records hold against signing.

        A model that spoke is not trusted any more, or they speak of another patient.
        """
        found = () if analysis is None else self._set_aside(analysis)
        patient = merge(unit.patient, draft.typed, day=unit.header.date)
        other = self._records.belongs_to_another(key_of(unit), patient)
        if other is not None:
            text = say("records.same.elsewhere", name=other)
            found = (*found, Missing(code="identity", text=text, subject="records"))
        marks = () if analysis is None else marks_of(analysis)
        holder = self._records.holder_of_pixels(key_of(unit), marks, patient)
        if holder is not None:
            found = (*found, Missing(code="same_pixels", text=say("records.same.pixels", name=holder)))
        return found

    def _set_aside(self, analysis: Analysis) -> tuple[Missing, ...]:
        return tuple(
            Missing(
                code="model",
                text=say("services.missing.model", title=entry.title, version=entry.stamp.version),
                subject=entry.stamp.pack_id,
            )
            for entry in analysis.result.results
            if entry.status == "ok" and self._keys.is_set_aside(entry.stamp)
        )

    def sign(
        self,
        unit: ReadingUnit,
        analysis: Analysis,
        draft: Draft,
        *,
        person_id: int,
        pin: str,
        facts: Mapping[str, ModelFacts] | None = None,
        site: str = "",
        address: tuple[str, ...] = (),
        paper: Paper = "A4",
        clock_accepted: bool = False,
    ) -> SignedFile:
        """Check the PIN, render the report, keep the signed record durably, and drop the draft.

        ``facts`` come from ``Analyzer.facts_for(analysis.result)``.

        Who is logged in must be one who reads; somebody else who signs may do so with their own PIN.

        Raises:
            NotPermittedError: nobody who reads is logged in, or not the same person any more at the end.
            NotReadyToSignError: something is missing, or the clock is doubted and was not accepted.
            PasswordGivenError: the signer has not chosen a password of their own yet.
            WrongPinError: the PIN is wrong, or must wait.
            AlreadySignedError: this unit's reading is signed.
            ReportError: the PDF could not be made; nothing is signed then.
        """
        me = self._session.require("read")
        self._require_ready(unit, analysis, draft)
        signature = self._signature(person_id, pin, clock_accepted=clock_accepted)
        request = ReportRequest(
            analysis=analysis,
            reading=reading_beside(analysis, draft.reading),
            signature=signature,
            facts=facts or MappingProxyType({}),
            site=site,
            address=address,
            witness=self._trail.witness(),
        )
        content = freeze(content_of(request, clock=FixedClock(instant=signature.at)))
        pdf = set_on_paper(thaw(content), paper)
        with self._trail.together():
            self._require_still(me)  # the window may have locked itself while the paper was set
            if self._records.identify(unit, analysis.result.patient, draft.confirmed):
                self._records.keep_marks(key_of(unit), marks_of(analysis))
            return self._keep(key_of(unit), person_id, request, signature, _Made(content, pdf, paper))

    def _require_still(self, me: PersonRow) -> None:
        now = self._session.require("read")
        if now.person_id != me.person_id:
            raise NotPermittedError("sign")

    def _require_ready(self, unit: ReadingUnit, analysis: Analysis, draft: Draft) -> None:
        if self._signed.find(key_of(unit)) is not None:
            raise AlreadySignedError
        missing = self.missing(unit, analysis, draft)
        if missing:
            raise NotReadyToSignError(", ".join(entry.code for entry in missing))

    def _keep(
        self, key: str, person_id: int, request: ReportRequest, signature: Signature, made: _Made
    ) -> SignedFile:
        """Bind reading, result and report to one another by hash, and keep them in one step."""
        analysis = request.analysis
        result = json.dumps(result_to_dict(analysis.result, folder="", files=WrittenFiles()), sort_keys=True)
        record = SignedReport(
            reading=request.reading,
            signature=signature,
            result_sha256=hashlib.sha256(result.encode()).hexdigest(),
            report_sha256=hashlib.sha256(made.pdf).hexdigest(),
            content_sha256=hashlib.sha256(made.content).hexdigest(),
            paper=made.paper,
        )
        patient, kept = json.dumps(to_plain(analysis.result.patient)), json.dumps(to_plain(record))
        with self._trail.together():
            report_id = self._signed.keep(
                unit_key=key,
                person_id=person_id,
                signed_at=_utc(signature.at),
                patient=patient,
                pixels_sha256=next(iter(marks_of(analysis)), None),
                record=kept,
                result=result,
                pdf=made.pdf,
                content=made.content,
            )
            sealed = report_seal(
                patient=patient, record=kept, result=result, pdf=made.pdf, content=made.content
            )
            detail = {
                "unit": key, "paper": made.paper, "report_sha256": record.report_sha256, SEAL: sealed
            }  # fmt: skip
            words = named(analysis.result.patient)
            self._note("sign", report_id, detail, words=words, person_id=person_id, signature=signature)
        return SignedFile(
            report_id=report_id, record=record, pdf=made.pdf, result=result, patient=analysis.result.patient
        )

    def draft_for(self, unit: ReadingUnit, signed: SignedFile) -> Draft:
        """Return what was said and typed of a signed unit, as a draft holds it; it is shown, not kept."""
        patient = signed.patient
        typed = {
            name: value
            for name in ("name", "id", "sex", "birth_date", "age_years", "height_cm", "weight_kg")
            if (value := getattr(patient, name)) is not None and value.source == "typed"
        }
        values = {code: value for code, value in patient.further.items() if value.source == "typed"}
        whole = Patient(**typed, further=MappingProxyType(values))
        return Draft(key=key_of(unit), path=unit.path, typed=whole, reading=signed.record.reading)

    def find_signed(self, unit: ReadingUnit) -> SignedFile | None:
        """Return the signed report of a unit, or None."""
        row = self._signed.find(key_of(unit))
        return None if row is None else _signed_file(row)

    def find_signed_by_key(self, key: str) -> SignedFile | None:
        """Return the signed report of a unit's key, or None.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        row = self._signed.find(key)
        return None if row is None else _signed_file(row)

    def signed_under(self, patient_id: str) -> tuple[Patient, ...]:
        """Return the patients of the signed reports that carry a number."""
        asked = Patient(id=Sourced(value=patient_id, source="typed"))
        known = (from_plain(Patient, json.loads(text)) for text in self._signed.patients())
        return tuple(patient for patient in known if same_id(asked, patient))

    def add_addendum(
        self, report_id: int, text: str, *, person_id: int, pin: str, clock_accepted: bool = False
    ) -> Addendum:
        """Add words to a signed report, signed by PIN; the report itself stays as it is.

        Raises:
            NotPermittedError: nobody who reads is logged in.
            RequestError: there are no words.
            NotReadyToSignError: the clock is doubted and was not accepted.
            PasswordGivenError: the signer has not chosen a password of their own yet.
            WrongPinError: the PIN is wrong, or must wait.
        """
        me = self._session.require("read")
        if not text.strip():
            raise RequestError(say("services.addendum.empty"))
        signature = self._signature(person_id, pin, clock_accepted=clock_accepted)
        addendum = Addendum(
            text=text.strip(),
            name=signature.name,
            role=signature.role,
            registration_number=signature.registration_number,
            at=signature.at,
            clock_doubted=signature.clock_doubted,
        )
        with self._trail.together():
            self._require_still(me)
            row = self._signed.add_addendum(
                report_id=report_id,
                person_id=person_id,
                signed_at=_utc(signature.at),
                payload=json.dumps(to_plain(addendum)),
            )
            detail = {"addendum": row.addendum_id, SEAL: addendum_seal(row.payload)}
            self._note("addendum", report_id, detail, person_id=person_id, signature=signature)
        return addendum

    def _note(
        self,
        act: Literal["sign", "addendum"],
        report_id: int,
        detail: Mapping[str, object],
        *,
        person_id: int,
        signature: Signature,
        words: str = "",
    ) -> None:
        """Write who signed: not always the person who is logged in."""
        who = {"signer": signature.name, "signer_id": person_id, "clock_doubted": signature.clock_doubted}
        self._trail.note(act, f"report:{report_id}", detail={**detail, **who}, words=words)

    def addenda(self, report_id: int) -> Sequence[Addendum]:
        """Return the addenda of a signed report, the oldest first."""
        return tuple(addendum_of(row) for row in self._signed.addenda(report_id))

    def _signature(self, person_id: int, pin: str, *, clock_accepted: bool) -> Signature:
        doubt = self.clock_doubt()
        if doubt is not None and not clock_accepted:
            raise NotReadyToSignError("clock")
        signer = self._people.find(person_id)
        if signer is not None and self._staff.given_password(signer) is not None:
            raise PasswordGivenError
        person = self._people.require_pin(
            person_id, pin, on_wrong=partial(self._trail.note, "wrong_pin", f"person:{person_id}")
        )
        return Signature(
            name=person.name,
            role=person.role,
            registration_number=person.registration_number,
            at=self.clock.now(),
            clock_doubted=doubt is not None,
        )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _person(row: PersonRow) -> Person:
    return Person(
        person_id=row.person_id,
        name=row.name,
        role=row.role,
        registration_number=row.registration_number,
    )


def _signed_file(row: SignedRow) -> SignedFile:
    record = from_plain(SignedReport, json.loads(row.record))
    patient = from_plain(Patient, json.loads(row.patient))
    return SignedFile(report_id=row.report_id, record=record, pdf=row.pdf, result=row.result, patient=patient)


def addendum_of(row: AddendumRow) -> Addendum:
    """Return an addendum as the store kept it."""
    return from_plain(Addendum, json.loads(row.payload))
