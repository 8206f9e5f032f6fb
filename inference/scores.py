"""From what a network returns to one logit, or one probability, for each label.

Networks end in logits, in probabilities of their own (a sigmoid, or a softmax that is already applied), or
in logits of classes that shut each other out, of which a softmax is still to be taken. Arrays are (batch,
column, ...), and the labels' columns are taken out of them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inference.manifest import Manifest, Role

LEAST_PROBABILITY = 1e-7
"""Probabilities of 0 and 1 are taken for this far away: their logits have an end (16.1)."""
_BY_COLUMN: tuple[Role, ...] = ("logits", "masks", "activation_map")
_TWO = 2
Values = NDArray[np.float32]


def of_labels(outputs: Mapping[Role, Values], manifest: Manifest) -> dict[Role, Values]:
    """Return the outputs with logits and mask probabilities in the order of the labels."""
    read = dict(outputs)
    if "activation_map" in read and not manifest.findings:
        read["activation_map"] = _map_of_logits(read["activation_map"], manifest)
    if "logits" in read and not manifest.findings:
        read["logits"] = as_logits(read["logits"], manifest)
    if "masks" in read:
        read["masks"] = as_probabilities(read["masks"], manifest)
    columns = list(manifest.label_columns)
    if columns != list(range(manifest.columns)):
        chosen: tuple[Role, ...] = ("masks",) if manifest.findings else _BY_COLUMN
        read |= {role: np.ascontiguousarray(read[role][:, columns]) for role in chosen if role in read}
    return read


def as_logits(values: Values, manifest: Manifest) -> Values:
    """Return the logit of each column: of the class against all others, where they shut each other out."""
    rule = manifest.output.scores
    if rule == "logits":
        return values
    wide = values.astype(np.float64)
    if rule == "softmax":
        return (wide - _log_sum_of_others(wide)).astype(np.float32)
    clipped = np.clip(wide, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float32)


def as_probabilities(values: Values, manifest: Manifest) -> Values:
    """Return the probability of each column, 0..1."""
    rule = manifest.output.scores
    if rule == "probabilities":
        return values
    wide = values.astype(np.float64)
    if rule == "softmax":
        weights = np.exp(wide - wide.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(wide, -80.0, 80.0))), dtype=np.float32)


def _map_of_logits(maps: Values, manifest: Manifest) -> Values:
    """Return maps whose mean is the logit: of two classes that shut each other out, the difference."""
    if manifest.output.scores == "softmax" and maps.shape[1] == _TWO:
        return np.asarray(maps - maps[:, ::-1], dtype=np.float32)
    return maps


def _log_sum_of_others(wide: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each column, the logarithm of the sum of the exponentials of all others."""
    others = [np.delete(wide, column, axis=1) for column in range(wide.shape[1])]
    tops = [rest.max(axis=1, keepdims=True) for rest in others]
    sums = [
        top + np.log(np.exp(rest - top).sum(axis=1, keepdims=True))
        for rest, top in zip(others, tops, strict=True)
    ]
    return np.concatenate(sums, axis=1)
