"""Draw a chest X-ray of a child who never lived: anatomy as formulas, no picture of a patient in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Curve = NDArray[np.float64]
SAMPLE_SEED, SAMPLE_SIZE = 11, 768


def draw_chest(seed: int, *, size: int = 512, opacity: bool = True) -> Grey:
    """Draw a frontal chest as (row, column) float32 in 0..1, bright = dense.

    `opacity` adds a patchy shadow.
    """
    return _Chest(seed, size).drawn(opacity=opacity)


class _Chest:
    """One drawing: thicknesses of tissue, lung and bone are added up and shown as a film shows them."""

    def __init__(self, seed: int, size: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._size = size
        rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
        self._y = (rows + 0.5) / size
        self._x = (columns + 0.5) / size - 0.5
        self._tilt = float(self._rng.normal(0, 0.01))

    def drawn(self, *, opacity: bool) -> Grey:
        right, left = self._lung(-1), self._lung(1)
        lungs = np.maximum(right, left)
        dense = 0.95 * self._torso() + 0.42 * self._spine() + 0.35 * self._arms()
        dense += 0.45 * self._abdomen() - self._gas()
        dense -= 0.66 * lungs
        dense += 0.50 * self._heart() * (0.35 + 0.65 * (lungs > 0.02)) + 0.25 * self._mediastinum()
        dense += 0.15 * self._ribs() + 0.22 * self._clavicles() + 0.16 * self._vessels() * lungs
        if opacity:
            dense += 0.62 * self._patch() * lungs
        return self._film(dense)

    def _film(self, dense: Grey) -> Grey:
        size = self._size
        soft = cv2.GaussianBlur(dense, (0, 0), size / 420)
        shown = 1 - np.exp(-1.25 * np.clip(soft, 0, None))
        grain = cv2.GaussianBlur(
            self._rng.standard_normal((size, size)).astype(np.float32), (0, 0), size / 700
        )
        shown = shown / float(np.quantile(shown, 0.995)) + 0.012 * grain
        picture = np.clip(shown, 0, 1) ** 1.1 * 0.93 + 0.015
        return np.asarray(np.clip(self._marked(picture), 0, 1), dtype=np.float32)

    def _marked(self, picture: Grey) -> Grey:
        """Lay a lead "R" beside the patient's right, which is the image's left."""
        stamp = np.zeros(picture.shape, np.uint8)
        place = (int(0.045 * self._size), int(0.12 * self._size))
        cv2.putText(
            stamp, "R", place, cv2.FONT_HERSHEY_SIMPLEX, self._size / 420, 255, max(1, self._size // 180)
        )
        lead = cv2.GaussianBlur(stamp, (0, 0), self._size / 700).astype(np.float32) / 255
        return np.asarray(np.maximum(picture, 0.97 * lead), dtype=np.float32)

    def _torso(self) -> Grey:
        """Soft tissue: neck, shoulders, chest wall; elliptic in cross-section."""
        heights = np.array([0.0, 0.05, 0.10, 0.15, 0.22, 0.35, 0.60, 0.80, 1.0])
        widths = np.array([0.13, 0.14, 0.22, 0.385, 0.40, 0.37, 0.365, 0.355, 0.36])
        half = self._along_y(heights, widths)
        across = np.clip(1 - ((self._x - self._tilt) / half) ** 2, 0, None)
        return np.asarray(across**0.42, dtype=np.float32)

    def _arms(self) -> Grey:
        total = np.zeros(self._x.shape, np.float32)
        for side in (-1, 1):
            shoulder, elbow = (side * 0.40, 0.18), (side * 0.62, 0.62)
            total += self._tube(shoulder, elbow, 0.085) + 0.9 * self._tube(shoulder, elbow, 0.028)
        return total

    def _spine(self) -> Grey:
        column = np.clip(1 - ((self._x - self._tilt) / 0.045) ** 2, 0, None) ** 0.5
        vertebrae = 0.80 + 0.20 * np.sin(2 * np.pi * self._y * 17) ** 2
        return np.asarray(column * vertebrae, dtype=np.float32)

    def _lung(self, side: int) -> Grey:
        """Air in one lung, 0..1, thick in the middle; `side` -1 is the image's left, the patient's right."""
        dome = 0.70 if side < 0 else 0.725
        outline = _LUNG_OUTLINE.copy()
        outline[:, 1] = 0.155 + outline[:, 1] * (dome - 0.155)
        outline[:, 0] = side * outline[:, 0] + self._tilt
        outline += self._rng.normal(0, 0.002, outline.shape)
        mask = self._filled(_smooth_closed(outline))
        depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / (0.085 * self._size)
        return np.asarray(np.sqrt(1 - (1 - np.clip(depth, 0, 1)) ** 2), dtype=np.float32)

    def _heart(self) -> Grey:
        centre, tall, wide, turn = (0.045, 0.575), 0.165, 0.135, np.deg2rad(-28)
        dx, dy = self._x - centre[0] - self._tilt, self._y - centre[1]
        u, v = dx * np.cos(turn) - dy * np.sin(turn), dx * np.sin(turn) + dy * np.cos(turn)
        return np.asarray(np.clip(1 - (u / wide) ** 2 - (v / tall) ** 2, 0, None) ** 0.5, dtype=np.float32)

    def _mediastinum(self) -> Grey:
        half = self._along_y(
            np.array([0.0, 0.15, 0.25, 0.40, 0.7, 1.0]), np.array([0.03, 0.05, 0.075, 0.07, 0.08, 0.05])
        )
        trachea = np.clip(1 - ((self._x - self._tilt) / 0.014) ** 2, 0, None) * (self._y < 0.33)
        return np.asarray(
            np.clip(1 - ((self._x - self._tilt) / half) ** 2, 0, None) ** 0.6 - 0.7 * trachea, np.float32
        )

    def _abdomen(self) -> Grey:
        """Liver and the rest below the diaphragm's two domes."""
        dome = np.where(self._x < 0, 0.665, 0.69) + 0.9 * (np.abs(self._x) - 0.17) ** 2 * 2.2
        return np.asarray(1 / (1 + np.exp(-(self._y - dome) / 0.012)), dtype=np.float32) * (self._torso() > 0)

    def _gas(self) -> Grey:
        bubble = 1 - ((self._x - 0.17) / 0.075) ** 2 - ((self._y - 0.79) / 0.045) ** 2
        loops = _fractal(self._rng, self._size, first=3, last=5) * np.clip((self._y - 0.83) * 6, 0, 1)
        return np.asarray(0.38 * np.clip(bubble, 0, None) ** 0.5 + 0.22 * loops, dtype=np.float32)

    def _ribs(self) -> Grey:
        total = np.zeros(self._x.shape, np.float32)
        for number in range(10):
            for side in (-1, 1):
                total += self._rib(number, side)
        return total

    def _rib(self, number: int, side: int) -> Grey:
        """One rib: its back part slopes down and outwards from the spine.

        Its front part runs on inwards, fainter.
        """
        top = 0.135 + 0.058 * number
        reach = float(np.interp(number, [0, 1, 3, 6, 9], [0.17, 0.235, 0.30, 0.335, 0.345]))
        t = np.linspace(0, 1, 60)
        out = 0.035 + (reach - 0.035) * np.sin(t * np.pi / 2)
        down = top - 0.028 * np.sin(np.pi * t) * (1 - t) + (0.085 + 0.004 * number) * t**2.1
        back = np.stack([side * out + self._tilt, down], 1)
        s = np.linspace(0, 1, 40)
        inward = reach - (reach - 0.10) * s**1.1
        front = np.stack([side * inward + self._tilt, down[-1] + 0.03 * np.sin(s * np.pi / 2) + 0.075 * s], 1)
        width = 0.0125 + 0.0006 * number
        return self._band(back, width) + (0.45 * self._band(front, width * 1.15) if number < 7 else 0.0)

    def _clavicles(self) -> Grey:
        total = np.zeros(self._x.shape, np.float32)
        for side in (-1, 1):
            t = np.linspace(0, 1, 40)
            across = side * (0.035 + 0.27 * t) + self._tilt
            total += self._band(
                np.stack([across, 0.205 - 0.055 * t + 0.02 * np.sin(2 * np.pi * t)], 1), 0.012
            )
        return total

    def _vessels(self) -> Grey:
        """Vessels that leave each hilum and thin out as they branch."""
        canvas = np.zeros((self._size, self._size), np.float32)
        for side in (-1, 1):
            for _ in range(16):
                angle = self._rng.uniform(-1.25, 1.25)
                self._branch(
                    canvas, np.array([side * 0.075, 0.43]), angle if side > 0 else np.pi - angle, 0.0075, 0
                )
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), self._size / 380), dtype=np.float32)

    def _branch(self, canvas: Grey, start: Curve, angle: float, width: float, depth: int) -> None:
        length = self._rng.uniform(0.04, 0.085) * 0.9**depth
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        points = [tuple(int(v) for v in self._pixels(point)) for point in (start, end)]
        stroke = np.zeros_like(canvas)
        cv2.line(stroke, points[0], points[1], 1.0, max(1, round(2 * width * self._size)), cv2.LINE_AA)
        np.maximum(canvas, stroke * 0.75**depth, out=canvas)
        if depth < 3:
            for turn in (-1, 1):
                self._branch(
                    canvas, end, angle + turn * self._rng.uniform(0.15, 0.5), width * 0.68, depth + 1
                )

    def _patch(self) -> Grey:
        """A patchy shadow in the patient's right lower zone, with fluffy edges."""
        dx, dy = (self._x + 0.17) / 0.12, (self._y - 0.545) / 0.10
        hill = np.exp(-(dx**2 + dy**2) * 1.1)
        cloud = _fractal(self._rng, self._size, first=3, last=6)
        return np.asarray(np.clip(hill * (0.55 + 0.9 * cloud) - 0.12, 0, None), dtype=np.float32)

    def _along_y(self, heights: Curve, values: Curve) -> Grey:
        return np.interp(self._y, heights, values).astype(np.float32)

    def _pixels(self, points: Curve) -> NDArray[np.int32]:
        return np.asarray((points + np.array([0.5, 0.0])) * self._size, dtype=np.int32)

    def _filled(self, outline: Curve) -> NDArray[np.uint8]:
        mask = np.zeros((self._size, self._size), np.uint8)
        cv2.fillPoly(mask, [self._pixels(outline).reshape(-1, 1, 2)], 1)
        return mask

    def _band(self, line: Curve, half_width: float) -> Grey:
        """A bone along a line: bright edges, fainter core."""
        canvas = np.ones((self._size, self._size), np.uint8)
        cv2.polylines(canvas, [self._pixels(line).reshape(-1, 1, 2)], False, 0, 1)
        distance = cv2.distanceTransform(canvas, cv2.DIST_L2, 5) / (half_width * self._size)
        profile = np.clip(1 - distance**2, 0, None) ** 0.5
        return np.asarray(profile - 0.45 * np.clip(1 - (distance / 0.7) ** 2, 0, None), dtype=np.float32)

    def _tube(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> Grey:
        way = np.subtract(end, start)
        dx, dy = self._x - start[0], self._y - start[1]
        along = np.clip((dx * way[0] + dy * way[1]) / float(way @ way), 0, 1)
        distance = np.hypot(dx - along * way[0], dy - along * way[1]) / radius
        return np.asarray(np.clip(1 - distance**2, 0, None) ** 0.5, dtype=np.float32)


_LUNG_OUTLINE = np.array(
    [
        *(
            [0.105, 0.00],
            [0.150, 0.03],
            [0.200, 0.13],
            [0.245, 0.30],
            [0.280, 0.50],
            [0.305, 0.70],
            [0.325, 0.90],
        ),
        *(
            [0.330, 1.06],
            [0.290, 1.00],
            [0.230, 0.935],
            [0.170, 0.91],
            [0.115, 0.94],
            [0.062, 0.985],
            [0.055, 0.85],
        ),
        *([0.056, 0.60], [0.055, 0.40], [0.052, 0.22], [0.062, 0.07]),
    ]
)
"""One lung's outline: distance from the midline, and height from apex (0) to dome (1)."""


def _smooth_closed(points: Curve, steps: int = 12) -> Curve:
    """Run a Catmull-Rom curve through closed points (point, 2)."""
    before, after, beyond = np.roll(points, 1, 0), np.roll(points, -1, 0), np.roll(points, -2, 0)
    parts = []
    for t in np.linspace(0, 1, steps, endpoint=False):
        cubic = -before + 3 * points - 3 * after + beyond
        square = 2 * before - 5 * points + 4 * after - beyond
        parts.append(0.5 * (2 * points + (after - before) * t + square * t**2 + cubic * t**3))
    return np.stack(parts, 1).reshape(-1, 2)


def _fractal(rng: np.random.Generator, size: int, *, first: int, last: int) -> Grey:
    total = np.zeros((size, size), np.float32)
    for octave in range(first, last + 1):
        grid = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * 2.0 ** (first - octave)
    return np.asarray((total - total.min()) / np.ptp(total), dtype=np.float32)
