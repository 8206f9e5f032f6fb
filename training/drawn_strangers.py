"""Drawings of what is no chest X-ray: limbs, heads, textures, scenes and pages, each from a seed.

They stand for kinds of picture of which there are no public images under a licence that the packs could
carry.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import Bytes

SIZE = 224
"""Strangers are kept as (image, SIZE, SIZE) bytes, whatever they came from."""


def as_bytes(values: NDArray[np.generic]) -> Bytes:
    """Stretch any (row, column) array to the full range of bytes, at SIZE x SIZE."""
    grey = np.asarray(values, dtype=np.float32)
    low, high = np.percentile(grey, (0.5, 99.5))
    grey = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1)
    shrinks = min(grey.shape) >= SIZE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (SIZE, SIZE), interpolation=method) * 255, dtype=np.uint8)


def drawn_bones(count: int, seed: int = 1) -> Iterator[Bytes]:
    """Yield drawings of limbs.

    Tapered soft tissue with bright-edged bones, fingers, joints, on an empty ground.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _limb(rng)


def drawn_skulls(count: int, seed: int = 2) -> Iterator[Bytes]:
    """Yield drawings of heads, pelvises and abdomens: ovals with a bright rim, cavities and a spine."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _rounded_body(rng)


def textures(count: int, seed: int = 3) -> Iterator[Bytes]:
    """Yield fractal noise, gradients and gratings."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _texture(rng)


def scenes(count: int, seed: int = 4) -> Iterator[Bytes]:
    """Yield photograph-like drawings: polygons, ellipses, lines and words over shaded grounds."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _scene(rng)


def documents(count: int, seed: int = 6) -> Iterator[Bytes]:
    """Yield pages, forms and curves: lines of words, boxes, traces."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _document(rng)


def _fractal(rng: np.random.Generator, size: int = SIZE, slope: float = 1.0) -> NDArray[np.float32]:
    total = np.zeros((size, size), np.float32)
    for octave in range(2, 8):
        grid = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * 2.0 ** (-slope * octave)
    return np.asarray((total - total.min()) / (np.ptp(total) + 1e-6), dtype=np.float32)


def _texture(rng: np.random.Generator) -> Bytes:
    kind = int(rng.integers(4))
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    if kind == 0:
        return as_bytes(_fractal(rng, slope=float(rng.uniform(0.3, 1.8))))
    direction = rng.uniform(0, np.pi)
    along = rows * np.sin(direction) + columns * np.cos(direction)
    if kind == 1:
        return as_bytes(along + 0.2 * _fractal(rng))
    if kind == 2:
        return as_bytes(np.sin(along * rng.uniform(10, 120)) + rng.uniform(0, 2) * _fractal(rng))
    distance = np.hypot(rows - rng.uniform(0.2, 0.8), columns - rng.uniform(0.2, 0.8))
    return as_bytes(np.exp(-distance * rng.uniform(1, 8)) + 0.3 * _fractal(rng))


def _scene(rng: np.random.Generator) -> Bytes:
    canvas = (_fractal(rng, slope=1.4) * rng.uniform(20, 120) + rng.uniform(0, 120)).astype(np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        colour = float(rng.uniform(0, 255))
        kind = int(rng.integers(4))
        centre = tuple(int(v) for v in rng.integers(0, SIZE, 2))
        other = tuple(int(v) for v in rng.integers(0, SIZE, 2))
        if kind == 0:
            axes = tuple(int(v) for v in rng.integers(4, 80, 2))
            cv2.ellipse(canvas, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        elif kind == 1:
            points = rng.integers(0, SIZE, (int(rng.integers(3, 7)), 1, 2)).astype(np.int32)
            cv2.fillPoly(canvas, [points], colour)
        elif kind == 2:
            cv2.line(canvas, centre, other, colour, int(rng.integers(1, 9)))
        else:
            word = "".join(chr(int(c)) for c in rng.integers(65, 91, 5))
            cv2.putText(canvas, word, centre, 0, float(rng.uniform(0.4, 2)), colour, int(rng.integers(1, 4)))
    soft = cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.3, 3)))
    return as_bytes(soft.astype(np.float32) + rng.uniform(0, 12) * rng.standard_normal(canvas.shape))


def _document(rng: np.random.Generator) -> Bytes:
    canvas = np.full((SIZE, SIZE), int(rng.integers(180, 256)), np.uint8)
    for row in range(int(rng.integers(8, 30)), SIZE, int(rng.integers(9, 24))):
        if rng.random() < 0.25:
            line = np.cumsum(rng.standard_normal(SIZE)) * 2 + row
            points = np.stack([np.arange(SIZE), line], 1).astype(np.int32).reshape(-1, 1, 2)
            cv2.polylines(canvas, [points], False, 20.0, 1)
        else:
            word = "".join(chr(int(c)) for c in rng.integers(97, 123, int(rng.integers(8, 34))))
            cv2.putText(
                canvas, word, (int(rng.integers(2, 30)), row), 0, float(rng.uniform(0.25, 0.5)), 30.0, 1
            )
    return as_bytes(canvas if rng.random() < 0.6 else 255 - canvas)


def _tube(
    canvas: NDArray[np.float32],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    density: float,
) -> None:
    """Add a tube's projected thickness (brightest along its axis) to the canvas."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    way = end - start
    along = np.clip(((columns - start[0]) * way[0] + (rows - start[1]) * way[1]) / (way @ way + 1e-6), 0, 1)
    distance = np.hypot(columns - start[0] - along * way[0], rows - start[1] - along * way[1])
    canvas += density * np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, None))


def _bone(
    canvas: NDArray[np.float32],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    density: float,
) -> None:
    _tube(canvas, start, end, radius, density)
    _tube(canvas, start, end, radius * 0.6, -0.55 * density)
    for tip in (start, end):
        _tube(canvas, tip, tip + (end - start) * 0.04, radius * 1.35, density * 0.5)


def _limb(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((SIZE, SIZE), np.float32)
    rays = int(rng.choice([1, 1, 2, 2, 4, 5]))
    origin = np.array([SIZE / 2, SIZE * rng.uniform(0.6, 1.1)]) + rng.normal(0, 10, 2)
    spread = rng.uniform(0.1, 0.9) if rays > 2 else rng.uniform(0.02, 0.2)
    base = -np.pi / 2 + rng.normal(0, 0.2)
    wide = SIZE * rng.uniform(0.03, 0.06) if rays > 2 else SIZE * rng.uniform(0.05, 0.12)
    for ray in range(rays):
        angle = base + spread * (ray - (rays - 1) / 2)
        point = origin + np.array([(ray - (rays - 1) / 2) * wide * 1.5, 0.0])
        for segment in range(int(rng.integers(2, 5))):
            length = SIZE * rng.uniform(0.14, 0.5) * 0.85**segment
            tip = point + length * np.array([np.cos(angle), np.sin(angle)])
            _tube(canvas, point, tip, wide * rng.uniform(1.8, 3.2), rng.uniform(0.15, 0.5))
            _bone(canvas, point, tip, wide * rng.uniform(0.6, 0.9), rng.uniform(0.5, 1.0))
            point = tip + length * 0.06 * np.array([np.cos(angle), np.sin(angle)])
    turned = np.rot90(canvas, int(rng.integers(4))) * (1 + 0.15 * _fractal(rng)) + 0.05 * _fractal(rng)
    soft = cv2.GaussianBlur(np.ascontiguousarray(turned), (0, 0), float(rng.uniform(0.5, 1.5)))
    return as_bytes(soft**0.8 + rng.uniform(0, 0.03) * rng.standard_normal(canvas.shape))


def _rounded_body(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((SIZE, SIZE), np.float32)
    centre = (int(SIZE * rng.uniform(0.4, 0.6)), int(SIZE * rng.uniform(0.4, 0.6)))
    axes = (int(SIZE * rng.uniform(0.3, 0.6)), int(SIZE * rng.uniform(0.3, 0.6)))
    _oval(canvas, centre, axes, 0.6)
    if rng.random() < 0.6:
        rim = int(rng.integers(3, 12))
        _oval(canvas, centre, (axes[0] - rim, axes[1] - rim), -rng.uniform(0.1, 0.3))
    for _ in range(int(rng.integers(3, 12))):
        place = (centre[0] + int(rng.normal(0, axes[0] * 0.4)), centre[1] + int(rng.normal(0, axes[1] * 0.4)))
        _oval(canvas, place, tuple(int(v) for v in rng.integers(5, 45, 2)), float(rng.normal(0, 0.25)))
    if rng.random() < 0.5:
        x = centre[0] + rng.normal(0, 8)
        _bone(canvas, np.array([x, 0.0]), np.array([x, float(SIZE)]), SIZE * 0.06, 0.5)
    if rng.random() < 0.5:
        for side in (-1, 1):
            hip = np.array([centre[0] + side * axes[0] * 0.6, centre[1] + axes[1] * 0.5])
            _bone(canvas, hip, hip + np.array([side * 10.0, SIZE * 0.4]), SIZE * 0.06, 0.7)
            _oval(canvas, (int(hip[0] - side * 20), int(hip[1] - 40)), (40, 55), 0.35)
    soft = cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.8, 3))) * (1 + 0.3 * _fractal(rng))
    return as_bytes(np.rot90(soft, int(rng.integers(4))) + 0.02 * rng.standard_normal(canvas.shape))


def _oval(
    canvas: NDArray[np.float32], centre: tuple[int, int], axes: tuple[int, ...], density: float
) -> None:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    inside = 1 - ((columns - centre[0]) / max(axes[0], 1)) ** 2 - ((rows - centre[1]) / max(axes[1], 1)) ** 2
    canvas += density * np.sqrt(np.clip(inside, 0, None))
