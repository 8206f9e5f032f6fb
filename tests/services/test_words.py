"""One line for each pack, with nothing that a machine may not say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.image import ImageRef
from core.result import Finding, Mask, ModelStamp, PackResult, Position, Refusal
from services.words import finding_sentence, pack_sentence

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
