"""Tissue is found by its stain, glass and ink are not, and tiles lie on it with overlap."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from measure.tissue import find_tissue, tiles_on

GLASS, TISSUE = (240, 238, 236), (205, 120, 185)


def overview(glass: tuple[int, int, int] = GLASS) -> NDArray[np.uint8]:
    picture = np.full((600, 800, 3), glass, np.uint8)
    picture[150:450, 200:600] = TISSUE
    noise = np.random.default_rng(1).integers(-6, 7, picture.shape)
    return np.clip(picture.astype(int) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("glass", [GLASS, (226, 226, 200), (200, 205, 220)])
def test_tissue_is_found_on_glass_of_any_tint(glass: tuple[int, int, int]) -> None:
    found = find_tissue(overview(glass))
    truth = np.zeros(found.shape, np.bool_)
    truth[150:450, 200:600] = True
    assert (found & truth).sum() / (found | truth).sum() > 0.97


def test_small_holes_are_closed_and_large_ones_stay() -> None:
    picture = overview()
    cv2.circle(picture, (300, 300), 8, GLASS, -1)
    cv2.circle(picture, (480, 300), 70, GLASS, -1)
    found = find_tissue(picture)
    assert found[300, 300]
    assert not found[300, 480]


@pytest.mark.parametrize("ink", [(20, 160, 60), (10, 40, 190), (15, 15, 15), (0, 150, 160)])
def test_strokes_of_ink_are_no_tissue(ink: tuple[int, int, int]) -> None:
    picture = overview()
    cv2.line(picture, (30, 60), (770, 60), ink, 16)
    found = find_tissue(picture)
    assert not found[:120].any()
    assert found[300, 400]


def test_a_picture_that_is_all_tissue_is_all_tissue_and_grey_is_none() -> None:
    all_tissue = overview()[160:440, 210:590]
    assert find_tissue(np.ascontiguousarray(all_tissue)).mean() > 0.95
    grey = np.repeat(np.random.default_rng(2).integers(0, 255, (400, 400, 1), np.uint8), 3, axis=2)
    assert not find_tissue(grey).any()


def test_tiles_cover_the_tissue_overlap_and_end_at_the_edge() -> None:
    tissue = np.ones((100, 130), np.bool_)
    plan = tiles_on(tissue, (1000, 1300), 256, 0.25, 0.5)
    assert plan.step == 192
    tops, lefts = sorted({top for top, _ in plan.places}), sorted({left for _, left in plan.places})
    assert tops[:2] == [0, 192]
    assert (tops[-1] + 256, lefts[-1] + 256) == (1000, 1300)
    assert len(plan.places) == len(tops) * len(lefts)
    assert plan.places == tuple(sorted(plan.places))


def test_tiles_of_which_too_little_is_tissue_are_left_out() -> None:
    tissue = np.zeros((100, 100), np.bool_)
    tissue[:, :30] = True
    half = tiles_on(tissue, (2000, 2000), 500, 0.0, 0.5)
    assert {left for _, left in half.places} == {0}
    few = tiles_on(tissue, (2000, 2000), 500, 0.0, 0.19)
    assert {left for _, left in few.places} == {0, 500}
    assert tiles_on(np.zeros((9, 9), np.bool_), (90, 90), 30, 0.5, 0.1).places == ()
    assert tiles_on(np.ones((9, 9), np.bool_), (90, 90), 200, 0.5, 0.4).places == ((0, 0),)
