"""Gates that look at the picture and at what the network said: limits, sense, familiarity, plausibility."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.result import Correction
from core.wording import say
from inference.gate_log import GateLog
from inference.manifest import OTHER, UPRIGHT, Gate, Limit, Manifest, Sense, SenseClass
from inference.quality import MASK_MEASURES, measure_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """The most probable sense of a picture (0..1)."""

    name: SenseClass
    probability: float


def read_sense(sense: Sense, logits: NDArray[np.float32]) -> Orientation:
    """Return the most probable class of (class,) logits."""
    weights = np.exp(logits.astype(np.float64) - float(logits.max()))
    best = int(np.argmax(weights))
    return Orientation(name=sense.classes[best], probability=float(weights[best] / weights.sum()))


def correction_for(sense: Sense, seen: Orientation) -> Correction | None:
    """Return how to put a picture right where that is certain and allowed, else None."""
    if seen.name not in sense.may_correct or seen.probability < sense.correct_probability:
        return None
    inverted, quarters = _parts_of(seen.name)
    turns = (4 - quarters) % 4
    case = "both" if inverted and turns else "inverted" if inverted else f"turned_{turns * 90}"
    return Correction(quarter_turns=turns, inverted=inverted, text=say(f"inference.correction.{case}"))


def is_upright(sense: Sense, seen: Orientation) -> bool:
    """Whether a picture surely lies as the network learned it."""
    return seen.name == UPRIGHT and seen.probability >= sense.minimum_probability


def check_sense(log: GateLog, sense: Sense, seen: Orientation, correction: Correction | None) -> None:
    """Note or refuse the sense; ``correction`` is what was put right, after which ``seen`` was read."""
    kinds_only = set(sense.classes) == {UPRIGHT, OTHER}
    if seen.name == OTHER and (kinds_only or seen.probability >= sense.minimum_probability):
        log.refuse("familiarity", "other")
    elif kinds_only and seen.probability < sense.minimum_probability:
        log.refuse("familiarity", "kind_unsure")
    elif kinds_only:
        log.good("familiarity", "kind")
    elif seen.probability < sense.minimum_probability:
        log.refuse("sense", "unsure")
    elif seen.name != UPRIGHT:
        log.refuse("sense", "inverted" if _parts_of(seen.name)[0] else "turned")
    elif correction is not None:
        log.note("sense", "put_right", what=correction.text)
    else:
        log.good("sense", "good")


def check_picture(
    log: GateLog,
    limits: tuple[Limit, ...],
    grey: NDArray[np.float32],
    stored: NDArray[np.float32],
    known: Mapping[str, float] = MappingProxyType({}),
) -> Mapping[str, float]:
    """Ask exposure and sharpness of a picture, (row, column) 0..1, put right; ``stored`` is it as stored.

    Return what was measured, with what was ``known`` of this picture before.
    """
    asked = [limit for limit in limits if limit.gate != "plausibility"]
    values = measure_picture(grey, tuple(limit.measure for limit in asked), stored, known)
    for limit in asked:
        _check_limit(log, limit, values[limit.measure])
    return values


def check_familiarity(log: GateLog, maximum: float, distance: float) -> None:
    """Ask whether the network knows such images; ``distance`` is what it says itself."""
    case = "high" if distance > maximum else "good"
    log.measured("familiarity", "familiarity", distance, {"maximum": maximum}, case)


def check_plausibility(log: GateLog, manifest: Manifest, masks: Mapping[str, NDArray[np.float32]]) -> None:
    """Ask whether the masks that the pack makes, or looks inside of, are such as they are in life."""
    asked = [limit for limit in manifest.limits if limit.gate == "plausibility"]
    if not asked or not masks:
        return
    stack = np.stack(list(masks.values()))
    for limit in asked:
        _check_limit(log, limit, MASK_MEASURES[limit.measure](stack))


def _check_limit(log: GateLog, limit: Limit, value: float) -> None:
    case = "good"
    if limit.minimum is not None and not value >= limit.minimum:
        case = "low"
    elif limit.maximum is not None and not value <= limit.maximum:
        case = "high"
    gate: Gate = limit.gate
    log.measured(gate, limit.measure, value, {"minimum": limit.minimum, "maximum": limit.maximum}, case)


def _parts_of(name: SenseClass) -> tuple[bool, int]:
    """Return whether a sense is inverted, and its quarter turns counter-clockwise."""
    degrees = name.rpartition("-")[2]
    return name.startswith("inverted"), int(degrees) // 90 if degrees.isdigit() else 0
