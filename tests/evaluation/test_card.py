"""A card says what was measured, and keeps what people wrote."""

import io
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from evaluation.card import BEGIN, END, CardFacts, by_hand, card
from evaluation.plot import reliability_png

FACTS = CardFacts(
    id="toy",
    version="1.0.0",
    title="Toy",
    pack_class="research",
    intended_use="Tests.",
    not_for=("patients",),
    weak_where=(),
    not_looked_for=("everything",),
    licence="Apache-2.0",
    attribution="Nobody",
    training_text="Nothing.",
    training_population="No one",
)
ROWS = [{"from": n / 10, "to": (n + 1) / 10, "images": 0} for n in range(10)]
ROWS[2] |= {"images": 7, "mean_score": 0.25, "ill": 0.2}
ROWS[9] |= {"images": 3, "mean_score": 0.95, "ill": 1.0}


def _measured(**more: Any) -> dict[str, Any]:
    figure = {"population": "set, all", "metric": "AUC", "value": 0.875, "interval": [0.8, 0.95]}
    return {
        "engine": "onnxruntime",
        "precision": "int8",
        "set": {"name": "set", "images": 10, "patients": 9, "unread": 2, "gates": True},
        "calibrated": None,
        "figures": [{**figure, "patients": 9, "images": 10}],
        "labels": [{"code": "x", "title": "X", "reliability": ROWS, "share_ill": 0.4, "undecided": 0.1}],
        "refused": {"images": 10, "refused": 0.2, "by_gate": {"age": 2}},
        "precisions": [],
        "notes": ["Y: 3 patients"],
        **more,
    }


def test_the_card_has_figures_refusals_and_what_is_not_stated() -> None:
    text = card(FACTS, _measured())
    for words in ("0.875", "0.800 to 0.950", "20.0%", "age 2", "Y: 3 patients", "2 further images"):
        assert words in text


def test_every_sentence_of_the_training_ends_as_one() -> None:
    facts = replace(FACTS, training_text="800 images", training_population="children of 1 to 5 years.")
    assert "**Trained on.** 800 images. children of 1 to 5 years.\n" in card(facts, _measured())


def test_what_was_written_by_hand_stays_to_the_letter() -> None:
    first = card(FACTS, _measured())
    mine = first[: first.index(BEGIN)] + f"{BEGIN}\nBlurred films fail; *we looked*.\n{END}" + "\nold figures"
    second = card(FACTS, _measured(), mine)
    assert by_hand(second) == "Blurred films fail; *we looked*."
    assert "old figures" not in second
    assert card(FACTS, _measured(), second) == second


def test_a_card_without_markers_is_kept_whole() -> None:
    assert by_hand(card(FACTS, _measured(), "# Ours\n\nAll by hand.\n")) == "# Ours\n\nAll by hand."


def test_a_calibrated_card_says_that_other_patients_calibrated() -> None:
    text = card(FACTS, _measured(calibrated={"images": 40, "patients": 31, "labels": []}))
    assert "31 other patients" in text
    assert "no patient stands in both" in text


def test_the_reliability_picture_draws_each_bin_where_it_belongs() -> None:
    picture = np.asarray(Image.open(io.BytesIO(reliability_png(ROWS, "Größe"))).convert("RGB"))
    from evaluation.plot import MARGIN, SIDE

    for score, ill in ((0.25, 0.2), (0.95, 1.0)):
        spot = picture[MARGIN + SIDE - round(SIDE * ill), MARGIN + round(SIDE * score)]
        assert spot[2] > 100 > spot[0]  # the colour of a mark
    assert cv2.imdecode(np.frombuffer(reliability_png([], "none"), np.uint8), 1) is not None
