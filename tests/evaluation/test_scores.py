"""Figures of scores whose worth is known, and what was refused beside them."""

import numpy as np

from evaluation.figures import Figure
from evaluation.scores import refusal_row, reliability, score_figures


def _figure(figures: list[Figure], metric: str) -> Figure:
    return next(figure for figure in figures if figure.metric == metric)


def test_a_random_model_has_an_interval_across_one_half() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 200)
    patients = [f"p{n // 2}" for n in range(200)]
    figures = score_figures("all", patients, rng.random(200), truth, {"even": 0.5})
    area = _figure(figures, "AUC")
    assert area.interval is not None
    assert area.interval[0] < 0.5 < area.interval[1]
    assert (area.patients, area.images) == (100, 200)


def test_rates_are_those_at_the_threshold() -> None:
    scores, truth = np.array([0.2, 0.6, 0.4, 0.8]), np.array([0, 0, 1, 1])
    figures = score_figures("all", list("abcd"), scores, truth, {"even": 0.5, "low": 0.3})
    assert _figure(figures, "sensitivity at even").value == 0.5
    assert _figure(figures, "specificity at even").value == 0.5
    assert _figure(figures, "sensitivity at low").value == 1.0


def test_reliability_puts_every_image_into_one_row() -> None:
    scores = np.array([0.0, 0.05, 0.95, 1.0])
    rows = reliability(scores, np.array([0, 1, 1, 1]))
    assert [row["images"] for row in rows] == [2, *[0] * 8, 2]
    assert rows[0]["ill"] == 0.5
    assert rows[-1]["mean_score"] == 0.975


def test_refusals_are_counted_by_gate() -> None:
    row = refusal_row(["age", None, "age", "sense", None, None, None, None])
    assert row == {"images": 8, "refused": 0.375, "by_gate": {"age": 2, "sense": 1}}
