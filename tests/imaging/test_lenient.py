"""Dates, ages, sexes and numbers as they are found in life."""

import pytest

from imaging import lenient


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("081Y", 81),
        ("81", 81),
        ("3", 3),
        ("81Y", 81),
        ("006M", 0.5),
        ("010W", 0.192),
        ("020D", 0.055),
        ("000D", 0),
        (" 45y ", 45),
        ("4.5", 4.5),
        ("45 years", 45),
    ],
)
def test_an_age_is_read(text: str, years: float) -> None:
    assert lenient.read_age_years(text) == pytest.approx(years, abs=1e-3)


@pytest.mark.parametrize("text", ["", "Y", "abc", "-5", "999Y", "12X", "1e9", "nan"])
def test_what_is_no_age_is_unknown(text: str) -> None:
    assert lenient.read_age_years(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240131", "2024-01-31"),
        ("2024.01.31", "2024-01-31"),
        ("2024-01-31", "2024-01-31"),
        ("2024/01/31", "2024-01-31"),
        ("31.01.2024", "2024-01-31"),
        ("01/31/2024", "2024-01-31"),
        ("05.05.2020", "2020-05-05"),
        ("20240131101500", "2024-01-31"),
    ],
)
def test_a_date_is_read(text: str, day: str) -> None:
    assert lenient.read_date(text) == day


@pytest.mark.parametrize(
    "text", ["", "0", "00000000", "20241301", "20240230", "01.02.2024", "yesterday", "17000101"]
)
def test_what_is_no_date_or_could_be_two_is_unknown(text: str) -> None:
    assert lenient.read_date(text) is None


@pytest.mark.parametrize(
    ("text", "sex"),
    [("F", "F"), ("m", "M"), ("O", "O"), ("Female", "F"), ("", None), ("U", None), ("x", None)],
)
def test_a_sex_is_read(text: str, sex: str | None) -> None:
    assert lenient.read_sex(text) == sex


@pytest.mark.parametrize(
    ("text", "time"), [("101530.25", "10:15:30"), ("10:15", "10:15:00"), ("25", None), ("", None)]
)
def test_a_time_is_read(text: str, time: str | None) -> None:
    assert lenient.read_time(text) == time


def test_an_age_is_reckoned_from_two_dates() -> None:
    assert lenient.age_between("2020-01-01", "2023-01-01") == pytest.approx(3, abs=0.01)
    assert lenient.age_between("2023-01-01", "2020-01-01") is None
