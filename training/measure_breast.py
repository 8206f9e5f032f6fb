"""Measure `breast-ultrasound` on groups kept apart: outlines, scores, marks, and where the map points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.baseline import SIDE, baseline_figures, cross_validated, views
from evaluation.card_tables import engine_table, figure_table
from evaluation.figures import Figure, area_under_curve, dice, measured
from evaluation.map_quality import pointing
from inference.preprocess import resize_stretched
from training import breast
from training.breast import Scan
from training.breast_manifest import FINDINGS, MANIFEST, PACK, WORDS
from training.card import scores_card
from training.classify_measure import UNKNOWN, stranger_kinds
from training.measure_scores import (
    TestSet,
    engines,
    map_figures,
    measure_answers,
    refused_strangers,
    score_of,
)
from training.pack_files import OF_LABEL
from training.samples import as_grey
from training.stranger_sets import evaluation_bank, training_bank
from training.through_application import COMBINATIONS, Answer, Application

TEST, UNIT = "groups kept apart", "near_duplicates"


def measure(packs: Path) -> dict[str, Any]:
    """Return every figure of the card."""
    scans = breast.part(breast.scans(), "test")
    application = Application(packs)
    sets = {code: test_set(scans, code) for code in FINDINGS}
    answers = application.ask(PACK, sets["malignant"].greys, UNKNOWN)
    malignant, benign = (
        measure_answers(packs, PACK, sets[c], answers, place=i) for i, c in enumerate(FINDINGS)
    )
    for row in benign["figures"]:
        row["population"] = f"{OF_LABEL}benign: {row['population']}"
    return {
        **malignant,
        "unit": UNIT,
        "figures": malignant["figures"] + _outlines(scans, answers) + benign["figures"],
        "marks": marks(application, scans),
        "engines": engines(packs, PACK, sets["malignant"]),
        "outline_engines": outline_engines(packs, scans),
        "baselines": baselines(),
        "strangers_refused": refused_strangers(
            application,
            PACK,
            UNKNOWN,
            stranger_kinds(training_bank("breast ultrasound"), evaluation_bank()),
        ),
        "pointing": pointed(scans, answers),
        "map_quality": map_qualities(packs, sets),
    }


def map_qualities(packs: Path, sets: Mapping[str, TestSet]) -> dict[str, dict[str, object]]:
    """Return what each finding's map is worth on images with the finding, by code."""
    found = {code: map_figures(packs, PACK, test, place=i) for i, (code, test) in enumerate(sets.items())}
    for code, finding in FINDINGS.items():
        if "beside" in finding:
            found[code]["beside"] = finding["beside"]
    return found


def card(measured_: dict[str, Any]) -> str:
    """Return the card."""
    spots = measured_["pointing"]
    notes = (
        "## Outlines in every engine and precision (mean Dice)",
        engine_table(measured_["outline_engines"]),
        "## Callipers and text",
        "The same images as they are, and with further callipers and letters drawn at random places.",
        figure_table(measured_["marks"], UNIT),
        "## Where the map points",
        f"On {spots['images']} images of malignant lesions with a map, its hottest place lies in the lesion "
        f"in {spots['map_hits']:.1%}; the middle of the picture does in {spots['middle_hits']:.1%}.",
        "A map is weighted by the outline that the network draws, so that it points at what was outlined. "
        "With shuffled weights nothing speaks for a finding: that map is flat, and its correlation 0.",
    )
    return scores_card(MANIFEST, WORDS, measured_, notes=notes)


def test_set(scans: Sequence[Scan], code: str) -> TestSet:
    """Return scans as a test set for one finding against all the rest."""
    labels = np.array([scan.label for scan in scans])
    return TestSet(
        name=TEST,
        greys=[as_grey(scan.grey) for scan in scans],
        patients=[scan.group for scan in scans],
        truth=breast.truth_of(scans, code),
        subject=UNKNOWN,
        subgroups={"with a lesion": labels != "normal"},
    )


def marks(application: Application, scans: Sequence[Scan]) -> list[dict[str, object]]:
    """Return AUC of malignant, and Dice, as images are and with marks drawn on all or on some of them."""
    rng, truth = np.random.default_rng(9), breast.truth_of(scans, "malignant")
    marked = [as_grey(breast.with_marks(scan.grey, rng)) for scan in scans]
    plain = [as_grey(scan.grey) for scan in scans]
    sets = {
        "as they are": plain,
        "marks on all": marked,
        "marks on malignant alone": [m if t else p for m, p, t in zip(marked, plain, truth, strict=True)],
        "marks on the others alone": [p if t else m for m, p, t in zip(marked, plain, truth, strict=True)],
    }
    groups = [scan.group for scan in scans]
    figures: list[Figure] = []
    for name, greys in sets.items():
        answers = application.ask(PACK, greys, UNKNOWN)
        scores = np.array([score_of(answer) for answer in answers])
        figures.append(measured(name, "AUC malignant", groups, _area(scores, truth)))
        if name in {"as they are", "marks on all"}:
            figures += _dice_figures(name, scans, answers)[:1]
    return [figure.as_table() for figure in figures]


def pointed(scans: Sequence[Scan], answers: Sequence[Answer]) -> dict[str, object]:
    """Return how often the hottest place of a map lies in the lesion; maps come with scores above."""
    places = []
    for scan, answer in zip(scans, answers, strict=True):
        heat = next((h for h in answer.open.heatmaps if h.finding == "malignant" and h.shown), None)
        if scan.label == "malignant" and heat is not None:
            places.append(pointing(np.asarray(heat.values, np.float32), scan.mask))
    return {
        "images": len(places),
        "map_hits": round(float(np.mean([place.hits for place in places])), 4) if places else 0.0,
        "middle_hits": round(float(np.mean([place.centre_hits for place in places])), 4) if places else 0.0,
    }


def baselines() -> list[dict[str, object]]:
    """Return the AUC of linear models of the border's and of all pixels, over folds of all images."""
    scans = breast.scans()
    small = [resize_stretched(as_grey(scan.grey), height=SIDE, width=SIDE).ravel() for scan in scans]
    pixels, truth = np.stack(small).astype(np.float64), breast.truth_of(scans, "malignant")
    groups = [scan.group for scan in scans]
    scores = {name: cross_validated(pixels[:, chosen], truth, groups) for name, chosen in views().items()}
    return [figure.as_table() for figure in baseline_figures(groups, scores, truth)]


def _outlines(scans: Sequence[Scan], answers: Sequence[Answer]) -> list[dict[str, object]]:
    figures = _dice_figures(f"{TEST}, all", scans, answers)
    empty = [not _mask(answer, scan).any() for scan, answer in zip(scans, answers, strict=True)]
    none = np.array([scan.label == "normal" for scan in scans])
    groups = [scan.group for scan, chosen in zip(scans, none, strict=True) if chosen]
    silent = np.array(empty)[none]
    figures.append(
        measured(
            f"{TEST}, without a lesion", "share without an outline", groups, lambda i: float(silent[i].mean())
        )
    )
    return [figure.as_table() for figure in figures]


def outline_engines(packs: Path, scans: Sequence[Scan]) -> dict[str, dict[str, float]]:
    """Return the mean Dice of the groups kept apart that have a lesion, in every engine and precision."""
    with_lesion = [scan for scan in scans if scan.mask.any()]
    greys = [as_grey(scan.grey) for scan in with_lesion]
    row = {}
    for engine, precision in COMBINATIONS:
        answers = Application(packs, engine, precision).ask(PACK, greys, UNKNOWN)
        found = [
            dice(_mask(answer, scan), scan.mask) for scan, answer in zip(with_lesion, answers, strict=True)
        ]
        row[f"{engine} {precision}"] = round(float(np.mean(found)), 4)
    return {f"{TEST}, with a lesion": row}


def _dice_figures(name: str, scans: Sequence[Scan], answers: Sequence[Answer]) -> list[Figure]:
    pairs = [pair for pair in zip(scans, answers, strict=True) if pair[0].mask.any()]
    values = np.array([dice(_mask(answer, scan), scan.mask) for scan, answer in pairs])
    groups = [scan.group for scan, _ in pairs]
    kinds = np.array([scan.label for scan, _ in pairs])
    figures = [
        measured(name, "mean Dice", groups, lambda i: float(values[i].mean())),
        measured(name, "median Dice", groups, lambda i: float(np.median(values[i]))),
    ]
    for kind in ("malignant", "benign"):
        chosen = kinds == kind
        own, of_kind = [g for g, keep in zip(groups, chosen, strict=True) if keep], values[chosen]
        figures.append(measured(f"{name}: {kind}", "mean Dice", own, _mean_of(of_kind)))
    return figures


def _mean_of(values: NDArray[np.float64]) -> Any:
    return lambda chosen: float(values[chosen].mean())


def _area(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> Any:
    return lambda chosen: area_under_curve(scores[chosen], truth[chosen])


def _mask(answer: Answer, scan: Scan) -> NDArray[np.bool_]:
    found = {mask.code: mask.pixels for mask in answer.open.masks}
    return found.get("lesion", np.zeros(scan.mask.shape, np.bool_))
