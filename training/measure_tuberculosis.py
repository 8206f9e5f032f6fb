"""Measure `chest-tb-adult`: the folds within Shenzhen, the pack as it ships on Montgomery."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.baseline import SIDE, baseline_figures, cross_validated, views
from evaluation.calibration import fit_table, threshold_for
from evaluation.figures import Figure, Labels, Values, measured, share
from evaluation.scores import refusal_row, reliability, score_figures
from inference.preprocess import resize_stretched
from inference.subject import Subject
from training import data
from training.measure_lungs import greys_of, stranger_refusals
from training.measure_scores import TestSet, bounds_of, engines, map_figures, measure_answers
from training.through_application import Application
from training.tuberculosis import ELSEWHERE, LEARNED, POINTS, folds_kept
from training.tuberculosis_manifest import ABROAD, PACK, WITHIN

ADULT = Subject(modality="DX", body_part=None, view=None, age_years=40.0)
GATES_SET = f"{LEARNED} (the gates were set on it)"


def measure(packs: Path) -> dict[str, Any]:
    """Return every figure of the card."""
    elsewhere, application = test_set(ELSEWHERE, ABROAD), Application(packs)
    answers = application.ask(PACK, elsewhere.greys, elsewhere.subject)
    abroad = measure_answers(packs, PACK, elsewhere, answers)
    patients, folds, truth, logits = folds_kept(packs / PACK)
    intervals, above = calibrated_over_folds(folds, truth, logits)
    scores = intervals[:, 1] / (1 - intervals[:, 0] + intervals[:, 1])
    figures = score_figures(f"{WITHIN}, all", patients, scores, truth, {})
    figures += _rates(patients, truth, above)
    learned = test_set(LEARNED, LEARNED)
    own = application.ask(PACK, learned.greys, learned.subject, gates_only=True)
    return {
        "figures": [figure.as_table() for figure in figures] + abroad["figures"],
        "from_folds": f"figures of '{WITHIN}' come from folds.json, which training wrote",
        "reliability": reliability(scores, truth),
        "undecided": abroad["undecided"],
        "bounds": bounds_of(intervals, truth),
        "own_refused": {
            GATES_SET: refusal_row([answer.refused_by for answer in own]),
            **abroad["own_refused"],
        },
        "engines": engines(packs, PACK, elsewhere),
        "baselines": baselines(learned),
        "strangers_refused": stranger_refusals(application, PACK, ADULT),
        "map_quality": map_figures(packs, PACK, learned),
    }


def test_set(source: str, name: str) -> TestSet:
    """Return all X-rays of one hospital, as the set of that name."""
    pictures = [picture for picture in data.adults_without_masks() if picture.source == source]
    return TestSet(
        name=name,
        greys=greys_of(pictures),
        patients=[picture.patient for picture in pictures],
        truth=np.array([int(picture.label == "tb") for picture in pictures]),
        subject=ADULT,
    )


def calibrated_over_folds(
    folds: NDArray[np.int64], truth: Labels, logits: Values
) -> tuple[Values, dict[str, NDArray[np.bool_]]]:
    """Return Venn-Abers intervals (image, 2) and, by operating point, which images lie above its threshold.

    Table and thresholds of each fold are fitted on the others.
    """
    intervals = np.zeros((len(truth), 2))
    above = {name: np.zeros(len(truth), np.bool_) for name in POINTS}
    for fold in np.unique(folds):
        asked, known = folds == fold, folds != fold
        table = fit_table(logits[known], truth[known])
        intervals[asked, 0] = np.interp(logits[asked], table.logits, table.lower)
        intervals[asked, 1] = np.interp(logits[asked], table.logits, table.upper)
        seen, scores = table.probabilities(logits[known]), table.probabilities(logits[asked])
        for name, goal in POINTS.items():
            above[name][asked] = scores >= threshold_for(seen, truth[known], goal)
    return intervals, above


def baselines(learned: TestSet) -> list[dict[str, object]]:
    """Return the AUC within Shenzhen of linear models of the border's and of all pixels, over folds."""
    small = [resize_stretched(grey, height=SIDE, width=SIDE).ravel() for grey in learned.greys]
    pixels = np.stack(small).astype(np.float64)
    scores = {
        name: cross_validated(pixels[:, chosen], learned.truth, learned.patients)
        for name, chosen in views().items()
    }
    return [figure.as_table() for figure in baseline_figures(learned.patients, scores, learned.truth)]


def _rates(patients: list[str], truth: Labels, above: dict[str, NDArray[np.bool_]]) -> list[Figure]:
    figures = []
    for name, over in above.items():
        for rate, kind in (("sensitivity", 1), ("specificity", 0)):
            right = over == bool(kind)
            statistic = partial(_share_right, right, truth, kind)
            figures.append(measured(f"{WITHIN}, all", f"{rate} at {name}", patients, statistic))
    return figures


def _share_right(right: NDArray[np.bool_], truth: Labels, kind: int, chosen: NDArray[np.int64]) -> float:
    return share(right[chosen][truth[chosen] == kind])
