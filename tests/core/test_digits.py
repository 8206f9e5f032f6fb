"""Measured numbers are written with the digits that they are worth."""

import pytest

from core.digits import measured_number


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [
        (23.04, (13.93, 32.14), "23 (14 to 32)"),
        (196.9, (185.2, 208.6), "197 (185 to 209)"),
        (5.31, (4.9, 5.8), "5.3 (4.9 to 5.8)"),
        (0.42, (0.38, 0.47), "0.42 (0.38 to 0.47)"),
        (1234.6, (1100.0, 1400.0), "1,235 (1,100 to 1,400)"),
        (7.0, (7.0, 7.0), "7 (7 to 7)"),
        (-0.2, (-1.6, 1.4), "0 (-2 to 1)"),
    ],
)
def test_a_number_is_written_to_the_first_digit_that_its_interval_reaches(
    value: float, interval: tuple[float, float], text: str
) -> None:
    assert measured_number(value, interval) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(61.72, "62"), (9.42, "9.4"), (0.0, "0"), (8.0, "8"), (0.123, "0.123"), (432.0, "432")],
)
def test_a_number_without_an_interval_is_taken_as_good_to_a_twentieth(value: float, text: str) -> None:
    assert measured_number(value) == text
