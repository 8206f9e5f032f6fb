"""The range over which an image without a window is shown."""

import numpy as np
import pytest

from imaging.stored_range import stored_range


@pytest.mark.parametrize(
    ("highest", "bits", "expected"),
    [
        (255, 8, 255),
        (90, 8, 255),
        (4095, 12, 4095),
        (1500, 12, 4095),
        (1023, 12, 1023),
        (4095, 16, 4095),
        (60000, 16, 65535),
        (0, 16, 255),
    ],
)
def test_unsigned_values_take_the_bits_that_hold_them(highest: int, bits: int, expected: int) -> None:
    assert stored_range(np.array([[0, highest]], np.uint16), bits) == (0, expected)


def test_signed_and_floating_values_take_what_is_there() -> None:
    assert stored_range(np.array([[-5, 7]], np.int16), 16) == (-5, 7)
    assert stored_range(np.array([[0.5, np.nan, np.inf, 2.5]], np.float32), 32) == (0.5, 2.5)


@pytest.mark.parametrize("values", [np.full((2, 2), 3, np.int16), np.zeros((0, 0)), np.full((2, 2), np.nan)])
def test_there_is_always_a_range(values: np.ndarray) -> None:
    low, high = stored_range(values, 16)
    assert high > low
