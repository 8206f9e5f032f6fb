"""The recipe of `cardiac-cine`: both ventricles on short-axis cine MRI, outlined and measured."""

from __future__ import annotations

from pathlib import Path

from training import cine_card, measure_cine
from training.cine_patients import FOLDS
from training.recipe import Steps


def _train(work: Path, _models: Path, resume: bool) -> Path:
    from training import cine_training

    for number in range(1, FOLDS):
        cine_training.train_fold(work, number, resume=resume)
    return cine_training.train_weights(work, resume=resume)


def _build(weights: Path, models: Path) -> None:
    from training import cine_pack

    cine_pack.build(weights, models)


RECIPE = Steps(
    pack="cardiac-cine",
    trained=_train,
    built=_build,
    measured=measure_cine.measure,
    written=cine_card.card,
)
