"""Records to JSON and back."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from core.decision import ClinicalSigns, Decision, FirstRead, Reading
from core.patient import Contradiction, Patient, Sourced
from services.drafts import Draft, OpenPlace
from services.record_json import from_plain, to_plain

AT = datetime(2027, 1, 1, 12, 30, tzinfo=UTC)
READING = Reading(
    indication="cough",
    signs=ClinicalSigns(respiratory_rate_per_min=44),
    first_read=FirstRead(impression="abnormal", at=AT),
    decisions=(Decision(pack_id="p", finding="f", answer="edited", at=AT, words="\u0bae"),),
)
PATIENT = Patient(
    name=Sourced(value="A", source="typed"),
    sex=Sourced(value="F", source="header"),
    age_years=Sourced(value=3.0, source="typed"),
    further={"smoking": Sourced(value=True, source="file"), "sodium": Sourced(value=140.0, source="file")},
    contradictions=(
        Contradiction(field="sex", used="F", used_source="typed", other="M", other_source="header"),
    ),
)


@pytest.mark.parametrize(
    "record",
    [
        READING,
        PATIENT,
        Draft(key="k", path="p", typed=PATIENT, confirmed=("name",), reading=READING, updated_at=AT),
        OpenPlace(paths=("a", "b"), current=None),
    ],
)
def test_a_record_survives_the_way_through_json(record: Any) -> None:
    assert from_plain(type(record), json.loads(json.dumps(to_plain(record)))) == record


def test_keys_of_a_newer_program_are_left_out() -> None:
    plain = {**to_plain(OpenPlace(paths=("a",))), "future": 1}
    assert from_plain(OpenPlace, plain) == OpenPlace(paths=("a",))


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "text",
        {},
        {"key": 1, "path": "p"},
        {"key": "k", "path": "p", "reading": {"first_read": {"impression": "well", "at": AT.isoformat()}}},
        {"key": "k", "path": "p", "updated_at": "yesterday"},
        {"key": "k", "path": "p", "typed": {"age_years": {"value": "3", "source": "typed"}}},
    ],
)
def test_what_is_no_such_record_is_refused(plain: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(Draft, plain)


def test_arrays_have_no_place_in_json() -> None:
    with pytest.raises(TypeError):
        to_plain(np.zeros(2))


def test_a_whole_number_stands_for_a_decimal_one() -> None:
    plain = to_plain(replace(PATIENT, further={}))
    plain["age_years"]["value"] = 3
    age = from_plain(Patient, plain).age_years
    assert age == Sourced(value=3.0, source="typed")
    assert isinstance(age.value, float)
