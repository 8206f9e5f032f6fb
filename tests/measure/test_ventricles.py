"""Phantoms with known volumes are measured rightly, and what is not as in life is told."""

import numpy as np
import pytest
from numpy.typing import NDArray

from measure.beat import beat_of
from measure.bodies import largest_body
from measure.discs import disc_heights_mm
from measure.ends import ends_of
from measure.ventricles import (
    LEFT,
    MYOCARDIUM,
    RIGHT,
    Geometry,
    body_surface_m2,
    heart_rate_bpm,
    measure_ventricles,
    without_islands,
)

ROWS, COLUMNS, SLICES, PHASES = 96, 112, 10, 20
PIXEL_MM, DISTANCE_MM = (1.5, 1.25), 9.0


def geometry(positions: tuple[float, ...] | None = None) -> Geometry:
    places = positions or tuple(DISTANCE_MM * number for number in range(SLICES))
    return Geometry(pixel_mm=PIXEL_MM, positions_mm=places, slice_distance_mm=DISTANCE_MM)


def radius_mm(phase: float) -> float:
    """The cavity's radius: largest at phase 0, smallest at 7 of 20."""
    way = phase / 7 if phase <= 7 else (20 - phase) / 13
    return float(26 - 8 * (1 - np.cos(np.pi * way)) / 2)


def heart(*, phases: int = PHASES) -> NDArray[np.uint8]:
    """A cylinder in a wall of 10 mm beside a right ventricle of 0.9 of its area; outer slices are empty."""
    down, across = np.mgrid[:ROWS, :COLUMNS]
    far = np.hypot((down - 48) * PIXEL_MM[0], (across - 80) * PIXEL_MM[1])
    right = np.hypot((down - 48) * PIXEL_MM[0], (across - 24) * PIXEL_MM[1])
    labels = np.zeros((SLICES, phases, ROWS, COLUMNS), np.uint8)
    for phase in range(phases):
        radius = radius_mm(phase * PHASES / phases)
        plane = np.zeros((ROWS, COLUMNS), np.uint8)
        plane[right < radius * np.sqrt(0.9)] = RIGHT
        plane[far < radius + 10] = MYOCARDIUM
        plane[far < radius] = LEFT
        labels[1:-1, phase] = plane
    return labels


def disc_ml(radius: float) -> float:
    return float(np.pi * radius**2 * DISTANCE_MM * (SLICES - 2) / 1000)


def test_volumes_and_mass_of_a_phantom_are_those_of_its_cylinders() -> None:
    found = measure_ventricles(without_islands(heart()), geometry())
    assert (found.beat.diastole, found.beat.systole) == (0, 7)
    assert found.values["lv_edv"] == pytest.approx(disc_ml(26), rel=0.01)
    assert found.values["lv_esv"] == pytest.approx(disc_ml(18), rel=0.02)
    assert found.values["lv_sv"] == pytest.approx(disc_ml(26) - disc_ml(18), rel=0.02)
    assert found.values["lv_ef"] == pytest.approx(100 * (1 - 18**2 / 26**2), abs=1)
    assert found.values["lv_mass"] == pytest.approx(1.05 * (disc_ml(36) - disc_ml(26)), rel=0.02)
    assert len(found.lv_ml) == len(found.rv_ml) == PHASES
    assert not found.beat.doubts


def test_two_phases_are_enough() -> None:
    both = heart()[:, [7, 0]]
    found = measure_ventricles(both, geometry())
    assert (found.beat.diastole, found.beat.systole) == (1, 0)
    assert found.values["lv_ef"] == pytest.approx(52.1, abs=1)


def test_a_missing_slice_is_bridged_by_its_neighbours() -> None:
    kept = [0, 1, 2, 3, 5, 6, 7, 8, 9]
    places = tuple(DISTANCE_MM * number for number in kept)
    found = measure_ventricles(heart()[kept], geometry(places))
    assert found.values["lv_edv"] == pytest.approx(disc_ml(26), rel=0.01)
    assert disc_heights_mm(places, DISTANCE_MM).tolist() == [9, 9, 9, 13.5, 13.5, 9, 9, 9, 9]


def test_islands_are_taken_away_and_the_heart_stays() -> None:
    clean = heart()
    dirty = clean.copy()
    dirty[4, 3, 2:8, 2:8] = LEFT
    dirty[0, :, 80:95, 80:90] = RIGHT
    dirty[6, 5, 85:95, 0:5] = MYOCARDIUM
    assert np.array_equal(without_islands(dirty), without_islands(clean))
    assert np.array_equal(without_islands(clean), clean)


def test_parts_are_one_body_where_they_overlap_between_slices() -> None:
    mask = np.zeros((3, 8, 8), bool)
    mask[0, 1:4, 1:4] = mask[1, 3:6, 3:6] = mask[2, 5:7, 5:7] = True
    mask[0, 0:4, 6:8] = mask[2, 0:2, 0:2] = True
    body = largest_body(mask)
    assert [int(plane.sum()) for plane in body] == [9, 9, 4]
    assert not largest_body(np.zeros((2, 4, 4), bool)).any()


def test_one_wrong_outline_does_not_decide_the_beat() -> None:
    curve = np.array([disc_ml(radius_mm(phase)) for phase in range(PHASES)])
    curve[14] *= 0.55
    found = beat_of(curve)
    assert (found.diastole, found.systole) == (0, 7)
    assert found.doubts == ("jumps",)
    assert beat_of(np.roll(curve[::-1], 1)).doubts == ("jumps",)


def test_a_systole_right_after_the_diastole_is_doubted() -> None:
    curve = np.full(20, 100.0)
    curve[:3] = (140, 120, 60)
    assert "timing" in beat_of(curve).doubts


def test_stroke_volumes_that_differ_are_told() -> None:
    labels = heart()
    assert "strokes_apart" not in measure_ventricles(labels, geometry()).doubts
    labels[5:, 0][labels[5:, 0] == RIGHT] = 0
    assert "strokes_apart" in measure_ventricles(labels, geometry()).doubts
    labels[labels == RIGHT] = 0
    assert "right_not_found" in measure_ventricles(labels, geometry()).doubts


def test_a_stack_that_ends_inside_the_ventricle_is_told() -> None:
    heights = np.full(8, 8.0)
    whole = np.array([0, 900, 1500, 1400, 1200, 900, 400, 0], float)
    right = np.array([0, 1200, 1500, 1200, 800, 200, 0, 0], float)
    ends = ends_of(whole, heights, right)
    assert ends.slices == (1, 2, 3, 4, 5, 6)
    assert ends.thirds_ml == pytest.approx((19.2, 20.8, 10.4))
    assert ends.doubts == ()
    cut = ends_of(whole[2:6][::-1], heights[:4], right[2:6][::-1])
    assert cut.slices == (3, 2, 1, 0)
    assert cut.doubts == ("base_cut", "apex_cut", "few_slices", "incomplete")
    far_apart = ends_of(whole[2:6][::-1], np.full(4, 16.0), right[2:6][::-1])
    assert far_apart.doubts == ("base_cut", "apex_cut", "few_slices")
    assert ends_of(np.zeros(8), heights, right).slices == ()


def test_nothing_found_is_no_ventricle() -> None:
    found = measure_ventricles(np.zeros((6, 4, 8, 8), np.uint8), geometry(tuple(range(6))))
    assert "not_a_ventricle" in found.doubts
    assert "right_not_found" in found.doubts


def test_body_surface_and_heart_rate() -> None:
    assert body_surface_m2(170, 70) == pytest.approx(1.81, abs=0.005)
    assert heart_rate_bpm([19 + 38 * phase for phase in range(20)]) == pytest.approx(79, abs=0.5)
    assert heart_rate_bpm((0.0, 300.0)) is None
