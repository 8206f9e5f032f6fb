"""What `chest-lungs` says of itself; measured numbers are filled in by the recipe and by the evaluation."""

from __future__ import annotations

from typing import Any

from training.lungs import HIGH, LOW, SIZE
from training.manifest_text import Inline

ATTRIBUTION = (
    "Chest X-rays: Kermany, Zhang, Goldbaum, Mendeley Data v2 (CC BY 4.0); lung masks: V7 Labs "
    "COVID-19 X-ray dataset (CC BY 4.0); adult chest X-rays: Cohen et al., COVID-19 image data collection, "
    "CC BY images only; National Library of Medicine (Shenzhen, Montgomery)."
)
SENSES = [
    *("upright", "turned-90", "turned-180", "turned-270"),
    *("inverted", "inverted-turned-90", "inverted-turned-180", "inverted-turned-270"),
    "other",
]
TURNS = ["turned-90", "turned-180", "turned-270"]
ROLES = {"masks": "masks", "sense": "sense", "familiarity": "familiarity"}

MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "chest-lungs",
    "version": "1.1.0",
    "title": "Lung outline on chest X-rays",
    "class": "assist",
    "task": "segment",
    "intended_use": "Outlines the left and the right lung field on frontal chest X-rays of children and "
    "adults, for display and for packs that look inside the lungs.",
    "not_for": [
        "finding or excluding any disease",
        "a cardiothoracic ratio: the outline includes the lung behind the heart",
        "lateral views",
        "volumes or measurements of the lungs",
    ],
    "weak_where": [
        "lungs that are wholly white",
        "strong rotation of the patient",
        "large devices or plates over the lungs",
        "only one lung in the picture",
    ],
    "not_looked_for": ["pneumonia", "effusion", "pneumothorax", "fracture", "heart"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {"text": "Kermany et al., Cell 172:1122, 2018", "doi": "10.1016/j.cell.2018.02.010"},
        {"text": "Kermany, Zhang, Goldbaum, Mendeley Data v2, 2018", "doi": "10.17632/rscbjbr9sj.2"},
        {"text": "V7 Labs, COVID-19 X-ray dataset (lung masks), 2020"},
        {"text": "Cohen et al., COVID-19 Image Data Collection, arXiv:2006.11988, 2020"},
        {
            "text": "Jaeger et al., Quant Imaging Med Surg 4:475, 2014",
            "doi": "10.3978/j.issn.2223-4292.2014.11.20",
        },
        {"text": "Candemir et al., IEEE TMI 33:577, 2014", "doi": "10.1109/TMI.2013.2290491"},
        {"text": "Jaeger et al., IEEE TMI 33:233, 2014", "doi": "10.1109/TMI.2013.2284099"},
    ],
    "applies": {
        "modalities": ["CR", "DX", "RG", "XR"],
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "views": ["AP", "PA"],
        "colour": "grey",
        "multi_frame": False,
    },
    "input": {
        "name": "image",
        "size": [SIZE, SIZE],
        "channels": 1,
        "region": Inline(rule="whole"),
        "resize": "stretch",
        "intensity": Inline(rule="percentile", low=LOW, high=HIGH, within="image"),
    },
    "output": ROLES,
    "outline": {"threshold": 0.5, "smallest_part": 0.1},
    "labels": [
        {"code": "left_lung", "title": "Left lung", "coding": Inline(system="SNOMED CT", code="44029006")},
        {"code": "right_lung", "title": "Right lung", "coding": Inline(system="SNOMED CT", code="3341006")},
    ],
    "training_data": {
        "text": "Kermany children with V7 masks, Cohen CC BY adults with V7 masks; for the image's sense "
        "also the adults of the National Library of Medicine. Patients held out by a hash of their id.",
        "population": "Children of 1 to 5 years from one hospital (Guangzhou); adults from several countries",
    },
}
