"""How `cardiac-cine` is trained: both ventricles and the myocardium on short-axis cine slices."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training import augment
from training.cine_manifest import HIGH, LOW, SIZE, SPACING_MM, WIDE
from training.cine_network import CineNet
from training.cine_patients import FOLDS, CinePatient, held_out, in_fold, patients
from training.cine_slices import CACHE, CACHE_MM, CachedSlices, cached
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

BATCH = 8
WIDE_SHARE = 0.12
"""Share of the images seen in a wider field, as in the first look that finds the heart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One cycle of training; `any_turn` is the share of images turned to any angle and mirrored.

    The others keep the orientation of the set, give or take 25 degrees: the application tries all quarter
    turns and mirrors, and takes that in which the network is surest.
    """

    schedule: Schedule
    any_turn: float


STAGES = (
    Stage(schedule=Schedule(steps=600, rate=4e-3, report_every=200, average=0.985), any_turn=0.4),
    Stage(schedule=Schedule(steps=600, rate=3e-3, report_every=200, average=0.985), any_turn=0.4),
    *(
        Stage(schedule=Schedule(steps=600, rate=rate, report_every=200, average=0.985), any_turn=0.2)
        for rate in (2.5e-3, 2e-3)
    ),
    Stage(schedule=Schedule(steps=2400, rate=2.5e-3, report_every=400, average=0.993), any_turn=0.2),
    Stage(schedule=Schedule(steps=1200, rate=1.5e-3, report_every=400, average=0.993), any_turn=0.2),
)
FOLD_STAGES = (
    STAGES[0],
    Stage(schedule=Schedule(steps=3400, rate=3e-3, report_every=400, average=0.993), any_turn=0.2),
)
"""A shorter schedule for the networks of cross-validation, fixed before the first of them was trained."""
LIGHTS = augment.Photometry(gamma=0.45, window=0.15, noise=0.06, blur=0.3, shading=0.35)


def grid(count: int, any_turn: float) -> Tensor:
    """Draw a sampling grid (image, SIZE, SIZE, 2) on the cache: turns, mirrors, scales, shifts, warp."""
    angle = augment.uniform(count, -25, 25) * torch.pi / 180
    free = torch.rand(count) < any_turn
    angle = torch.where(free, augment.uniform(count, -torch.pi, torch.pi), angle)
    mirror = torch.where(free & (torch.rand(count) < 0.5), -1.0, 1.0)
    scale = torch.exp(augment.uniform(count, -0.2, 0.2))
    wide = torch.rand(count) < WIDE_SHARE
    scale = torch.where(wide, scale * WIDE, scale) * (SIZE * SPACING_MM) / (CACHE * CACHE_MM)
    aspect = torch.exp(augment.uniform(count, -0.06, 0.06))
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * aspect * angle.cos() * mirror, -scale * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = scale * angle.sin() * mirror, scale / aspect * angle.cos()
    reach = (0.14 * torch.where(wide, 1.5, 1.0))[:, None]
    theta[:, :, 2] = torch.empty(count, 2).uniform_(-1, 1) * reach
    made = functional.affine_grid(theta, [count, 1, SIZE, SIZE], align_corners=False)
    coarse = torch.randn(count, 2, 5, 5) * 0.012
    return made + functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic", align_corners=False).permute(
        0, 2, 3, 1
    )


def batch(slices: CachedSlices, any_turn: float) -> tuple[Tensor, Tensor]:
    """Draw images (image, 3, SIZE, SIZE) in 0..1 and class shares (image, 4, SIZE, SIZE)."""
    chosen = torch.randint(len(slices.around), (BATCH,))
    around = slices.around[chosen]
    around = torch.where(torch.rand(BATCH, 3) < torch.tensor([0.06, 0.0, 0.06]), -1, around)
    around = torch.where((torch.rand(BATCH) < 0.5)[:, None], around, around.flip(1))
    made = grid(BATCH, any_turn)
    shares = augment.sample(slices.shares[chosen].float() / 255, made)
    moved = [_neighbour(slices, around[:, k], made, apart=k != 1) for k in range(3)]
    inside = _inside(BATCH)
    images = photometry(torch.cat(moved, 1)) * inside * (around >= 0).float()[..., None, None]
    shares = shares * inside
    return images, torch.cat([1 - shares.sum(1, keepdim=True), shares], 1).clamp(0, 1)


def _neighbour(slices: CachedSlices, index: Tensor, made: Tensor, *, apart: bool) -> Tensor:
    """Sample the slice at `index`, shifted a little where the breath was held anew (`apart`)."""
    if apart:
        made = made + (torch.randn(len(index), 1, 1, 2) * 0.012)
    there = (index >= 0).float().view(-1, 1, 1, 1)
    return augment.sample(slices.images[index.clamp_min(0)][:, None].float() / 255, made) * there


def photometry(x: Tensor) -> Tensor:
    """Change grey values of (image, 3, row, column), and stretch each slice by itself."""
    count = len(x)
    flat = stretched(x).reshape(-1, 1, SIZE, SIZE)
    shade = functional.interpolate(
        torch.randn(count, 1, 3, 3), (SIZE, SIZE), mode="bicubic", align_corners=False
    ).repeat_interleave(3, 0)
    flat = augment.photometry(
        flat, augment.Photometry(gamma=0.1, window=0.05, noise=0.05, shading=0.0, blur=0.25)
    )
    gamma = torch.exp(augment.uniform(count, -LIGHTS.gamma, LIGHTS.gamma)).repeat_interleave(3)
    flat = flat.clamp(1e-4, 1.5) ** gamma.view(-1, 1, 1, 1)
    flat = flat * (1 + LIGHTS.shading * shade.clamp(-1, 1) * torch.rand(()))
    return stretched(flat.view(count, 3, SIZE, SIZE))


def _inside(count: int) -> Tensor:
    """Return (image, 1, row, column) that is zero beyond the edge of a field of view, for some images."""
    kept = torch.ones(count, 1, SIZE, SIZE)
    for number in torch.nonzero(torch.rand(count) < 0.2).flatten().tolist():
        width = int(torch.randint(4, SIZE // 4, ()))
        side = int(torch.randint(4, ()))
        area = kept[number, 0] if side < 2 else kept[number, 0].T
        (area[:width] if side % 2 else area[-width:]).zero_()
    return kept


def stretched(x: Tensor) -> Tensor:
    """Stretch the percentiles LOW..HIGH of each slice of (image, 3, row, column) to 0..1."""
    return augment.stretched(x.reshape(-1, 1, *x.shape[2:]), low=LOW, high=HIGH).view(x.shape)


def loss_of(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return soft Dice over the batch plus cross-entropy of (image, class, row, column)."""
    probability = logits.softmax(1)
    overlap = (probability * wanted).sum((0, 2, 3))
    size = probability.square().sum((0, 2, 3)) + wanted.square().sum((0, 2, 3))
    dice = (2 * overlap[1:] + 1) / (size[1:] + 1)
    entropy = -(wanted * logits.log_softmax(1)).sum(1)
    return (1 - dice).mean() + 2 * entropy.mean()


def loss_of_step(slices: CachedSlices, any_turn: float, network: nn.Module, _step: int) -> Tensor:
    """Return the loss of one drawn batch, the coarse output's counted less."""
    with torch.autocast("cpu", enabled=False), torch.no_grad():
        x, wanted = batch(slices, any_turn)
    logits, coarse, _ = network(x.contiguous(memory_format=torch.channels_last))
    small = functional.avg_pool2d(wanted, 4)
    return loss_of(logits.float(), wanted) + 0.3 * loss_of(coarse.float(), small)


def train_weights(work: Path, *, resume: bool = False) -> Path:
    """Train in the stages of STAGES, finished ones left out with `resume`; return the weights' file."""
    return _train(work, "cine", STAGES, held_out, resume=resume)


def train_fold(work: Path, number: int, *, resume: bool = False) -> Path:
    """Train a network on all patients but those of a fold, 1 to FOLDS - 1; return the weights' file.

    Nothing of this training follows from what the network does on the patients of its fold.
    """
    apart = partial(in_fold, number)
    return _train(work, _fold_name(number), FOLD_STAGES, apart, resume=resume)


def fold_weights(work: Path, number: int) -> Path:
    """Return the file of a fold's trained weights."""
    return _weights(work, _fold_name(number), FOLD_STAGES)


def _fold_name(number: int) -> str:
    return f"fold-{number}"


def _weights(work: Path, name: str, stages: Sequence[Stage]) -> Path:
    return work / f"{name}-{len(stages) - 1}.pt"


def _train(
    work: Path, name: str, stages: Sequence[Stage], apart: Callable[[CinePatient], bool], *, resume: bool
) -> Path:
    torch.manual_seed(stages[0].schedule.seed)
    everyone = patients()
    slices = cached(tuple(p for p in everyone if not apart(p)))
    kept = cached(tuple(p for p in everyone if apart(p)))
    log.info("%s: %d slices to train on, %d held out", name, len(slices.around), len(kept.around))
    network: nn.Module = CineNet()
    for number, stage in enumerate(stages):
        network = train(
            network,
            partial(loss_of_step, slices, stage.any_turn),
            stage.schedule,
            checkpoint=work / f"{name}-{number}.pt",
            on_report=lambda net, step: log.info("step %d: %s", step, quick_check(net, kept)),
            resume=resume,
        )
    return _weights(work, name, stages)


@torch.no_grad()
def quick_check(network: nn.Module, kept: CachedSlices) -> str:
    """Return held-out Dice over all pixels in words, for the log."""
    theta = torch.eye(2, 3)[None] * (SIZE * SPACING_MM) / (CACHE * CACHE_MM)
    same = functional.affine_grid(theta, [1, 1, SIZE, SIZE], align_corners=False)
    overlap, total = torch.zeros(3), torch.zeros(3)
    for around in kept.around[::3].split(BATCH):
        made = same.expand(len(around), -1, -1, -1)
        x = torch.cat([_neighbour(kept, around[:, k], made, apart=False) for k in range(3)], 1)
        found = network(stretched(x))[0].argmax(1)
        shares = augment.sample(kept.shares[around[:, 1]].float() / 255, made) > 0.5
        for k in range(3):
            overlap[k] += 2 * ((found == k + 1) & shares[:, k]).sum()
            total[k] += (found == k + 1).sum() + shares[:, k].sum()
    rv, myocardium, lv = (overlap / total).tolist()
    return f"Dice LV {lv:.4f} myocardium {myocardium:.4f} RV {rv:.4f}"


def main() -> None:
    """Train alone: `python -m training.cine_training FOLDER [--fold N ...] [--resume]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fold", type=int, nargs="*", choices=range(1, FOLDS), default=[])
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for number in arguments.fold:
        train_fold(arguments.folder, number, resume=arguments.resume)
    if not arguments.fold:
        train_weights(arguments.folder, resume=arguments.resume)


if __name__ == "__main__":
    main()
