"""Pictures are asked in grey; what a pack needs to be told so that it looks at all is said."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from inference.subject import Subject
from training.classify_measure import asked_as
from training.through_application import Application

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize(
    ("pack", "subject"),
    [
        ("biopsy-lung", Subject(colour=True)),
        ("biopsy-colon", Subject(colour=True)),
        ("malaria-cell", Subject()),
    ],
)
def test_a_pack_of_colour_pictures_is_measured_by_what_it_sees(pack: str, subject: Subject) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    assert asked_as(manifest) == subject


def test_without_that_a_grey_picture_is_refused_for_its_colour() -> None:
    grey = np.random.default_rng(0).random((160, 160)).astype(np.float32)
    application = Application(MODELS)
    (told,) = application.ask("biopsy-lung", [grey], Subject(), gates_only=True)
    (seen,) = application.ask("biopsy-lung", [grey], Subject(colour=True), gates_only=True)
    assert told.refused_by == "colour"
    assert seen.refused_by != "colour"
