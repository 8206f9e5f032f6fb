"""Maps without gradients find what a network answers to, at a cost known before, the same each time."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import Cancelled
from inference.explanation_reader import occlusion_runs
from inference.manifest import Explanation
from inference.perturbing import (
    Asking,
    Look,
    OutOfTimeError,
    nobody,
    occlusion,
    reciprocam,
    rise,
    window_places,
)

SIDE, SQUARE, CELL = 56, 12, 8
Values = NDArray[np.float32]
RISE = Explanation(method="rise", masks=600, cell=7, seed=1, batch=50)
OCCLUSION = Explanation(method="occlusion", window=10, stride=5, batch=16)
RECIPROCAM = Explanation(method="reciprocam", batch=20)


def _brightest_place(batch: Values) -> Values:
    """Answer as a network does that pools by the maximum: (bright square, dark square) logits."""
    count, channels = batch.shape[:2]
    cells = batch.reshape(count, channels, SIDE // CELL, CELL, SIDE // CELL, CELL).mean(axis=(1, 3, 5))
    flat = cells.reshape(count, -1)
    return np.stack([8 * flat.max(axis=1) - 3, -8 * flat.min(axis=1)], axis=1).astype(np.float32)


def _head(features: Values) -> Values:
    """Answer to a feature map of one place a cell: two dense layers, the second not linear."""
    summed = np.maximum(features.sum(axis=1), 0).reshape(len(features), -1)
    return np.stack([np.tanh(summed).max(axis=1), -summed.sum(axis=1)], axis=1).astype(np.float32)


def _planted(top: int, left: int) -> Values:
    picture = np.full((1, SIDE, SIDE), 0.2, dtype=np.float32)
    picture += np.random.default_rng(5).normal(0, 0.02, picture.shape).astype(np.float32)
    picture[0, top : top + SQUARE, left : left + SQUARE] = 1.0
    return picture


def _asking(look: Look = _brightest_place, seconds: float = 60.0) -> Asking:
    return Asking(look=look, told=nobody, cancelled=lambda: False, until=time.monotonic() + seconds)


def _points_into(heat: Values, top: int, left: int, slack: int) -> bool:
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return bool(top - slack <= row < top + SQUARE + slack and left - slack <= column < left + SQUARE + slack)


@settings(deadline=None, max_examples=12)
@given(top=st.integers(2, SIDE - SQUARE - 2), left=st.integers(2, SIDE - SQUARE - 2))
def test_the_planted_square_is_found_by_occlusion(top: int, left: int) -> None:
    maps = occlusion(_asking(), _planted(top, left), OCCLUSION)
    assert maps.shape == (2, SIDE, SIDE)
    assert _points_into(maps[0], top, left, slack=4)
    assert maps[0].max() > 0


@settings(deadline=None, max_examples=6)
@given(top=st.integers(2, SIDE - SQUARE - 2), left=st.integers(2, SIDE - SQUARE - 2))
def test_the_planted_square_is_found_by_rise(top: int, left: int) -> None:
    maps = rise(_asking(), _planted(top, left), RISE)
    assert maps.shape == (2, SIDE, SIDE)
    assert _points_into(maps[0], top, left, slack=6)


@settings(deadline=None, max_examples=12)
@given(row=st.integers(0, 6), column=st.integers(0, 6))
def test_the_planted_feature_is_found_by_reciprocam(row: int, column: int) -> None:
    features = np.full((3, 7, 7), 0.05, dtype=np.float32)
    features[1, row, column] = 4.0
    maps = reciprocam(_asking(_head), features, RECIPROCAM)
    assert maps.shape == (2, 7, 7)
    assert int(maps[0].argmax()) == 7 * row + column
    assert maps[1].max() <= 0


@pytest.mark.parametrize(("method", "rule"), [(rise, RISE), (occlusion, OCCLUSION)])
def test_a_network_that_answers_to_nothing_has_maps_without_heat(method: object, rule: Explanation) -> None:
    def flat(batch: Values) -> Values:
        return np.full((len(batch), 1), 2.5, dtype=np.float32)

    maps = method(_asking(flat), _planted(4, 4), rule)  # type: ignore[operator]
    np.testing.assert_allclose(maps, 0.0, atol=1e-6)


@pytest.mark.parametrize(("method", "rule"), [(rise, RISE), (occlusion, OCCLUSION)])
def test_a_map_is_the_same_to_the_last_bit_each_time(method: object, rule: Explanation) -> None:
    first, second = (method(_asking(), _planted(9, 30), rule) for _ in range(2))  # type: ignore[operator]
    np.testing.assert_array_equal(first, second)


def test_another_seed_is_another_map() -> None:
    other = Explanation(method="rise", masks=600, cell=7, seed=2, batch=50)
    assert (rise(_asking(), _planted(9, 30), RISE) != rise(_asking(), _planted(9, 30), other)).any()


@pytest.mark.parametrize(
    ("method", "rule", "runs"),
    [(rise, RISE, 600), (occlusion, OCCLUSION, 1 + occlusion_runs(OCCLUSION, (SIDE, SIDE)))],
)
def test_the_cost_is_known_before_and_told_on_the_way(method: object, rule: Explanation, runs: int) -> None:
    asked: list[int] = []
    told: list[tuple[int, int]] = []

    def look(batch: Values) -> Values:
        asked.append(len(batch))
        return _brightest_place(batch)

    asking = Asking(
        look=look,
        told=lambda done, total: told.append((done, total)),
        cancelled=lambda: False,
        until=time.monotonic() + 60,
    )
    method(asking, _planted(5, 5), rule)  # type: ignore[operator]
    assert sum(asked) == runs
    assert max(asked) == rule.batch
    assert told[0] == (0, runs)
    assert told[-1] == (runs, runs)
    assert told == sorted(told)


def test_a_map_that_is_stopped_ends_between_two_batches() -> None:
    asked: list[int] = []

    def look(batch: Values) -> Values:
        asked.append(len(batch))
        return _brightest_place(batch)

    asking = Asking(look=look, told=nobody, cancelled=lambda: len(asked) == 3, until=time.monotonic() + 60)
    with pytest.raises(Cancelled):
        rise(asking, _planted(5, 5), RISE)
    assert len(asked) == 3


def test_a_map_that_takes_too_long_is_no_map() -> None:
    with pytest.raises(OutOfTimeError):
        occlusion(_asking(seconds=-1.0), _planted(5, 5), OCCLUSION)


@given(side=st.integers(8, 60), window=st.integers(2, 8), stride=st.integers(1, 8))
def test_every_pixel_is_hidden_by_some_window(side: int, window: int, stride: int) -> None:
    stride = min(stride, window)
    covered = np.zeros((side, side), dtype=np.bool_)
    places = window_places((side, side), window, stride)
    for top, left in places:
        assert top + window <= side
        assert left + window <= side
        covered[top : top + window, left : left + window] = True
    assert covered.all()
    assert len(places) == occlusion_runs(
        Explanation(method="occlusion", window=window, stride=stride), (side, side)
    )


def test_recipro_cam_of_a_linear_head_is_its_activation_map_smoothed_by_a_gaussian() -> None:
    """Source: Byun, Lee, CVPR Workshops 2024, section 3: each place kept with a 3 x 3 Gaussian."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(3, 7, 7)).astype(np.float32)
    weights = generator.normal(size=(2, 3)).astype(np.float32)

    def linear(batch: Values) -> Values:
        return np.asarray(np.einsum("bcij,lc->bl", batch, weights), dtype=np.float32)

    maps = reciprocam(_asking(linear), features, RECIPROCAM)
    exact = np.pad(np.einsum("cij,lc->lij", features, weights), ((0, 0), (1, 1), (1, 1)))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    smoothed = sum(
        kernel[down, right] * exact[:, down : down + 7, right : right + 7]
        for down in range(3)
        for right in range(3)
    )
    np.testing.assert_allclose(maps, smoothed, atol=1e-4)
