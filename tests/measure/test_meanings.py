"""A number has a guideline's sentence only where the table has one."""

from datetime import date

import pytest

from measure.meanings import meaning_of

TODAY = date(2026, 11, 1)


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
    said = meaning_of("lv_ef", value, 60.0, TODAY)
    assert words in said
    assert bool(said) is bool(words)
    assert not said or said.endswith("(Universal Definition of Heart Failure, 2021)")


def test_there_is_no_sentence_for_a_child_another_number_or_an_edition_that_expired() -> None:
    assert meaning_of("lv_ef", 30.0, None, TODAY)
    assert not meaning_of("lv_ef", 30.0, 12.0, TODAY)
    assert not meaning_of("rv_ef", 30.0, 60.0, TODAY)
    assert not meaning_of("lv_ef", 30.0, 60.0, date(2040, 1, 1))
