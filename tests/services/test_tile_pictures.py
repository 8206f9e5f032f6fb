"""Scores of tiles on the picture of their slide: means where they overlap, and where none was answered."""

import numpy as np

from core.result import TileScore
from services.tile_pictures import at_size, mean_scores, silent_places

SLIDE = (80, 120)
TISSUE = np.ones((8, 12), np.bool_)


def tile(top: int, left: int, probability: float) -> TileScore:
    return TileScore(
        finding="x",
        top=top,
        left=left,
        side=40,
        probability=probability,
        interval=(0.0, 1.0),
        position="above",
    )


def test_a_place_has_the_mean_of_the_tiles_that_cover_it_and_glass_has_none() -> None:
    tissue = TISSUE.copy()
    tissue[0] = False
    found = mean_scores([tile(0, 0, 0.2), tile(0, 20, 0.6)], tissue, SLIDE)
    assert found.dtype == np.float32
    assert found[1, [0, 2, 5, 6]].tolist() == [np.float32(0.2), np.float32(0.4), np.float32(0.6), 0.0]
    assert not found[0].any()
    assert not found[4:].any()


def test_without_tiles_there_is_nothing() -> None:
    assert not mean_scores([], TISSUE, SLIDE).any()
    assert not silent_places([], [(0, 0)], 40, TISSUE, SLIDE).any()


def test_silent_is_what_no_answered_tile_covers() -> None:
    found = silent_places([(0, 0), (40, 40)], [(0, 20)], 40, TISSUE, SLIDE)
    assert found[0].tolist() == [True, True, *[False] * 10]
    assert found[7].tolist() == [*[False] * 4, *[True] * 4, *[False] * 4]


def test_a_map_is_brought_to_the_size_of_the_picture() -> None:
    values = TISSUE.astype(np.float32)
    assert at_size(values, TISSUE.shape) is values
    assert at_size(values, SLIDE).shape == SLIDE
