"""A process beside the program that makes records of a large batch on another core.

Threads alone do not do: what Python does for an image takes longer than what its libraries do meanwhile.
The helper gets one reading unit after another, writes the record's files beside their place, and answers
with the record; the program puts it into its place. A helper that dies costs time, no record.
"""

import json
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from core.child import leave_the_end_to_the_program, start_child, streams_of
from core.clock import SystemClock
from core.ending import end_program
from core.errors import FarlightError
from core.image import ReadingUnit
from core.patient import Patient
from services.analyze import AnalysisOptions, Analyzer
from services.batch_job import Workshop
from services.output import Record
from services.record_json import from_plain, to_plain

ARGUMENT = "--farlight-batch-helper"
_LONGEST_ANSWER = 64 << 20
_ENDS_WITHIN_S = 5.0
_ANSWERS_WITHIN_S = 180.0
"""Longer than any record takes: a helper silent for so long hangs, and is ended like one that died."""


class Helper:
    """One helper process; ``ready`` is called, from another thread, once it can be asked."""

    def __init__(self, workshop: Workshop, ready: Callable[["Helper"], None]) -> None:
        """Start it; it gets ready by itself."""
        self._child = start_child("services.batch_helper", ARGUMENT)
        self._analyzer = workshop.analyzer
        self._alive = True
        self._starting = threading.Thread(target=self._set_up, args=(workshop, ready), daemon=True)
        self._starting.start()

    @property
    def alive(self) -> bool:
        """Whether it has not failed yet."""
        return self._alive

    def make(self, name: str, unit: ReadingUnit) -> Record | None:
        """Return the record that it made, or None where it failed: then the program does it itself."""
        answer = self._ask({"name": name, "unit": to_plain(unit)})
        return None if answer is None else answer.get("record")

    def close(self, *, at_once: bool) -> None:
        """End it: by ending its input, so that it ends its decoder, or ``at_once``, whatever it does."""
        on_purpose, self._alive = self._alive and self._child.poll() is None, False
        if at_once or self._starting.is_alive():
            self._child.kill()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            self._child.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._starting.join()
        if on_purpose:
            self._analyzer.forgive(self._child.pid)

    def _set_up(self, workshop: Workshop, ready: Callable[["Helper"], None]) -> None:
        if self._ask(_plain_workshop(workshop)) is not None:
            ready(self)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        from imaging import wire

        requests, answers = streams_of(self._child)
        watchdog = threading.Timer(_ANSWERS_WITHIN_S, self._child.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            wire.send(requests, {}, json.dumps(message).encode())
            return dict(json.loads(wire.receive(answers, _LONGEST_ANSWER)[1]))
        except (OSError, ValueError, wire.WireError):
            self._alive = False
            return None
        finally:
            watchdog.cancel()


def main() -> int:
    """Be the helper: answer requests until standard input ends."""
    import cv2

    from imaging import wire

    leave_the_end_to_the_program()
    requests, answers = wire.take_standard_streams(silent=False)
    cv2.setNumThreads(1)
    with suppress(wire.WireError, BrokenPipeError):  # the program closed its end, or was killed
        workshop = _workshop(json.loads(wire.receive(requests, _LONGEST_ANSWER)[1]))
        with closing(workshop.analyzer):
            workshop.analyzer.warm_up()
            answer: dict[str, Any] = {"ready": True}
            while True:
                wire.send(answers, {}, json.dumps(answer).encode())
                answer = _make(workshop, json.loads(wire.receive(requests, _LONGEST_ANSWER)[1]))
    return 0


def _make(workshop: Workshop, message: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"record": workshop.make(message["name"], from_plain(ReadingUnit, message["unit"]))}
    except FarlightError:
        return {}  # the program meets the same and tells it


def _plain_workshop(workshop: Workshop) -> dict[str, Any]:
    from inference.device_use import this_run

    return {
        "run": this_run(),
        "out": str(workshop.out),
        "options": to_plain(workshop.analyzer.options),
        "patient": None if workshop.patient is None else to_plain(workshop.patient),
        "asked": workshop.asked,
        "with_pdf": workshop.with_pdf,
        "paper": workshop.paper,
        "left_out": workshop.left_out,
    }


def _workshop(plain: dict[str, Any]) -> Workshop:
    from inference.device_use import join_run

    join_run(plain["run"])
    options = from_plain(AnalysisOptions, {**plain["options"], "threads": 1})
    return Workshop(
        out=Path(plain["out"]),
        analyzer=Analyzer(options),
        patient=None if plain["patient"] is None else from_plain(Patient, plain["patient"]),
        asked=plain["asked"],
        clock=SystemClock(),
        with_pdf=plain["with_pdf"],
        paper=plain["paper"],
        left_out=tuple(plain["left_out"]),
    )


if __name__ == "__main__":
    end_program(main())
