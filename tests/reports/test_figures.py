"""Heat and outlines over the picture."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.result import Correction
from reports.cine_figures import _round_times
from reports.figures import HEAT_FLOOR, as_corrected, heat_colours, heat_opacity, overlay, report_pictures
from tests.reports import studies


def luma(rgb: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(rgb.astype(float) @ np.array([0.299, 0.587, 0.114]))


def test_heat_is_transparent_below_its_floor() -> None:
    assert heat_opacity(np.array([[0.0, HEAT_FLOOR]], dtype=np.float32)).max() == 0


def test_stronger_heat_is_lighter_on_a_grey_printer() -> None:
    steps = np.linspace(HEAT_FLOOR, 1, 30, dtype=np.float32)[None]
    assert np.all(np.diff(luma(heat_colours(steps))[0]) >= -0.5)


def test_where_there_is_no_heat_the_picture_stays_as_it_was() -> None:
    flat = np.full((50, 60), 0.4, dtype=np.float32)
    picture = overlay(flat, np.zeros_like(flat), longest_side=60)
    assert picture.shape == (50, 60, 3)
    assert np.all(picture == 102)


@pytest.mark.parametrize("ground", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_heat_has_an_edge_that_shows_in_grey_on_any_ground(ground: float) -> None:
    flat = np.full(studies.SHAPE, ground, dtype=np.float32)
    grey = luma(overlay(flat, studies.heat()))
    assert np.ptp(grey) > 110


@pytest.mark.parametrize("ground", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_an_outline_shows_in_grey_on_any_ground(ground: float) -> None:
    flat = np.full(studies.SHAPE, ground, dtype=np.float32)
    grey = luma(overlay(flat, None, [studies.lung(0.3)]))
    assert np.abs(grey - ground * 255).max() > 70


def test_an_outline_lies_on_the_masks_edge() -> None:
    flat = np.full(studies.SHAPE, 0.5, dtype=np.float32)
    drawn = luma(overlay(flat, None, [studies.lung(0.3)], longest_side=studies.SHAPE[1])) != luma(
        np.full((1, 1, 3), 128, dtype=np.uint8)
    )
    rows, columns = np.nonzero(drawn)
    distance = np.hypot((rows - 48) / 36, (columns - 36) / 20)
    assert np.all(np.abs(distance - 1) < 0.25)


def test_a_picture_is_turned_as_the_correction_says_and_never_mirrored() -> None:
    picture = np.asarray([[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]], dtype=np.float32)
    assert np.array_equal(as_corrected(picture, Correction(quarter_turns=1)), np.rot90(picture))
    assert np.allclose(as_corrected(picture, Correction(inverted=True)), 1 - picture)


def test_maps_are_drawn_only_where_they_may_be_shown() -> None:
    shown = report_pictures(studies.result(studies.lungs(), studies.pneumonia()), studies.grey())
    hidden = report_pictures(studies.result(studies.lungs(), studies.pneumonia("below")), studies.grey())
    assert set(shown) == {"key", "chest-pneumonia-child/pneumonia"}
    assert set(hidden) == {"key", "chest-lungs"}


def test_the_map_stands_upright_like_the_corrected_picture_beside_it() -> None:
    pictures = report_pictures(studies.result(studies.turned()), studies.grey())
    turned, overlaid = (
        pictures["chest-pneumonia-child/corrected"],
        pictures["chest-pneumonia-child/pneumonia"],
    )
    assert turned.pixels.shape[0] > turned.pixels.shape[1]
    assert overlaid.pixels.shape[0] > overlaid.pixels.shape[1]


def test_without_a_picture_there_are_none() -> None:
    assert report_pictures(studies.result(studies.pneumonia()), None) == {}


@pytest.mark.parametrize(
    ("first", "last", "ticks"),
    [
        (19.0, 720.0, [200, 400, 600]),
        (0.0, 950.0, [0, 200, 400, 600, 800]),
        (1.0, 25.0, [5, 10, 15, 20, 25]),
    ],
)
def test_the_axis_of_a_beat_has_round_times(first: float, last: float, ticks: list[float]) -> None:
    assert _round_times(first, last) == ticks
