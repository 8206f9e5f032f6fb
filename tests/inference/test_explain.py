"""Heatmaps: where the model looked, in the stored orientation."""

import numpy as np
import pytest

from core.image import ImageRef
from core.result import Correction, Finding, Position
from inference.explain import heat_of, heatmap, is_shown
from inference.manifest import Calibration, OperatingPoint, Scoring
from inference.prepare import WHOLE
from inference.preprocess import Box

POINT = OperatingPoint(name="p", threshold=0.5, chosen_on="x", sensitivity=None, specificity=None)
TABLE = Calibration(prevalence=0.5, logits=(0.0, 1.0), lower=(0.0, 1.0), upper=(0.0, 1.0))


def _scoring(*, map_shown: bool = True) -> Scoring:
    return Scoring(operating_point=POINT, operating_points=(POINT,), calibration=TABLE, map_shown=map_shown)


def _finding(position: Position = "above") -> Finding:
    return Finding(
        code="spot",
        label="Spot",
        probability=0.8,
        interval=(0.7, 0.9),
        threshold=0.5,
        threshold_source="x",
        position=position,
        calibrated_at_prevalence=0.5,
        image=ImageRef(file="a"),
    )


def _corner() -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    activation = np.full((4, 4), -1.0, dtype=np.float32)
    activation[0, 0] = 3.0
    return activation


def test_heat_is_a_share_of_the_spot_that_spoke_most() -> None:
    heat = heat_of(np.array([[-2.0, 0.0], [1.0, 4.0]], dtype=np.float32))
    np.testing.assert_array_equal(heat, np.array([[0, 0], [0.25, 1]], dtype=np.float32))


def test_where_nothing_spoke_for_it_there_is_no_heat() -> None:
    assert not heat_of(np.full((3, 3), -1.0, dtype=np.float32)).any()


@pytest.mark.parametrize(
    ("position", "map_shown", "shown"),
    [("above", True, True), ("undecided", True, False), ("below", True, False), ("above", False, False)],
)
def test_a_map_is_shown_only_above_the_threshold_and_where_its_quality_held(
    position: Position, map_shown: bool, shown: bool
) -> None:
    assert is_shown(_finding(position), _scoring(map_shown=map_shown)) is shown


@pytest.mark.parametrize("turns", range(4))
def test_the_heat_lies_where_it_was_in_the_stored_picture(turns: int) -> None:
    made = heatmap(
        _corner(),
        finding=_finding(),
        scoring=_scoring(),
        box=WHOLE,
        shape=(40, 60),
        correction=Correction(quarter_turns=turns),
    )
    assert made.values.shape == (40, 60)
    assert made.values.dtype == np.float32
    assert 0.0 <= made.values.min() <= made.values.max() <= 1.0
    row, column = np.unravel_index(int(made.values.argmax()), made.values.shape)
    corners = {0: (True, True), 1: (True, False), 2: (False, False), 3: (False, True)}
    assert (bool(row < 20), bool(column < 30)) == corners[turns]


def test_outside_its_box_a_map_is_cold_and_cannot_be_written() -> None:
    made = heatmap(
        np.ones((4, 4), dtype=np.float32),
        finding=_finding(),
        scoring=_scoring(),
        box=Box(top=0.25, left=0.5, bottom=0.75, right=1.0),
        shape=(40, 60),
        correction=None,
    )
    assert (made.values > 0).sum() == 20 * 30
    assert (made.values[10:30, 30:] == 1.0).all()
    with pytest.raises(ValueError, match="read-only"):
        made.values[0, 0] = 1.0
