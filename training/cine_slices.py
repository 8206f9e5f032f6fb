"""Slices with their neighbours in memory, the heart in the middle, for training."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.cine_patients import CODES, CinePatient

CACHE_MM = 1.4
CACHE = 256
"""Slices are kept at this spacing in squares of this many pixels, the heart in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSlices:
    """Slices with their neighbours, on one grid, heart in the middle.

    `images` (slice, CACHE, CACHE) bytes; `shares` (slice, 3, CACHE, CACHE) bytes 0..255, how much of a pixel
    belongs to right ventricle, myocardium and left ventricle; `around` (slice, 3): the positions of the slice
    before, the slice itself and the slice after in these arrays (-1 where there is none).
    """

    images: Tensor
    shares: Tensor
    around: Tensor


def cached(chosen: tuple[CinePatient, ...]) -> CachedSlices:
    """Bring the slices of patients to the cache's grid."""
    images: list[NDArray[np.uint8]] = []
    shares: list[NDArray[np.uint8]] = []
    around: list[list[int]] = []
    for patient in chosen:
        for phase, labels in zip(patient.images, patient.labels, strict=True):
            centre = np.argwhere(labels > 0).mean(0)[1:]
            first, count = len(images), len(phase)
            for number, (image, label) in enumerate(zip(phase, labels, strict=True)):
                images.append(_on_grid(image, centre, patient.spacing_mm))
                shares.append(
                    np.stack(
                        [
                            _on_grid((label == k).astype(np.uint8) * 255, centre, patient.spacing_mm)
                            for k in CODES
                        ]
                    )
                )
                around.append(
                    [
                        first + number - 1 if number else -1,
                        first + number,
                        first + number + 1 if number + 1 < count else -1,
                    ]
                )
    return CachedSlices(
        images=torch.from_numpy(np.stack(images)),
        shares=torch.from_numpy(np.stack(shares)),
        around=torch.tensor(around),
    )


def _on_grid(image: NDArray[np.uint8], centre: NDArray[np.float64], spacing_mm: float) -> NDArray[np.uint8]:
    step = CACHE_MM / spacing_mm
    start = centre - (CACHE - 1) / 2 * step
    matrix = np.array([[step, 0, start[1]], [0, step, start[0]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, matrix, (CACHE, CACHE), flags=flags), dtype=np.uint8)
