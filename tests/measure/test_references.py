"""Ranges of reference: whom they are for, and why somebody has none."""

import pytest

from measure.references import Absent, absent_for, reference_for


@pytest.mark.parametrize(
    ("sex", "age", "why"),
    [
        ("F", 44.9, "outside"),
        ("M", 75.0, "outside"),
        (None, 30.0, "outside"),
        ("F", None, "age_not_known"),
        (None, None, "age_not_known"),
        (None, 50.0, "sex_not_known"),
        ("O", 50.0, "sex_other"),
    ],
)
def test_who_has_no_range_is_told_the_first_reason_and_whom_it_is_for(
    sex: str | None, age: float | None, why: Absent
) -> None:
    assert reference_for("lv_ef", sex, age) is None
    assert absent_for("lv_ef", sex, age) == (why, 45, 74)


def test_nothing_is_left_out_where_there_is_a_range_or_nobody_has_one() -> None:
    assert reference_for("lv_ef", "F", 45.0) is not None
    assert absent_for("lv_ef", "F", 45.0) is None
    assert absent_for("lv_ef", "M", 74.9) is None
    assert absent_for("rv_edv", "F", 30.0) is None
