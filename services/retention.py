"""Which records have been kept for as long as the clinic chose; nothing is ever deleted by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.clock import Clock
from services.session import Session
from store.consents import ConsentStore
from store.retention import LastEntry, RetentionStore
from store.settings import Settings

ADULT_AT = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long records are kept after their last entry; 0 is no limit.

    Those of a child are kept until the age ``child_until`` as well (a year longer where the patient was 17 at
    the last entry).

    Source: the scheme of NHS England's Records Management Code of Practice (2021), appendix II: adults eight
    years after the last treatment, children until the 25th birthday, or the 26th. What is right elsewhere,
    the law there says: nothing is listed until a clinic has entered its own years.
    """

    adult_years: int = 0
    child_until: int = 0

    def due_on(self, last: date, born: date | None) -> date | None:
        """Return the day from which records may be deleted, or None where there is no limit.

        A patient of unknown age is taken as born on the day of the last entry: none is listed too early.
        """
        if self.adult_years <= 0:
            return None
        due = _years_after(last, self.adult_years)
        if self.child_until <= 0:
            return due
        born = last if born is None or born > last else born
        if last >= _years_after(born, ADULT_AT):
            return due
        at_seventeen = last >= _years_after(born, ADULT_AT - 1)
        return max(due, _years_after(born, self.child_until + at_seventeen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A patient whose records may be deleted; ``held`` where they must not."""

    patient_id: int
    name: str
    number: str
    birth_date: str
    last: date
    due_on: date
    studies: int
    reports: int
    held: bool


class RetentionDesk:
    """Lists what is due by the rule in the settings."""

    def __init__(
        self,
        store: RetentionStore,
        consents: ConsentStore,
        settings: Settings,
        *,
        session: Session,
        clock: Clock,
    ) -> None:
        self._session = session
        self._store, self._consents = store, consents
        self._settings, self._clock = settings, clock

    @property
    def rule(self) -> Rule:
        """The rule in force."""
        return Rule(
            adult_years=int(self._settings.number("keep.years_adult")),
            child_until=int(self._settings.number("keep.child_until_age")),
        )

    def due(self) -> tuple[Due, ...]:
        """Return the patients whose records are due today, the longest due first.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self._session.require("enter_patient")
        rule, today = self.rule, self._clock.now().date()
        if rule.adult_years <= 0:
            return ()
        held = {hold.patient_id for hold in self._consents.holds()}
        found = []
        for entry in self._store.last_entries():
            last = datetime.fromisoformat(entry.last_at).date()
            due_on = rule.due_on(last, _day(entry.birth_date))
            if due_on is not None and due_on <= today:
                found.append(_due(entry, last, due_on, held=not held.isdisjoint(entry.records)))
        return tuple(sorted(found, key=lambda one: (one.due_on, one.name, one.patient_id)))


def _due(entry: LastEntry, last: date, due_on: date, *, held: bool) -> Due:
    return Due(
        patient_id=entry.patient_id,
        name=entry.name,
        number=entry.number,
        birth_date=entry.birth_date,
        last=last,
        due_on=due_on,
        studies=entry.studies,
        reports=entry.reports,
        held=held,
    )


def _years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February is 1 March in other years."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        year = day.year + years
        return date.max if year > date.max.year else date(year, 3, 1)


def _day(text: str) -> date | None:
    """Return a birth date as a day; where only the year is known, its last day (the youngest)."""
    for length, rest in ((10, ""), (7, "-28"), (4, "-12-31")):
        try:
            day = date.fromisoformat(text[:length] + rest)
        except ValueError:
            continue
        return day
    return None
