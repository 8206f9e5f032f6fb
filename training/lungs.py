"""The recipe of `chest-lungs`.

Lung outlines, the image's sense, and whether it is a frontal chest X-ray at all.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training import augment, data, strangers
from training.networks import LungNet
from training.splits import held_out
from training.trainer import Schedule, train

log = logging.getLogger(__name__)

SIZE = 192
CACHE = 224
LOW, HIGH = 1.0, 99.0
STRANGER = 8
"""Sense classes: turn (0..3 quarter turns counter-clockwise) + 4 where inverted.

8 = no frontal chest X-ray.
"""
ADULT_SHARE = 0.15


STRONG_MOVES, STRONG_LIGHTS = augment.Geometry(), augment.Photometry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the training: how long, how strongly changed, how many images of each sort in a batch."""

    schedule: Schedule
    moves: augment.Geometry = STRONG_MOVES
    lights: augment.Photometry = STRONG_LIGHTS
    outlined: int = 24
    turned: int = 12
    strange: int = 10


STAGES = (
    Stage(schedule=Schedule(steps=4200, stop=1900, rate=3e-3)),
    Stage(schedule=Schedule(steps=1000, rate=2e-3)),
    Stage(
        schedule=Schedule(steps=900, rate=1.5e-3),
        moves=augment.Geometry(turn_degrees=10, scale=0.12, aspect=0.1, shift=0.05, warp=0.01),
        lights=augment.Photometry(gamma=0.35, window=0.1, noise=0.04, blur=0.25, shading=0.15),
        turned=6,
        strange=6,
    ),
    Stage(
        schedule=Schedule(steps=400, rate=1.5e-3, average=0.99),
        moves=augment.Geometry(turn_degrees=5, scale=0.06, aspect=0.05, shift=0.02, warp=0.005),
        lights=augment.Photometry(gamma=0.2, window=0.06, noise=0.02, blur=0.15, shading=0.08),
        outlined=40,
        turned=8,
        strange=6,
    ),
)
"""A long schedule left early, a short one run to its end, then two of gentler and gentler changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chests:
    """Training images in memory: bytes (image, row, column), masks (image, side, row, column)."""

    images: Tensor
    masks: Tensor
    adults: int
    """The last `adults` images are of adults, who are few and drawn more often."""
    unmasked: Tensor


def load_chests() -> Chests:
    """Load all training patients' images and masks."""
    images, masks = [], []
    for pictures in (data.children(), data.chests_with_true_aspect("cohen-ccby-adult")):
        chosen = [p for p in pictures if p.mask_path is not None and not held_out(p)]
        sides, told = data.load_sided_masks(chosen, CACHE)
        images.append(data.load_images(chosen, CACHE)[told])
        masks.append(sides[told])
        log.info("%s: %d of %d masks show two lungs", chosen[0].source, told.sum(), len(chosen))
    unmasked = data.load_images([p for p in data.adults_without_masks() if not held_out(p)], CACHE)
    return Chests(
        images=torch.from_numpy(np.concatenate(images)),
        masks=torch.from_numpy(np.concatenate(masks)),
        adults=len(images[-1]),
        unmasked=torch.from_numpy(unmasked),
    )


class Batches:
    """Draws one training step's images: outlined chests, turned or inverted chests, strangers."""

    def __init__(self, chests: Chests, stranger_bank: dict[str, NDArray[np.uint8]], stage: Stage) -> None:
        self._chests = chests
        self.stage = stage
        self._kinds = [torch.from_numpy(images) for images in stranger_bank.values()]

    def outlined(self) -> tuple[Tensor, Tensor]:
        """Return images (image, 1, SIZE, SIZE) and soft masks (image, 2, SIZE / 2, SIZE / 2)."""
        count = self.stage.outlined
        index = self._chest_indices(count)
        stack = torch.cat([self._chests.images[index, None], self._chests.masks[index]], 1).float() / 255
        moved = augment.sample(stack, augment.sampling_grid(count, SIZE, self.stage.moves))
        return self._finished(moved[:, :1]), functional.avg_pool2d(moved[:, 1:], 2)

    def turned(self) -> tuple[Tensor, Tensor]:
        """Return chests in any of the eight senses, a few of them mirrored, and their sense classes."""
        count, half = self.stage.turned, self.stage.turned // 2
        pool = self._chests.unmasked
        chests = torch.cat(
            [self._chests.images[self._chest_indices(half)], pool[torch.randint(len(pool), (half,))]]
        )
        grid = augment.sampling_grid(count, SIZE, augment.Geometry(turn_degrees=12))
        moved = augment.sample(chests[:, None].float() / 255, grid)
        sense = torch.randint(0, 8, (count,))
        turned = torch.stack([_in_sense(image, int(s)) for image, s in zip(moved, sense, strict=True)])
        return self._finished(turned), sense

    def strange(self) -> Tensor:
        """Return strangers, every kind equally often, in any position and brightness."""
        count = self.stage.strange
        kinds = torch.randint(len(self._kinds), (count,))
        images = [self._kinds[int(k)][torch.randint(len(self._kinds[int(k)]), (1,))] for k in kinds]
        wide = augment.Geometry(turn_degrees=30, scale=0.35, aspect=0.3, shift=0.15)
        moved = augment.sample(torch.stack(images).float() / 255, augment.sampling_grid(count, SIZE, wide))
        sense = torch.randint(0, 8, (count,))
        return self._finished(
            torch.stack([_in_sense(image, int(s)) for image, s in zip(moved, sense, strict=True)])
        )

    def _finished(self, moved: Tensor) -> Tensor:
        """Apply photometry and the application's stretch to moved images (image, 1, row, column)."""
        return augment.stretched(augment.photometry(moved, self.stage.lights), low=LOW, high=HIGH)

    def _chest_indices(self, count: int) -> Tensor:
        adults, total = self._chests.adults, len(self._chests.images)
        index = torch.randint(total - adults, (count,))
        chosen = torch.rand(count) < ADULT_SHARE
        index[chosen] = total - adults + torch.randint(adults, (int(chosen.sum()),))
        return index


def _in_sense(image: Tensor, sense: int) -> Tensor:
    if torch.rand(()) < 0.06:
        image = image.flip(-1)
    image = torch.rot90(image, sense % 4, (-2, -1))
    return 1 - image if sense >= 4 else image


def loss_of_step(network: nn.Module, batches: Batches) -> Tensor:
    """Return Dice and cross-entropy of the masks plus cross-entropy of the sense, on one drawn batch."""
    upright, masks = batches.outlined()
    turned, senses = batches.turned()
    x = torch.cat([upright, turned, batches.strange()]).contiguous(memory_format=torch.channels_last)
    logits, sense, _ = network(x)
    stage = batches.stage
    wanted = torch.cat(
        [torch.zeros(stage.outlined, dtype=torch.long), senses, torch.full((stage.strange,), STRANGER)]
    )
    return mask_loss(logits[: stage.outlined].float(), masks) + 0.3 * functional.cross_entropy(
        sense.float(), wanted
    )


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return soft Dice loss plus binary cross-entropy of (image, side, row, column)."""
    probability = logits.sigmoid()
    overlap = (probability * masks).sum((2, 3))
    dice = (2 * overlap + 1) / (probability.square().sum((2, 3)) + masks.square().sum((2, 3)) + 1)
    return (1 - dice).mean() + functional.binary_cross_entropy_with_logits(logits, masks)


def stranger_bank(chests: Chests) -> dict[str, NDArray[np.uint8]]:
    """Make the strangers that the network trains on, pieces of the training chests among them."""
    made = strangers.bank(strangers.TRAINING_KINDS)
    parts = strangers.chest_parts(chests.images.numpy(), chests.masks.numpy(), 1200)
    made["chest parts"] = np.stack(list(parts))
    made["chest parts again"] = made["chest parts"]
    return made


def train_weights(work: Path, *, resume: bool = False) -> Path:
    """Train in the stages of STAGES, finished ones left out with `resume`; return the weights' file."""
    torch.manual_seed(STAGES[0].schedule.seed)
    network: nn.Module = LungNet()
    chests = load_chests()
    bank = stranger_bank(chests)
    for number, stage in enumerate(STAGES):
        batches = Batches(chests, bank, stage)
        network = train(
            network,
            partial(_step, batches),
            stage.schedule,
            checkpoint=work / f"lungs-{number}.pt",
            on_report=lambda net, step: log.info("step %d: %s", step, quick_check(net)),
            resume=resume,
        )
    return work / f"lungs-{len(STAGES) - 1}.pt"


def _step(batches: Batches, network: nn.Module, _step: int) -> Tensor:
    return loss_of_step(network, batches)


@torch.no_grad()
def quick_check(network: nn.Module) -> str:
    """Return held-out median Dice (at 224 px, children and adults) in words, for the log."""
    words = []
    for name, pictures in (
        ("children", data.children()),
        ("adults", data.chests_with_true_aspect("cohen-ccby-adult")),
    ):
        chosen = [p for p in pictures if p.mask_path is not None and held_out(p)]
        chosen = chosen[:: max(1, len(chosen) // 120)]
        masks, told = data.load_sided_masks(chosen, CACHE)
        images = torch.from_numpy(data.load_images(chosen, CACHE)).float()[:, None] / 255
        small = functional.interpolate(images, (SIZE, SIZE), mode="bilinear", antialias=True)
        logits = network(augment.stretched(small, low=LOW, high=HIGH, step=1))[0]
        full = functional.interpolate(logits.sigmoid(), (CACHE, CACHE), mode="bilinear").numpy() > 0.5
        truth = masks > 127
        dice = 2 * (full & truth).sum((1, 2, 3)) / (full.sum((1, 2, 3)) + truth.sum((1, 2, 3)))
        words.append(f"{name} {np.median(dice[told]):.4f} of {told.sum()}")
    return ", ".join(words)
