"""What `chest-tb-adult` says of itself; measured numbers are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.card import GATES, largest_int8_change
from training.card_words import CardWords
from training.inside_lungs import HIGH, LOW, MARGIN, OUTSIDE
from training.manifest_text import Inline

PACK, SIZE = "chest-tb-adult", 128
ATTRIBUTION = (
    "Chest X-rays of Shenzhen No.3 People's Hospital and of Montgomery County, released by the US National "
    "Library of Medicine (Jaeger et al., 2014; Candemir et al., 2014). The network's body is that of "
    "chest-pneumonia-child, trained on Kermany, Zhang, Goldbaum, Mendeley Data v2 (CC BY 4.0); lungs "
    "outlined by chest-lungs (masks of the V7 Labs COVID-19 X-ray dataset, CC BY 4.0)."
)
ROLES = {"logits": "logit", "activation_map": "cam", "familiarity": "familiarity"}
LABEL = {
    "code": "tuberculosis",
    "title": "Tuberculosis of the lungs",
    "coding": Inline(system="SNOMED CT", code="154283005"),
}
WITHIN = "Shenzhen, cross-validated by patient"
ABROAD = "Montgomery (the kind of layer was chosen with an eye on it)"
"""The populations, as figures name them."""


def in_engines(areas: Mapping[str, float]) -> str:
    """Return in words the AUC in each engine and precision."""
    return ", ".join(f"{area:.4f} in {name}" for name, area in areas.items())


MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": PACK,
    "version": "1.0.0",
    "title": "Tuberculosis on chest X-rays of adults",
    "class": "demonstration",
    "task": "classify",
    "intended_use": "Shows what a small network makes of frontal chest X-rays of people of 15 years and "
    "over. A demonstration until it was calibrated and measured at the site: it is not for patients.",
    "not_for": [
        "deciding whether anybody is tested, treated or left untested",
        "children under 15 years, lateral views",
        "telling active from healed tuberculosis",
    ],
    "weak_where": [
        "every hospital, machine and country but the one that it learned from: see Montgomery in the card",
        "old scars, which raise the score",
        "tuberculosis outside the lung fields, and in people with HIV, whose X-rays can look otherwise",
    ],
    "not_looked_for": ["pneumonia", "effusion", "pneumothorax", "cancer", "heart", "fracture"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {
            "text": "Jaeger et al., QIMS 4:475, 2014",
            "doi": "10.3978/j.issn.2223-4292.2014.11.20",
        },
        {"text": "Jaeger et al., IEEE Trans Med Imaging 33:233, 2014", "doi": "10.1109/TMI.2013.2284099"},
        {"text": "Candemir et al., IEEE Trans Med Imaging 33:577, 2014", "doi": "10.1109/TMI.2013.2290491"},
        {"text": "Kermany et al., Cell 172:1122, 2018", "doi": "10.1016/j.cell.2018.02.010"},
    ],
    "applies": {
        "modalities": ["CR", "DX", "RG", "XR"],
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "views": ["AP", "PA"],
        "age_years": Inline(minimum=15.0, maximum=120.0),
        "colour": "grey",
        "multi_frame": False,
    },
    "depends": {"chest-lungs": ">=1.0.0,<2.0.0"},
    "input": {
        "name": "image",
        "size": [SIZE, SIZE],
        "channels": 1,
        "region": Inline(
            rule="masks",
            pack="chest-lungs",
            codes=["left_lung", "right_lung"],
            margin=MARGIN,
            outside=OUTSIDE,
        ),
        "resize": "stretch",
        "intensity": Inline(rule="percentile", low=LOW, high=HIGH, within="region"),
    },
    "output": ROLES,
    "training_data": {
        "text": "All X-rays of Shenzhen, after five folds whose scores gave calibration, thresholds and "
        "figures. Montgomery was never trained on, but the kind of layer was chosen with an eye on it. The "
        "body of the network learned from children's X-rays and was not changed.",
        "population": "431 frontal chest X-rays of one hospital in Shenzhen, 50 % with tuberculosis, 128 px",
    },
}
WORDS = CardWords(
    data="Shenzhen (431 images, one hospital, half of them with tuberculosis) and Montgomery (47 images, "
    "another country and machine) of the US National Library of Medicine, at 128 px. The scores on "
    "Shenzhen come from five folds by patient (hash of the id): each score, its calibration and its "
    "threshold by what was fitted on the other folds. The layer that ships saw all patients of Shenzhen, so "
    "that it cannot be measured there. Montgomery was asked with the pack as it ships; "
    "nothing was trained on it, but its AUC was seen for some dozens of trial layers, and the kind of layer "
    "was chosen with an eye on it: its figure is flattered by that.",
    network="The lower half of the network of `chest-pneumonia-child` (children's X-rays), frozen, sees only "
    "inside the lungs of `chest-lungs` at 128 px; one linear layer on mean and spread of its 64 maps was "
    "fitted by logistic regression on the images and four changed views of each (moved, roughened and cut "
    "outlines, other exposures): {parameters} thousand parameters in all. Tried by hand and left: training "
    "on from the same weights gave little more, and layers that know where in the lung a map is warm did "
    "better within Shenzhen and much worse on Montgomery: they learn the hospital.",
    calibration="Inductive Venn-Abers, and thresholds, on what the five folds' layers say of patients that "
    "they had not seen, on the INT8 body that ships (ONNX Runtime): other layers than the one that ships, "
    "which was fitted to a fifth more patients. At the set's own share ill (about 50 %). Where tuberculosis "
    "is rarer, the same probability means far less.",
    facts=lambda measured: {
        "int8": largest_int8_change(measured),
        "over_folds": in_engines(measured["engines_over_folds"]),
    },
    on={
        "scores": f"**Two populations, measured unlike.** *{WITHIN}*: the network that ships (INT8 in ONNX "
        "Runtime) with the last layer of the fold without the patient (`folds.json`), pictures prepared by "
        "the application, gates off; the ranges of the INT8 body were set on every second image of Shenzhen, "
        "without labels. There is no row of what is answered. "
        f"*{ABROAD}*: the pack as it ships, INT8 in ONNX Runtime; {GATES} "
        "Intervals: 1,000 bootstraps of patients.",
        "reliability": "Of Shenzhen, by the folds' layers, calibrated on the other folds.",
        "undecided": " on Montgomery, by the pack as it ships",
        "bounds": " of the folds' layers on Shenzhen",
        "engines": "Of Montgomery, by the pack as it ships. Of Shenzhen, by the folds' layers, the AUC of "
        "the logits as they are is {over_folds}; that of the table of scores is of probabilities, which each "
        "fold has from a calibration of its own.",
        "own": "The limits of the gates, and what is familiar, were set on all images of Shenzhen: that few "
        "of "
        "them are refused says nothing of other images. Montgomery set nothing.",
        "baselines": "Of Shenzhen, each score by a model that had not seen the patient.",
        "map": "Of Shenzhen, by the layer that ships, which was fitted to these very images: on others the "
        "map "
        "may be worse.",
    },
    failures=(
        "The World Health Organization's target for a test that sorts whom to test further is 90 % "
        "sensitivity with 70 % specificity. At 90 % sensitivity this pack does not reach that within "
        "Shenzhen, and on Montgomery it does not even keep the sensitivity: see the tables.",
        "A linear model that sees nothing but the border of the picture does as well within Shenzhen as this "
        "pack: the set gives its labels away by how the pictures were made. Inside the lungs less of that is "
        "seen, and not none.",
        "On Montgomery the figures are much worse than on Shenzhen: the scores do not carry over to another "
        "hospital, which is why this is a demonstration.",
        "Calibration and thresholds come from the folds' layers; the layer that ships was fitted to more "
        "patients. How well they fit it was seen on Montgomery alone.",
        "{int8}",
        "The labels are of the whole image and of one reading; no culture was at hand.",
        "The map shows where the model looked, not where disease is.",
    ),
)
