"""The recipe of `breast-ultrasound`: a lesion's outline, and whether it is malignant or benign."""

from __future__ import annotations

from training import breast, measure_breast
from training.breast_manifest import PACK
from training.recipe import Steps

RECIPE = Steps(
    pack=PACK,
    trained=lambda work, _, resume: breast.train_weights(work, resume=resume),
    built=breast.build,
    measured=lambda models: {**measure_breast.measure(models), "parts": breast.counts()},
    written=measure_breast.card,
)
