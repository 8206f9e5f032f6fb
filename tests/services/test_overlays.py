"""Maps are clear below their floor and rise in lightness; outlines run round their masks."""

from dataclasses import replace

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


def test_a_map_of_tiles_is_clear_below_its_threshold_and_hatched_where_none_was_answered() -> None:
    values = np.full((40, 40), 0.6, np.float32)
    values[:20] = 0.85
    silent = np.zeros((40, 40), np.bool_)
    silent[:, 30:] = True
    values[:, 30:] = 0.0
    plain = Heatmap(finding="x", values=values, shown=True, image=REF)
    tiles = replace(plain, of_tiles=True, threshold=0.8, silent=silent)
    assert (heat_pixels(plain)[..., 3][20:, :30] > 0).all(), "a map of one picture is tinted by its heat"
    drawn = heat_pixels(tiles)[..., 3]
    assert (drawn[:20, :30] > 0).all()
    assert not drawn[20:, :30].any()
    assert 0.1 < (drawn[:, 30:] > 0).mean() < 0.6
