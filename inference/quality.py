"""Named measures of pictures and of masks, which a manifest's ``[[limits]]`` bound and training fits.

A picture is grey, (row, column) float32 in 0..1, bright = dense, put right. It is measured at WORKING_SIDE
pixels on its longer side, so that the same film at two resolutions measures nearly the same. Masks are soft,
(code, row, column) float32 in 0..1, at the network's own resolution, upright.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.manifest import Gate
from inference.preprocess import percentiles

Grey = NDArray[np.float32]
SoftMasks = NDArray[np.float32]

WORKING_SIDE = 224
"""Pixels of the longer side at which pictures are measured; smaller ones are measured as they are."""
DARK, BRIGHT = 0.02, 0.98
"""Grey (0..1) at or beyond which a pixel counts as black or white."""
INSIDE = 0.5
"""Probability from which a pixel counts as inside a mask."""
SPECK = 0.01
"""Share of a mask's own area below which a part does not count as a part."""
COLOURED = 24
"""Difference between the channels of a pixel (0..255) from which it counts as coloured."""


def working_picture(grey: Grey) -> Grey:
    """Shrink (row, column) to WORKING_SIDE on its longer side."""
    return shrunk_to(grey, WORKING_SIDE)


def shrunk_to(grey: Grey, side: int) -> Grey:
    """Shrink (row, column) by areas to ``side`` pixels on its longer side; smaller ones stay as they are."""
    scale = side / max(grey.shape)
    if scale >= 1.0:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def contrast(grey: Grey) -> float:
    """Distance between the 5th and the 95th percentile of the grey, 0..1."""
    low, high = percentiles(grey, 5.0, 95.0)
    return high - low


def median_grey(grey: Grey) -> float:
    """The grey, 0..1, that half of the pixels do not reach."""
    return float(np.median(grey))


def dark_fraction(grey: Grey) -> float:
    """Share of the pixels that are black."""
    return float(np.mean(grey <= DARK))


def bright_fraction(grey: Grey) -> float:
    """Share of the pixels that are white."""
    return float(np.mean(grey >= BRIGHT))


def sharpness(grey: Grey) -> float:
    """Share of the gradient's energy that a slight blur takes away, 0..1; contrast does not change it."""
    full = _gradient_energy(grey)
    if full <= 0.0:
        return 0.0
    blurred = cv2.GaussianBlur(grey, (0, 0), sigmaX=1.0, borderType=cv2.BORDER_REFLECT)
    return float(np.clip(1.0 - _gradient_energy(np.asarray(blurred, dtype=np.float32)) / full, 0.0, 1.0))


def noise(grey: Grey, spread: float | None = None) -> float:
    """Standard deviation of the pixel noise, as a share of the contrast (``spread``, where it is known).

    Source: Immerkaer, Computer Vision and Image Understanding 64:300, 1996.
    """
    spread = contrast(grey) if spread is None else spread
    if min(grey.shape) < 3 or spread <= 0.0:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = cv2.filter2D(grey, cv2.CV_32F, kernel)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * np.abs(response).mean() / 6.0 / spread)


def short_side(grey: Grey) -> float:
    """Pixels of the shorter side, as stored."""
    return float(min(grey.shape))


def aspect(grey: Grey) -> float:
    """Longer side through shorter side, as stored."""
    return float(max(grey.shape) / min(grey.shape))


def mask_area(masks: SoftMasks) -> float:
    """Share of the picture that lies inside the masks together."""
    return float(np.mean((masks >= INSIDE).any(axis=0)))


def mask_balance(masks: SoftMasks) -> float:
    """Area of the smallest mask through that of the largest, 0..1; 0 where one is empty."""
    areas = _inside(masks).sum(axis=(1, 2))
    return float(areas.min() / areas.max()) if areas.max() > 0 else 0.0


def mask_confidence(masks: SoftMasks) -> float:
    """Mean probability inside the masks, 0..1; 0 where all are empty."""
    inside = masks[masks >= INSIDE]
    return float(inside.mean()) if inside.size else 0.0


def mask_doubt(masks: SoftMasks) -> float:
    """Area where the masks are unsure (0.1 to 0.9) through the area inside them; 1 where all are empty."""
    inside = int((masks >= INSIDE).sum())
    unsure = int(((masks > 0.1) & (masks < 0.9)).sum())
    return unsure / inside if inside else 1.0


def mask_components(masks: SoftMasks) -> float:
    """Number of separate parts in the mask that has most; specks do not count."""
    return float(max(_parts(mask) for mask in _inside(masks)))


def mask_edge(masks: SoftMasks) -> float:
    """Share of the picture's outermost pixels that lie inside a mask: a structure that is cut off."""
    inside = np.asarray(_inside(masks).any(axis=0), dtype=np.bool_)
    frame = np.concatenate([inside[0], inside[-1], inside[1:-1, 0], inside[1:-1, -1]])
    return float(frame.mean())


def mask_overlap(masks: SoftMasks) -> float:
    """Area inside two masks or more, through the area inside any."""
    count = (masks >= INSIDE).sum(axis=0)
    covered = int((count >= 1).sum())
    return int((count >= 2).sum()) / covered if covered else 0.0


def mask_solidity(masks: SoftMasks) -> float:
    """Smallest share, over the masks, of a mask's convex hull that it fills; 0 where one is empty."""
    return min(_solidity(mask) for mask in _inside(masks))


def mask_height(masks: SoftMasks) -> float:
    """Height of the masks together, as a share of the picture's."""
    rows = np.flatnonzero((masks >= INSIDE).any(axis=(0, 2)))
    return float((rows[-1] + 1 - rows[0]) / masks.shape[1]) if rows.size else 0.0


def mask_width(masks: SoftMasks) -> float:
    """Width of the masks together, as a share of the picture's."""
    columns = np.flatnonzero((masks >= INSIDE).any(axis=(0, 1)))
    return float((columns[-1] + 1 - columns[0]) / masks.shape[2]) if columns.size else 0.0


def colourfulness(pixels: NDArray[np.float32] | NDArray[np.uint8]) -> float:
    """Share of the pixels of (row, column, 3) RGB, 0..255, that are truly coloured."""
    small = pixels
    if max(pixels.shape[:2]) > WORKING_SIDE:
        step = max(pixels.shape[:2]) // WORKING_SIDE
        small = pixels[::step, ::step]
    spread = small.max(axis=2).astype(np.int16) - small.min(axis=2).astype(np.int16)
    return float(np.mean(spread >= COLOURED))


PICTURE_MEASURES: Mapping[str, Callable[[Grey], float]] = MappingProxyType(
    {
        measure.__name__: measure
        for measure in (
            contrast,
            median_grey,
            dark_fraction,
            bright_fraction,
            sharpness,
            noise,
            short_side,
            aspect,
        )
    }
)
"""By name: what can be told from the picture alone."""

MASK_MEASURES: Mapping[str, Callable[[SoftMasks], float]] = MappingProxyType(
    {
        measure.__name__: measure
        for measure in (
            mask_area,
            mask_balance,
            mask_confidence,
            mask_doubt,
            mask_components,
            mask_edge,
            mask_overlap,
            mask_solidity,
            mask_height,
            mask_width,
        )
    }
)
"""By name: what can be told from the masks that the pack makes, or that it looks inside of."""

GATE_MEASURES: Mapping[Gate, tuple[str, ...]] = MappingProxyType(
    {
        "exposure": ("contrast", "median_grey", "dark_fraction", "bright_fraction"),
        "sharpness": ("sharpness", "noise", "short_side", "aspect"),
        "plausibility": tuple(MASK_MEASURES),
    }
)
"""Which measures each gate may bound."""

_AS_STORED = frozenset({"short_side", "aspect"})


def measure_picture(
    grey: Grey,
    names: tuple[str, ...],
    stored: Grey | None = None,
    known: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, float]:
    """Return the named measures of a picture; ``stored`` is the same as stored, where ``grey`` was shrunk.

    ``known`` are measures of this very picture that were taken before, for another pack.
    """
    full = grey if stored is None else stored
    values = dict(known)
    missing = [name for name in names if name not in values]
    small = working_picture(grey) if set(missing) - _AS_STORED else grey
    for name in missing:
        if name == noise.__name__:
            values[name] = noise(small, values.get(contrast.__name__))
        else:
            values[name] = PICTURE_MEASURES[name](full if name in _AS_STORED else small)
    return values


def _inside(masks: SoftMasks) -> NDArray[np.bool_]:
    return np.asarray(masks >= INSIDE, dtype=np.bool_)


def _gradient_energy(grey: Grey) -> float:
    return float(np.square(np.diff(grey, axis=0)).sum() + np.square(np.diff(grey, axis=1)).sum())


def _parts(mask: NDArray[np.bool_]) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int((areas >= SPECK * areas.sum()).sum()) if areas.size else 0


def _solidity(mask: NDArray[np.bool_]) -> float:
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return 0.0
    hull = np.zeros(mask.shape, dtype=np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(outlines)), 1)
    return float(mask.sum() / max(int(hull.sum()), 1))
