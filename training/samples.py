"""The labelled pictures of a recipe, in memory, and which part of the work each serves; torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from training.data import Bytes, unit_hash

Part = Literal["train", "calibrate", "test"]
Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One labelled picture: grey bytes (row, column), whose it is, and what is true of it."""

    grey: Bytes
    unit: str
    """Patient or source tile: what splits and intervals go by."""
    truth: int
    group: str = ""
    mask: Bytes | None = None
    colour: Bytes | None = None
    """The same picture (row, column, red green blue), where training changes its stain."""

    @property
    def values(self) -> Grey:
        """The grey in 0..1, as the application presents an 8-bit picture."""
        return as_grey(self.grey)


def as_grey(picture: Bytes) -> Grey:
    """Return bytes as grey in 0..1."""
    return np.asarray(picture / np.float32(255), dtype=np.float32)


def split(unit: str, *, salt: str, calibrate: float, test: float) -> Part:
    """Return what a unit serves; a hash of its name decides, the same on every computer."""
    place = unit_hash(f"{salt} {unit}")
    if place < test:
        return "test"
    return "calibrate" if place < test + calibrate else "train"


def parts_of(samples: Iterable[Sample], part_of: Callable[[Sample], Part]) -> dict[Part, list[Sample]]:
    """Return the samples of each part."""
    parts: dict[Part, list[Sample]] = {"train": [], "calibrate": [], "test": []}
    for sample in samples:
        parts[part_of(sample)].append(sample)
    return parts


def counts_of(parts: Mapping[Part, Sequence[Sample]]) -> dict[str, dict[str, Any]]:
    """Return, for each part, how many units and pictures serve it, in all and by the samples' groups."""
    return {
        part: {
            **_counts(samples),
            "groups": {
                group: _counts([sample for sample in samples if sample.group == group])
                for group in sorted({sample.group for sample in samples})
            },
        }
        for part, samples in parts.items()
    }


def _counts(samples: Sequence[Sample]) -> dict[str, int]:
    return {"units": len({sample.unit for sample in samples}), "images": len(samples)}


def truth_of(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Return 1 for each sample with the finding, else 0."""
    return np.array([sample.truth for sample in samples], dtype=np.int64)
