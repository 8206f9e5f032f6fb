"""Areas, overlaps and intervals of known cases."""

import numpy as np

from evaluation.figures import area_under_curve, dice, measured


def test_the_area_under_the_curve_counts_ties_half() -> None:
    assert area_under_curve(np.array([0.1, 0.5, 0.5, 0.9]), np.array([0, 0, 1, 1])) == 0.875


def test_dice_of_known_masks() -> None:
    first, second = np.zeros(8, np.bool_), np.zeros(8, np.bool_)
    first[:4] = True
    second[2:6] = True
    assert dice(first, second) == 0.5


def test_the_interval_is_wider_where_one_patient_has_many_images() -> None:
    values = np.random.default_rng(0).normal(size=60)
    values[:30] += 3
    alone = measured("", "", [str(n) for n in range(60)], lambda i: float(values[i].mean()))
    shared = measured("", "", [str(n // 30) for n in range(60)], lambda i: float(values[i].mean()))
    assert alone.interval is not None
    assert shared.interval is not None
    assert np.ptp(shared.interval) > 2 * np.ptp(alone.interval)
