"""Walls of drawn hearts whose thickness is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from measure.wall import SECTORS, wall_measurements, wall_thickness_mm


def _ring(
    inner_mm: float, outer_mm: float, pixel_mm: tuple[float, float], slices: int = 8
) -> NDArray[np.uint8]:
    row, column = np.mgrid[0:160, 0:160]
    away = np.hypot((row - 80) * pixel_mm[0], (column - 80) * pixel_mm[1])
    one = np.where(away <= inner_mm, 3, np.where(away <= outer_mm, 2, 0)).astype(np.uint8)
    return np.repeat(one[None], slices, axis=0)


@pytest.mark.parametrize("pixel_mm", [(1.25, 1.25), (1.5, 1.0)])
def test_an_even_ring_is_as_thick_as_drawn_whatever_the_pixels(pixel_mm: tuple[float, float]) -> None:
    found = wall_thickness_mm(_ring(22, 32, pixel_mm), pixel_mm)
    assert found.shape[1] == SECTORS
    assert found.mean() == pytest.approx(10.0, abs=0.5)
    assert found.std() < 0.7


def test_a_part_that_stays_thin_makes_the_spread_large_and_a_bulge_the_wall_thick() -> None:
    pixel = (1.25, 1.25)
    even, thick = _ring(20, 30, pixel), _ring(14, 28, pixel)
    thin = thick.copy()
    thin[:, :70][_ring(14, 20, pixel)[:, :70] == 0] = 0
    steady, uneven = wall_measurements(even, thick, pixel), wall_measurements(even, thin, pixel)
    assert steady["lv_wall_spread"] < 6
    assert uneven["lv_wall_spread"] > 20
    assert steady["lv_wall_max"] == pytest.approx(10.0, abs=1.2)


def test_slices_without_a_ventricle_count_for_nothing_and_an_empty_heart_has_no_number() -> None:
    pixel = (1.25, 1.25)
    ring = _ring(20, 30, pixel)
    padded = np.concatenate([np.zeros_like(ring[:2]), ring, np.zeros_like(ring[:2])])
    assert np.array_equal(wall_thickness_mm(padded, pixel), wall_thickness_mm(ring, pixel))
    assert wall_measurements(np.zeros_like(ring), ring, pixel) == {}
