"""Frames that are fetched in the background: what nobody waits for any more is cancelled, and not kept."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import Cancelled
from core.image import ReadingUnit
from services import display
from services.scan import scan
from tests.ui.stage import wait_until, write_chest
from ui.frames import FrameStore
from ui.task import Pools

pytestmark = pytest.mark.display
Loader = Callable[..., Any]


class SlowDisk:
    """Reads an image only once it is let go, or cancelled; counts what it was asked for and how it ended."""

    def __init__(self, load: Loader) -> None:
        self.go_on = threading.Event()
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self._load = load

    def __call__(self, unit: ReadingUnit, frame: int, cancelled: Callable[[], bool]) -> Any:
        """Wait, then read."""
        self.begun.append(frame)
        while not self.go_on.wait(0.01):
            if cancelled():
                self.cancelled.append(frame)
                raise Cancelled
        return self._load(unit, frame, cancelled)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    slow = SlowDisk(display.load_image)
    monkeypatch.setattr("services.display.load_image", slow)
    return slow


@pytest.fixture
def store(clean: None, disk: SlowDisk) -> Iterator[FrameStore]:
    pools = Pools()
    yield FrameStore(pools)
    disk.go_on.set()
    pools.close()


@pytest.fixture
def unit(tmp_path: Path) -> ReadingUnit:
    (found,) = scan([str(write_chest(tmp_path, "1.dcm"))])
    assert isinstance(found, ReadingUnit)
    return found


def test_a_frame_of_a_study_that_was_left_is_cancelled_and_neither_kept_nor_told(
    store: FrameStore, disk: SlowDisk, unit: ReadingUnit
) -> None:
    told: list[object] = []
    store.loaded.connect(lambda *place: told.append(place))
    store.failed.connect(lambda *place: told.append(place))
    store.ask("left", unit, 0)
    wait_until(lambda: disk.begun == [0])
    store.forget_others("open")
    wait_until(lambda: disk.cancelled == [0])
    wait_until(lambda: not store._loading)
    assert store.find("left", 0) is None
    assert told == []


def test_the_study_that_stays_open_goes_on_loading(
    store: FrameStore, disk: SlowDisk, unit: ReadingUnit
) -> None:
    store.ask("open", unit, 0)
    wait_until(lambda: disk.begun == [0])
    store.forget_others("open")
    disk.go_on.set()
    wait_until(lambda: store.find("open", 0) is not None)
    assert disk.cancelled == []


def test_what_was_cancelled_is_fetched_again_when_its_study_is_opened_again(
    store: FrameStore, disk: SlowDisk, unit: ReadingUnit
) -> None:
    store.ask("left", unit, 0)
    wait_until(lambda: disk.begun == [0])
    store.forget_others("open")
    store.ask("left", unit, 0)  # at once: the cancelled one has not ended yet
    disk.go_on.set()
    wait_until(lambda: store.find("left", 0) is not None)
    assert disk.begun[0] == 0
    assert len(disk.begun) == 2


def test_what_was_read_of_other_files_is_forgotten_and_its_fetching_cancelled(
    store: FrameStore, disk: SlowDisk, unit: ReadingUnit
) -> None:
    disk.go_on.set()
    store.ask("open", unit, 0)
    wait_until(lambda: store.find("open", 0) is not None)
    store.forget("open")
    assert store.find("open", 0) is None
    disk.go_on.clear()
    store.ask("open", unit, 0)
    wait_until(lambda: len(disk.begun) == 2)
    store.forget("open")
    wait_until(lambda: disk.cancelled == [0])
    assert store.find("open", 0) is None
