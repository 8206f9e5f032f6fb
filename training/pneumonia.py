"""The recipe of `chest-pneumonia-child`.

Pneumonia or not, seen only inside the lungs that `chest-lungs` outlines.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from evaluation.figures import area_under_curve
from training import augment, data
from training.inside_lungs import Stage, balanced_indices, load_crops, logits_of, loss_of_step
from training.networks import FindingNet
from training.outlines import outline_lungs
from training.splits import calibrates
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

SIZE, BATCH = 160, 32

STAGES = (
    Stage(
        schedule=Schedule(steps=2400, rate=2e-3, seed=7),
        moves=augment.Geometry(turn_degrees=9, scale=0.08, aspect=0.1, shift=0.025, warp=0.01),
        lights=augment.Photometry(gamma=0.4, window=0.1, noise=0.04, blur=0.3, shading=0.2),
        holes=0.2,
    ),
)


def ill(pictures: Sequence[data.Picture]) -> NDArray[np.int64]:
    """Return 1 for each picture of pneumonia, 0 for the others."""
    return np.array([int(picture.label != "normal") for picture in pictures])


def train_weights(work: Path, lungs_folder: Path, *, resume: bool = False) -> Path:
    """Train inside the lungs that the finished `chest-lungs` outlines, in the stages of STAGES.

    Finished stages are left out with `resume`. Return the weights' file.
    """
    pictures = data.children()
    outlines = [lungs.union for lungs in outline_lungs(lungs_folder, pictures)]
    torch.manual_seed(STAGES[0].schedule.seed)
    network: nn.Module = FindingNet()
    for number, stage in enumerate(STAGES):
        network = train_stage(
            network, stage, pictures, outlines, checkpoint=work / f"pneumonia-{number}.pt", resume=resume
        )
    return work / f"pneumonia-{len(STAGES) - 1}.pt"


def train_stage(
    network: nn.Module,
    stage: Stage,
    pictures: Sequence[data.Picture],
    outlines: Sequence[NDArray[np.bool_]],
    *,
    checkpoint: Path,
    resume: bool,
) -> nn.Module:
    """Run one stage on the patients that do not calibrate; return the averaged network."""
    kept = [index for index, picture in enumerate(pictures) if not calibrates(picture)]
    apart = [index for index, picture in enumerate(pictures) if calibrates(picture)]
    crops = load_crops(
        [pictures[i] for i in kept], [outlines[i] for i in kept], ill([pictures[i] for i in kept]), SIZE
    )
    checked = [pictures[i] for i in apart], [outlines[i] for i in apart]
    indices = balanced_indices(crops.ill, stage.schedule.steps, BATCH)

    def report(averaged: nn.Module, step: int) -> None:
        if step % 400 == 0 or step == stage.schedule.steps:
            area = area_under_curve(logits_of(averaged, *checked, SIZE), ill(checked[0]))
            log.info("step %d: AUC %.4f on training patients kept apart", step, area)

    return train(
        network,
        lambda net, step: loss_of_step(net, crops, indices[step], stage, SIZE),
        stage.schedule,
        checkpoint=checkpoint,
        on_report=report,
        resume=resume,
    )
