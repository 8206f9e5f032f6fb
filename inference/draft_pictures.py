"""Made pictures on which a network from other hands is tried: the same each time."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.draft_facts import InputFacts

SEED = 20261
_STEPS = 32
"""Levels of grey: few, so that files of them are small."""


def greys(count: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return (picture, row, column) float32 0..1: a slope with noise, and shapes of other greys on it."""
    generator = np.random.default_rng(SEED)
    return np.stack([_grey(generator, *size) for _ in range(count)])


def pictures(facts: InputFacts, count: int) -> NDArray[np.float32]:
    """Return (picture, channel, row, column) float32 as a network seems to read them: 0..1, or 0..255."""
    planes = np.repeat(greys(count, facts.size)[:, None], facts.channels, axis=1)
    return np.ascontiguousarray(planes * np.float32(facts.largest or 1.0))


def probes(facts: InputFacts) -> NDArray[np.float32]:
    """Return pictures as far from one another as can be: shapes, noise, a slope, all black, all white.

    What holds on each of them holds because of how the network is built, not by chance.
    """
    rows, columns = facts.size
    noise = np.random.default_rng(SEED).random((rows, columns), dtype=np.float32)
    slope = np.add.outer(np.linspace(0, 0.5, rows), np.linspace(0, 0.5, columns))
    planes = (greys(1, facts.size)[0], noise, slope, np.zeros(facts.size), np.ones(facts.size))
    all_alike = np.repeat(np.stack(planes)[:, None], facts.channels, axis=1)
    return np.ascontiguousarray(all_alike * (facts.largest or 1.0), dtype=np.float32)


def _grey(generator: np.random.Generator, rows: int, columns: int) -> NDArray[np.float32]:
    down, right = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    slope = generator.random() * down + generator.random() * right
    picture = np.asarray(0.2 + 0.3 * slope, dtype=np.float32)
    for _ in range(6):
        centre = (int(generator.integers(columns)), int(generator.integers(rows)))
        axes = tuple(int(generator.integers(2, max(3, side // 4))) for side in (columns, rows))
        tint = float(generator.random())
        cv2.ellipse(picture, centre, axes, float(generator.integers(180)), 0, 360, tint, -1)
    coarse = generator.normal(0, 0.08, (max(2, rows // 4), max(2, columns // 4))).astype(np.float32)
    picture += cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(np.clip(picture, 0, 1) * _STEPS) / _STEPS, dtype=np.float32)
