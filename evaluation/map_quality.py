"""Whether a map may be shown: where its heat lies, and whether the score follows it better than a guess.

Every frame is the network's own: a case is one picture as the network reads it, with the region that it is
meant to look at and the map's heat, both at the size of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Tensors = NDArray[np.float32]
STEPS = 10
"""Steps in which pixels are taken out or put in."""
SMALL_SHIFT = 0.02
"""Shift of a picture, as a share of its size, under which the map must stay what it was."""
LEAST_INSIDE, MOST_SHUFFLED, LEAST_REPEATED = 0.7, 0.5, 0.8
"""Share of heat inside the region; correlation with maps of shuffled weights; correlation under shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture as the network reads it.

    Input (1, channel, row, column), the region and the heat (row, column) in the same frame.
    """

    tensor: Tensors
    mask: NDArray[np.bool_]
    heat: Tensors


Order = Callable[[Case], Tensors]
"""What is removed first: the highest of (row, column)."""
Fill = Callable[[Case], Tensors]
"""What takes the place of what is removed: (channel, row, column)."""
Score = Callable[[Tensors], NDArray[np.float64]]
"""The network's score (image,) of (image, channel, row, column)."""


def orders(seed: int = 3) -> dict[str, Order]:
    """Return the map's order and the two guesses that it must beat: chance, and the region's middle."""
    rng = np.random.default_rng(seed)
    return {
        "map": lambda case: case.heat + np.float32(1e-6) * rng.random(case.heat.shape, dtype=np.float32),
        "random": lambda case: _coarse_noise(rng, case.heat.shape),
        "centre": lambda case: centre_heat(case.mask),
    }


def removal(
    score: Score, cases: Sequence[Case], chosen: Mapping[str, Order], fill: Fill
) -> dict[str, object]:
    """Return the areas under the score of all orders, and the score when the whole region is filled."""
    emptied = np.stack([fill(case) for case in cases]).astype(np.float32)
    return {
        "score_when_all_is_removed": round(float(score(emptied).mean()), 4),
        "deletion_area": {
            name: round(_curve(score, cases, order, fill, put_in=False), 4) for name, order in chosen.items()
        },
        "insertion_area": {
            name: round(_curve(score, cases, order, fill, put_in=True), 4) for name, order in chosen.items()
        },
    }


def follows_the_map(areas: Mapping[str, object]) -> bool:
    """Tell whether the score falls and rises faster along the map than by chance or from the middle."""
    deletion, insertion = areas["deletion_area"], areas["insertion_area"]
    assert isinstance(deletion, Mapping)
    assert isinstance(insertion, Mapping)
    return bool(
        deletion["map"] < min(deletion["random"], deletion["centre"])
        and insertion["map"] > max(insertion["random"], insertion["centre"])
    )


def may_be_shown(
    areas: Mapping[str, object], *, inside: float | None, shuffled: float, repeated: float
) -> bool:
    """Tell whether a map may be shown.

    Better than chance and middle, inside its region (None: it is the whole picture), tied to the weights,
    repeatable.
    """
    return bool(
        follows_the_map(areas)
        and (inside is None or inside >= LEAST_INSIDE)
        and shuffled <= MOST_SHUFFLED
        and repeated >= LEAST_REPEATED
    )


def heat_inside(case: Case) -> float:
    """Return the share of the heat that lies in the region."""
    return float((case.heat * case.mask).sum() / max(float(case.heat.sum()), 1e-9))


def correlation(one: Tensors, two: Tensors, mask: NDArray[np.bool_]) -> float:
    """Return how alike two maps are inside a mask; 0 where one of them is flat."""
    if one[mask].std() < 1e-6 or two[mask].std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one[mask], two[mask])[0, 1])


def resized_heat(heat: Tensors, shape: tuple[int, int]) -> Tensors:
    """Bring heat (row, column) to a shape."""
    return np.asarray(cv2.resize(heat, shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def shifted(tensor: Tensors, share: float = SMALL_SHIFT) -> Tensors:
    """Return (1, channel, row, column) moved right and down by a share of its size; edges repeat."""
    rows, columns = tensor.shape[2:]
    move = np.array([[1, 0, share * columns], [0, 1, share * rows]])
    planes = [
        cv2.warpAffine(plane, move, (columns, rows), borderMode=cv2.BORDER_REPLICATE) for plane in tensor[0]
    ]
    return np.asarray(np.stack(planes)[None], dtype=np.float32)


def cut_out(value: float) -> Fill:
    """Return the fill of one constant, such as what a pack lays outside its region."""
    return lambda case: np.where(case.mask, np.float32(value), case.tensor[0])


def aerated(case: Case) -> Tensors:
    """Return the picture with its region as dark as the region's darkest tenth."""
    dark = np.float32(np.percentile(case.tensor[0][:, case.mask], 10))
    return np.where(case.mask, dark, case.tensor[0])


def blurred_inside(case: Case) -> Tensors:
    """Return the picture with its region blurred; what lies outside does not run in."""
    sigma = case.tensor.shape[-1] / 12
    inside = case.mask.astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(inside, (0, 0), sigma), 1e-3)
    planes = [cv2.GaussianBlur(plane * inside, (0, 0), sigma) / weight for plane in case.tensor[0]]
    return np.where(case.mask, np.stack(planes), case.tensor[0]).astype(np.float32)


def centre_heat(mask: NDArray[np.bool_]) -> Tensors:
    """Return heat that falls from the middle of each part of a mask to its edge."""
    if mask.all():  # a mask that fills the picture ends at the picture's edge
        return centre_heat(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """How a map lies to the boxes that somebody drew on one picture."""

    hits: bool
    """The hottest spot lies in a box."""
    centre_hits: bool
    """So does the middle of the picture: a map is worth something where it hits more often than that."""
    heat_in_boxes: float
    boxes_share: float
    """Shares (0..1) of the heat and of the picture's area that lie in the boxes."""


def pointing(heat: Tensors, boxes: NDArray[np.bool_]) -> Pointing:
    """Compare heat (row, column) with a mask of boxes of the same shape."""
    spot = np.unravel_index(int(np.argmax(heat)), heat.shape)
    rows, columns = heat.shape
    return Pointing(
        hits=bool(heat.max() > 0 and boxes[spot]),
        centre_hits=bool(boxes[rows // 2, columns // 2]),
        heat_in_boxes=float((heat * boxes).sum() / max(float(heat.sum()), 1e-9)),
        boxes_share=float(boxes.mean()),
    )


def _curve(score: Score, cases: Sequence[Case], order: Order, fill: Fill, *, put_in: bool) -> float:
    """Return the mean area under the score while the region's pixels are removed (or put back)."""
    areas = []
    for case in cases:
        plain = fill(case)
        rank = np.full(case.mask.shape, np.inf)
        values = order(case)[case.mask]
        place = np.empty(values.size)
        place[np.argsort(-values, kind="stable")] = np.arange(values.size) / values.size
        rank[case.mask] = place
        first, second = (plain, case.tensor[0]) if put_in else (case.tensor[0], plain)
        stages = [np.where(rank < step / STEPS, second, first) for step in range(STEPS + 1)]
        areas.append(float(score(np.stack(stages).astype(np.float32)).mean()))
    return float(np.mean(areas))


def _coarse_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensors:
    """Return random heat of about a map's own coarseness."""
    grid = rng.random((max(1, shape[0] // 8), max(1, shape[1] // 8))).astype(np.float32)
    return resized_heat(grid, (shape[0], shape[1]))
