"""Where the records of a batch are made side by side: in this process, and in helpers on the other cores."""

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from core.errors import Cancelled
from core.image import ReadingUnit
from services.batch_helper import Helper
from services.batch_job import Workshop
from services.output import Record, partial_folder
from services.progress import IsCancelled, Report, nobody_listens

_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_OURS, _OURS_BESIDE_HELPERS = 2, 1
"""Records made at a time in this process: with a second one nothing waits for decoder or disk, but beside
helpers, which have the other cores, it is in the way."""
_AHEAD_PER_LANE = 4
_WORTH, _WORTH_WITH_PDF = 60, 8
"""From how many inputs on a helper saves more than the second that its start takes."""
_MOST_HELPERS = 3
_HELPER_BYTES = 600 << 20


def helpers_worth(inputs: int, *, with_pdf: bool) -> int:
    """Return how many helpers a batch of that many inputs is worth on this computer."""
    from imaging.limits import available_bytes
    from inference.engine import physical_cores

    if inputs < (_WORTH_WITH_PDF if with_pdf else _WORTH):
        return 0
    fitting = available_bytes() // 2 // _HELPER_BYTES
    return max(0, min(physical_cores() - 1, fitting, _MOST_HELPERS))


class Lanes:
    """Makes records in several places at a time; leaving the block ends what is still under way."""

    def __init__(self, workshop: Workshop, cancelled: IsCancelled, progress: Report = nobody_listens) -> None:
        self._workshop = workshop
        self._progress = progress
        self._cancelled = cancelled
        self._stopping = threading.Event()
        self._free: SimpleQueue[Helper | None] = SimpleQueue()
        self._helpers: list[Helper] = []
        self._lock = threading.Lock()
        self._retired, self._to_retire = False, 0
        self._pool = ThreadPoolExecutor(_OURS + _MOST_HELPERS, thread_name_prefix="batch")
        self._warming = self._pool.submit(self._warm_up)

    def __enter__(self) -> Self:
        """Begin; the models are loaded meanwhile."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what is not finished, and wait until nothing writes any more."""
        self._stopping.set()
        if kind is not None:
            self._end_helpers(at_once=True)
        self._pool.shutdown(cancel_futures=True)
        self._end_helpers(at_once=False)

    @property
    def ahead(self) -> int:
        """How many inputs may be under way or wait to be put in place: it bounds what is kept in memory."""
        return _AHEAD_PER_LANE * (_OURS + len(self._helpers))

    def add_helpers(self, count: int) -> None:
        """Start helpers; each takes part as soon as it is ready. Where none starts, it goes without."""
        for _ in range(count):
            try:
                self._helpers.append(Helper(self._workshop, self._on_ready))
            except OSError as error:
                _log.warning("a batch helper could not be started: %s", type(error).__name__)
                return

    def submit(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> "Future[T]":
        """Have a thread of the lanes do some work; it may call ``make``."""
        return self._pool.submit(work, *arguments, **named)

    def make(self, name: str, unit: ReadingUnit) -> Record:
        """Return the record of a unit, made in whichever lane is free first.

        Raises:
            Cancelled: the run is being stopped.
            OutputNotWritableError: see ``Workshop.make``.
        """
        lane = self._free_lane()
        try:
            helper = (
                None if unit.kind == "slide" else lane
            )  # a slide takes longer than a helper may be silent
            record = None if helper is None else helper.make(name, unit)
            if record is None:
                self._stop_if()
                self._clear(name)
                record = self._workshop.make(name, unit, self._must_stop, self._progress)
            return record
        finally:
            self._give_back(lane)

    def _on_ready(self, helper: Helper) -> None:
        with self._lock:
            if not self._retired:
                self._retired, self._to_retire = True, _OURS - _OURS_BESIDE_HELPERS
        self._free.put(helper)

    def _give_back(self, lane: Helper | None) -> None:
        """Free a lane; where its helper died, this process takes its place."""
        with self._lock:
            if lane is None and self._to_retire > 0:
                self._to_retire -= 1
                return
        self._free.put(lane if lane is None or lane.alive else None)

    def _free_lane(self) -> Helper | None:
        while True:
            self._stop_if()
            with suppress(Empty):
                return self._free.get(timeout=0.1)

    def _warm_up(self) -> None:
        try:
            self._workshop.analyzer.warm_up()
        finally:
            for _ in range(_OURS):
                self._free.put(None)

    def _clear(self, name: str) -> None:
        """Take away what a helper that died may have left of a record."""
        shutil.rmtree(partial_folder(self._workshop.out, name), ignore_errors=True)

    def _must_stop(self) -> bool:
        return self._stopping.is_set() or self._cancelled()

    def _stop_if(self) -> None:
        if self._must_stop():
            raise Cancelled

    def _end_helpers(self, *, at_once: bool) -> None:
        for helper in self._helpers:
            helper.close(at_once=at_once)
        self._helpers.clear()
