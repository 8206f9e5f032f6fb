"""The transforms that training and application share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.preprocess import (
    Box,
    box_around,
    crop_box,
    fill_outside,
    percentiles,
    prepare_region,
    prepare_whole,
    resize_stretched,
    stretch_percentiles,
    turn_quarters,
)


def _ramp(rows: int, columns: int) -> np.ndarray:
    return np.tile(np.linspace(0, 1, columns, dtype=np.float32), (rows, 1))


def test_shrinking_keeps_the_mean_of_fine_stripes() -> None:
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1
    assert resize_stretched(stripes, height=16, width=16) == pytest.approx(np.full((16, 16), 0.5), abs=1e-6)


def test_resizing_never_mirrors() -> None:
    small = resize_stretched(_ramp(50, 80), height=20, width=30)
    assert (np.diff(small, axis=1) > 0).all()


@settings(deadline=None)
@given(gain=st.floats(0.1, 1.0), offset=st.floats(0.0, 0.5))
def test_percentile_stretch_does_not_depend_on_gain_and_offset(gain: float, offset: float) -> None:
    grey = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    changed = (grey * gain + offset).astype(np.float32)
    first, second = (stretch_percentiles(g, low=1, high=99) for g in (grey, changed))
    assert np.abs(first - second).max() < 1e-4


def test_percentile_stretch_looks_only_inside() -> None:
    grey = np.zeros((10, 10), np.float32)
    grey[5:] = _ramp(5, 10) * 0.1
    inside = np.zeros((10, 10), np.bool_)
    inside[5:] = True
    stretched = stretch_percentiles(grey, low=0, high=100, inside=inside)
    assert stretched[5:].max() == pytest.approx(1.0)
    assert stretched[5:].min() == pytest.approx(0.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=300),
    st.floats(0.0, 100.0),
    st.floats(0.0, 100.0),
)
def test_percentiles_are_those_of_numpy(values: list[float], low: float, high: float) -> None:
    array = np.array(values, dtype=np.float32)
    assert percentiles(array, low, high) == pytest.approx(np.percentile(array, (low, high)), abs=1e-6)


def test_a_constant_image_is_not_divided_by_zero() -> None:
    assert np.isfinite(stretch_percentiles(np.full((8, 8), 0.5, np.float32), low=1, high=99)).all()


def test_turned_90_is_what_numpy_turns() -> None:
    grey = _ramp(3, 5)
    assert (turn_quarters(grey, 1) == np.rot90(grey)).all()
    assert (turn_quarters(turn_quarters(grey, 1), -1) == grey).all()


def test_the_box_does_not_depend_on_the_resolution_of_the_mask() -> None:
    mask = np.zeros((20, 40), np.float32)
    mask[5:10, 10:30] = 1
    large = mask.repeat(4, axis=0).repeat(4, axis=1)
    assert box_around(mask, margin=0.1) == box_around(large, margin=0.1)
    assert box_around(mask, margin=0.0) == Box(top=0.25, left=0.25, bottom=0.5, right=0.75)


def test_an_empty_mask_has_no_box() -> None:
    assert box_around(np.zeros((8, 8), np.float32), margin=0.1) is None


def test_cropping_the_whole_image_is_the_identity() -> None:
    grey = np.random.default_rng(1).random((24, 32)).astype(np.float32)
    whole = Box(top=0.0, left=0.0, bottom=1.0, right=1.0)
    assert crop_box(grey, whole, height=24, width=32) == pytest.approx(grey, abs=1e-6)


def test_cropping_beyond_the_image_repeats_its_edge() -> None:
    grey = _ramp(10, 10)
    crop = crop_box(grey, Box(top=0.0, left=0.5, bottom=1.0, right=1.5), height=10, width=10)
    assert crop[:, -1] == pytest.approx(1.0)


def test_the_same_picture_at_twice_the_resolution_gives_nearly_the_same_crop() -> None:
    large = resize_stretched(
        np.random.default_rng(2).random((16, 16)).astype(np.float32), height=256, width=256
    )
    small = resize_stretched(large, height=128, width=128)
    box = Box(top=0.1, left=0.2, bottom=0.8, right=0.9)
    first, second = (crop_box(g, box, height=32, width=32) for g in (large, small))
    assert np.abs(first - second).max() < 0.03


def test_outside_the_mask_is_constant() -> None:
    mask = np.zeros((4, 4), np.float32)
    mask[1:3, 1:3] = 1
    filled = fill_outside(np.full((4, 4), 0.7, np.float32), mask, value=0.2)
    assert filled[0, 0] == pytest.approx(0.2)
    assert filled[1, 1] == pytest.approx(0.7)


def test_a_whole_input_has_batch_and_channel() -> None:
    assert prepare_whole(_ramp(30, 50), size=(16, 24), low=1, high=99).shape == (1, 1, 16, 24)


def _region_of(grey: np.ndarray, region: np.ndarray) -> np.ndarray:
    prepared = prepare_region(grey, region, size=(32, 32), margin=0.05, outside=0.0, low=1, high=99)
    assert prepared is not None
    return prepared.tensor


def test_what_lies_far_outside_the_region_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    grey = rng.random((64, 64)).astype(np.float32)
    region = np.zeros((64, 64), np.bool_)
    region[20:50, 15:45] = True
    changed = grey.copy()
    changed[:10] = 1.0
    changed[:, 55:] = 0.0
    assert (_region_of(grey, region) == _region_of(changed, region)).all()


def test_no_region_gives_no_input() -> None:
    empty = np.zeros((8, 8), np.bool_)
    assert prepare_region(_ramp(8, 8), empty, size=(8, 8), margin=0.1, outside=0.0, low=1, high=99) is None
