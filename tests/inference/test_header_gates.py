"""Gates that ask the header and the patient."""

from dataclasses import replace

import numpy as np
import pytest

from core.image import Image, ImageRef, ReadingUnit, StudyHeader
from core.patient import Contradiction, Patient, Sourced, ValueSource
from core.reading_order import refuses_others
from inference.gate_log import GateLog
from inference.header_gates import (
    age_range_words,
    age_words,
    check_age,
    check_applies,
    check_colour,
    check_position,
    check_sex,
    check_trained_on,
    has_real_colour,
)
from inference.manifest import AgeRange, Applies
from inference.subject import Subject, subject_of

APPLIES = Applies(
    modalities=("CR", "DX"),
    body_parts=("CHEST", "THORAX"),
    views=("AP", "PA"),
    age_years=AgeRange(minimum=1.0, maximum=5.99),
    colour="grey",
    multi_frame=False,
)


def _log() -> GateLog:
    return GateLog(use_gates=True)


def _image(values: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> Image:
    return Image(ref=ImageRef(file="a"), values=values)


@pytest.mark.parametrize("modality", [None, "", "OT", "SC", "CR", "dx "])
def test_a_modality_that_fits_or_is_not_known_does_not_refuse(modality: str | None) -> None:
    log = _log()
    check_applies(log, APPLIES, Subject(modality=modality))
    assert log.status == "ok"
    assert len(log.checks) == 1


@pytest.mark.parametrize("modality", ["CT", "MR", "US"])
def test_another_modality_is_not_applicable(modality: str) -> None:
    log = _log()
    check_applies(log, APPLIES, Subject(modality=modality))
    assert log.status == "not_applicable"
    assert log.refusal is not None
    assert modality in log.refusal.reason


def test_many_frames_are_not_for_a_pack_of_single_images() -> None:
    log = _log()
    check_applies(log, APPLIES, Subject(frames=12))
    assert log.status == "not_applicable"


@pytest.mark.parametrize(
    ("body_part", "view", "outcomes"),
    [
        (None, None, ["note", "note"]),
        ("", "", ["note", "note"]),
        ("CHEST", "PA", ["good", "good"]),
        ("chest ", "ap", ["good", "good"]),
        ("THORAX AP", "PA ERECT", ["good", "good"]),
        ("TORAX", "FRENTE", ["note", "note"]),
        ("胸部", "正面", ["note", "note"]),
        ("SKULL", "PA", ["refused", "good"]),
        ("T SPINE", "PA", ["refused", "good"]),
        ("CHEST", "LL", ["good", "refused"]),
        ("CHEST", "LATERAL", ["good", "refused"]),
    ],
)
def test_only_a_known_word_of_another_kind_contradicts(
    body_part: str | None, view: str | None, outcomes: list[str]
) -> None:
    log = _log()
    check_position(log, APPLIES, Subject(body_part=body_part, view=view))
    assert [check.outcome for check in log.checks] == outcomes
    assert (log.refusal is not None) == ("refused" in outcomes)


def test_a_pack_that_names_no_view_asks_for_none() -> None:
    log = _log()
    open_to_all = Applies(
        modalities=("DX",), body_parts=(), views=(), age_years=None, colour="grey", multi_frame=False
    )
    check_position(log, open_to_all, Subject(body_part="SKULL", view="LL"))
    assert log.checks == []


def test_an_unknown_age_asks_for_the_age() -> None:
    log = _log()
    check_age(log, APPLIES.age_years, Subject())
    assert log.refusal is not None
    assert log.refusal.gate == "age"
    assert log.refusal.advice == "Enter the age."


@pytest.mark.parametrize("age", [1.0, 3.0, 5.0, 5.99, 5.999])
def test_an_age_in_the_range_passes_to_the_last_day(age: float) -> None:
    log = _log()
    check_age(log, APPLIES.age_years, Subject(age_years=age))
    assert log.refusal is None


ADULTS = AgeRange(minimum=18.0, maximum=150.0)


@pytest.mark.parametrize(
    ("ages", "age", "said"),
    [
        (
            AgeRange(minimum=18.0, maximum=60.99),
            61.0,
            "The patient is 61 years old. This model was trained on patients of 18 to 60 years; "
            "others were left out.",
        ),
        (
            AgeRange(minimum=1.0, maximum=5.99),
            8.4,
            "The patient is 8 years old. This model was trained on patients of 1 to 5 years; "
            "others were left out.",
        ),
        (
            AgeRange(minimum=25.0, maximum=75.99),
            80.0,
            "The patient is 80 years old. This model was trained on patients of 25 to 75 years; "
            "others were left out.",
        ),
    ],
)
def test_an_age_that_a_model_never_learned_from_is_told_and_does_not_refuse(
    ages: AgeRange, age: float, said: str
) -> None:
    log = _log()
    check_trained_on(log, ages, Subject(age_years=age))
    assert [(check.gate, check.outcome, check.text) for check in log.checks] == [("age", "note", said)]
    assert log.refusal is None


@pytest.mark.parametrize(("age", "words"), [(0.5, "6 months"), (8.4, "8 years"), (17.99, "17 years")])
def test_a_model_of_adults_refuses_a_patient_who_is_known_to_be_a_child(age: float, words: str) -> None:
    log = _log()
    check_trained_on(log, ADULTS, Subject(age_years=age))
    assert log.refusal is not None
    assert log.refusal.reason == f"This model was trained on adults alone; the patient's age is {words}."
    assert refuses_others(log.refusal)
    for used, other in ((age, 40.0), (40.0, age)):
        both = _log()
        check_trained_on(both, ADULTS, Subject(age_years=used, other_ages=(other,), unsettled_ages=(other,)))
        assert both.refusal is not None, "which age is right may not be assumed"
        assert both.refusal.case == "unsettled"
        assert not refuses_others(both.refusal)
    allowed = GateLog(use_gates=False)
    check_trained_on(allowed, ADULTS, Subject(age_years=age))
    assert allowed.checks[-1].outcome == "note", "with the checks off it is told above the answer"
    doubted = _log()
    check_trained_on(doubted, ADULTS, Subject(age_years=40.0, other_ages=(age,)))
    assert doubted.refusal is None, "another source says so: that is told above the answer"
    assert [check.outcome for check in doubted.checks] == ["note"]


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        (ADULTS, "The age is not known. This model was trained on adults; children were left out."),
        (
            AgeRange(minimum=1.0, maximum=5.99),
            "The age is not known. This model was trained on patients of 1 to 5 years; others were left out.",
        ),
    ],
)
def test_an_age_that_is_not_known_is_told_as_that(ages: AgeRange, said: str) -> None:
    log = _log()
    check_trained_on(log, ages, Subject())
    assert [(check.gate, check.outcome, check.text) for check in log.checks] == [("age", "note", said)]
    assert log.refusal is None


@pytest.mark.parametrize("subject", [Subject(age_years=18.0), Subject(age_years=60.0)])
def test_an_age_that_was_learned_from_is_not_told(subject: Subject) -> None:
    log = _log()
    check_trained_on(log, ADULTS, subject)
    check_trained_on(log, None, Subject(age_years=3.0))
    assert log.checks == []


def test_a_child_by_a_source_that_was_not_believed_is_told_as_such() -> None:
    other = Contradiction(
        field="age_years", used="45.0", used_source="file", other="8.0", other_source="header"
    )
    patient = Patient(age_years=Sourced(value=45.0, source="file"), contradictions=(other,))
    unit = ReadingUnit(kind="dicom-image", path="a", files=(), header=StudyHeader(), patient=patient)
    log = _log()
    check_trained_on(log, ADULTS, subject_of(unit, patient))
    (check,) = log.checks
    assert check.text.startswith("One source says that the patient is 8 years old. This model was trained")


@pytest.mark.parametrize("age", [0.0, 0.99, 6.0, 81.0])
def test_an_age_outside_the_range_refuses(age: float) -> None:
    log = _log()
    check_age(log, APPLIES.age_years, Subject(age_years=age))
    assert log.refusal is not None
    assert age_words(age) in log.refusal.reason


@pytest.mark.parametrize(("sex", "outcome"), [("F", "good"), ("M", "refused"), (None, "note")])
def test_another_sex_refuses_and_an_unknown_one_is_told(sex: str | None, outcome: str) -> None:
    log = _log()
    check_sex(log, ("F",), Subject(sex=sex))
    assert [one.outcome for one in log.checks] == [outcome]
    assert (log.refusal is not None) is (outcome == "refused")


def test_a_pack_without_an_age_range_does_not_ask() -> None:
    log = _log()
    check_age(log, None, Subject())
    assert log.checks == []


def test_ages_are_told_as_people_say_them() -> None:
    assert [age_words(age) for age in (0.5, 1.5, 2.0, 5.99)] == [
        "6 months",
        "18 months",
        "2 years",
        "5 years",
    ]
    assert age_range_words(AgeRange(minimum=1.0, maximum=5.99)) == "1 to 5 years"
    assert age_range_words(AgeRange(minimum=0.5, maximum=18)) == "6 months to 18 years"


def test_real_colour_is_told_from_grey_that_is_stored_as_colour() -> None:
    grey = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    tissue = grey.copy()
    tissue[..., 0] = 200
    assert not has_real_colour(_image(grey))
    assert has_real_colour(_image(tissue))
    for image, refused in ((_image(grey), False), (_image(tissue), True)):
        log = _log()
        check_colour(log, APPLIES, Subject(), image)
        assert (log.refusal is not None) is refused


def test_what_is_known_of_the_colour_wins_over_the_pixels() -> None:
    log = _log()
    check_colour(log, APPLIES, Subject(colour=True), _image(np.zeros((8, 8, 3), dtype=np.uint8)))
    assert log.refusal is not None


def test_without_gates_everything_is_listed_and_nothing_refuses() -> None:
    log = GateLog(use_gates=False)
    check_applies(log, APPLIES, Subject(modality="CT"))
    check_age(log, APPLIES.age_years, Subject())
    check_position(log, APPLIES, Subject(body_part="SKULL"))
    assert [check.outcome for check in log.checks] == ["refused", "refused", "refused", "note"]
    assert log.refusal is None
    assert log.status == "ok"


def test_the_first_refusal_is_kept() -> None:
    log = _log()
    check_age(log, APPLIES.age_years, Subject())
    check_position(log, APPLIES, Subject(body_part="SKULL"))
    assert log.refusal is not None
    assert log.refusal.gate == "age"


def test_a_pack_for_both_looks_at_grey_and_at_colour() -> None:
    both = replace(APPLIES, colour="any")
    for colour in (True, False):
        log = GateLog(use_gates=True)
        check_colour(log, both, Subject(colour=colour), _image(np.zeros((8, 8), dtype=np.uint8)))
        assert log.refusal is None


@pytest.mark.parametrize(
    ("used", "source", "other", "outcome", "said"),
    [
        (3.0, "header", "34.0", "refused", "(3 years or 34 years), and"),
        (34.0, "header", "3.0", "refused", "(34 years or 3 years), and"),
        (3.0, "header", "5.0", "good", "Age 3 years"),
        (3.0, "file", "34.0", "note", "3 years, which somebody gave, is used, the other is 34 years."),
        (3.0, "typed", "34.0", "note", "3 years, which somebody gave, is used, the other is 34 years."),
        (34.0, "file", "3.0", "refused", "the patient's age is 34 years."),
        (3.0, "file", "5.0", "good", "Age 3 years"),
    ],
)
def test_an_age_on_the_other_side_of_the_range_refuses_unless_somebody_gave_the_one_that_is_used(
    used: float, source: ValueSource, other: str, outcome: str, said: str
) -> None:
    doubt = Contradiction(
        field="age_years", used=f"{used}", used_source=source, other=other, other_source="header"
    )
    patient = Patient(age_years=Sourced(value=used, source=source), contradictions=(doubt,))
    unit = ReadingUnit(kind="dicom-image", path="a", files=(), header=StudyHeader(), patient=patient)
    log = GateLog(use_gates=True)
    check_age(log, APPLIES.age_years, subject_of(unit, patient))
    (check,) = log.checks
    assert (check.gate, check.outcome) == ("age", outcome)
    assert said in check.text
