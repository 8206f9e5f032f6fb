"""Measure `chest-tb-adult`: the folds within Shenzhen, the pack as it ships on Montgomery."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.result import EngineName, Precision
from evaluation.baseline import SIDE, baseline_figures, cross_validated, views
from evaluation.calibration import fit_table, threshold_for
from evaluation.figures import Figure, Labels, Values, area_under_curve, measured, share
from evaluation.scores import bounds_of, refusal_row, reliability, score_figures
from inference.preprocess import resize_stretched
from inference.subject import Subject
from training import data
from training.fold_layers import features_in, kept_layers, logits_without
from training.measure_lungs import greys_of, stranger_refusals
from training.measure_scores import TestSet, engines, map_figures, measure_answers
from training.through_application import COMBINATIONS, Application
from training.tuberculosis import ELSEWHERE, LEARNED, POINTS, folds_of
from training.tuberculosis_manifest import ABROAD, PACK, WITHIN

ADULT = Subject(modality="DX", body_part=None, view=None, age_years=40.0)
MEASURED: tuple[EngineName, Precision] = ("onnxruntime", "int8")
"""How the folds are asked, as the application here asks all packs."""
GATES_SET = f"{LEARNED} (the gates were set on it)"


def measure(packs: Path) -> dict[str, Any]:
    """Return every figure of the card."""
    elsewhere, application = test_set(ELSEWHERE, ABROAD), Application(packs)
    answers = application.ask(PACK, elsewhere.greys, elsewhere.subject)
    abroad = measure_answers(packs, PACK, elsewhere, answers)
    learned = test_set(LEARNED, LEARNED)
    within = over_folds(packs, application, learned)
    own = application.ask(PACK, learned.greys, learned.subject, gates_only=True)
    return {
        "figures": [figure.as_table() for figure in within.figures()] + abroad["figures"],
        "reliability": reliability(within.scores, within.truth),
        "undecided": abroad["undecided"],
        "bounds": bounds_of(within.intervals, within.truth),
        "own_refused": {
            GATES_SET: refusal_row([answer.refused_by for answer in own]),
            **abroad["own_refused"],
        },
        "engines": engines(packs, PACK, elsewhere),
        "engines_over_folds": within.engines,
        "baselines": baselines(learned),
        "strangers_refused": stranger_refusals(application, PACK, ADULT),
        "map_quality": map_figures(packs, PACK, learned),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class OverFolds:
    """What the folds' layers say on the body that ships: each picture, calibrated, without its patient.

    `intervals` (image, 2) are Venn-Abers; `above` says by operating point which lie above its threshold;
    `engines` is the AUC by engine and precision.
    """

    patients: list[str]
    truth: Labels
    intervals: Values
    above: dict[str, NDArray[np.bool_]]
    engines: dict[str, float]

    @property
    def scores(self) -> Values:
        """The probability of each picture."""
        return self.intervals[:, 1] / (1 - self.intervals[:, 0] + self.intervals[:, 1])

    def figures(self) -> list[Figure]:
        """Return discrimination, calibration, and both rates at each operating point."""
        name = f"{WITHIN}, all"
        figures = score_figures(name, self.patients, self.scores, self.truth, {})
        return figures + _rates(self.patients, self.truth, self.above)


def over_folds(packs: Path, application: Application, learned: TestSet) -> OverFolds:
    """Ask the folds' layers, on what the network that ships reads of pictures prepared by the application."""
    runs = application.runs(PACK, learned.greys, learned.subject, use_gates=False)
    looks = [run[PACK].look for run in runs]
    seen = [place for place, look in enumerate(looks) if look is not None]
    inputs = np.stack([look.tensor for look in looks if look is not None])
    folds = folds_of([learned.patients[place] for place in seen])
    layers, truth = kept_layers(packs / PACK), learned.truth[seen]
    said = {
        (engine, precision): logits_without(
            layers, folds, features_in(packs / PACK, inputs, engine, precision)
        )
        for engine, precision in COMBINATIONS
    }
    intervals, above = calibrated_over_folds(folds, truth, said[MEASURED])
    return OverFolds(
        patients=[learned.patients[place] for place in seen],
        truth=truth,
        intervals=intervals,
        above=above,
        engines={
            f"{engine} {precision}": round(area_under_curve(logits, truth), 4)
            for (engine, precision), logits in said.items()
        },
    )


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
