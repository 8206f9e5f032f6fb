"""Maps and outlines made ready to lie over an image: tinted pixels and polygons, nothing of Qt."""

import numpy as np
from numpy.typing import NDArray

from core.result import CALLED_CELLS, OTHER_CELLS, Heatmap, Mask, Result


def heat_pixels(heat: Heatmap) -> NDArray[np.uint8]:
    """Return (row, column, 4) uint8 RGBA, premultiplied, in the colours of the printed report."""
    from reports.figures import HATCH_COLOUR, drawn_heat, hatch_of, heat_colours, heat_rise

    values = drawn_heat(heat)
    alpha = heat_rise(values)
    pixels = np.empty((*values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = heat_colours(values) * alpha[..., None]
    pixels[..., 3] = alpha * 255
    if heat.silent is not None:
        pixels[hatch_of(heat.silent)] = (*HATCH_COLOUR, 255)
    return pixels


def outlines(mask: Mask) -> tuple[NDArray[np.float32], ...]:
    """Return each outer edge of a mask as (point, 2) x, y in image pixels, smoothed over a few pixels."""
    import cv2

    found, _ = cv2.findContours(mask.pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(_smooth(edge[:, 0, :].astype(np.float32) + 0.5) for edge in found if len(edge) > 12)


def outline_colour(code: str) -> tuple[int, int, int]:
    """Return the RGB in which a structure of a beating heart is drawn, as on paper."""
    from reports.cine_figures import colour_of

    return colour_of(code)


def first_look(result: Result) -> tuple[int, int] | None:
    """Return slice and phase, from 0, where a heart's outlines are seen best; None where there are none."""
    from reports.cine_figures import heart_slice

    for pack in result.results:
        if pack.volumes:
            phase = pack.curves[0].marks[0][1] if pack.curves and pack.curves[0].marks else 0
            return heart_slice(pack.volumes, phase), phase
    return None


def mask_colour(code: str) -> tuple[int, int, int] | None:
    """Return the RGB of an outline that has a colour of its own, as on paper; None for all others."""
    from reports.figures import CALLED_COLOUR, OUTLINE_COLOUR

    return {CALLED_CELLS: CALLED_COLOUR, OTHER_CELLS: OUTLINE_COLOUR}.get(code)


def _smooth(edge: NDArray[np.float32]) -> NDArray[np.float32]:
    reach = max(1, min(6, len(edge) // 120))
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    wrapped = np.concatenate([edge[-reach:], edge, edge[:reach]])
    smooth = np.stack([np.convolve(wrapped[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)
    return smooth[:: max(1, reach // 2)].astype(np.float32)
