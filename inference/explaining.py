"""The maps of a classifier that has no activation map in its network, made as its manifest says."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from core.errors import InferenceError
from inference.explanation_reader import MOST_RUNS
from inference.loaded import LoadedPack
from inference.manifest import Explanation
from inference.perturbing import (
    Asking,
    IsCancelled,
    Look,
    OutOfTimeError,
    Told,
    Values,
    nobody,
    occlusion,
    reciprocam,
    rise,
)
from inference.scores import of_labels

_FEATURE_DIMENSIONS = 4
_BY_HIDING: dict[str, Callable[[Asking, Values, Explanation], Values]] = {
    "rise": rise,
    "occlusion": occlusion,
}


def never() -> bool:
    """Answer for those who cannot be stopped."""
    return False


def needs_runs(explanation: Explanation | None) -> bool:
    """Whether a pack's maps ask the network again, instead of being one of its outputs."""
    return explanation is not None and explanation.method != "activation_map"


def maps_of(
    loaded: LoadedPack,
    tensor: NDArray[np.float32],
    *,
    told: Told = nobody,
    cancelled: IsCancelled = never,
    turn: AbstractContextManager[object] | None = None,
) -> NDArray[np.float32] | None:
    """Return the maps, (label, row, column), of what the network reads, (channel, row, column).

    ``turn`` is held for each batch alone, so that others who wait for the engines come in between. None where
    the maps would take longer than the manifest allows.

    Raises:
        Cancelled: ``cancelled`` said so.
        InferenceError: an engine failed, or the pack makes no such maps.
    """
    rule = loaded.manifest.explanation
    if rule is None or not needs_runs(rule):
        raise InferenceError(f"{loaded.pack.id}: its maps are not made by asking again")
    waiting: AbstractContextManager[object] = turn or nullcontext()
    until = time.monotonic() + rule.seconds
    try:
        if rule.method in _BY_HIDING:
            look = _in_turn(lambda batch: loaded.look(batch)["logits"], waiting)
            asking = Asking(look=look, told=told, cancelled=cancelled, until=until)
            return _BY_HIDING[rule.method](asking, tensor, rule)
        features = _features(loaded, tensor, rule, waiting)
        asking = Asking(look=_in_turn(_head(loaded), waiting), told=told, cancelled=cancelled, until=until)
        return reciprocam(asking, features, rule)
    except OutOfTimeError:
        return None


def head_difference(loaded: LoadedPack, batch: NDArray[np.float32]) -> float:
    """Return by how much what follows the feature map, run alone, misses the network's own logits.

    Raises:
        InferenceError: an engine failed, or there is no such map or head.
    """
    rule = loaded.manifest.explanation
    if rule is None or rule.method != "reciprocam":
        return 0.0
    look = _head(loaded)
    alone = [look(_features(loaded, one, rule, nullcontext())[None]) for one in batch]
    return float(np.abs(np.concatenate(alone) - loaded.look(batch)["logits"]).max())


def _in_turn(look: Look, turn: AbstractContextManager[object]) -> Look:
    def wait_and_look(batch: Values) -> Values:
        with turn:
            return look(batch)

    return wait_and_look


def _features(
    loaded: LoadedPack, tensor: Values, rule: Explanation, turn: AbstractContextManager[object]
) -> Values:
    """Return the last feature map, (channel, row, column)."""
    with turn:
        outputs = loaded.engine.run(tensor[None])
    features = outputs.get(rule.features)
    if features is None or features.ndim != _FEATURE_DIMENSIONS:
        raise InferenceError(f"{loaded.pack.id}: the network has no feature map {rule.features!r}")
    if features.shape[2] * features.shape[3] >= MOST_RUNS:
        raise InferenceError(f"{loaded.pack.id}: the feature map {features.shape} has too many places")
    return np.asarray(features[0], dtype=np.float32)


def _head(loaded: LoadedPack) -> Look:
    head, name = loaded.head, loaded.manifest.output.names["logits"]
    if head is None:
        raise InferenceError(f"{loaded.pack.id}: what follows the feature map is not loaded")

    def look(features: Values) -> Values:
        outputs = head.run(features)
        if name not in outputs:
            raise InferenceError(f"{loaded.pack.id}: what follows the feature map has no output {name!r}")
        return of_labels({"logits": outputs[name]}, loaded.manifest)["logits"]

    return look
