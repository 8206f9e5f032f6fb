"""Maps and outlines made ready to lie over an image: tinted pixels and polygons, nothing of Qt."""

import numpy as np
from numpy.typing import NDArray

from core.result import Heatmap, Mask


def heat_pixels(heat: Heatmap) -> NDArray[np.uint8]:
    """Return (row, column, 4) uint8 RGBA, premultiplied, in the colours of the printed report."""
    from reports.figures import heat_colours, heat_rise

    alpha = heat_rise(heat.values)
    pixels = np.empty((*heat.values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = heat_colours(heat.values) * alpha[..., None]
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
