"""The recipe of `biopsy-lung`: malignant or not, in grey, on single tiles of stained lung tissue."""

from __future__ import annotations

from training.tissue import recipe

RECIPE = recipe(
    "lung",
    {
        "training_data": {
            "text": "50 % of the source tiles; 20 % calibrate, 30 % were kept apart for the figures.",
            "population": "1,202 tiles of 601 source tiles of lung (adenocarcinoma, squamous cell "
            "carcinoma, and lung without a tumour), 67 % malignant",
        },
    },
)
