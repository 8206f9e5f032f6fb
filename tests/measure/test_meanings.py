"""A number has a guideline's sentence only where the table has one."""

from datetime import date

import pytest

from measure.meanings import meaning_of

TODAY = date(2026, 11, 1)


def said(value: float, *, off: float = 0.0, age: float | None = 60.0, code: str = "lv_ef") -> str:
    return meaning_of(code, value, (value - off, value + off), age, TODAY)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (12.0, "the reduced range"),
        (40.4, "the reduced range"),
        (41.2, "mildly"),
        (49.4, "mildly"),
        (49.6, ""),
        (63.0, ""),
    ],
)
def test_an_ejection_fraction_lies_where_its_written_number_does(value: float, words: str) -> None:
    assert words in said(value)
    assert bool(said(value)) is bool(words)
    assert not said(value) or said(value).endswith("(Universal Definition of Heart Failure, 2021)")


@pytest.mark.parametrize(
    ("value", "off", "unsure"), [(25.0, 9.0, False), (38.0, 9.0, True), (45.0, 9.0, True)]
)
def test_an_interval_that_reaches_beyond_the_range_is_told(value: float, off: float, unsure: bool) -> None:
    assert said(value, off=off).endswith("Its interval reaches beyond this range.") is unsure


def test_there_is_no_sentence_without_an_age_for_a_child_another_number_or_an_edition_that_expired() -> None:
    assert said(30.0)
    assert not said(30.0, age=None)
    assert not said(30.0, age=12.0)
    assert not said(30.0, code="rv_ef")
    assert not meaning_of("lv_ef", 30.0, (25.0, 35.0), 60.0, date(2040, 1, 1))
