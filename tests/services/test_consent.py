"""Care, teaching and research are agreed to apart, and the gate opens for what was agreed to alone."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core.errors import NoConsentError, NotPermittedError, RequestError
from services.staff import NewPerson
from services.workplace import Workplace
from store.records import PatientFacts, RecordStore
from store.sqlcipher import dbapi
from tests.opening import ADMINISTRATOR, open_workplace

DAY = date(2020, 5, 17)
AT = "2020-05-17T09:00:00+00:00"


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with open_workplace(tmp_path / "profile") as workplace:
        yield workplace


@pytest.fixture
def patient(workplace: Workplace) -> int:
    return RecordStore(workplace._database).add_patient(PatientFacts(known="{}", name="Grace"), AT)


def test_nobody_asked_means_care_alone(workplace: Workplace, patient: int) -> None:
    answers = workplace.consent.now(patient)
    assert [(one.purpose, one.given, one.asked) for one in answers] == [
        ("care", True, False), ("teaching", False, False), ("research", False, False),
    ]  # fmt: skip
    workplace.consent.require(patient, "care")
    for purpose in ("teaching", "research"):
        with pytest.raises(NoConsentError):
            workplace.consent.require(patient, purpose)


def test_an_answer_is_kept_with_day_way_and_who_recorded_it(workplace: Workplace, patient: int) -> None:
    answer = workplace.consent.record(
        patient, "research", given=True, how="guardian", on=DAY, who=" A. Wanjiru "
    )
    assert (answer.given, answer.how, answer.who, answer.on) == (True, "guardian", "A. Wanjiru", DAY)
    assert answer.person == ADMINISTRATOR
    workplace.consent.require(patient, "research")
    with pytest.raises(NoConsentError):
        workplace.consent.require(patient, "teaching")


def test_what_is_withdrawn_closes_the_gate_and_stays_to_be_read(workplace: Workplace, patient: int) -> None:
    workplace.consent.record(patient, "teaching", given=True, how="signed_paper", on=DAY)
    workplace.consent.record(patient, "teaching", given=False, how="spoken", on=DAY)
    with pytest.raises(NoConsentError):
        workplace.consent.require(patient, "teaching")
    assert [row.given for row in workplace.consent.history(patient)] == [True, False]


def test_care_can_be_refused_as_well(workplace: Workplace, patient: int) -> None:
    workplace.consent.record(patient, "care", given=False, how="spoken", on=DAY)
    with pytest.raises(NoConsentError):
        workplace.consent.require(patient, "care")


def test_the_latest_day_counts_also_where_it_was_recorded_first(workplace: Workplace, patient: int) -> None:
    workplace.consent.record(patient, "research", given=False, how="spoken", on=date(2021, 1, 1))
    workplace.consent.record(patient, "research", given=True, how="signed_paper", on=DAY)
    with pytest.raises(NoConsentError):
        workplace.consent.require(patient, "research")


def test_answers_follow_a_merged_record(workplace: Workplace, patient: int) -> None:
    records = RecordStore(workplace._database)
    gone = records.add_patient(PatientFacts(known="{}", name="Grace S."), AT)
    workplace.consent.record(gone, "research", given=False, how="spoken", on=date(2021, 1, 1))
    workplace.consent.record(patient, "research", given=True, how="spoken", on=DAY)
    records.merge(gone, patient, at=AT)
    with pytest.raises(NoConsentError):
        workplace.consent.require(patient, "research")


@pytest.mark.parametrize(
    "wrong", [{"on": date(2999, 1, 1)}, {"how": "guardian"}, {"how": "guardian", "who": "  "}]
)
def test_a_day_to_come_and_a_guardian_without_name_are_asked_about(
    workplace: Workplace, patient: int, wrong: dict[str, object]
) -> None:
    right: dict[str, object] = {"given": True, "how": "spoken", "on": DAY, **wrong}
    with pytest.raises(RequestError) as caught:
        workplace.consent.record(patient, "research", **right)  # type: ignore[arg-type]
    assert caught.value.detail
    assert workplace.consent.history(patient) == ()


def test_an_answer_stands_in_the_trail_without_a_name(workplace: Workplace, patient: int) -> None:
    workplace.consent.record(patient, "research", given=True, how="guardian", on=DAY, who="A. Wanjiru")
    (line,) = (line for line in workplace.trail.lines() if line.act == "consent")
    assert line.subject == f"patient:{patient}"
    assert line.detail == '{"given": true, "how": "guardian", "purpose": "research"}'
    assert line.words is None


def test_an_assistant_records_consent_and_nobody_does_while_it_is_locked(
    workplace: Workplace, patient: int
) -> None:
    assistant = workplace.staff.add(NewPerson(name="J. Mwangi", duty="assistant"), "another password")
    workplace.switch(assistant.holder_id, "another password")
    assert workplace.consent.record(patient, "care", given=True, how="spoken", on=DAY).person == "J. Mwangi"
    workplace.lock()
    with pytest.raises(NotPermittedError):
        workplace.consent.record(patient, "care", given=True, how="spoken", on=DAY)


def test_an_answer_does_not_change_once_it_is_kept(workplace: Workplace, patient: int) -> None:
    workplace.consent.record(patient, "research", given=False, how="spoken", on=DAY)
    with pytest.raises(dbapi.IntegrityError), workplace._database.transaction() as connection:
        connection.execute("UPDATE consents SET given = 1")


def test_a_patient_who_is_not_there_is_told(workplace: Workplace) -> None:
    with pytest.raises(RequestError):
        workplace.consent.now(77)
    with pytest.raises(RequestError):
        workplace.consent.record(77, "care", given=True, how="spoken", on=DAY)
    with pytest.raises(RequestError):
        workplace.consent.require(77, "care")
