"""Names are sorted as people sort them."""

import pytest

from imaging.natural import natural_key


@pytest.mark.parametrize(
    "names",
    [
        ["IM1", "IM2", "IM10"],
        ["1", "02", "3", "a"],
        ["a", "B", "c"],
        ["scan1.5", "scan1.10"],
        ["x", "x1", "xa"],
        ["ward ٣", "ward 4"],
    ],
)
def test_names_come_in_natural_order(names: list[str]) -> None:
    backwards = list(reversed(names))
    assert sorted(backwards, key=natural_key) == names


def test_names_that_look_alike_keep_one_order() -> None:
    assert sorted(["A1", "a1", "a01"], key=natural_key) == sorted(["a01", "a1", "A1"], key=natural_key)


def test_a_name_of_endless_digits_can_be_sorted() -> None:
    assert len(sorted(["9" * 100_000, "1"], key=natural_key)) == 2
