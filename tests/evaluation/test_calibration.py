"""The calibration table keeps order, covers the truth, and its error is measured as defined."""

import numpy as np
import pytest

from evaluation.calibration import (
    at_other_mix,
    calibration_error,
    fit_table,
    mix_weights,
    rising_fit,
    threshold_for,
)


def _drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, count)
    truth = (rng.random(count) < 1 / (1 + np.exp(-logits / 2))).astype(np.int64)
    return logits, truth


def test_different_logits_never_share_a_probability_or_change_order() -> None:
    table = fit_table(*_drawn(400))
    asked = np.linspace(-39, 39, 1001)
    assert (np.diff(table.probabilities(asked)) > 0).all()


def test_the_lower_end_never_lies_above_the_upper() -> None:
    table = fit_table(*_drawn(300, 1))
    assert (table.lower <= table.upper).all()
    assert table.lower.min() >= 0
    assert table.upper.max() <= 1


def test_calibrates_logits_that_are_twice_too_sure() -> None:
    logits, truth = _drawn(3000)
    table = fit_table(logits, truth)
    fresh, outcome = _drawn(3000, 7)
    assert calibration_error(table.probabilities(fresh), outcome) < 0.03
    assert calibration_error(1 / (1 + np.exp(-fresh)), outcome) > 0.05


def test_few_images_give_a_wider_interval_than_many() -> None:
    few, many = fit_table(*_drawn(40)), fit_table(*_drawn(2000))
    assert np.mean(few.upper - few.lower) > 3 * np.mean(many.upper - many.lower)


def test_rising_fit_pools_what_falls() -> None:
    fitted = rising_fit(np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4))
    assert fitted.tolist() == [0.0, 0.5, 0.5, 1.0]


def test_calibration_error_of_a_known_case() -> None:
    probabilities = np.array([0.05, 0.05, 0.95, 0.95])
    truth = np.array([0, 1, 1, 1])
    assert calibration_error(probabilities, truth) == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)


@pytest.mark.parametrize("sensitivity", [0.9, 0.95])
def test_the_threshold_keeps_the_sensitivity_it_was_chosen_for(sensitivity: float) -> None:
    logits, truth = _drawn(777)
    threshold = threshold_for(logits, truth, sensitivity)
    assert (logits[truth == 1] >= threshold).mean() >= sensitivity
    assert (logits[truth == 1] > threshold).mean() < sensitivity


def test_a_table_fitted_to_another_mix_says_what_bayes_says() -> None:
    logits, truth = _drawn(4000, 3)
    asked = np.linspace(-4, 4, 9)
    plain = fit_table(logits, truth).probabilities(asked)
    moved = fit_table(logits, truth, mix_weights(truth, 0.2)).probabilities(asked)
    expected = at_other_mix(plain, stated=float(truth.mean()), wanted=0.2)
    np.testing.assert_allclose(moved, expected, atol=0.03)


def test_mix_weights_give_the_wanted_share_and_keep_the_number_of_images() -> None:
    truth = np.array([1, 1, 1, 0])
    weights = mix_weights(truth, 0.5)
    assert weights.sum() == pytest.approx(4)
    assert weights[truth == 1].sum() / weights.sum() == pytest.approx(0.5)
