"""One stack that moves before one pack: header gates, the search for the heart, outlines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from core.image import CineStack, CineVolume
from core.result import ModelStamp
from inference import image_gates
from inference.cine import CineLooker, CineOutlines, Told
from inference.gate_log import GateLog
from inference.header_gates import check_applies, check_patient, check_position
from inference.loaded import LoadedPack
from inference.subject import Subject

_MOST_MISSING = 1
"""Slices between others whose place a neighbour may fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CineRequest:
    """One stack to look at; ``read`` reads its images when the header gates have let it through.

    ``stack`` is None where the unit is no cine.
    """

    stack: CineStack | None
    read: Callable[[], CineVolume]
    subject: Subject
    use_gates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CineRun:
    """What a pack outlined (None: refused); ``log`` is open for what is said of the numbers."""

    stamp: ModelStamp
    log: GateLog
    outlines: CineOutlines | None = None
    volume: CineVolume | None = None


def look_at_cine(
    loaded: LoadedPack,
    request: CineRequest,
    *,
    turn: AbstractContextManager[object],
    cancelled: Callable[[], bool],
    told: Told,
) -> CineRun:
    """Return the outlines of a stack, or why there are none.

    Raises:
        Cancelled: ``cancelled`` said so.
        EngineError: the engine failed.
        ImagingError: an image of the stack cannot be read.
    """
    assert loaded.manifest.measuring is not None
    stamp = loaded.stamp_of(loaded.manifest.measuring.batch)
    log = GateLog(use_gates=request.use_gates)
    _ask_header(log, loaded, request)
    if log.stopped:
        return CineRun(stamp=stamp, log=log)
    volume = request.read()
    looker = CineLooker(loaded, volume, turn=turn, cancelled=cancelled)
    frame, strangeness = looker.find_heart()
    maximum = loaded.manifest.familiarity_maximum
    if frame is None:
        log.not_for_this("no_heart", always=True)
    elif maximum is not None:
        image_gates.check_familiarity(log, maximum, strangeness)
    if frame is None or log.stopped:
        return CineRun(stamp=stamp, log=log, volume=volume)
    return CineRun(stamp=stamp, log=log, volume=volume, outlines=looker.outline(frame, told))


def _ask_header(log: GateLog, loaded: LoadedPack, request: CineRequest) -> None:
    applies, measuring, stack = loaded.manifest.applies, loaded.manifest.measuring, request.stack
    assert measuring is not None
    if loaded.replaced is not None:
        log.note("engine", loaded.replaced.case, **loaded.instead)
    check_applies(log, applies, request.subject)
    if stack is None:
        log.not_for_this("no_stack", always=True)
        return
    if len(stack.slices) < measuring.smallest_stack:
        wanted, there = str(measuring.smallest_stack), str(len(stack.slices))
        log.not_for_this("few_slices", always=True, wanted=wanted, slices=there)
        return
    check_patient(log, applies, request.subject)
    check_position(log, applies, request.subject)
    distance, phases = stack.slice_distance_mm, str(stack.phases)
    if stack.pixel_spacing_mm is None or not distance:
        log.refuse_always("geometry", "missing")
        return
    log.good("geometry", "good")
    log.good("cine", "good", slices=str(len(stack.slices)), distance=f"{distance:.1f}", phases=phases)
    for code, count in stack.notes:
        if code == "slices_missing" and count > _MOST_MISSING:
            log.refuse("cine", "gaps", count=str(count))
        else:
            log.note("cine", code, count=str(count))
