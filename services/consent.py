"""What a patient agreed to: care, teaching and research are asked for, answered and withdrawn apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.clock import Clock
from core.errors import NoConsentError, RequestError
from core.wording import say
from services.session import Session
from services.trail import Trail
from store.consents import HOWS, PURPOSES, ConsentRow, ConsentStore, How, Purpose
from store.deletion import DeletionStore
from store.records import RecordStore

__all__ = ["HOWS", "PURPOSES", "Answer", "ConsentDesk", "How", "Purpose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a patient says to one purpose now.

    ``asked`` is False where nobody asked: care is then taken as agreed to (they came), nothing else is.
    ``who`` is the guardian, where one answered; ``person`` who recorded it.
    """

    purpose: Purpose
    given: bool
    asked: bool = False
    how: How | None = None
    who: str = ""
    on: date | None = None
    person: str = ""
    recorded_at: datetime | None = None


class ConsentDesk:
    """The consents of one profile's patients.

    ``require`` is the gate: whatever gives records out for teaching or research asks it first.
    """

    def __init__(
        self,
        store: ConsentStore,
        records: RecordStore,
        belongings: DeletionStore,
        *,
        session: Session,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._store, self._records, self._belongings = store, records, belongings
        self._session, self._trail, self._clock = session, trail, clock

    def now(self, patient_id: int) -> tuple[Answer, ...]:
        """Return what a patient says to care, teaching and research, in this order."""
        rows = self.history(patient_id)
        return tuple(_answer(purpose, rows) for purpose in PURPOSES)

    def history(self, patient_id: int) -> tuple[ConsentRow, ...]:
        """Return every answer of a patient in the order recorded, also those of merged records.

        Raises:
            RequestError: there is no such patient.
        """
        return self._store.of(self._belongings.records_of(self._current(patient_id)))

    def record(
        self, patient_id: int, purpose: Purpose, *, given: bool, how: How, on: date, who: str = ""
    ) -> Answer:
        """Keep an answer; ``given`` False refuses, or withdraws what was given. Earlier ones stay.

        Raises:
            NotPermittedError: nobody is logged in who may.
            RequestError: there is no such patient, the day is not yet, or a guardian has no name.
        """
        person = self._session.require("consent")
        if on > self._clock.now().date():
            raise RequestError(say("keeping.consent.future"))
        if how == "guardian" and not who.strip():
            raise RequestError(say("keeping.consent.guardian"))
        with self._belongings.transaction():
            patient_id = self._current(patient_id)
            self._store.record(
                patient_id,
                purpose,
                given=given,
                how=how,
                who=who.strip() if how == "guardian" else "",
                given_on=on.isoformat(),
                recorded_at=self._clock.now().astimezone(UTC).isoformat(),
                person_id=person.person_id,
                person=person.name,
            )
            self._trail.note(
                "consent", f"patient:{patient_id}", detail={"purpose": purpose, "given": given, "how": how}
            )
        return next(one for one in self.now(patient_id) if one.purpose == purpose)

    def require(self, patient_id: int, purpose: Purpose) -> None:
        """Check that a patient agreed to a use of their records.

        Raises:
            NoConsentError: they did not, or withdrew it.
        """
        if not _answer(purpose, self.history(patient_id)).given:
            raise NoConsentError(purpose)

    def _current(self, patient_id: int) -> int:
        patient = self._records.current_patient(patient_id)
        if patient is None:
            raise RequestError(say("keeping.patient.unknown"))
        return patient.patient_id


def _answer(purpose: Purpose, rows: tuple[ConsentRow, ...]) -> Answer:
    """Return the answer that stands: that of the latest day; of one day, the one recorded last."""
    told = sorted(
        (row for row in rows if row.purpose == purpose), key=lambda row: (row.given_on, row.consent_id)
    )
    if not told:
        return Answer(purpose=purpose, given=purpose == "care")
    last = told[-1]
    return Answer(
        purpose=purpose,
        given=last.given,
        asked=True,
        how=last.how,
        who=last.who,
        on=date.fromisoformat(last.given_on),
        person=last.person,
        recorded_at=datetime.fromisoformat(last.recorded_at),
    )
