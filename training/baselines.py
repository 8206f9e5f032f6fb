"""What a linear model reaches from the border alone, or from the whole image.

How much the data gives away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training import data
from training.figures import area_under_curve, measured
from training.splits import calibrates

SIDE, BORDER = 48, 5
PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10000.0)
Pixels = NDArray[np.float64]


def measure(pictures: Sequence[data.Picture], truth: NDArray[np.int64]) -> list[dict[str, object]]:
    """Return the AUC on the test pictures of ridge models of the border's and of all pixels."""
    training = list(data.children())
    labels = np.array([int(picture.label != "normal") for picture in training])
    apart = np.array([calibrates(picture) for picture in training])
    seen, asked = _pixels(training), _pixels(pictures)
    frame = np.ones((SIDE, SIDE), np.bool_)
    frame[BORDER:-BORDER, BORDER:-BORDER] = False
    rows = []
    for name, chosen in (("border only", frame), ("whole image", np.ones_like(frame))):
        score = _fitted(seen[:, chosen.ravel()], labels, apart)
        scores = score(asked[:, chosen.ravel()])
        patients = [picture.patient for picture in pictures]
        figure = measured(f"linear model, {name}", "AUC", patients, partial(_area, scores, truth))
        rows.append(figure.as_table())
    return rows


def _area(scores: Pixels, truth: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
    return area_under_curve(scores[chosen], truth[chosen])


def _pixels(pictures: Sequence[data.Picture]) -> Pixels:
    return data.load_images(pictures, SIDE).reshape(len(pictures), -1).astype(np.float64) / 255


def _fitted(
    pixels: Pixels, labels: NDArray[np.int64], apart: NDArray[np.bool_]
) -> Callable[[Pixels], Pixels]:
    """Fit ridge regression; the penalty is chosen on the training patients kept apart."""
    centre = pixels[~apart].mean(0)
    inputs, wanted = pixels[~apart] - centre, labels[~apart] - labels[~apart].mean()
    gram, cross = inputs.T @ inputs, inputs.T @ wanted
    best, best_area = np.zeros(len(centre)), -1.0
    for penalty in PENALTIES:
        weights = np.linalg.solve(gram + penalty * np.eye(len(centre)), cross)
        area = area_under_curve((pixels[apart] - centre) @ weights, labels[apart])
        if area > best_area:
            best, best_area = weights, area
    return lambda asked: (asked - centre) @ best
