"""The recipe of `chest-pneumonia-child`.

Pneumonia or not, seen only inside the lungs that `chest-lungs` outlines.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from evaluation.figures import area_under_curve
from inference import preprocess
from training import augment, data
from training.networks import FindingNet
from training.outlines import outline_lungs
from training.splits import calibrates
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

SIZE = 160
MARGIN, OUTSIDE, LOW, HIGH = 0.05, 0.0, 1.0, 99.0
"""The application's crop: margin as a share of the lungs' box, the value outside, percentiles inside."""
WIDE_MARGIN, WIDE_SIZE = 0.2, 208
"""The wider crop kept in memory, so that augmentation can move the application's crop about in it."""
BATCH = 32
SMOOTHING = 0.03
SMALL_MOVES = augment.Geometry(turn_degrees=5, scale=0.05, aspect=0.05, shift=0.015, warp=0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the training: how long, how strongly changed.

    `holes` is the share of images with holes cut in.
    """

    schedule: Schedule
    moves: augment.Geometry
    lights: augment.Photometry
    holes: float


STAGES = (
    Stage(
        schedule=Schedule(steps=2400, rate=2e-3, seed=7),
        moves=augment.Geometry(turn_degrees=9, scale=0.08, aspect=0.1, shift=0.025, warp=0.01),
        lights=augment.Photometry(gamma=0.4, window=0.1, noise=0.04, blur=0.3, shading=0.2),
        holes=0.2,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """Wide crops around the lungs.

    Bytes (image, row, column), lung masks alike, and 1 for pneumonia (image,).
    """

    images: Tensor
    masks: Tensor
    ill: Tensor


def ill(pictures: Sequence[data.Picture]) -> NDArray[np.int64]:
    """Return 1 for each picture of pneumonia, 0 for the others."""
    return np.array([int(picture.label != "normal") for picture in pictures])


def load_crops(pictures: Sequence[data.Picture], lungs: Sequence[NDArray[np.bool_]]) -> Crops:
    """Crop each picture widely around its predicted lungs; pictures without any are left out."""
    images, masks, labels = [], [], []
    for picture, region, label in zip(pictures, lungs, ill(pictures), strict=True):
        soft = region.astype(np.float32)
        box = preprocess.box_around(soft, margin=WIDE_MARGIN)
        if box is None:
            continue
        grey = data.read_as_grey(picture.path)
        images.append(_as_bytes(preprocess.crop_box(grey, box, height=WIDE_SIZE, width=WIDE_SIZE)))
        masks.append(_as_bytes(preprocess.crop_box(soft, box, height=WIDE_SIZE, width=WIDE_SIZE)))
        labels.append(label)
    return Crops(
        images=torch.from_numpy(np.stack(images)),
        masks=torch.from_numpy(np.stack(masks)),
        ill=torch.tensor(labels, dtype=torch.float32),
    )


def shifted_batch(crops: Crops, index: Tensor) -> Tensor:
    """Return inputs (image, 1, SIZE, SIZE) as other exposures and slightly other outlines would give them."""
    stack = torch.stack([crops.images[index], crops.masks[index]], 1).float() / 255
    narrow = (1 + 2 * MARGIN) / (1 + 2 * WIDE_MARGIN)
    moved = augment.sample(
        stack, augment.sampling_grid(len(index), SIZE, SMALL_MOVES) * narrow, padding="border"
    )
    mask = jittered(moved[:, 1:])
    seen = stretched_inside(augment.photometry(moved[:, :1], STAGES[-1].lights), mask)
    return seen * mask + OUTSIDE * (1 - mask)


def draw_batch(crops: Crops, index: Tensor, stage: Stage) -> tuple[Tensor, Tensor]:
    """Return augmented inputs (image, 1, SIZE, SIZE) and smoothed labels (image,)."""
    stack = torch.stack([crops.images[index], crops.masks[index]], 1).float() / 255
    mirrored = torch.rand(len(index)) < 0.5
    stack[mirrored] = stack[mirrored].flip(-1)
    narrow = (1 + 2 * MARGIN) / (1 + 2 * WIDE_MARGIN)
    moved = augment.sample(
        stack, augment.sampling_grid(len(index), SIZE, stage.moves) * narrow, padding="border"
    )
    mask = jittered(moved[:, 1:])
    seen = stretched_inside(augment.photometry(moved[:, :1], stage.lights), mask)
    mask = with_holes(mask, stage.holes)
    labels = crops.ill[index] * (1 - 2 * SMOOTHING) + SMOOTHING
    return seen * mask + OUTSIDE * (1 - mask), labels


def jittered(masks: Tensor) -> Tensor:
    """Grow, shrink and roughen most masks (image, 1, row, column), so that their shape tells little."""
    count, size = len(masks), masks.shape[-1]
    soft = functional.avg_pool2d(masks, 11, 1, 5)
    noise = functional.interpolate(
        torch.randn(count, 1, 9, 9), (size, size), mode="bicubic", align_corners=False
    )
    level = augment.uniform(count, 0.25, 0.75).view(-1, 1, 1, 1)
    hard = functional.avg_pool2d(((soft + 0.12 * noise) > level).float(), 3, 1, 1)
    return torch.where(torch.rand(count, 1, 1, 1) < 0.35, masks, hard)


def with_holes(masks: Tensor, share: float, holes: int = 3) -> Tensor:
    """Cut rectangles out of a share of the masks, so that no single place decides."""
    masks = masks.clone()
    size = masks.shape[-1]
    for index in torch.nonzero(torch.rand(len(masks)) < share).flatten().tolist():
        for _ in range(int(torch.randint(1, holes + 1, ()))):
            tall, wide = torch.randint(size // 10, size // 3, (2,)).tolist()
            top, left = torch.randint(0, size - tall, ()).item(), torch.randint(0, size - wide, ()).item()
            masks[index, :, top : top + tall, left : left + wide] = 0
    return masks


def stretched_inside(x: Tensor, masks: Tensor, step: int = 3) -> Tensor:
    """Stretch the percentiles of the values inside the masks to 0..1, on a subsample of pixels."""
    flat, inside = x[..., ::step, ::step].flatten(1), masks[..., ::step, ::step].flatten(1) > 0.5
    ordered = torch.where(inside, flat, torch.inf).sort(1).values
    last = (inside.sum(1) - 1).clamp_min(0).float()
    bottom = ordered.gather(1, (last * LOW / 100).round().long()[:, None]).view(-1, 1, 1, 1)
    top = ordered.gather(1, (last * HIGH / 100).round().long()[:, None]).view(-1, 1, 1, 1)
    return ((x - bottom) / (top - bottom).clamp_min(1e-3)).nan_to_num(0).clamp(0, 1)


def loss_of_step(network: nn.Module, crops: Crops, index: Tensor, stage: Stage) -> Tensor:
    """Return the cross-entropy on one drawn batch."""
    x, labels = draw_batch(crops, index, stage)
    logit, _, _ = network(x.contiguous(memory_format=torch.channels_last))
    return functional.binary_cross_entropy_with_logits(logit.float(), labels)


def balanced_indices(labels: Tensor, steps: int) -> Tensor:
    """Return (step, BATCH) indices.

    Epochs shuffled, each class drawn as often as its share's square root asks.
    """
    weight = torch.where(labels > 0, (labels > 0).float().mean(), (labels == 0).float().mean()) ** -0.5
    return torch.multinomial(weight, steps * BATCH, replacement=True).view(steps, BATCH)


def region_input(picture: data.Picture, lungs: NDArray[np.bool_]) -> preprocess.Region | None:
    """Prepare a picture exactly as the application does."""
    grey = data.read_as_grey(picture.path)
    return preprocess.prepare_region(
        grey, lungs, size=(SIZE, SIZE), margin=MARGIN, outside=OUTSIDE, low=LOW, high=HIGH
    )


@torch.no_grad()
def logits_of(
    network: nn.Module, pictures: Sequence[data.Picture], lungs: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return the network's logit for each picture as the application would prepare it (NaN without lungs)."""
    logits = np.full(len(pictures), np.nan)
    for index, (picture, region) in enumerate(zip(pictures, lungs, strict=True)):
        prepared = region_input(picture, region)
        if prepared is not None:
            logits[index] = float(network(torch.from_numpy(prepared.tensor))[0])
    return logits


def _as_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, dtype=np.uint8)


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
    crops = load_crops([pictures[i] for i in kept], [outlines[i] for i in kept])
    checked = [pictures[i] for i in apart], [outlines[i] for i in apart]
    indices = balanced_indices(crops.ill, stage.schedule.steps)

    def report(averaged: nn.Module, step: int) -> None:
        if step % 400 == 0 or step == stage.schedule.steps:
            area = area_under_curve(logits_of(averaged, *checked), ill(checked[0]))
            log.info("step %d: AUC %.4f on training patients kept apart", step, area)

    return train(
        network,
        lambda net, step: loss_of_step(net, crops, indices[step], stage),
        stage.schedule,
        checkpoint=checkpoint,
        on_report=report,
        resume=resume,
    )
