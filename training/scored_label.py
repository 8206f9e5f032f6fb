"""A finding's entry in the manifest: calibration table and operating points, fitted on units kept apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evaluation.calibration import Table, threshold_for


def scored_label(
    label: Mapping[str, object],
    table: Table,
    logits: NDArray[np.float64],
    truth: NDArray[np.int64],
    *,
    points: Mapping[str, float],
    chosen_on: str,
    prevalence: float,
    map_shown: bool,
) -> dict[str, object]:
    """Return the label with its scoring; each point is the highest threshold that reaches its sensitivity.

    `points` maps names to sensitivities, the first being in force; `logits` and `truth` are of units that
    the weights have not seen.
    """
    probabilities = table.probabilities(logits)
    return {
        **label,
        "operating_point": next(iter(points)),
        "map_shown": map_shown,
        "operating_points": [
            {
                "name": name,
                "threshold": round(threshold_for(probabilities, truth, goal), 4),
                "chosen_on": chosen_on,
            }
            for name, goal in points.items()
        ],
        "calibration": {
            "method": "venn-abers",
            "prevalence": prevalence,
            "logits": [float(value) for value in table.logits],
            "lower": [float(value) for value in table.lower],
            "upper": [float(value) for value in table.upper],
        },
    }
