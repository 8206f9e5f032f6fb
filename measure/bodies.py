"""Connected bodies in a stack of outlines: islands are dropped."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def largest_body(mask: Mask) -> Mask:
    """Return the largest connected part of (slice, row, column).

    Parts of neighbouring slices join where they overlap: slices are several pixels apart, and a part
    touches what lies above or below it.
    """
    if not mask.any():
        return mask
    parts, sizes = _parts(mask)
    joined = _Joined(len(sizes))
    for one, other in _touching(parts):
        joined.join(one, other)
    totals = np.zeros(len(sizes))
    for part, size in enumerate(sizes):
        totals[joined.root(part)] += size
    totals[0] = 0
    best = int(totals.argmax())
    kept = np.array([part > 0 and joined.root(part) == best for part in range(len(sizes))])
    body: Mask = kept[parts]
    return body


def touching_body(mask: Mask, anchor: Mask) -> Mask:
    """Return those parts of each slice of ``mask`` that lie next to ``anchor`` (slice, row, column)."""
    import cv2

    kept = np.zeros_like(mask)
    near = np.ones((3, 3), np.uint8)
    for number in range(len(mask)):
        if not mask[number].any() or not anchor[number].any():
            continue
        _, parts = cv2.connectedComponents(mask[number].astype(np.uint8), connectivity=8)
        around = cv2.dilate(anchor[number].astype(np.uint8), near) > 0
        touched = np.unique(parts[around & mask[number]])
        kept[number] = np.isin(parts, touched[touched > 0])
    return kept


def _parts(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the parts of each slice, numbered from 1 through the stack, and their sizes in pixels."""
    import cv2

    numbered = np.zeros(mask.shape, np.int32)
    count = 0
    for number, plane in enumerate(mask):
        found, parts = cv2.connectedComponents(plane.astype(np.uint8), connectivity=8)
        numbered[number] = np.where(parts > 0, parts + count, 0)
        count += found - 1
    return numbered, np.bincount(numbered.ravel(), minlength=count + 1)


def _touching(parts: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    for lower, upper in pairwise(parts):
        both = (lower > 0) & (upper > 0)
        if both.any():
            most = int(upper.max()) + 1
            for pair in np.unique(lower[both].astype(np.int64) * most + upper[both]):
                yield divmod(int(pair), most)


class _Joined:
    """Which numbers belong together (disjoint sets)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, number: int) -> int:
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, one: int, other: int) -> None:
        self._above[self.root(one)] = self.root(other)
