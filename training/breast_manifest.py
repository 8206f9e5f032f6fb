"""What `breast-ultrasound` says of itself; measured numbers are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.card_words import CardWords, figure_of
from training.classify import SENSES
from training.manifest_text import Inline

PACK, SIZE = "breast-ultrasound", 160
ATTRIBUTION = (
    "Breast ultrasound images and masks: Al-Dhabyani et al., Data in Brief 28:104863, 2020 (CC BY 4.0 on one "
    "mirror, CC0 on another)."
)
MASK = {"code": "lesion", "title": "Lesion"}
FINDINGS: dict[str, dict[str, object]] = {
    "malignant": {
        "code": "malignant",
        "title": "Malignant lesion",
        "coding": Inline(system="SNOMED CT", code="254837009"),
    },
    "benign": {
        "code": "benign",
        "title": "Lesions like those that proved to be no cancer",
        "beside": "malignant",
        "coding": Inline(system="SNOMED CT", code="254838004"),
    },
}
MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": PACK,
    "version": "1.0.0",
    "title": "Lesions on breast ultrasound",
    "class": "research",
    "task": "segment",
    "intended_use": "A second look at single B-mode images of a breast in which a clinician sees a lesion: "
    "outlines it and scores it. The clinician reads first; a palpable lump needs full assessment whatever "
    "this says.",
    "not_for": [
        "deciding against a biopsy or against referral",
        "screening of women without complaints",
        "Doppler, elastography, moving images, the axilla, men",
    ],
    "weak_where": [
        "machines, settings and countries other than the one hospital that it learned from",
        "images with several lesions, with large ones that fill the frame, and with implants",
        "callipers and text on the image: see the card for what they change",
    ],
    "not_looked_for": ["calcifications", "lymph nodes", "skin and nipple", "anything outside this one frame"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {"text": "Al-Dhabyani et al., Data in Brief 28:104863, 2020", "doi": "10.1016/j.dib.2019.104863"},
    ],
    "applies": {
        "modalities": ["US"],
        "body_parts": ["BREAST"],
        "colour": "grey",
        "multi_frame": False,
        "sexes": ["F"],
        "trained_on_ages": Inline(minimum=25.0, maximum=75.99),
    },
    "input": {
        "name": "image",
        "size": [SIZE, SIZE],
        "channels": 1,
        "region": Inline(rule="whole"),
        "resize": "stretch",
        "intensity": Inline(rule="percentile", low=1.0, high=99.0, within="image"),
    },
    "output": {
        "masks": "masks",
        "logits": "logits",
        "activation_map": "cam",
        "sense": "sense",
        "familiarity": "familiarity",
    },
    "outline": {"threshold": 0.5, "smallest_part": 0.3},
    "sense": {"classes": list(SENSES), "minimum_probability": 0.6, "correct_probability": 1.0},
    "training_data": {
        "text": "60 % of the groups of near-duplicates; 15 % calibrate, 25 % were kept apart for the "
        "figures. Four groups with one frame under both labels were left out.",
        "population": "620 images of women of 25 to 75 years, one hospital (Cairo): 56 % with a benign, 26 "
        "% with a malignant lesion, 18 % without any",
    },
}
_TEST = "groups kept apart"


def facts(measured: Mapping[str, Any]) -> dict[str, object]:
    """Return what the card's failures name."""
    calibrate, test = (measured["parts"][name] for name in ("calibrate", "test"))
    reached = figure_of(measured, f"{_TEST}, all", "sensitivity at sensitivity-95")
    benign = figure_of(measured, f"code benign: {_TEST}, all", "calibration error, 10 bins of equal width")
    silent = figure_of(measured, f"{_TEST}, without a lesion", "share without an outline")
    return {
        **{f"{name}_calibrating": count for name, count in calibrate.items()},
        "prevalence_calibrating": calibrate["malignant"] / calibrate["images"],
        "prevalence_test": test["malignant"] / test["images"],
        "reached": reached["value"],
        "reached_low": reached["interval"][0],
        "reached_high": reached["interval"][1],
        "benign_error": benign["value"],
        "outlined_without": 1 - silent["value"],
        "without": silent["images"],
    }


WORDS = CardWords(
    data="BUSI: B-mode images of one hospital, longest side 384 px, with masks of lesions. Near-duplicates "
    "are joined into groups, which the split (by a hash of the group) keeps together: 60 % train, 15 % "
    "calibrate, 25 % give the figures. There are no patient ids, so that the same woman may stand on both "
    "sides: the figures are too good by what that is worth. Four groups that hold one frame under both "
    "labels (benign-85, benign-333, benign-399, benign-406) were left out.",
    network="U-Net of plain convolutions with skips by addition, {parameters} thousand parameters, 160 px "
    "in, 80 px out. The scores are read from maps weighted by the outline that the network itself draws "
    "(what lies outside counts a twentieth). Two of three training views carried callipers and letters "
    "drawn at random places, whatever the label, so that such marks tell little.",
    calibration="Inductive Venn-Abers on the groups that calibrate, at their own mix of labels. Where fewer "
    "lesions are malignant, the same probability means less.",
    facts=facts,
    failures=(
        "One hospital, one country, images chosen by their authors: expect worse elsewhere.",
        "Calibration and thresholds rest on {malignant_calibrating} malignant images alone (beside "
        "{benign_calibrating} benign and {normal_calibrating} without a lesion, {groups_calibrating} "
        "groups): "
        "{prevalence_calibrating:.1%} of them are malignant, of the test {prevalence_test:.1%}. "
        "Probabilities "
        "are those of the rarer share. How long to train, and on images varied how strongly, was chosen by "
        "these groups too.",
        "The one operating point, sensitivity-95, is the score of the lowest of these few lesions; on the "
        "test groups it reached {reached:.3f} ({reached_low:.3f} to {reached_high:.3f}). So few give no "
        "second one.",
        "The score of `benign` (lesions of the set that were no cancer) is badly calibrated (calibration "
        "error {benign_error:.3f}). It is told beside that of `malignant` and is no finding of its own: "
        "nobody is asked about it, and it sorts no image. Reliability, bounds, undecided, engines and what a "
        "linear model sees were measured for `malignant` alone.",
        "Of {without} images without a lesion {outlined_without:.0%} get an outline.",
        "Callipers and text were put on during the examination, more often where something was found. Drawn "
        "ones alone were added to see what they change (the lines with marks above); the real ones were "
        "neither removed nor compared.",
        "Some lesions get no outline at all; where an outline is poor, it is more often too large than too "
        "small.",
        "The map shows where the model looked, not where disease is.",
    ),
)
