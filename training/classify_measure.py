"""Measure a pack of whole pictures on units kept apart, with what the data give away beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.baseline import SIDE, baseline_figures, fitted, views
from inference.subject import Subject
from training.data import Bytes
from training.measure_scores import (
    TestSet,
    engines,
    map_figures,
    measure_answers,
    refused_strangers,
)
from training.samples import Part, Sample, counts_of, parts_of, truth_of
from training.through_application import Application

if TYPE_CHECKING:
    from training.classify import Classifier

UNKNOWN = Subject()
"""Nothing is said of any picture, strangers too, so that the gates that look at it alone decide."""
TRAINED_ON_LIMIT = 60
GREY_BINS = 32


def measure(recipe: Classifier, packs: Path) -> dict[str, object]:
    """Return every figure of the card."""
    parts = parts_of(recipe.samples(), recipe.part_of)
    subject = asked_as(recipe.manifest)
    test = test_set(f"{recipe.family} kept apart", parts["test"], subject)
    application = Application(packs)
    answers = application.ask(recipe.pack, test.greys, subject)
    measured = measure_answers(packs, recipe.pack, test, answers)
    return {
        **measured,
        "parts": counts_of(parts),
        "engines": engines(packs, recipe.pack, test),
        "baselines": baselines(recipe, parts),
        "strangers_refused": refused_strangers(
            application,
            recipe.pack,
            subject,
            stranger_kinds(recipe.strangers(), recipe.strangers_apart()),
        ),
        "map_quality": map_figures(packs, recipe.pack, test),
    }


def asked_as(manifest: Mapping[str, Any]) -> Subject:
    """Return what is said of every picture: nothing; but that it has colour, where a pack reads no other.

    Pictures are asked in grey, strangers too: a check of their colour would refuse all alike.
    """
    return Subject(colour=True) if manifest["applies"]["colour"] == "colour" else UNKNOWN


def test_set(name: str, samples: Sequence[Sample], subject: Subject) -> TestSet:
    """Return samples as a test set, each group of theirs (with all that have no finding) as a subgroup."""
    groups = np.array([sample.group for sample in samples])
    named = sorted(set(groups.tolist()))
    return TestSet(
        name=name,
        greys=[sample.values for sample in samples],
        patients=[sample.unit for sample in samples],
        truth=truth_of(samples),
        subject=subject,
        subgroups={f"{group} alone": groups == group for group in named if len(named) > 1},
    )


def baselines(recipe: Classifier, parts: dict[Part, list[Sample]]) -> list[dict[str, object]]:
    """Return the AUC on the test pictures of linear models of what should not tell, fitted on the others."""
    known = [*parts["train"], *parts["calibrate"]]
    labels = truth_of(known)
    apart = np.array([False] * len(parts["train"]) + [True] * len(parts["calibrate"]))
    features = {"grey values without shapes": (_histograms(known), _histograms(parts["test"]))}
    pixels, asked = _pixels(known), _pixels(parts["test"])
    features |= {name: (pixels[:, chosen], asked[:, chosen]) for name, chosen in views().items()}
    for name, make in recipe.features.items():
        features[name] = make(known), make(parts["test"])
    scores = {name: fitted(seen, labels, apart)(other) for name, (seen, other) in features.items()}
    patients = [sample.unit for sample in parts["test"]]
    return [figure.as_table() for figure in baseline_figures(patients, scores, truth_of(parts["test"]))]


def stranger_kinds(trained: Mapping[str, Bytes], apart: Mapping[str, Bytes]) -> list[tuple[str, Bytes, bool]]:
    """Return kinds with whether they were trained on; of those a part is enough."""
    limit = TRAINED_ON_LIMIT
    thinned = {name: images[:: max(1, len(images) // limit)][:limit] for name, images in trained.items()}
    return [(name, images, True) for name, images in thinned.items()] + [
        (name, images, False) for name, images in apart.items()
    ]


def _histograms(samples: Sequence[Sample]) -> NDArray[np.float64]:
    rows = [np.histogram(s.grey, bins=GREY_BINS, range=(0, 256), density=True)[0] for s in samples]
    return np.stack(rows) * 256


def _pixels(samples: Sequence[Sample]) -> NDArray[np.float64]:
    small = [cv2.resize(s.grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel() for s in samples]
    return np.stack(small).astype(np.float64) / 255
