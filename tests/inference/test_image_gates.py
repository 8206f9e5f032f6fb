"""Gates that look at the picture and at what the network said of it."""

import numpy as np
import pytest

from core.result import Correction
from inference.gate_log import GateLog
from inference.image_gates import (
    Orientation,
    check_familiarity,
    check_picture,
    check_sense,
    correction_for,
    is_upright,
    read_sense,
)
from inference.manifest import Limit, Sense, SenseClass

SENSE = Sense(
    classes=("upright", "turned-90", "turned-180", "turned-270", "inverted", "inverted-turned-90", "other"),
    minimum_probability=0.8,
    may_correct=("turned-90", "turned-180", "turned-270", "inverted", "inverted-turned-90"),
    correct_probability=0.98,
)


def test_the_sense_is_the_most_probable_class() -> None:
    seen = read_sense(SENSE, np.log(np.array([0.1, 0.6, 0.1, 0.05, 0.05, 0.05, 0.05], dtype=np.float32)))
    assert seen.name == "turned-90"
    assert seen.probability == pytest.approx(0.6)


def test_large_logits_do_not_overflow() -> None:
    assert read_sense(SENSE, np.array([1e4, 0, 0, 0, 0, 0, -1e4], dtype=np.float32)).probability == 1.0


@pytest.mark.parametrize(
    ("name", "turns", "inverted"),
    [
        ("turned-90", 3, False),
        ("turned-180", 2, False),
        ("turned-270", 1, False),
        ("inverted", 0, True),
        ("inverted-turned-90", 3, True),
    ],
)
def test_what_lies_wrong_is_turned_back(name: SenseClass, turns: int, inverted: bool) -> None:
    correction = correction_for(SENSE, Orientation(name=name, probability=0.99))
    assert correction is not None
    assert (correction.quarter_turns, correction.inverted) == (turns, inverted)
    assert correction.text
    quarters = int(name.rpartition("-")[2]) // 90 if name[-1].isdigit() else 0
    picture = np.arange(6, dtype=np.float32).reshape(2, 3) / 6
    lying = np.rot90(picture, quarters)
    np.testing.assert_array_equal(np.rot90(lying, correction.quarter_turns), picture)


@pytest.mark.parametrize(
    ("name", "probability"), [("turned-90", 0.97), ("upright", 0.99), ("other", 0.99), ("turned-180", 0.5)]
)
def test_only_what_is_certain_and_allowed_is_put_right(name: SenseClass, probability: float) -> None:
    assert correction_for(SENSE, Orientation(name=name, probability=probability)) is None


@pytest.mark.parametrize(
    ("name", "probability", "gate"),
    [
        ("upright", 0.81, None),
        ("upright", 0.79, "sense"),
        ("turned-90", 0.9, "sense"),
        ("inverted", 0.9, "sense"),
        ("other", 0.9, "familiarity"),
        ("other", 0.5, "sense"),
    ],
)
def test_what_does_not_surely_lie_upright_is_refused(
    name: SenseClass, probability: float, gate: str | None
) -> None:
    log = GateLog(use_gates=True)
    seen = Orientation(name=name, probability=probability)
    check_sense(log, SENSE, seen, None)
    assert (log.refusal.gate if log.refusal else None) == gate
    assert is_upright(SENSE, seen) == (gate is None)


def test_what_was_put_right_is_said() -> None:
    log = GateLog(use_gates=True)
    check_sense(
        log, SENSE, Orientation(name="upright", probability=0.9), Correction(inverted=True, text="Inverted.")
    )
    assert [(check.outcome, check.text) for check in log.checks] == [("note", "Inverted.")]


def test_the_first_limit_that_is_broken_refuses_and_all_are_listed() -> None:
    limits = (
        Limit(gate="exposure", measure="contrast", minimum=0.1, maximum=None),
        Limit(gate="exposure", measure="bright_fraction", minimum=None, maximum=0.5),
        Limit(gate="sharpness", measure="short_side", minimum=500, maximum=None),
        Limit(gate="plausibility", measure="mask_area", minimum=0.5, maximum=None),
    )
    log = GateLog(use_gates=True)
    picture = np.ones((32, 32), dtype=np.float32)
    picture[:8] = 0.0
    check_picture(log, limits, picture, picture)
    assert [(check.outcome, check.value) for check in log.checks] == [
        ("good", 1.0),
        ("refused", 0.75),
        ("refused", 32.0),
    ]
    assert log.refusal is not None
    assert log.refusal.gate == "exposure"
    assert log.refusal.advice


def test_a_stranger_is_refused_beyond_the_maximum_only() -> None:
    for distance, refused in ((2.0, False), (2.01, True)):
        log = GateLog(use_gates=True)
        check_familiarity(log, 2.0, distance)
        assert (log.refusal is not None) is refused
        assert log.checks[0].maximum == 2.0


@pytest.mark.parametrize(
    ("name", "probability", "refused"),
    [("upright", 0.9, None), ("upright", 0.55, "familiarity"), ("other", 0.55, "familiarity")],
)
def test_a_pack_that_asks_for_the_kind_alone_speaks_of_no_position(
    name: SenseClass, probability: float, refused: str | None
) -> None:
    kinds = Sense(
        classes=("upright", "other"), minimum_probability=0.6, may_correct=(), correct_probability=1.0
    )
    log = GateLog(use_gates=True)
    check_sense(log, kinds, Orientation(name=name, probability=probability), None)
    assert (log.refusal.gate if log.refusal else None) == refused
    assert [check.name for check in log.checks] == ["Familiar image"]
