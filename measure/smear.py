"""Finds the red cells on a photograph of a thin smear: bright ground, darker round things of one size.

Arrays are (row, column). Classical image processing, in bounded time and memory: the picture is looked at
with at most ``WORKING_SIDE`` pixels a side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Why = Literal["ground", "few", "size", "shape", "small", "crowded"]

WORKING_SIDE = 2048
FEWEST_CELLS = 20
"""Fewer round things of one size are not taken for a smear."""
MOST_CELLS = 5000
SMALLEST_DIAMETER = 24.0
"""Pixels of the picture as read; what a parasite shows is lost in smaller cells."""
_SMALLEST_SIDE = 120
_TILES = 24
_LEAST_CONTRAST = 0.06
_GROUND_SHARE = 0.12
_ROUND = 0.75
_SOLID = 0.90
_LARGEST_SPREAD = 0.22
_LEAST_PROBE_PX = 5.0
_DEBRIS, _LARGE = 0.45, 1.6
"""Areas, as shares of a usual cell's, between which a thing is one cell."""
_RAGGED = 0.86
_NO_NECK = 0.8
_LARGEST_MIDDLE, _SPECK, _RING = 0.5, 0.008, 0.55
_WHOLE_SHARE = 0.5
_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell in the picture's own pixels; ``picture`` is its box, 0 outside it, as ``side`` asked."""

    x: float
    y: float
    radius: float
    picture: Grey


@dataclass(frozen=True, slots=True, kw_only=True)
class Smear:
    """What was found.

    Not counted are cells ``cut`` by the border, and things that are larger than a cell or ragged
    (``clumped``, which hold about ``clumped_cells``); specks are left out. ``why`` says why the picture is
    not taken for a thin smear; None where it is. ``diameter`` is in pixels.
    """

    cells: tuple[Cell, ...] = ()
    cut: int = 0
    clumped: int = 0
    clumped_cells: int = 0
    diameter: float = 0.0
    why: Why | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    label: int
    box: tuple[int, int, int, int]
    area: float
    centre: tuple[float, float]
    solidity: float
    circularity: float
    cut: bool


def find_cells(grey: Grey, *, side: int, stop: Callable[[], None] = lambda: None) -> Smear:
    """Return the cells of a photograph, grey (row, column) 0..1, each with its picture of ``side`` pixels.

    ``stop`` is called between steps and raises where the user has stopped it.
    """
    import cv2

    if min(grey.shape) < _SMALLEST_SIDE:
        return Smear(why="few")
    factor = min(1.0, WORKING_SIDE / max(grey.shape))
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    work = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if factor < 1 else grey
    things = _darker_things(cv2, np.ascontiguousarray(work, dtype=np.float32))
    stop()
    if things is None:
        return Smear(why="ground")
    usual = _usual_area(cv2, things)
    if usual is None:
        return Smear(why="size")
    diameter = 2 * np.sqrt(usual / np.pi) / factor
    if diameter < SMALLEST_DIAMETER or diameter * factor < 2 * _LEAST_PROBE_PX:
        return Smear(diameter=diameter, why="small")
    labels = _separated(cv2, _filled(cv2, things, usual), usual)
    stop()
    if labels is None:
        return Smear(diameter=diameter, why="crowded")
    return _judged(cv2, grey, labels, usual, factor, side, stop)


def _judged(  # noqa: PLR0917 - one private call
    cv2: Any,
    grey: Grey,
    labels: NDArray[np.int32],
    usual: float,
    factor: float,
    side: int,
    stop: Callable[[], None],
) -> Smear:
    """Sort the separated things into cells and others, and say whether this is a smear at all."""
    parts = [part for part in _parts(cv2, labels) if part.area >= _DEBRIS * usual or part.cut]
    diameter = 2 * np.sqrt(usual / np.pi) / factor
    cut = [part for part in parts if part.cut]
    inside = [part for part in parts if not part.cut]
    whole = [part for part in inside if part.area <= _LARGE * usual and part.solidity >= _RAGGED]
    taken = {part.label for part in whole}
    clumps = [part for part in inside if part.label not in taken]
    clumped_cells = sum(max(1, round(part.area / usual)) for part in clumps)
    found = Smear(cut=len(cut), clumped=len(clumps), clumped_cells=clumped_cells, diameter=float(diameter))
    if len(whole) > MOST_CELLS:
        return replace(found, why="crowded")
    if len(whole) < FEWEST_CELLS:
        return replace(found, why="few")
    areas = np.array([part.area for part in whole])
    sizes = np.sqrt(areas)
    spread = 1.4826 * float(np.median(np.abs(sizes - np.median(sizes)))) / float(np.median(sizes))
    if spread > _LARGEST_SPREAD or float(areas.sum()) < _WHOLE_SHARE * sum(part.area for part in inside):
        return replace(found, why="size")
    if float(np.median([part.circularity for part in whole])) < _ROUND:
        return replace(found, why="shape")
    cells: list[Cell] = []
    for part in whole:
        if len(cells) % 256 == 0:
            stop()
        cells.append(_cell(cv2, grey, labels, part, factor, side))
    return replace(found, cells=tuple(cells))


def _darker_things(cv2: Any, work: Grey) -> Bytes | None:
    """Return 1 where something lies on a brighter, even ground; None where there is no such ground."""
    smooth = cv2.GaussianBlur(work, (0, 0), 1.2)
    ground = _ground(cv2, smooth)
    if float(ground.min()) <= 0.15:
        return None
    flat = np.clip(smooth / ground, 0.0, 1.25)
    level, _ = cv2.threshold(np.rint(flat * 200).astype(np.uint8), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    things = (flat * 200 <= level).astype(np.uint8)
    dark, bright = flat[things > 0], flat[things == 0]
    if min(dark.size, bright.size) < 0.01 * flat.size or bright.size < _GROUND_SHARE * flat.size:
        return None
    ground_level = float(np.median(bright))
    cells_level = float(np.median(dark))
    noise = 1.4826 * float(np.median(np.abs(bright - ground_level)))
    if ground_level - cells_level < max(_LEAST_CONTRAST, 3 * noise):
        return None
    between = ((ground_level + cells_level) / 2) * 0.5 + ground_level * 0.5
    edge = max(between, ground_level - 0.5 * (ground_level - cells_level))
    things = (flat < min(edge, ground_level - 2.5 * noise)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(things, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _ground(cv2: Any, smooth: Grey) -> Grey:
    """Return the light without cells: a surface of second degree through the bright part of each tile."""
    rows, columns = smooth.shape
    small = cv2.resize(smooth, (min(columns, 480), min(rows, 480)), interpolation=cv2.INTER_AREA)
    marks = np.linspace(0, 1, _TILES + 1)
    points = []
    for top, bottom in pairwise(marks):
        for left, right in pairwise(marks):
            tile = small[
                int(top * small.shape[0]) : max(int(bottom * small.shape[0]), int(top * small.shape[0]) + 1),
                int(left * small.shape[1]) : max(int(right * small.shape[1]), int(left * small.shape[1]) + 1),
            ]
            points.append(((top + bottom) / 2, (left + right) / 2, float(np.percentile(tile, 92))))
    y, x, value = np.array(points).T
    keep = np.ones(len(value), bool)
    weights = np.zeros(6)
    for _ in range(6):
        weights, *_ = np.linalg.lstsq(_powers(y[keep], x[keep]), value[keep], rcond=None)
        left_over = value - _powers(y, x) @ weights
        spread = 1.4826 * np.median(np.abs(left_over - np.median(left_over)))
        # Tiles full of cells are darker than the surface; brighter ones are ground.
        keep = left_over > -max(1.0 * float(spread), 0.01)
    grid_y, grid_x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    grid_y /= max(rows - 1, 1)
    grid_x /= max(columns - 1, 1)
    surface = sum(
        np.float32(w) * term
        for w, term in zip(weights, (1.0, grid_y, grid_x, grid_y * grid_x, grid_y**2, grid_x**2), strict=True)
    )
    return np.asarray(surface, np.float32)


def _powers(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(y), y, x, y * x, y * y, x * x], axis=1)


def _usual_area(cv2: Any, things: Bytes) -> float | None:
    """Return the area of a usual cell: of what lies alone and is round, the median by area; None without."""
    found, _ = cv2.findContours(things, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rows, columns = things.shape
    areas = []
    for edge in found:
        area = cv2.contourArea(edge)
        if area < np.pi * _LEAST_PROBE_PX**2:
            continue
        left, top, width, height = cv2.boundingRect(edge)
        if min(left, top) <= 1 or left + width >= columns - 1 or top + height >= rows - 1:
            continue
        if _circularity(cv2, edge, area) >= _ROUND and area >= _SOLID * cv2.contourArea(cv2.convexHull(edge)):
            areas.append(area)
    if len(areas) < FEWEST_CELLS // 2:
        return None
    ordered = np.sort(areas)
    weight = np.cumsum(ordered)
    usual = float(ordered[np.searchsorted(weight, weight[-1] / 2)])
    alike = np.abs(np.sqrt(ordered / usual) - 1) < 0.35
    return usual if float(ordered[alike].sum()) >= 0.6 * float(weight[-1]) else None


def _filled(cv2: Any, things: Bytes, usual: float) -> Bytes:
    """Fill the pale middles of cells; the gaps that touching cells leave between them stay open.

    Around a pale middle there is a ring, and it is thin; around a gap there are whole cells.
    """
    radius = float(np.sqrt(usual / np.pi))
    depth = cv2.distanceTransform(things, cv2.DIST_L2, 5)
    filled = things.copy()
    found, family = cv2.findContours(things, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for edge, kin in zip(found, family[0] if family is not None else (), strict=True):
        area = cv2.contourArea(edge)
        if kin[3] < 0 or area > _LARGEST_MIDDLE * usual:
            continue
        left, top, width, height = cv2.boundingRect(edge)
        row, column, reach = top + height // 2, left + width // 2, max(1, round(0.7 * radius))
        near = depth[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        if area <= _SPECK * usual or float(near.max()) <= _RING * radius:
            cv2.drawContours(filled, [edge], -1, 1, cv2.FILLED)
    return filled


def _separated(cv2: Any, things: Bytes, usual: float) -> NDArray[np.int32] | None:
    """Return a label for each thing; those that touch are parted between their middles.

    None where there are too many for one picture.
    """
    radius = float(np.sqrt(usual / np.pi))
    depth = cv2.distanceTransform(things, cv2.DIST_L2, 5)
    depth = cv2.GaussianBlur(depth, (0, 0), max(0.8, 0.12 * radius))
    _, alone = cv2.connectedComponents(things)
    middles = _middles(cv2, depth, radius)
    if len(middles) > 2 * MOST_CELLS:
        return None
    group = _joined(middles, depth, radius)
    seeds = np.zeros(things.shape, np.uint8)
    for row, column in middles:
        cv2.circle(seeds, (int(column), int(row)), max(1, int(0.2 * radius)), 1, cv2.FILLED)
    if not len(middles):
        return np.asarray(alone, np.int32)
    _, nearest = cv2.distanceTransformWithLabels(1 - seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    owner = np.zeros(int(nearest.max()) + 1, np.int64)
    owner[nearest[middles[:, 0], middles[:, 1]]] = group + 1
    home = np.zeros(int(group.max()) + 2, np.int64)
    home[group + 1] = alone[middles[:, 0], middles[:, 1]]
    first = np.zeros(int(alone.max()) + 1, np.int64)
    first[home[1:]] = np.arange(1, len(home))
    label = owner[nearest]
    # A pixel whose nearest middle lies in another thing stays with its own; what has no middle is itself.
    own = np.where(first > 0, first, len(home) + np.arange(len(first)))
    label = np.where(home[label] == alone, label, own[alone])
    label[things == 0] = 0
    return np.asarray(label, np.int32)


def _middles(cv2: Any, depth: Grey, radius: float) -> NDArray[np.int64]:
    """Return (middle, 2) row, column of what is deepest inside of things."""
    reach = 2 * max(1, round(0.55 * radius)) + 1
    around = cv2.dilate(depth, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    peaks = ((depth >= around - 1e-3) & (depth > 0.45 * radius)).astype(np.uint8)
    count, markers = cv2.connectedComponents(peaks)
    rows, columns = np.nonzero(peaks)
    _, first = np.unique(markers[rows, columns], return_index=True)
    return np.stack([rows[first], columns[first]], axis=1) if count > 1 else np.zeros((0, 2), np.int64)


def _joined(middles: NDArray[np.int64], depth: Grey, radius: float) -> NDArray[np.int64]:
    """Return a number for each middle; those with no narrow place between them share one."""
    group = np.arange(len(middles))
    if not len(middles):
        return group
    steps = np.linspace(0, 1, 9)[:, None]
    for one, other in _near_pairs(middles, 1.9 * radius):
        line = np.rint(middles[one] * (1 - steps) + middles[other] * steps).astype(np.int64)
        along = depth[line[:, 0], line[:, 1]]
        if along.min() > _NO_NECK * min(along[0], along[-1]):
            first, second = sorted((group[one], group[other]))
            group[group == second] = first
    return np.asarray(np.unique(group, return_inverse=True)[1], np.int64)


def _near_pairs(middles: NDArray[np.int64], reach: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs, each once, that lie no farther apart than ``reach``."""
    for first in range(0, len(middles), _BLOCK):
        apart = middles[first : first + _BLOCK, None, :] - middles[None, first:, :]
        ones, others = np.nonzero((apart**2).sum(axis=2) <= reach * reach)
        for one, other in zip(ones.tolist(), others.tolist(), strict=True):
            if one < other:
                yield first + one, first + other


def _parts(cv2: Any, labels: NDArray[np.int32]) -> list[_Part]:
    rows, columns = labels.shape
    parts = []
    for number, box in _boxes(labels):
        own = np.pad((labels[box[0] : box[1], box[2] : box[3]] == number).astype(np.uint8), 1)
        found, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        edge = max(found, key=cv2.contourArea)
        area = float(np.count_nonzero(own))
        hull = max(cv2.contourArea(cv2.convexHull(edge)), 1.0)
        outline = cv2.contourArea(edge)
        y, x = np.nonzero(own)
        parts.append(
            _Part(
                label=number,
                box=box,
                area=area,
                centre=(float(y.mean()) + box[0] - 1, float(x.mean()) + box[2] - 1),
                solidity=outline / hull,
                circularity=_circularity(cv2, edge, outline),
                cut=box[0] <= 1 or box[2] <= 1 or box[1] >= rows - 1 or box[3] >= columns - 1,
            )
        )
    return parts


def _boxes(labels: NDArray[np.int32]) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Yield each label but 0 with the rows and columns that it lies in: first, last and one, of both."""
    rows, columns = np.nonzero(labels)
    if not len(rows):
        return
    owners = labels[rows, columns]
    order = np.argsort(owners, kind="stable")
    numbers, starts = np.unique(owners[order], return_index=True)
    edges = [
        reduce(values[order], starts)
        for values in (rows, columns)
        for reduce in (np.minimum.reduceat, np.maximum.reduceat)
    ]
    for number, top, bottom, left, right in zip(numbers, *edges, strict=True):
        yield int(number), (int(top), int(bottom) + 1, int(left), int(right) + 1)


def _circularity(cv2: Any, edge: NDArray[np.int32], area: float) -> float:
    """Return 1 for a disc, less for what is not round; of the smoothed hull-like outline."""
    around = cv2.arcLength(cv2.approxPolyDP(edge, 1.0, True), True)
    return float(4 * np.pi * area / max(around**2, 1e-6))


def _cell(  # noqa: PLR0917 - one private call
    cv2: Any, grey: Grey, labels: NDArray[np.int32], part: _Part, factor: float, side: int
) -> Cell:
    """Cut a cell out of the picture as read: its own box, 0 outside it, stretched to a square."""
    top, bottom, left, right = part.box
    own = (labels[top:bottom, left:right] == part.label).astype(np.uint8)
    piece = grey[round(top / factor) : round(bottom / factor), round(left / factor) : round(right / factor)]
    mask = cv2.resize(own * np.float32(1), (piece.shape[1], piece.shape[0]), interpolation=cv2.INTER_LINEAR)
    alone = np.where(mask >= 0.5, piece, np.float32(0))
    picture = cv2.resize(alone, (side, side), interpolation=cv2.INTER_AREA)
    return Cell(
        x=(part.centre[1] + 0.5) / factor,
        y=(part.centre[0] + 0.5) / factor,
        radius=float(np.sqrt(part.area / np.pi)) / factor,
        picture=np.asarray(picture, np.float32),
    )
