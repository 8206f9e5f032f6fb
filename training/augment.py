"""Batched augmentation in PyTorch: geometry with its masks, photometry like other machines and exposures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How far images are moved: turns in degrees, the rest in shares of the image's size."""

    turn_degrees: float = 15.0
    scale: float = 0.18
    aspect: float = 0.15
    shift: float = 0.08
    warp: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Photometry:
    """How strongly grey values are changed; each change happens to its share of the images."""

    gamma: float = 0.5
    window: float = 0.15
    noise: float = 0.06
    blur: float = 0.35
    shading: float = 0.25


def uniform(count: int, low: float, high: float) -> Tensor:
    """Draw (count,) numbers between `low` and `high`."""
    return torch.empty(count).uniform_(low, high)


def sampling_grid(count: int, size: int, geometry: Geometry) -> Tensor:
    """Draw a grid (image, size, size, 2) of turns, scales, shifts and a gentle warp."""
    angle = uniform(count, -geometry.turn_degrees, geometry.turn_degrees) * torch.pi / 180
    scale = torch.exp(uniform(count, -geometry.scale, geometry.scale))
    aspect = torch.exp(uniform(count, -geometry.aspect, geometry.aspect) / 2)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * aspect * angle.cos(), -scale * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = scale * angle.sin(), scale / aspect * angle.cos()
    theta[:, :, 2] = torch.empty(count, 2).uniform_(-2 * geometry.shift, 2 * geometry.shift)
    grid = functional.affine_grid(theta, [count, 1, size, size], align_corners=False)
    coarse = torch.randn(count, 2, 5, 5) * 2 * geometry.warp
    warp = functional.interpolate(coarse, (size, size), mode="bicubic", align_corners=False)
    return grid + warp.permute(0, 2, 3, 1)


def sample(images: Tensor, grid: Tensor, *, padding: str = "zeros") -> Tensor:
    """Sample (image, channel, row, column) on a grid, linearly."""
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def photometry(x: Tensor, strength: Photometry) -> Tensor:
    """Change grey values (image, 1, row, column) in 0..1: blur, shading, gamma, window, noise."""
    count = len(x)
    x = _blurred(x, strength.blur)
    shade = functional.interpolate(
        torch.randn(count, 1, 3, 3), x.shape[-2:], mode="bicubic", align_corners=False
    )
    x = x * (1 + strength.shading * uniform(count, 0, 1).view(-1, 1, 1, 1) * shade.clamp(-1, 1))
    x = x.clamp(1e-4, 1) ** torch.exp(uniform(count, -strength.gamma, strength.gamma)).view(-1, 1, 1, 1)
    low = uniform(count, 0, strength.window).view(-1, 1, 1, 1)
    high = 1 - uniform(count, 0, strength.window).view(-1, 1, 1, 1)
    x = ((x - low) / (high - low)).clamp(0, 1)
    noise = strength.noise * uniform(count, 0, 1).view(-1, 1, 1, 1) ** 2
    return x + noise * torch.randn_like(x)


def restained(pictures: Tensor, *, strength: float = 0.6, mixing: float = 0.6) -> Tensor:
    """Return grey (image, 1, row, column) of stained tissue (image, row, column, 3) bytes, stained otherwise.

    Each colour's optical density is scaled by up to exp(`strength`), and the colours are mixed into grey by
    luma's weights, moved by `mixing` towards random ones.
    """
    count = len(pictures)
    density = -torch.log((pictures.permute(0, 3, 1, 2).float() + 1) / 256)
    scale = torch.exp(uniform(count * 3, -strength, strength)).view(count, 3, 1, 1)
    shown = torch.exp(-density * scale)
    luma = torch.tensor([0.299, 0.587, 0.114])
    chance = torch.rand(count, 3)
    share = mixing * torch.rand(count, 1)
    weights = (1 - share) * luma + share * chance / chance.sum(1, keepdim=True)
    return (shown * weights[..., None, None]).sum(1, keepdim=True)


def stretched(x: Tensor, *, low: float, high: float, step: int = 3) -> Tensor:
    """Stretch each image's percentiles `low`..`high` to 0..1, as the application does.

    On a subsample of pixels.
    """
    flat = x[..., ::step, ::step].flatten(1)
    ordered = flat.sort(1).values
    last = ordered.shape[1] - 1
    bottom = ordered[:, round(last * low / 100)].view(-1, 1, 1, 1)
    top = ordered[:, round(last * high / 100)].view(-1, 1, 1, 1)
    return ((x - bottom) / (top - bottom).clamp_min(1e-3)).clamp(0, 1)


def _blurred(x: Tensor, share: float) -> Tensor:
    chosen = torch.rand(len(x)) < share
    if not chosen.any():
        return x
    small = functional.avg_pool2d(x[chosen], 2)
    soft = functional.interpolate(small, x.shape[-2:], mode="bilinear", align_corners=False)
    mix = torch.rand(len(soft), 1, 1, 1)
    result = x.clone()
    result[chosen] = x[chosen] * (1 - mix) + soft * mix
    return result
