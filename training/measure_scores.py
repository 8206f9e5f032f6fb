"""Measure what a pack's scores are worth on pictures kept apart, through the application's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import Figure, Labels, Values, area_under_curve, share
from evaluation.map_quality import Case
from evaluation.scores import bounds_of, refusal_row, reliability, score_figures
from inference.manifest import Scoring
from inference.packs import load_pack
from inference.subject import Subject
from services.evaluate_map import case_of, map_maker, map_rows
from training.through_application import COMBINATIONS, Answer, Application

Grey = NDArray[np.float32]
MAP_PICTURES = 60
"""Pictures with the finding on which a map is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSet:
    """Pictures that no weight has seen, whose they are, and what is true of them."""

    name: str
    greys: Sequence[Grey]
    patients: Sequence[str]
    truth: Labels
    subject: Subject
    subgroups: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Name to which of the pictures belong to it."""


def score_of(answer: Answer, place: int = 0) -> float:
    """Return the probability that a pack gives with its gates off; `place` is the finding's."""
    return answer.open.scores[place].probability if answer.open.scores else float("nan")


def scoring_of(packs: Path, pack: str, place: int = 0) -> Scoring:
    """Return how a pack's finding is scored."""
    scored = [label.scoring for label in load_pack(packs / pack).manifest.scored_labels]
    scoring = scored[place]
    assert scoring is not None
    return scoring


def measure_answers(
    packs: Path, pack: str, test: TestSet, answers: Sequence[Answer], *, place: int = 0
) -> dict[str, Any]:
    """Return what answers to a test set are worth: figures, reliability, bounds, refusals."""
    scores = np.array([score_of(answer, place) for answer in answers])
    points = {p.name: p.threshold for p in scoring_of(packs, pack, place).operating_points}
    spoken = np.array([answer.refused_by is None for answer in answers])
    everything = np.ones(len(scores), np.bool_)
    figures: list[Figure] = []
    for name, chosen in (("all", everything), ("answered", spoken)):
        figures += score_figures(f"{test.name}, {name}", *_part(test, scores, chosen), points)
    for name, chosen in test.subgroups.items():
        made = score_figures(f"{test.name}, {name}", *_part(test, scores, chosen), points)
        figures += [f for f in made if _measurable(f, test.truth[chosen], test.truth)]
    return {
        "figures": [figure.as_table() for figure in figures],
        "reliability": reliability(scores, test.truth),
        "undecided": round(share(np.array([_undecided(answer, place) for answer in answers])), 4),
        "bounds": bounds(answers, test.truth, place),
        "own_refused": {test.name: refusal_row([answer.refused_by for answer in answers])},
    }


def engines(packs: Path, pack: str, test: TestSet, *, place: int = 0) -> dict[str, dict[str, float]]:
    """Return AUC in every engine and precision.

    And the largest difference of a score from FP32 in ONNX Runtime.
    """
    rows: dict[str, dict[str, float]] = {}
    reference: Values | None = None
    for engine, precision in COMBINATIONS:
        answers = Application(packs, engine, precision).ask(pack, test.greys, test.subject)
        scores = np.array([score_of(answer, place) for answer in answers])
        reference = scores if reference is None else reference
        rows[f"{engine} {precision}"] = {
            "AUC": round(area_under_curve(scores, test.truth), 4),
            "largest_difference": round(float(np.abs(scores - reference).max()), 4),
        }
    return rows


def bounds(answers: Sequence[Answer], truth: Labels, place: int = 0) -> dict[str, object]:
    """Compare the Venn-Abers intervals of answers with what was true."""
    pairs = np.array([a.open.scores[place].interval for a in answers if a.open.scores])
    return bounds_of(pairs, truth[[bool(a.open.scores) for a in answers]])


def refused_strangers(
    application: Application,
    pack: str,
    subject: Subject,
    kinds: Sequence[tuple[str, NDArray[np.uint8], bool]],
) -> dict[str, object]:
    """Return, for each kind (name, bytes (image, row, column), trained on), the share refused."""
    rows: dict[str, object] = {}
    for name, images, trained in kinds:
        answers = application.ask(pack, list(images.astype(np.float32) / 255), subject, gates_only=True)
        rows[name] = {**refusal_row([a.refused_by for a in answers]), "kind_trained_on": trained}
    return rows


def map_figures(packs: Path, pack: str, test: TestSet, *, place: int = 0) -> dict[str, object]:
    """Measure the map on pictures with the finding, as `packs evaluate` does; `place` is the finding's."""
    loaded = load_pack(packs / pack)
    maker = map_maker(loaded, None)
    assert maker is not None
    ill = np.flatnonzero(test.truth == 1)
    ill = ill[:: max(1, len(ill) // MAP_PICTURES)][:MAP_PICTURES]
    application = Application(packs, "onnxruntime", "fp32")
    runs = application.runs(pack, [test.greys[int(i)] for i in ill], test.subject, use_gates=False)
    cases: list[Case] = []
    for each in runs:
        maps = maker.of(each[pack])
        case = None if maps is None else case_of(loaded.manifest, maps[place], each[pack], each)
        if case is not None:
            cases.append(case)
    return map_rows(loaded, loaded.manifest.scored_labels[place].code, cases, [], None)


def _part(test: TestSet, scores: Values, chosen: NDArray[np.bool_]) -> tuple[list[str], Values, Labels]:
    return (
        [p for p, keep in zip(test.patients, chosen, strict=True) if keep],
        scores[chosen],
        test.truth[chosen],
    )


def _measurable(figure: Figure, truth: Labels, everyone: Labels) -> bool:
    """Whether a subgroup's figure says something of its own.

    AUC where both kinds stand in it, sensitivity where there are ill; specificity unless its well are all.
    """
    kind = figure.metric.partition(" at ")[0]
    if kind == "AUC":
        return len(np.unique(truth)) == 2
    well = int((truth == 0).sum())
    return (kind == "sensitivity" and bool((truth == 1).any())) or (
        kind == "specificity" and 0 < well < int((everyone == 0).sum())
    )


def _undecided(answer: Answer, place: int) -> bool:
    return bool(answer.open.scores) and answer.open.scores[place].position == "undecided"
