"""Clinical signs as they are typed."""

import pytest

from core.decision import ClinicalSigns
from services.drafts import SignsJotting
from services.signs import read_signs, sign_questions


def test_numbers_within_their_range_are_recorded() -> None:
    signs, left = read_signs(" 52 ", "94 %", " none ")
    assert signs == ClinicalSigns(
        respiratory_rate_per_min=52, oxygen_saturation_percent=94, danger_signs="none"
    )
    assert left is None
    assert sign_questions(left) == ()


@pytest.mark.parametrize("typed", ["520", "0", "-4", "5.5", "fast", "9" * 5000, "²"])
def test_what_is_no_such_number_is_kept_as_typed_and_asked_about(typed: str) -> None:
    signs, left = read_signs(typed, typed, "")
    assert signs == ClinicalSigns()
    assert left == SignsJotting(breaths=typed, oxygen=typed)
    assert [field for field, _ in sign_questions(left)] == ["breaths", "oxygen"]


def test_an_empty_field_asks_nothing() -> None:
    assert read_signs("", " ", "") == (ClinicalSigns(), None)
