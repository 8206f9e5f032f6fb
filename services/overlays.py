"""Maps and outlines made ready to lie over an image: tinted pixels and polygons, nothing of Qt."""

import numpy as np
from numpy.typing import NDArray

from core.result import Heatmap, Mask

HEAT_FLOOR = 0.35
# Knots of an inferno-like scale: darker means less, and lightness rises throughout.
_KNOTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_RED = (87, 158, 221, 251, 252)
_GREEN = (16, 40, 81, 155, 240)
_BLUE = (110, 100, 58, 6, 150)


def heat_pixels(heat: Heatmap, floor: float = HEAT_FLOOR) -> NDArray[np.uint8]:
    """Return (row, column, 4) uint8 RGBA, premultiplied, transparent below ``floor`` of the map."""
    strength = np.clip((heat.values - floor) / (1.0 - floor), 0.0, 1.0).astype(np.float32)
    alpha = np.clip(strength * 2.2, 0.0, 1.0)
    pixels = np.empty((*heat.values.shape, 4), dtype=np.uint8)
    for channel, knots in enumerate((_RED, _GREEN, _BLUE)):
        pixels[..., channel] = np.interp(strength, _KNOTS, knots) * alpha
    pixels[..., 3] = alpha * 255
    return pixels


def outlines(mask: Mask) -> tuple[NDArray[np.float32], ...]:
    """Return each outer edge of a mask as (point, 2) x, y in image pixels, smoothed over a few pixels."""
    import cv2

    found, _ = cv2.findContours(mask.pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(_smooth(edge[:, 0, :].astype(np.float32) + 0.5) for edge in found if len(edge) > 12)


def _smooth(edge: NDArray[np.float32]) -> NDArray[np.float32]:
    reach = max(1, min(6, len(edge) // 120))
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    wrapped = np.concatenate([edge[-reach:], edge, edge[:reach]])
    smooth = np.stack([np.convolve(wrapped[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)
    return smooth[:: max(1, reach // 2)].astype(np.float32)
