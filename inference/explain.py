"""From a class activation map to a heatmap: where the model looked, not where disease is."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.result import Correction, Finding, Heatmap
from inference.manifest import Scoring
from inference.postprocess import map_at
from inference.prepare import as_stored, region_shape, upright_shape
from inference.preprocess import Box


def heat_of(activation: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (row, column) 0..1: what spoke for the finding, as a share of the spot that spoke most.

    What spoke against it becomes 0; where nothing spoke for it, all is 0.
    """
    for_it = np.maximum(activation, 0.0)
    most = float(for_it.max())
    return np.asarray(for_it / most if most > 0.0 else for_it, dtype=np.float32)


def heatmap(
    activation: NDArray[np.float32],
    *,
    finding: Finding,
    scoring: Scoring,
    box: Box,
    shape: tuple[int, int],
    correction: Correction | None,
) -> Heatmap:
    """Return the heatmap of a finding in the stored orientation; ``shape`` is (rows, columns) as stored."""
    values = as_stored(_placed(heat_of(activation), box, upright_shape(shape, correction)), correction)
    values.setflags(write=False)
    return Heatmap(finding=finding.code, values=values, shown=is_shown(finding, scoring), image=finding.image)


def is_shown(finding: Finding, scoring: Scoring) -> bool:
    """Whether a map may be shown: for a score above its threshold, where its measured quality held.

    An undecided score counts as not answered, so it has no map either.
    """
    return finding.position == "above" and scoring.map_shown


def _placed(heat: NDArray[np.float32], box: Box, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Lay a map over its box: on large pictures at a bounded size first, then enlarged."""
    placed = map_at(heat, box=box, shape=region_shape(shape))
    if placed.shape == shape:
        return placed
    return np.asarray(
        cv2.resize(placed, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )
