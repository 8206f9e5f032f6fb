"""The recipe of `chest-tb-adult`: tuberculosis or not, inside the lungs of people of 15 years and over."""

from __future__ import annotations

from training import measure_tuberculosis, tuberculosis
from training.card import scores_card
from training.recipe import Steps
from training.tuberculosis_manifest import MANIFEST, PACK, WORDS

RECIPE = Steps(
    pack=PACK,
    trained=lambda work, models, _: tuberculosis.train_weights(work, models),
    built=tuberculosis.build,
    measured=measure_tuberculosis.measure,
    written=lambda measured: scores_card(MANIFEST, WORDS, measured),
)
