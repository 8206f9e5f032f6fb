"""Photographs of thin smears that are composed of single cells, so that every count is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import Bytes

EDGE = 60
"""Bytes below which a pixel of a cut-out cell is its black ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """How a smear is laid out; lengths in pixels, shares 0..1."""

    diameter: float = 50.0
    columns: int = 1600
    rows: int = 1200
    cover: float = 0.35
    """Share of the ground under cells."""
    touching: float = 0.15
    """Share of the cells that are pushed against another."""
    shade: float = 0.2
    """How much darker the darkest corner is."""
    noise: float = 0.01


def well_cut(cell: Bytes) -> bool:
    """Whether a cell was cut out whole: many of the data's were cut raggedly, as none lies on a smear."""
    found, _ = cv2.findContours((cell > EDGE).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(found, key=cv2.contourArea)
    return float(cv2.contourArea(edge)) >= max(0.94 * float(cv2.contourArea(cv2.convexHull(edge))), 1200.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A picture, grey (row, column) 0..1, and what lies on it; `centres` are (cell, 2) x, y."""

    grey: NDArray[np.float32]
    centres: NDArray[np.float32]
    ill: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    """Which cells lie inside wholly."""
    source: NDArray[np.int64]
    """Which of the given cells each is."""

    @property
    def counted(self) -> int:
        """How many cells lie inside wholly."""
        return int(self.whole.sum())

    @property
    def percent(self) -> float:
        """How many in a hundred of the whole cells have parasites."""
        return 100.0 * float(self.ill[self.whole].mean())


def compose(
    cells: Sequence[Bytes], ill: NDArray[np.bool_], share_ill: float, scene: Scene, seed: int
) -> Composed:
    """Lay cells (cut out, 0 around them) on a bright ground; `share_ill` of them from those with parasites.

    Cells are used again as often as is needed, turned by any angle and mirrored.
    """
    random = np.random.default_rng(seed)
    centres = _places(scene, random)
    inside = _inside(centres, scene)
    sick = np.zeros(len(centres), bool)
    chosen = random.permutation(np.flatnonzero(inside))[: round(share_ill * int(inside.sum()))]
    sick[chosen] = True
    pools = {True: np.flatnonzero(ill), False: np.flatnonzero(~ill)}
    source = np.array([random.choice(pools[bool(one)]) for one in sick])
    lit = np.percentile(np.concatenate([cell[cell > 0] for cell in cells]), 95)
    ground = min(0.97, float(lit) / 255 * random.uniform(1.1, 1.22))
    grey = np.full((scene.rows, scene.columns), ground, np.float32)
    for place, index in zip(centres, source, strict=True):
        _lay(grey, cells[index], place, scene.diameter * random.normal(1, 0.06), ground, random)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.6) * _light(scene, random)
    noisy = grey + random.normal(0, scene.noise, grey.shape)
    return Composed(
        grey=np.clip(noisy, 0, 1).astype(np.float32), centres=centres, ill=sick, whole=inside, source=source
    )


def _places(scene: Scene, random: np.random.Generator) -> NDArray[np.float32]:
    """Return centres that lie apart, but for those that are pushed against one that lies there."""
    d = scene.diameter
    wanted = int(scene.cover * scene.rows * scene.columns / (np.pi * d * d / 4))
    places: list[NDArray[np.float64]] = []
    for _ in range(40 * wanted):
        if len(places) >= wanted:
            break
        nearest = 1.2 * d
        if places and random.random() < scene.touching:
            angle, reach = random.uniform(0, 2 * np.pi), random.uniform(0.88, 1.0) * d
            place = places[random.integers(len(places))] + reach * np.array([np.cos(angle), np.sin(angle)])
            nearest = 0.87 * d
        else:
            place = random.uniform((-d / 2, -d / 2), (scene.columns + d / 2, scene.rows + d / 2))
        if not places or np.hypot(*(np.array(places) - place).T).min() >= nearest:
            places.append(place)
    return np.array(places, np.float32)


def _inside(centres: NDArray[np.float32], scene: Scene) -> NDArray[np.bool_]:
    reach = 0.53 * scene.diameter
    low = (centres >= reach).all(axis=1)
    return np.asarray(low & (centres <= np.array([scene.columns, scene.rows]) - reach).all(axis=1))


def _lay(  # noqa: PLR0917 - one private call
    grey: NDArray[np.float32],
    cell: Bytes,
    place: NDArray[np.float32],
    diameter: float,
    ground: float,
    random: np.random.Generator,
) -> None:
    """Lay one cell on the picture: where two overlap, the light goes through both."""
    side = int(np.ceil(diameter * 1.5)) | 1
    scale = diameter / cell.shape[0]
    turn = cv2.getRotationMatrix2D(
        ((cell.shape[1] - 1) / 2, (cell.shape[0] - 1) / 2), float(random.uniform(0, 360)), scale
    )
    if random.random() < 0.5:
        cell = np.ascontiguousarray(cell[:, ::-1])
    left, top = round(float(place[0]) - side / 2), round(float(place[1]) - side / 2)
    middle = (np.array(cell.shape[::-1]) - 1) / 2
    turn[:, 2] = turn[:, 2] + np.array([place[0] - left, place[1] - top]) - middle
    inside = cv2.erode((cell > EDGE).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    solid = cv2.inpaint(cell, 1 - inside, 3, cv2.INPAINT_TELEA)
    body = (cell > EDGE).astype(np.float32)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    alpha = cv2.warpAffine(body, turn, (side, side), flags=how)
    light = cv2.warpAffine(solid.astype(np.float32) / 255, turn, (side, side), flags=how)
    through = 1 - alpha + alpha * np.clip(light / ground, 0, 1.05)
    rows = slice(max(top, 0), min(top + side, grey.shape[0]))
    columns = slice(max(left, 0), min(left + side, grey.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    grey[rows, columns] *= through[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]


def _light(scene: Scene, random: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0 : scene.rows, 0 : scene.columns].astype(np.float32)
    y0, x0 = random.uniform(0.3, 0.7, 2)
    away = np.hypot(rows / scene.rows - y0, columns / scene.columns - x0)
    return np.asarray(1 - scene.shade * (away / away.max()) ** 2, np.float32)
