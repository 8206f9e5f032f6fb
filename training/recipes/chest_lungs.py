"""The recipe of `chest-lungs`: lung outlines, the image's sense, and whether it is a frontal chest X-ray."""

from __future__ import annotations

from training import card_chest, lungs, lungs_pack, measure_lungs
from training.recipe import Steps

RECIPE = Steps(
    pack="chest-lungs",
    trained=lambda work, _, resume: lungs.train_weights(work, resume=resume),
    built=lambda weights, models: lungs_pack.build(weights, models / "chest-lungs"),
    measured=measure_lungs.measure,
    written=card_chest.lungs_card,
)
