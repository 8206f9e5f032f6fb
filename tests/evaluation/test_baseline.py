"""A linear model finds what leaks through the border, and nothing where nothing leaks."""

import numpy as np
import pytest

from evaluation.baseline import SIDE, baseline_figures, cross_validated, views
from evaluation.figures import area_under_curve


def _pixels(count: int, *, leak: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(11)
    truth = rng.integers(0, 2, count)
    pixels = rng.random((count, SIDE, SIDE))
    pixels[:, :3, :3] += leak * truth[:, None, None]
    return pixels.reshape(count, -1), truth, [f"p{n // 2}" for n in range(count)]


def test_a_mark_in_the_corner_is_found_by_both_models() -> None:
    pixels, truth, patients = _pixels(120, leak=1.0)
    scores = {name: cross_validated(pixels[:, seen], truth, patients) for name, seen in views().items()}
    for figure in baseline_figures(patients, scores, truth):
        assert figure.value > 0.9


def test_nothing_is_found_where_nothing_leaks() -> None:
    pixels, truth, patients = _pixels(120, leak=0.0)
    score = cross_validated(pixels[:, views()["border only"]], truth, patients)
    assert area_under_curve(score, truth) == pytest.approx(0.5, abs=0.15)


def test_a_patient_that_gives_itself_away_helps_nobody_else() -> None:
    # every patient has a pattern of its own in both of its images: only a model that has seen it profits
    rng = np.random.default_rng(2)
    owner = np.repeat(np.arange(60), 2)
    truth = rng.integers(0, 2, 60)[owner]
    pixels = rng.random((60, 200))[owner]
    score = cross_validated(pixels, truth, [str(n) for n in owner])
    assert area_under_curve(score, truth) == pytest.approx(0.5, abs=0.2)
