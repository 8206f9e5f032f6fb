"""The one way to work in the background: a Qt-free function in a pool, its Task in the main thread."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from core.errors import Cancelled, FarlightError

_log = logging.getLogger(__name__)
FILE_THREADS = 3
SIGHT_THREADS = 2
STOP_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a piece of work has come; ``total`` 0 is unknown."""

    done: int
    total: int = 0


class Handle:
    """What a background function gets: it reports through it and asks whether it shall stop. Free of Qt."""

    def __init__(self, post: Callable[[str, object], None]) -> None:
        self._post = post
        self._stop = threading.Event()

    def progress(self, done: int, total: int = 0) -> None:
        """Report how far the work has come."""
        self._post("progress", Progress(done=done, total=total))

    def deliver(self, item: object) -> None:
        """Hand over one finished part before the whole is done."""
        self._post("part", item)

    def stop(self) -> None:
        """Ask the work to stop."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether the user has asked to stop."""
        return self._stop.is_set()


Work = Callable[[Handle], Any]


class Task(QObject):
    """One piece of background work, owned by the main thread; exactly one of three signals ends it."""

    progressed = Signal(object)
    delivered = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()
    _posted = Signal(str, object)

    def __init__(self, name: str, key: object, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self.key: Any = key
        self.handle = Handle(self._post)
        self.work = work
        self.running = True
        self._posted.connect(self._on_posted)

    def cancel(self) -> None:
        """Ask the work to stop; from now on nothing of it is shown."""
        self.handle.stop()

    def _post(self, kind: str, payload: object) -> None:
        self._posted.emit(kind, payload)

    @Slot(str, object)
    def _on_posted(self, kind: str, payload: object) -> None:
        if kind in ("progress", "part") and self.handle.cancelled():
            return
        if kind == "progress":
            self.progressed.emit(payload)
        elif kind == "part":
            self.delivered.emit(payload)
        else:
            self._finish(kind, payload)

    def _finish(self, kind: str, payload: object) -> None:
        self.running = False
        if kind == "cancelled" or self.handle.cancelled():
            self.cancelled.emit()
        elif kind == "failed":
            self.failed.emit(payload)
        else:
            self.succeeded.emit(payload)
        self.ended.emit()
        self.deleteLater()


class Pools(QObject):
    """The threads of the window: for models, files, what somebody waits to see, and signatures."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inference = QThreadPool(self)
        self._inference.setMaxThreadCount(1)
        self._files = QThreadPool(self)
        self._files.setMaxThreadCount(FILE_THREADS)
        self._sight = QThreadPool(self)
        self._sight.setMaxThreadCount(SIGHT_THREADS)
        self._records = QThreadPool(self)
        self._records.setMaxThreadCount(1)
        self._tasks: list[Task] = []
        self._closed = False

    def files(
        self,
        name: str,
        work: Work,
        *,
        key: object = None,
        priority: int = 0,
        instead_of: Task | None = None,
    ) -> Task:
        """Run work that reads or writes files.

        ``instead_of`` is the same question as it was asked before: it is called off, so that an older answer,
        which may come later, is never shown over the newer one.
        """
        if instead_of is not None:
            instead_of.cancel()
        return self._start(self._files, name, work, key, priority)

    def sight(self, name: str, work: Work, *, key: object = None, priority: int = 0) -> Task:
        """Run work whose picture somebody waits for: it never queues behind scans, reports and thumbnails."""
        return self._start(self._sight, name, work, key, priority)

    def inference(self, name: str, work: Work, *, key: object = None, priority: int = 0) -> Task:
        """Run work on a model; one at a time, higher priority first."""
        return self._start(self._inference, name, work, key, priority)

    def records(self, name: str, work: Work, *, key: object = None) -> Task:
        """Run work on the records that somebody waits for (a signature): it never queues behind files."""
        return self._start(self._records, name, work, key, 0)

    def running(self) -> tuple[Task, ...]:
        """Return the tasks that have not ended."""
        return tuple(task for task in self._tasks if task.running)

    def close(self) -> None:
        """Stop everything and wait for it; called once, when the window closes.

        What cannot be stopped (a library that is being loaded) is waited for to its end: Qt does so in any
        case when a pool goes, but then with Python's lock held, without which no task of ours can end.
        """
        self._closed = True
        for task in self._tasks:
            task.cancel()
        pools = (self._files, self._sight, self._inference, self._records)
        for pool in pools:
            pool.clear()
        for pool in pools:
            if not pool.waitForDone(STOP_TIMEOUT_MS):
                _log.warning("a background task did not stop in time")
                pool.waitForDone()

    def _start(self, pool: QThreadPool, name: str, work: Work, key: object, priority: int) -> Task:
        task = Task(name, key, work, self)
        self._tasks.append(task)
        task.ended.connect(self._on_ended)
        if not self._closed:
            pool.start(_Run(task.work, task.handle, task._post), priority)
        return task

    @Slot()
    def _on_ended(self) -> None:
        self._tasks = [task for task in self._tasks if task.running]


class _Run(QRunnable):
    """Carries a function into a pool thread; owns no QObject."""

    def __init__(self, work: Work, handle: Handle, post: Callable[[str, object], None]) -> None:
        super().__init__()
        self._work = work
        self._handle = handle
        self._post = post

    def run(self) -> None:
        """Run the function; every way out is reported."""
        try:
            if self._handle.cancelled():
                raise Cancelled
            outcome = ("done", self._work(self._handle))
        except Cancelled:
            outcome = ("cancelled", None)
        except FarlightError as error:
            _log.warning("background work failed: %s %s", error.code, error.detail)
            outcome = ("failed", error)
        except Exception as error:  # noqa: BLE001 - the one place where background failures are caught
            _log.error("background work failed", exc_info=hide_text(error))
            outcome = ("failed", FarlightError(type(error).__name__))
        try:
            self._post(*outcome)
        except RuntimeError:
            _log.info("the window was closed before a background task ended")


def hide_text(error: BaseException) -> BaseException:
    """Return the error with its place but without its text, which may hold what was in a file."""
    return _Hidden(type(error).__name__).with_traceback(error.__traceback__)


class _Hidden(Exception):
    """Stands in the log for an error whose text may name a patient."""
