"""One line for each pack, with nothing that a machine may not say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.image import ImageRef
from core.model_facts import ModelFacts, OperatingPoint, TestFigure
from core.result import Finding, Mask, ModelStamp, PackResult, Position, Refusal
from services.words import finding_sentence, measured_figure, pack_sentence, threshold_words

FORBIDDEN = re.compile(r"\b(positive|negative|normal|clear|ruled out|benign|no)\b", re.IGNORECASE)
FINDING = Finding(
    code="pneumonia",
    label="Pneumonia",
    probability=0.5,
    interval=None,
    threshold=0.4,
    threshold_source="sensitivity-95",
    position="above",
    calibrated_at_prevalence=0.74,
    image=ImageRef(file="a.png"),
)
SILENT = PackResult(
    stamp=ModelStamp(pack_id="p", version="1.0.0", sha256="", pack_class="assist"),
    title="P",
    status="ok",
    seconds=0.0,
)


@pytest.mark.parametrize("position", ["above", "undecided", "below"])
def test_a_score_is_said_by_its_position_alone(position: Position) -> None:
    sentence = finding_sentence(replace(FINDING, position=position))
    assert sentence
    assert not FORBIDDEN.search(sentence)
    assert pack_sentence(replace(SILENT, findings=(replace(FINDING, position=position),))) == sentence


def test_a_refusal_says_why_and_what_to_do() -> None:
    refusal = Refusal(gate="age", reason="The age is not known.", advice="Enter the age.")
    assert pack_sentence(replace(SILENT, status="refused", refusal=refusal)) == (
        "The age is not known. Enter the age."
    )


def test_an_outline_names_its_side_only_where_it_is_verified() -> None:
    image, pixels = ImageRef(file="a.png"), np.zeros((2, 2), dtype=bool)
    masks = tuple(
        Mask(code=f"{side}_lung", label=f"{side.capitalize()} lung", pixels=pixels, image=image)
        for side in ("left", "right")
    )
    both = replace(SILENT, masks=masks)
    assert pack_sentence(both, "verified") == "Outlined: left lung, right lung."
    assert pack_sentence(both, "unverified") == "Outlined: both lung fields; side not verified."
    one = pack_sentence(replace(SILENT, masks=masks[:1]), "contradicted")
    assert one == "Outlined: one lung field; side not verified."


def test_a_pack_that_says_nothing_is_told_too() -> None:
    assert pack_sentence(SILENT)


FACTS = ModelFacts(
    pack_id="p",
    version="1.0.0",
    title="P",
    pack_class="research",
    figures=(
        TestFigure(population="patients kept apart", metric="AUC", value=0.8393, interval=(0.8031, 0.8758)),
        TestFigure(population="others", metric="AUC", value=0.5),
    ),
    operating_points={
        "pneumonia": OperatingPoint(
            name="a",
            threshold=0.4,
            chosen_on="patients that calibrate",
            sensitivity=(0.9, 0.85, 0.94),
            specificity=(0.6, 0.5, 0.7),
            measured_on="groups kept apart",
        )
    },
)


def test_rates_at_a_threshold_name_their_test_and_their_intervals() -> None:
    assert threshold_words(FACTS, FINDING) == (
        "Of 100 with pneumonia 90 (85 to 94) scored above this threshold, of 100 without 40 (30 to 50) "
        "(groups kept apart)."
    )
    assert threshold_words(FACTS, replace(FINDING, code="other")) == ""
    point = replace(FACTS.operating_points["pneumonia"], measured_on="")
    unsaid = replace(FACTS, operating_points={"pneumonia": point})
    assert threshold_words(unsaid, FINDING).endswith("of 100 without 40 (30 to 50).")
    unmeasured = replace(FACTS, operating_points={"pneumonia": replace(point, sensitivity=None)})
    assert threshold_words(unmeasured, FINDING) == ""
    assert threshold_words(None, FINDING) == ""


def test_the_first_figure_of_a_model_stands_with_its_interval_and_population() -> None:
    assert measured_figure(FACTS) == ("Measured: AUC 0.84 (0.80 to 0.88), patients kept apart.",)
    assert measured_figure(replace(FACTS, figures=FACTS.figures[1:])) == ("Measured: AUC 0.50, others.",)
    assert measured_figure(None) == ()
