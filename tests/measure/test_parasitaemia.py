"""Intervals of counts against published numbers, and what errors of the reader leave of a count."""

import pytest

from measure.parasitaemia import Rates, corrected, lowest_told, share_interval

RATES = Rates(sensitivity=(0.8, 0.6, 0.95), specificity=(0.99, 0.97, 1.0))
PERFECT = Rates(sensitivity=(1.0, 1.0, 1.0), specificity=(1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("found", "cells", "low", "high"),
    # Newcombe, Stat Med 17:857, 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_that_of_the_literature(
    found: int, cells: int, low: float, high: float
) -> None:
    assert share_interval(found, cells) == pytest.approx((found / cells, low, high), abs=1e-4)


def test_a_reader_without_errors_needs_no_correction() -> None:
    assert corrected(12, 600, PERFECT) == pytest.approx(share_interval(12, 600))


def test_the_correction_takes_false_calls_away_and_puts_missed_cells_back() -> None:
    value, low, high = corrected(50, 500, RATES)
    assert value == pytest.approx((0.1 - 0.01) / 0.79)
    assert low < value < high
    assert high - low > share_interval(50, 500)[2] - share_interval(50, 500)[1]


def test_a_count_that_false_calls_explain_does_not_reach_above_zero() -> None:
    assert corrected(10, 1000, RATES)[1] == 0
    assert corrected(0, 1000, RATES)[:2] == (0, 0)
    assert corrected(0, 1000, RATES)[2] > 0


def test_the_lowest_level_that_is_told_falls_with_more_cells_and_never_below_the_false_calls() -> None:
    levels = [lowest_told(cells, RATES) for cells in (100, 1000, 10000)]
    assert levels == sorted(levels, reverse=True)
    assert 0.02 < levels[-1] < 0.05
    assert lowest_told(1000, PERFECT) < 0.002


def test_nothing_is_made_of_cells_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="0 of 0"):
        share_interval(0, 0)
