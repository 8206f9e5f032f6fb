"""Maps without gradients: hide parts of what a network reads, ask again, and see what its logits do.

Every map is (label, row, column) float32 and has a natural zero: above it, what was there spoke for it.
Each method asks a number of times that is known before, in batches, tells how far it is, and is the same to
the last digit each time on one computer: where time runs out there is no map, never half of one.

Sources: RISE: Petsiuk, Das, Saenko, BMVC 2018 (arXiv:1806.07421). Occlusion: Zeiler, Fergus, ECCV 2014
(arXiv:1311.2901). Recipro-CAM: Byun, Lee, CVPR Workshops 2024 (arXiv:2209.14074).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from inference.manifest import Explanation

Values = NDArray[np.float32]
Look = Callable[[Values], Values]
"""Returns the logits, (batch, label), of what a network or its head reads: (batch, channel, row, column)."""
Told = Callable[[int, int], None]
"""Takes how many times a network was asked so far, and of how many."""
IsCancelled = Callable[[], bool]

_GAUSS = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25]).astype(np.float32)
"""The 3 x 3 weights with which Recipro-CAM keeps a place and its neighbours."""
_Batches = Iterator[tuple[Values, Values]]
"""What is looked at, (batch, channel, row, column), and something for each that the map is added up with."""


class OutOfTimeError(Exception):
    """A map would take longer than the pack allows; caught where the map was wanted."""


def nobody(done: int, total: int) -> None:
    """Take how far a map is, and do nothing with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a network is asked: the look, who is told, who may stop it, and when time has run out."""

    look: Look
    told: Told
    cancelled: IsCancelled
    until: float

    def ask(self, batches: _Batches, total: int) -> Iterator[tuple[Values, Values]]:
        """Yield the logits, (batch, label) float64, of each batch, with what stands beside it.

        Raises:
            Cancelled: somebody stopped it.
            OutOfTimeError: it takes longer than it may.
        """
        done = 0
        for batch, beside in batches:
            if self.cancelled():
                raise Cancelled
            if time.monotonic() > self.until:
                raise OutOfTimeError
            self.told(done, total)
            yield self.look(batch), beside
            done += len(batch)
        self.told(total, total)


def rise(asking: Asking, tensor: Values, rule: Explanation) -> Values:
    """Return the maps of (channel, row, column) by random masks: the mean logit where a place was seen.

    Less the mean of all masks, so that a place that makes no difference has 0. What a mask hides becomes the
    picture's own mean, of each channel.
    """
    shape = tensor.shape[1:]
    weighted: NDArray[np.float64] | float = 0.0
    seen, logits = np.zeros(shape), 0.0
    for answers, masks in asking.ask(_masked(tensor, rule), rule.masks):
        wide = answers.astype(np.float64)
        weighted = weighted + np.tensordot(wide, masks.astype(np.float64), axes=(0, 0))
        seen += masks.sum(axis=0, dtype=np.float64)
        logits = logits + wide.sum(axis=0)
    mean = (np.asarray(logits) / rule.masks)[:, None, None]
    return np.asarray(weighted / np.maximum(seen, 1e-9) - mean, dtype=np.float32)


def occlusion(asking: Asking, tensor: Values, rule: Explanation) -> Values:
    """Return the maps of (channel, row, column) by a window that hides one place after another.

    A place has what its windows took from the logit, in the mean. A hidden place becomes the picture's mean.
    """
    places = window_places((tensor.shape[1], tensor.shape[2]), rule.window, rule.stride)
    whole: NDArray[np.float64] | None = None
    lost: NDArray[np.float64] | None = None
    covered = np.zeros(tensor.shape[1:])
    for answers, corners in asking.ask(_occluded(tensor, places, rule), 1 + len(places)):
        for answer, (top, left) in zip(answers.astype(np.float64), corners.astype(int), strict=True):
            if whole is None or lost is None:  # the first one looked at is the picture as it is
                whole, lost = answer, np.zeros((len(answer), *tensor.shape[1:]))
                continue
            window = (slice(top, top + rule.window), slice(left, left + rule.window))
            lost[:, *window] += (whole - answer)[:, None, None]
            covered[window] += 1
    assert lost is not None
    return np.asarray(lost / np.maximum(covered, 1), dtype=np.float32)


def reciprocam(asking: Asking, features: Values, rule: Explanation) -> Values:
    """Return the maps at the size of (channel, row, column) features: each place alone before the head.

    A place has the logit that the head gives to it alone, less the logit that it gives to nothing.
    """
    rows, columns = features.shape[1:]
    answers = [answer for answer, _ in asking.ask(_alone(features, rule.batch), 1 + rows * columns)]
    logits = np.concatenate(answers).astype(np.float64)
    alone = (logits[1:] - logits[0]).T.reshape(-1, rows, columns)
    return np.asarray(alone, dtype=np.float32)


def window_places(shape: tuple[int, int], window: int, stride: int) -> tuple[tuple[int, int], ...]:
    """Return the upper left corners of the windows, the last pushed back: every pixel is hidden."""
    rows, columns = (
        [min(stride * step, side - window) for step in range(1 + -(-(side - window) // stride))]
        for side in shape
    )
    return tuple((row, column) for row in rows for column in columns)


def _masked(tensor: Values, rule: Explanation) -> _Batches:
    generator = np.random.default_rng(rule.seed)
    fill = tensor.mean(axis=(1, 2), keepdims=True)
    for first in range(0, rule.masks, rule.batch):
        count = min(rule.batch, rule.masks - first)
        masks = np.stack([_random_mask(generator, tensor.shape[1:], rule) for _ in range(count)])
        yield fill + (tensor - fill) * masks[:, None], masks


def _random_mask(generator: np.random.Generator, shape: tuple[int, ...], rule: Explanation) -> Values:
    """Return a mask of random places, enlarged with soft edges and shifted by less than a place."""
    steps = [-(-side // rule.cell) for side in shape]
    coarse = (generator.random((rule.cell + 1, rule.cell + 1)) < rule.keep).astype(np.float32)
    size = ((rule.cell + 1) * steps[1], (rule.cell + 1) * steps[0])
    top, left = (int(generator.integers(0, step)) for step in steps)
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine[top : top + shape[0], left : left + shape[1]], dtype=np.float32)


def _occluded(tensor: Values, places: tuple[tuple[int, int], ...], rule: Explanation) -> _Batches:
    fill = tensor.mean(axis=(1, 2))[:, None, None]
    corners = [(-1, -1), *places]
    for first in range(0, len(corners), rule.batch):
        part = corners[first : first + rule.batch]
        batch = np.repeat(tensor[None], len(part), axis=0)
        for picture, (top, left) in zip(batch, part, strict=True):
            if top >= 0:
                picture[:, top : top + rule.window, left : left + rule.window] = fill
        yield batch, np.array(part, dtype=np.float32)


def _alone(features: Values, size: int) -> _Batches:
    """Yield batches of features with all but one place and its neighbours taken away; first, with all."""
    rows, columns = features.shape[1:]
    places = [None, *((row, column) for row in range(rows) for column in range(columns))]
    for first in range(0, len(places), size):
        part = places[first : first + size]
        weights = np.zeros((len(part), rows + 2, columns + 2), dtype=np.float32)
        for weight, place in zip(weights, part, strict=True):
            if place is not None:
                weight[place[0] : place[0] + 3, place[1] : place[1] + 3] = _GAUSS
        kept = weights[:, 1:-1, 1:-1]
        yield features[None] * kept[:, None], kept
