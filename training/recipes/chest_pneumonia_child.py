"""The recipe of `chest-pneumonia-child`: pneumonia or not, inside the lungs that `chest-lungs` outlines."""

from __future__ import annotations

from training import card_chest, measure_pneumonia, pneumonia, pneumonia_pack
from training.recipe import Steps

RECIPE = Steps(
    pack="chest-pneumonia-child",
    trained=lambda work, models, resume: pneumonia.train_weights(work, models / "chest-lungs", resume=resume),
    built=lambda weights, models: pneumonia_pack.build(
        weights, models / "chest-pneumonia-child", models / "chest-lungs"
    ),
    measured=measure_pneumonia.measure,
    written=card_chest.pneumonia_card,
)
