"""Sides, splits and strangers."""

import itertools

import numpy as np

from training import drawn_strangers
from training.data import lungs_apart, unit_hash


def test_the_patients_left_lung_is_on_the_images_right() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[20:80, 10:40] = True
    mask[20:80, 60:90] = True
    sides = lungs_apart(mask)
    assert sides is not None
    assert sides[0][50, 75]
    assert not sides[0][50, 20]
    assert sides[1][50, 20]


def test_lungs_that_touch_cannot_be_told_apart() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[20:80, 10:90] = True
    assert lungs_apart(mask) is None


def test_the_split_is_the_same_everywhere_and_even() -> None:
    assert unit_hash("train:IM-0115") == unit_hash("train:IM-0115")
    values = [unit_hash(f"patient {n}") for n in range(2000)]
    assert abs(np.mean(np.array(values) < 0.15) - 0.15) < 0.03


def test_strangers_are_all_of_one_format() -> None:
    makers = (
        drawn_strangers.drawn_bones,
        drawn_strangers.drawn_skulls,
        drawn_strangers.textures,
        drawn_strangers.scenes,
        drawn_strangers.documents,
    )
    for image in itertools.chain.from_iterable(maker(2) for maker in makers):
        assert image.shape == (drawn_strangers.SIZE, drawn_strangers.SIZE)
        assert image.dtype == np.uint8
        assert np.ptp(image) > 100
