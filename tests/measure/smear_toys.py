"""Drawn smears with known counts: discs on a bright ground, for tests that must run without any data."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The picture, grey (row, column) 0..1, and the middles (x, y) of the cells that lie inside wholly."""

    grey: NDArray[np.float32]
    middles: NDArray[np.float64]
    cut: int


def drawn_smear(
    across: int = 12,
    down: int = 9,
    diameter: float = 48.0,
    shade: float = 0.3,
    seed: int = 0,
    pairs: int = 12,
    dots: int = 0,
) -> Drawn:
    """Draw cells with pale middles in rows that are not straight; ``pairs`` of them touch their neighbour.

    ``dots`` of them have dark dots.
    """
    random = np.random.default_rng(seed)
    pitch = 1.45 * diameter
    shape = round(down * pitch), round(across * pitch)
    light = np.full(shape, 0.85, np.float32)
    points = []
    touching = set(random.choice(across * down, pairs, replace=False).tolist())
    for number in range(across * down):
        row, column = divmod(number, across)
        x, y = (column + 0.5) * pitch + random.normal(0, 2), (row + 0.5) * pitch + random.normal(0, 2)
        points.append((x, y))
        if number in touching and column + 1 < across:
            points[-1] = (x + 0.22 * pitch, y)
    ring = [(x, 0.0) for x in np.arange(pitch, shape[1] - pitch, 2.5 * pitch)]
    fine = 8
    dotted = set(np.linspace(0, len(points) - 1, dots).round().astype(int).tolist())
    for number, (x, y) in enumerate([*points, *ring]):
        left, top, reach = round(x - diameter), round(y - diameter), round(2 * diameter)
        body = np.zeros((reach, reach), np.uint8)
        middle, radius = (round((x - left) * fine), round((y - top) * fine)), round(diameter / 2 * fine)
        cv2.circle(body, middle, radius, 255, cv2.FILLED, cv2.LINE_AA, 3)
        soft = body.astype(np.float32) / 255
        cv2.circle(body, middle, radius // 3, 90, cv2.FILLED, cv2.LINE_AA, 3)
        through = 1 - 0.28 * soft * (0.55 + 0.45 * body.astype(np.float32) / 255)
        if number in dotted:
            dot = np.zeros_like(body)
            for aside, below, size in ((-0.2, 0.1, 0.09), (0.17, -0.15, 0.06)):
                spot = (
                    round((x - left + aside * diameter) * fine),
                    round((y - top + below * diameter) * fine),
                )
                cv2.circle(dot, spot, round(size * diameter * fine), 255, cv2.FILLED, cv2.LINE_AA, 3)
            through *= 1 - 0.5 * dot.astype(np.float32) / 255
        rows = slice(max(top, 0), min(top + reach, shape[0]))
        columns = slice(max(left, 0), min(left + reach, shape[1]))
        light[rows, columns] *= through[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    light *= 1 - shade * (y / shape[0] + x / shape[1]) / 2
    light += random.normal(0, 0.01, shape).astype(np.float32)
    grey = np.clip(cv2.GaussianBlur(light, (0, 0), 0.8), 0, 1).astype(np.float32)
    inside = [
        point
        for point in points
        if diameter / 2 + 3 < point[0] < shape[1] - diameter / 2 - 3
        and diameter / 2 + 3 < point[1] < shape[0] - diameter / 2 - 3
    ]
    return Drawn(grey=grey, middles=np.array(inside), cut=len(points) + len(ring) - len(inside))
