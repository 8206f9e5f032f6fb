"""The recipe of `biopsy-colon`: malignant or not, in grey, on single tiles of stained colon tissue."""

from __future__ import annotations

from training.tissue import recipe

RECIPE = recipe(
    "colon",
    {
        "training_data": {
            "text": "50 % of the source tiles; 20 % calibrate, 30 % were kept apart for the figures.",
            "population": "772 tiles of 401 source tiles of colon (adenocarcinoma, and colon without a "
            "tumour), 50 % malignant",
        },
    },
)
