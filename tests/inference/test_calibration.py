"""The table from logits to probabilities, its inverse, and positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.calibration import calibrated, position_of, table_fault
from inference.manifest import Calibration

TABLE = Calibration(
    prevalence=0.5, logits=(-4.0, -1.0, 0.0, 2.0), lower=(0.0, 0.1, 0.4, 0.9), upper=(0.1, 0.2, 0.6, 1.0)
)


@st.composite
def tables(draw: st.DrawFn) -> Calibration:
    """Draw a sound table."""
    size = draw(st.integers(2, 8))
    unit = st.lists(st.floats(0, 1), min_size=size, max_size=size).map(sorted)
    hundredths = draw(st.lists(st.integers(-2000, 2000), min_size=size, max_size=size, unique=True))
    logits = [number / 100 for number in sorted(hundredths)]
    first, second = np.array(draw(unit)), np.array(draw(unit))
    return Calibration(
        prevalence=0.5,
        logits=tuple(logits),
        lower=tuple(np.minimum(first, second).tolist()),
        upper=tuple(np.maximum(first, second).tolist()),
    )


def test_a_logit_of_the_table_gives_its_entry() -> None:
    assert calibrated(TABLE, 0.0) == pytest.approx((0.6 / 1.2, 0.4, 0.6))


def test_between_two_logits_both_ends_are_interpolated_linearly() -> None:
    assert calibrated(TABLE, 1.0) == pytest.approx((0.8 / (1 - 0.65 + 0.8), 0.65, 0.8))


def test_beyond_the_table_it_stays_as_at_the_end() -> None:
    assert calibrated(TABLE, -1e9) == calibrated(TABLE, -4.0)
    assert calibrated(TABLE, 1e9) == calibrated(TABLE, 2.0)


def test_certainty_at_either_end_is_no_division_by_zero() -> None:
    table = Calibration(prevalence=0.5, logits=(0.0, 1.0), lower=(0.0, 1.0), upper=(0.0, 1.0))
    assert calibrated(table, 0.0) == (0.0, 0.0, 0.0)
    assert calibrated(table, 1.0) == (1.0, 1.0, 1.0)


@given(tables(), st.floats(-30, 30), st.floats(-30, 30))
def test_a_higher_logit_never_gets_a_lower_probability_and_lies_in_its_interval(
    table: Calibration, one: float, other: float
) -> None:
    assert table_fault(table.logits, table.lower, table.upper) is None
    first, second = (calibrated(table, logit) for logit in sorted((one, other)))
    assert first[0] <= second[0] + 1e-12
    for probability, low, high in (first, second):
        assert low - 1e-12 <= probability <= high + 1e-12


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ((0.8, 0.7, 0.9), "above"),
        ((0.6, 0.5, 0.7), "above"),
        ((0.5, 0.4, 0.6), "undecided"),
        ((0.45, 0.4, 0.5), "undecided"),
        ((0.3, 0.2, 0.4), "below"),
    ],
)
def test_a_score_is_undecided_where_its_interval_crosses_the_threshold(
    value: tuple[float, float, float], position: str
) -> None:
    assert position_of(value, 0.5) == position


@pytest.mark.parametrize(
    ("logits", "lower", "upper", "said"),
    [
        ((0.0,), (0.1,), (0.2,), "two"),
        ((0.0, 1.0), (0.1,), (0.2, 0.3), "length"),
        ((1.0, 0.0), (0.1, 0.1), (0.2, 0.2), "ascend"),
        ((0.0, 1.0), (0.2, 0.1), (0.3, 0.3), "lower must not fall"),
        ((0.0, 1.0), (0.1, 0.1), (0.3, 0.2), "upper must not fall"),
        ((0.0, 1.0), (0.1, 0.4), (0.3, 0.3), "above upper"),
    ],
)
def test_a_table_that_is_not_sound_is_told_why(
    logits: tuple[float, ...], lower: tuple[float, ...], upper: tuple[float, ...], said: str
) -> None:
    fault = table_fault(logits, lower, upper)
    assert fault is not None
    assert said in fault
