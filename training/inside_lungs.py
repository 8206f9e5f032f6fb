"""What recipes share whose network sees only inside the lungs of `chest-lungs`: crops, batches, loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inference import preprocess
from training import augment, data
from training.trainer import Schedule

MARGIN, OUTSIDE, LOW, HIGH = 0.05, 0.0, 1.0, 99.0
"""The application's crop: margin as a share of the lungs' box, the value outside, percentiles inside."""
WIDE_MARGIN = 0.2
WIDER = 1.3
"""The wider crop kept in memory, in which augmentation moves the application's crop about; how many times
its pixels a side."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """Wide crops around the lungs.

    Bytes (image, row, column), lung masks alike, and 1 for pneumonia (image,).
    """

    images: Tensor
    masks: Tensor
    ill: Tensor


def load_crops(
    pictures: Sequence[data.Picture], lungs: Sequence[NDArray[np.bool_]], truth: NDArray[np.int64], size: int
) -> Crops:
    """Crop each picture widely around its predicted lungs, for a network that reads `size`.

    Pictures without lungs are left out.
    """
    images, masks, labels = [], [], []
    wide = round(size * WIDER)
    for picture, region, label in zip(pictures, lungs, truth, strict=True):
        soft = region.astype(np.float32)
        box = preprocess.box_around(soft, margin=WIDE_MARGIN)
        if box is None:
            continue
        grey = data.read_as_grey(picture.path)
        images.append(_as_bytes(preprocess.crop_box(grey, box, height=wide, width=wide)))
        masks.append(_as_bytes(preprocess.crop_box(soft, box, height=wide, width=wide)))
        labels.append(int(label))
    return Crops(
        images=torch.from_numpy(np.stack(images)),
        masks=torch.from_numpy(np.stack(masks)),
        ill=torch.tensor(labels, dtype=torch.float32),
    )


def shifted_batch(crops: Crops, index: Tensor, size: int, lights: augment.Photometry) -> Tensor:
    """Return inputs (image, 1, size, size) as other exposures and slightly other outlines would give them."""
    stack = torch.stack([crops.images[index], crops.masks[index]], 1).float() / 255
    narrow = (1 + 2 * MARGIN) / (1 + 2 * WIDE_MARGIN)
    moved = augment.sample(
        stack, augment.sampling_grid(len(index), size, SMALL_MOVES) * narrow, padding="border"
    )
    mask = jittered(moved[:, 1:])
    seen = stretched_inside(augment.photometry(moved[:, :1], lights), mask)
    return seen * mask + OUTSIDE * (1 - mask)


def draw_batch(crops: Crops, index: Tensor, stage: Stage, size: int) -> tuple[Tensor, Tensor]:
    """Return augmented inputs (image, 1, size, size) and smoothed labels (image,)."""
    stack = torch.stack([crops.images[index], crops.masks[index]], 1).float() / 255
    mirrored = torch.rand(len(index)) < 0.5
    stack[mirrored] = stack[mirrored].flip(-1)
    narrow = (1 + 2 * MARGIN) / (1 + 2 * WIDE_MARGIN)
    moved = augment.sample(
        stack, augment.sampling_grid(len(index), size, stage.moves) * narrow, padding="border"
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


def loss_of_step(network: nn.Module, crops: Crops, index: Tensor, stage: Stage, size: int) -> Tensor:
    """Return the cross-entropy on one drawn batch."""
    x, labels = draw_batch(crops, index, stage, size)
    logit, _, _ = network(x.contiguous(memory_format=torch.channels_last))
    return functional.binary_cross_entropy_with_logits(logit.float(), labels)


def balanced_indices(labels: Tensor, steps: int, batch: int) -> Tensor:
    """Return (step, batch) indices.

    Epochs shuffled, each class drawn as often as its share's square root asks.
    """
    weight = torch.where(labels > 0, (labels > 0).float().mean(), (labels == 0).float().mean()) ** -0.5
    return torch.multinomial(weight, steps * batch, replacement=True).view(steps, batch)


def region_input(picture: data.Picture, lungs: NDArray[np.bool_], size: int) -> preprocess.Region | None:
    """Prepare a picture exactly as the application does."""
    grey = data.read_as_grey(picture.path)
    return preprocess.prepare_region(
        grey, lungs, size=(size, size), margin=MARGIN, outside=OUTSIDE, low=LOW, high=HIGH
    )


@torch.no_grad()
def logits_of(
    network: nn.Module, pictures: Sequence[data.Picture], lungs: Sequence[NDArray[np.bool_]], size: int
) -> NDArray[np.float64]:
    """Return the network's logit for each picture as the application would prepare it (NaN without lungs)."""
    logits = np.full(len(pictures), np.nan)
    for index, (picture, region) in enumerate(zip(pictures, lungs, strict=True)):
        prepared = region_input(picture, region, size)
        if prepared is not None:
            logits[index] = float(network(torch.from_numpy(prepared.tensor))[0])
    return logits


def _as_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, dtype=np.uint8)
