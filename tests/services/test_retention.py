"""What is due is listed by the clinic's own years, never too early, and nothing goes by itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.retention import Rule
from services.workplace import Workplace
from store.records import PatientFacts, RecordStore, StudyRow
from tests.opening import open_workplace

RULE = Rule(adult_years=8, child_until=25)


@pytest.mark.parametrize(
    ("last", "born", "due"),
    [
        (date(2010, 3, 4), date(1960, 1, 1), date(2018, 3, 4)),
        (date(2010, 3, 4), date(1992, 3, 4), date(2018, 3, 4)),  # eighteen on that day
        (date(2010, 3, 4), date(1992, 3, 5), date(2018, 3, 5)),  # seventeen: the 26th birthday
        (date(2010, 3, 4), date(1993, 3, 5), date(2018, 3, 5)),  # sixteen: the 25th
        (date(2010, 3, 4), date(2009, 3, 4), date(2034, 3, 4)),
        (date(2010, 3, 4), None, date(2035, 3, 4)),  # of unknown age: perhaps a newborn
        (date(2010, 3, 4), date(2011, 1, 1), date(2035, 3, 4)),  # born after the entry: not believed
        (date(2012, 2, 29), date(1960, 1, 1), date(2020, 2, 29)),
        (date(2011, 2, 28), date(2008, 2, 29), date(2033, 3, 1)),
    ],
)
def test_the_day_is_that_of_the_rule(last: date, born: date | None, due: date) -> None:
    assert RULE.due_on(last, born) == due


def test_without_years_nothing_is_ever_due() -> None:
    assert Rule().due_on(date(1950, 1, 1), date(1900, 1, 1)) is None
    assert Rule(child_until=25).due_on(date(1950, 1, 1), None) is None
    assert Rule(adult_years=8).due_on(date(2010, 3, 4), None) == date(2018, 3, 4)


class Day:
    """A clock that stands at noon of a day."""

    def __init__(self, day: date) -> None:
        self.day = day

    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Day:
    return Day(date(2027, 1, 1))


@pytest.fixture
def workplace(tmp_path: Path, clock: Day) -> Iterator[Workplace]:
    with open_workplace(tmp_path / "profile", clock=clock) as workplace:
        workplace.settings.set_many({"keep.years_adult": 8, "keep.child_until_age": 25})
        yield workplace


def enter(workplace: Workplace, name: str, born: str, last: str) -> int:
    records = RecordStore(workplace._database)
    patient_id = records.add_patient(PatientFacts(known="{}", name=name, birth_date=born), last)
    records.add_study(
        StudyRow(
            study_id=0,
            unit_key=name,
            patient_id=patient_id,
            path="",
            facts="{}",
            study_date="",
            modality="CR",
            description="",
            first_opened_at=last,
            last_opened_at=last,
        )
    )
    return patient_id


def test_what_is_due_is_listed_longest_first_and_stays(workplace: Workplace) -> None:
    old = enter(workplace, "Old", "1950-01-01", "2010-05-05T08:00:00+00:00")
    older = enter(workplace, "Older", "1950", "2009-05-05T08:00:00+00:00")
    enter(workplace, "Recent", "1950-01-01", "2020-05-05T08:00:00+00:00")
    enter(workplace, "Child", "2008-01-01", "2010-05-05T08:00:00+00:00")
    enter(workplace, "Unknown", "", "2010-05-05T08:00:00+00:00")
    due = workplace.retention.due()
    assert [one.patient_id for one in due] == [older, old]
    assert (due[0].last, due[0].due_on, due[0].studies) == (date(2009, 5, 5), date(2017, 5, 5), 1)
    assert workplace.retention.due() == due


def test_opening_a_study_again_puts_nothing_off_and_a_signature_does(workplace: Workplace) -> None:
    patient_id = enter(workplace, "Old", "1950-01-01", "2010-05-05T08:00:00+00:00")
    records = RecordStore(workplace._database)
    with workplace._database.transaction() as connection:
        connection.execute("UPDATE studies SET last_opened_at = '2026-12-31T08:00:00+00:00'")
    assert [one.patient_id for one in workplace.retention.due()] == [patient_id]
    workplace.signing._signed.keep(
        unit_key="Old", person_id=1, signed_at="2026-12-31T08:00:00+00:00", patient="{}",
        pixels_sha256=None, record="{}", result="{}", pdf=b"", content=b"",
    )  # fmt: skip
    assert workplace.retention.due() == ()
    assert records.studies_of(patient_id)


def test_entries_of_a_merged_record_count_for_the_one_that_stays(workplace: Workplace) -> None:
    records = RecordStore(workplace._database)
    stays = enter(workplace, "Old", "1950-01-01", "2010-05-05T08:00:00+00:00")
    gone = enter(workplace, "Old too", "1950-01-01", "2020-05-05T08:00:00+00:00")
    assert [one.patient_id for one in workplace.retention.due()] == [stays]
    records.merge(gone, stays, at="2027-01-01T00:00:00+00:00")
    assert workplace.retention.due() == ()


def test_what_is_held_is_marked(workplace: Workplace) -> None:
    patient_id = enter(workplace, "Old", "1950-01-01", "2010-05-05T08:00:00+00:00")
    workplace.deletion.hold(patient_id, "A court asked")
    assert [one.held for one in workplace.retention.due()] == [True]
    workplace.deletion.lift(patient_id)
    assert [one.held for one in workplace.retention.due()] == [False]


def test_nothing_is_due_before_a_clinic_has_entered_its_years(workplace: Workplace) -> None:
    enter(workplace, "Old", "1950-01-01", "1970-05-05T08:00:00+00:00")
    workplace.settings.set("keep.years_adult", 0)
    assert workplace.retention.due() == ()
