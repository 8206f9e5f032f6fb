"""Masks and maps find their way back to the image."""

import numpy as np
import pytest

from inference.postprocess import largest_parts, map_at, masks_at
from inference.preprocess import Box, box_around, crop_box


def test_masks_keep_their_place_and_share() -> None:
    probability = np.zeros((1, 24, 24), np.float32)
    probability[0, 6:18, 12:24] = 1
    mask = masks_at(probability, shape=(96, 48))[0]
    assert mask.shape == (96, 48)
    assert mask.mean() == pytest.approx(0.25, abs=0.03)
    assert mask[48, 40]
    assert not mask[48, 5]


def test_specks_are_dropped_and_large_parts_kept() -> None:
    mask = np.zeros((1, 20, 20), np.bool_)
    mask[0, 2:12, 2:12] = True
    mask[0, 14:19, 2:8] = True
    mask[0, 1, 18] = True
    kept = largest_parts(mask, share=0.1)[0]
    assert kept[5, 5]
    assert kept[15, 4]
    assert not kept[1, 18]


def test_an_empty_mask_stays_empty() -> None:
    assert not largest_parts(np.zeros((2, 8, 8), np.bool_), share=0.1).any()


def test_a_map_lies_over_the_box_that_it_was_made_of() -> None:
    activation = np.zeros((20, 20), np.float32)
    activation[5, 15] = 1
    box = Box(top=0.2, left=0.1, bottom=0.8, right=0.9)
    placed = map_at(activation, box=box, shape=(200, 100))
    row, column = np.unravel_index(int(placed.argmax()), placed.shape)
    assert row == pytest.approx((0.2 + 0.6 * 5.5 / 20) * 200, abs=3)
    assert column == pytest.approx((0.1 + 0.8 * 15.5 / 20) * 100, abs=3)
    assert placed[:39].max() == 0
    assert placed[:, 91:].max() == 0


def test_a_crop_and_its_map_agree_on_where_things_are() -> None:
    grey = np.zeros((160, 120), np.float32)
    grey[100:108, 40:48] = 1
    region = np.zeros((160, 120), np.float32)
    region[30:140, 20:100] = 1
    box = box_around(region, margin=0.05)
    assert box is not None
    placed = map_at(crop_box(grey, box, height=80, width=80), box=box, shape=grey.shape)
    row, column = np.unravel_index(int(placed.argmax()), placed.shape)
    assert row == pytest.approx(103.5, abs=3)
    assert column == pytest.approx(43.5, abs=3)


def test_maps_stay_between_zero_and_one() -> None:
    activation = np.random.default_rng(0).normal(0, 5, (20, 20)).astype(np.float32)
    placed = map_at(activation, box=Box(top=-0.1, left=0.0, bottom=1.1, right=1.0), shape=(50, 50))
    assert placed.min() >= 0
    assert placed.max() <= 1
