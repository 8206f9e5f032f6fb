"""What tiles said, laid on the picture of their slide: arrays (row, column) of the size of the tissue's."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.result import TileScore

Place = tuple[int, int]
"""Top and left of a tile, in pixels of the slide."""


def mean_scores(
    scores: Sequence[TileScore], tissue: NDArray[np.bool_], slide: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the mean probability of the tiles that cover each place of tissue; 0 elsewhere.

    ``slide`` is (rows, columns) of the slide's own pixels.
    """
    total, count = np.zeros(tissue.shape, np.float32), np.zeros(tissue.shape, np.uint16)
    places = ((score.top, score.left) for score in scores)
    for score, place in zip(scores, _parts(places, _side_of(scores), tissue, slide), strict=True):
        total[place] += score.probability
        count[place] += 1
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return np.where(tissue, mean, 0.0).astype(np.float32)


def silent_places(
    silent: Sequence[Place],
    answered: Sequence[Place],
    side: int,
    tissue: NDArray[np.bool_],
    slide: tuple[int, int],
) -> NDArray[np.bool_]:
    """Return the tissue that tiles cover of which none was answered."""
    told = np.zeros(tissue.shape, np.bool_)
    for place in _parts(silent, side, tissue, slide):
        told[place] = True
    for place in _parts(answered, side, tissue, slide):
        told[place] = False
    return told & tissue


def at_size(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return values (row, column) at another size."""
    import cv2

    if values.shape == shape:
        return values
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _side_of(scores: Sequence[TileScore]) -> int:
    return scores[0].side if scores else 0


def _parts(
    places: Iterable[Place], side: int, tissue: NDArray[np.bool_], slide: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """Yield where tiles lie on the tissue's picture, a pixel at least."""
    down, across = tissue.shape[0] / slide[0], tissue.shape[1] / slide[1]
    for top, left in places:
        yield _span(top, side, down), _span(left, side, across)


def _span(first: int, side: int, factor: float) -> slice:
    begin = round(first * factor)
    return slice(begin, max(round((first + side) * factor), begin + 1))
