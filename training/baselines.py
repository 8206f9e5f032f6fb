"""What a linear model of the training children reaches on the test pictures from the border alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.baseline import SIDE, Pixels, baseline_figures, fitted, views
from training import data
from training.splits import calibrates


def measure(pictures: Sequence[data.Picture], truth: NDArray[np.int64]) -> list[dict[str, object]]:
    """Return the AUC on the test pictures of ridge models of the border's and of all pixels."""
    training = list(data.children())
    labels = np.array([int(picture.label != "normal") for picture in training])
    apart = np.array([calibrates(picture) for picture in training])
    seen, asked = _pixels(training), _pixels(pictures)
    scores = {
        name: fitted(seen[:, chosen], labels, apart)(asked[:, chosen]) for name, chosen in views().items()
    }
    patients = [picture.patient for picture in pictures]
    return [figure.as_table() for figure in baseline_figures(patients, scores, truth)]


def _pixels(pictures: Sequence[data.Picture]) -> Pixels:
    return data.load_images(pictures, SIDE).reshape(len(pictures), -1).astype(np.float64) / 255
