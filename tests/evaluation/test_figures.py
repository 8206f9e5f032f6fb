"""Areas, overlaps and intervals of known cases."""

from functools import partial
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.figures import area_under_curve, dice, measured, pairs_apart, share_interval
from evaluation.scores import score_figures


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


def test_the_interval_is_the_middle_95_of_100_resamples() -> None:
    """A share of 0.3 in 400 patients: the normal interval is 1.96 standard errors wide to each side."""
    found = np.arange(400) % 10 < 3
    figure = measured("", "", [str(n) for n in range(400)], lambda i: float(found[i].mean()))
    assert figure.interval is not None
    assert not figure.exact
    error = np.sqrt(0.3 * 0.7 / 400)
    assert figure.interval == pytest.approx((0.3 - 1.96 * error, 0.3 + 1.96 * error), abs=0.005)


def test_ten_of_ten_are_no_certainty() -> None:
    truth = np.array([1] * 10 + [0] * 10)
    scores = np.r_[np.linspace(0.6, 0.9, 10), np.linspace(0.1, 0.4, 10)]
    figures = score_figures("", [f"P{n}" for n in range(20)], scores, truth, {"t": 0.5})
    by_metric = {figure.metric: figure for figure in figures}
    for metric in ("AUC", "sensitivity at t", "specificity at t"):
        figure = by_metric[metric]
        assert (figure.value, figure.exact) == (1.0, True)
        assert figure.interval == pytest.approx((0.6915, 1.0), abs=1e-4)
        assert figure.as_table()["interval_by"] == "exact"
    assert not by_metric["Brier score"].exact
    assert "interval_by" not in by_metric["Brier score"].as_table()


def test_the_interval_of_ten_patients_holds_the_true_sensitivity_as_often_as_it_says() -> None:
    patients = [str(n) for n in range(10)]
    held = 0.0
    for count in range(11):
        found = np.arange(10) < count
        figure = measured("", "", patients, partial(_share_of, found), trials=10)
        assert figure.interval is not None
        if figure.interval[0] <= 0.9 <= figure.interval[1]:
            held += comb(10, count) * 0.9**count * 0.1 ** (10 - count)
    assert held >= 0.95


def _share_of(found: NDArray[np.bool_], chosen: NDArray[np.int64]) -> float:
    return float(found[chosen].mean())


@pytest.mark.parametrize("trials", [1, 10, 50])
def test_all_are_bounded_where_seeing_all_would_be_rare(trials: int) -> None:
    low, high = share_interval(1.0, trials)
    assert low**trials == pytest.approx(0.025)
    assert high == 1.0
    assert share_interval(0.0, trials) == pytest.approx((0.0, 1 - low))


def test_wilson_of_a_known_case() -> None:
    assert share_interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_many_images_of_one_patient_are_one_trial() -> None:
    truth = np.array([1] * 40 + [0] * 40)
    owners = ["A"] * 40 + ["B"] * 40
    figures = score_figures("", owners, truth * 0.8 + 0.1, truth, {"t": 0.5})
    sensitivity = next(figure for figure in figures if figure.metric == "sensitivity at t")
    assert sensitivity.interval == pytest.approx((0.025, 1.0))


def test_pairs_use_no_patient_twice() -> None:
    assert pairs_apart(["A", "A", "B", "C"], np.array([1, 0, 0, 0])) == 1
    assert pairs_apart(["A", "A", "B", "B"], np.array([1, 0, 1, 0])) == 1
    assert pairs_apart([f"P{n}" for n in range(30)], np.array([1] * 10 + [0] * 20)) == 10


def test_what_is_no_share_and_never_differs_has_no_interval() -> None:
    figure = measured("", "", ["A", "A"], lambda i: 0.2)
    assert figure.interval is None
    assert "interval" not in figure.as_table()
