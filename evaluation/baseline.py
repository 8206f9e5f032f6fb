"""What a linear model reaches from the border alone: how much the data gives away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import Figure, Labels, area_under_curve, measured, pairs_apart

SIDE, BORDER = 48, 5
"""Pixels a side at which the models see an image, and the width of the border."""
PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10000.0)
FOLDS = 5
Pixels = NDArray[np.float64]
Chosen = NDArray[np.bool_]


def views() -> Mapping[str, Chosen]:
    """Return which of SIDE x SIDE pixels, flat, each model sees."""
    frame = np.ones((SIDE, SIDE), np.bool_)
    frame[BORDER:-BORDER, BORDER:-BORDER] = False
    return {"border only": frame.ravel(), "whole image": np.ones(SIDE * SIDE, np.bool_)}


def baseline_figures(patients: Sequence[str], scores_of: Mapping[str, Pixels], truth: Labels) -> list[Figure]:
    """Return the AUC of each linear model from its scores (image,)."""
    pairs = pairs_apart(patients, truth)
    return [
        measured(f"linear model, {name}", "AUC", patients, partial(_area, scores, truth), trials=pairs)
        for name, scores in scores_of.items()
    ]


def fitted(pixels: Pixels, labels: Labels, apart: Chosen) -> Callable[[Pixels], Pixels]:
    """Fit ridge regression on (image, pixel); the penalty is chosen on the images set ``apart``."""
    centre = pixels[~apart].mean(0)
    inputs, wanted = pixels[~apart] - centre, labels[~apart] - labels[~apart].mean()
    weights_at = _primal(inputs, wanted) if inputs.shape[0] >= inputs.shape[1] else _dual(inputs, wanted)
    best, best_area = np.zeros(len(centre)), -1.0
    for penalty in PENALTIES:
        weights = weights_at(penalty)
        area = area_under_curve((pixels[apart] - centre) @ weights, labels[apart])
        if area > best_area:
            best, best_area = weights, area
    return lambda asked: (asked - centre) @ best


def cross_validated(pixels: Pixels, labels: Labels, patients: Sequence[str]) -> Pixels:
    """Return scores (image,) from models that have not seen the image's patient.

    In each of FOLDS folds one further fold chooses the penalty. Scores of different folds are brought onto
    one scale, the share of the fold's images that lie lower.
    """
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    fold = np.random.default_rng(2026).permutation(len(names))[owner] % FOLDS
    scores = np.full(len(labels), np.nan)
    for asked in range(FOLDS):
        chosen, seen = fold == asked, fold != asked
        if not chosen.any() or len(np.unique(labels[seen])) < 2:
            continue
        score = fitted(pixels[seen], labels[seen], fold[seen] == (asked + 1) % FOLDS)
        values = score(pixels[chosen])
        scores[chosen] = (np.argsort(np.argsort(values)) + 0.5) / len(values)
    return scores


def _primal(inputs: Pixels, wanted: Pixels) -> Callable[[float], Pixels]:
    gram, cross = inputs.T @ inputs, inputs.T @ wanted
    return lambda penalty: np.asarray(np.linalg.solve(gram + penalty * np.eye(len(gram)), cross), np.float64)


def _dual(inputs: Pixels, wanted: Pixels) -> Callable[[float], Pixels]:
    gram = inputs @ inputs.T
    return lambda penalty: np.asarray(
        inputs.T @ np.linalg.solve(gram + penalty * np.eye(len(gram)), wanted), np.float64
    )


def _area(scores: Pixels, truth: Labels, chosen: NDArray[np.int64]) -> float:
    return area_under_curve(scores[chosen], truth[chosen])
