"""Maps are clear below their floor and rise in lightness; outlines run round their masks."""

import numpy as np

from core.image import ImageRef
from core.result import Heatmap, Mask
from reports.figures import HEAT_FLOOR, heat_colours
from services.overlays import heat_pixels, outlines

REF = ImageRef(file="x")


def test_a_map_is_transparent_below_its_floor_and_lightens_above() -> None:
    values = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, 101)
    pixels = heat_pixels(Heatmap(finding="x", values=values, shown=True, image=REF))
    assert (pixels[0, values[0] <= HEAT_FLOOR, 3] == 0).all()
    light = pixels[0, :, :3].astype(int).sum(axis=1)
    assert (np.diff(light) >= 0).all()
    assert pixels[0, -1, 3] == 255
    assert (pixels[..., :3] <= pixels[..., 3:]).all(), "premultiplied"
    opaque = pixels[..., 3] == 255
    assert np.abs(pixels[opaque][:, :3] - heat_colours(values)[opaque]).max() < 1, "as on paper"


def test_an_outline_runs_along_the_edge_of_its_mask() -> None:
    mask = np.zeros((100, 120), dtype=bool)
    mask[20:80, 30:90] = True
    (edge,) = outlines(Mask(code="x", label="X", pixels=mask, image=REF))
    assert edge[:, 0].min() >= 29
    assert edge[:, 0].max() <= 91
    assert edge[:, 1].min() >= 19
    assert edge[:, 1].max() <= 81


def test_two_parts_give_two_outlines_and_specks_none() -> None:
    mask = np.zeros((100, 120), dtype=bool)
    mask[20:80, 10:40] = True
    mask[20:80, 70:100] = True
    mask[2, 2] = True
    assert len(outlines(Mask(code="x", label="X", pixels=mask, image=REF))) == 2
