"""Background work: every way out is told, in the main thread, once."""

import threading
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread, Slot

from core.errors import Cancelled, FarlightError, TooLargeError
from tests.ui.stage import wait_until
from ui.task import FILE_THREADS, Handle, Pools, Task

pytestmark = pytest.mark.display


class Ear(QObject):
    """Writes down what a task says, and in which thread it hears it."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.heard: list[tuple[str, Any]] = []
        self.threads: set[Any] = set()
        task.succeeded.connect(self.on_succeeded)
        task.failed.connect(self.on_failed)
        task.cancelled.connect(self.on_cancelled)
        task.delivered.connect(self.on_delivered)
        task.ended.connect(self.on_ended)

    def _write(self, kind: str, what: Any = None) -> None:
        self.threads.add(QThread.currentThread())
        self.heard.append((kind, what))

    @Slot(object)
    def on_succeeded(self, what: Any) -> None:
        self._write("succeeded", what)

    @Slot(object)
    def on_failed(self, what: Any) -> None:
        self._write("failed", what)

    @Slot()
    def on_cancelled(self) -> None:
        self._write("cancelled")

    @Slot(object)
    def on_delivered(self, what: Any) -> None:
        self._write("delivered", what)

    @Slot()
    def on_ended(self) -> None:
        self._write("ended")

    def wait(self) -> list[str]:
        wait_until(lambda: self.heard and self.heard[-1][0] == "ended")
        return [kind for kind, _ in self.heard]


@pytest.fixture
def pools(clean: None) -> Any:
    made = Pools()
    yield made
    made.close()
    made.deleteLater()


def test_success_is_told_in_the_main_thread(pools: Pools) -> None:
    ear = Ear(pools.files("work", lambda handle: 42))
    assert ear.wait() == ["succeeded", "ended"]
    assert ear.heard[0] == ("succeeded", 42)
    assert ear.threads == {QThread.currentThread()}


def test_a_known_error_arrives_as_it_is(pools: Pools) -> None:
    def work(handle: Handle) -> None:
        raise TooLargeError

    ear = Ear(pools.files("work", work))
    assert ear.wait() == ["failed", "ended"]
    assert isinstance(ear.heard[0][1], TooLargeError)


def test_a_foreign_error_becomes_ours_and_loses_its_text(
    pools: Pools, caplog: pytest.LogCaptureFixture
) -> None:
    def work(handle: Handle) -> None:
        raise ValueError("SAMPLE " + "amina".title())

    ear = Ear(pools.files("work", work))
    assert ear.wait() == ["failed", "ended"]
    error = ear.heard[0][1]
    assert type(error) is FarlightError
    assert "Amina" not in str(error) + caplog.text


def test_after_cancelling_nothing_is_delivered(pools: Pools) -> None:
    go = threading.Event()

    def work(handle: Handle) -> int:
        go.wait(10)
        handle.deliver("late")
        if handle.cancelled():
            raise Cancelled
        return 1

    task = pools.files("work", work)
    ear = Ear(task)
    task.cancel()
    go.set()
    assert ear.wait() == ["cancelled", "ended"]


def test_an_older_answer_is_not_told_after_the_newer_one(pools: Pools) -> None:
    go = threading.Event()

    def slow(handle: Handle) -> str:
        go.wait(10)
        return "as it was"

    older = pools.files("list", slow)
    ear = Ear(older)
    newer = Ear(pools.files("list", lambda handle: "as it is", instead_of=older))
    assert newer.wait() == ["succeeded", "ended"]
    go.set()
    assert ear.wait() == ["cancelled", "ended"]


def test_parts_come_before_the_end(pools: Pools) -> None:
    def work(handle: Handle) -> None:
        for number in range(3):
            handle.deliver(number)

    ear = Ear(pools.inference("work", work))
    assert ear.wait() == ["delivered", "delivered", "delivered", "succeeded", "ended"]


def test_closing_waits_for_what_runs(clean: None) -> None:
    pools = Pools()
    began, stopped = threading.Event(), threading.Event()

    def work(handle: Handle) -> None:
        began.set()
        while not handle.cancelled():
            stopped.wait(0.005)
        stopped.set()

    pools.inference("work", work)
    assert began.wait(10)
    pools.close()
    assert stopped.is_set()
    pools.deleteLater()


def test_a_picture_that_somebody_waits_for_does_not_queue_behind_files(clean: None) -> None:
    pools = Pools()
    gate = threading.Event()
    for _ in range(FILE_THREADS):
        pools.files("report", lambda _handle: gate.wait(30))
    seen: list[object] = []
    task = pools.sight("overlay", lambda _handle: "map")
    task.succeeded.connect(seen.append)
    wait_until(lambda: seen)
    assert seen == ["map"]
    assert not gate.is_set()
    gate.set()
    pools.close()
    wait_until(lambda: pools.running() == ())


def test_what_cannot_be_stopped_is_waited_for_to_its_end(
    clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools, began, go, ended = Pools(), threading.Event(), threading.Event(), threading.Event()
    said: list[str] = []

    def work(handle: Handle) -> None:
        began.set()
        go.wait(10)
        ended.set()

    def warn(text: str) -> None:
        said.append(text)
        go.set()

    monkeypatch.setattr("ui.task.STOP_TIMEOUT_MS", 20)
    monkeypatch.setattr("ui.task._log.warning", warn)
    pools.inference("library", work)
    assert began.wait(10)
    pools.close()
    assert ended.is_set()
    assert said == ["a background task did not stop in time"]
    pools.deleteLater()
