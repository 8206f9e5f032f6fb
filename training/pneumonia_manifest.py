"""What `chest-pneumonia-child` says of itself.

Measured numbers are filled in by the recipe and by the evaluation.
"""

from __future__ import annotations

from typing import Any

from training.inside_lungs import HIGH, LOW, MARGIN, OUTSIDE
from training.manifest_text import Inline
from training.pneumonia import SIZE

ATTRIBUTION = (
    "Chest X-rays and labels: Kermany, Zhang, Goldbaum, Mendeley Data v2 (CC BY 4.0). Lungs outlined by "
    "chest-lungs (trained on masks of the V7 Labs COVID-19 X-ray dataset, CC BY 4.0)."
)
ROLES = {"logits": "logit", "activation_map": "cam", "familiarity": "familiarity"}

MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "chest-pneumonia-child",
    "version": "1.1.0",
    "title": "Pneumonia on chest X-rays of children",
    "class": "research",
    "task": "classify",
    "intended_use": "A second look at a frontal chest X-ray of a child of 1 to 5 years in whom a clinician "
    "thinks of pneumonia. The clinician reads first; clinical signs decide.",
    "not_for": [
        "deciding for or against treatment",
        "telling bacterial from viral pneumonia",
        "screening of well children",
        "children under 1 or over 5 years, adults, lateral views",
    ],
    "weak_where": [
        "hospitals, machines and countries other than the one that it learned from",
        "chests without pneumonia in poor inspiration or rotation, which score too high",
        "the map, which is coarse and shows where the model looked",
        "other diseases of the chest, which it never saw",
    ],
    "not_looked_for": ["effusion", "pneumothorax", "tuberculosis", "fracture", "heart", "foreign body"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {"text": "Kermany et al., Cell 172:1122, 2018", "doi": "10.1016/j.cell.2018.02.010"},
        {"text": "Kermany, Zhang, Goldbaum, Mendeley Data v2, 2018", "doi": "10.17632/rscbjbr9sj.2"},
    ],
    "applies": {
        "modalities": ["CR", "DX", "RG", "XR"],
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "views": ["AP", "PA"],
        "age_years": Inline(minimum=1.0, maximum=5.99),
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
        "text": "The training patients of Kermany v2; 15 % of them kept apart for calibration, operating "
        "points and limits.",
        "population": "4,630 chest X-rays of children of 1 to 5 years, one hospital (Guangzhou), 74 % with "
        "pneumonia",
    },
}
