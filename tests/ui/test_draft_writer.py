"""What could not be brought to the disk is not forgotten: it is told once, tried again, and asked about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.errors import DiskFullError
from tests.ui.hands import begun
from tests.ui.stage import let_pass, wait_until
from tests.ui.test_locking import another, log_in, me

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


class Disk:
    """The drafts' place on the disk, which may be full."""

    def __init__(self, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        store = window._workplace.drafts._store
        self.full, self._keep = True, store.keep
        monkeypatch.setattr(store, "keep", self.keep)

    def keep(self, row: object) -> None:
        if self.full:
            raise DiskFullError("drafts")
        self._keep(row)


@pytest.fixture
def window(stage: Stage, tmp_path: Path) -> Any:
    return begun(stage, tmp_path)


def conclude(window: Any, text: str) -> None:
    window.read.column.words.fields["conclusion"].setPlainText(text)
    window.desk.flush()


def on_disk(window: Any, key: str) -> str:
    return str(window._workplace.drafts.find(key).reading.conclusion)


def told(window: Any) -> list[str]:
    return [notice.key for notice in window.notices._notices]


@pytest.mark.parametrize("then", ["time passes", "the study is left", "it is locked"])
def test_words_that_found_no_room_are_on_the_disk_once_there_is_room(
    window: Any, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    disk, key = Disk(window, monkeypatch), window.desk.case.key
    conclude(window, "Rib fracture")
    assert on_disk(window, key) == ""
    disk.full = False
    if then == "the study is left":
        window.desk.close()
    elif then == "it is locked":
        window.locking.lock()
    wait_until(lambda: on_disk(window, key) == "Rib fracture")


def test_words_kept_too_late_for_a_lock_wait_for_their_writer(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, key, writer, other = Disk(window, monkeypatch), window.desk.case.key, me(window), another(window)
    conclude(window, "Rib fracture")
    window.locking.lock()
    disk.full = False
    log_in(window, other)
    window.desk.flush()
    assert on_disk(window, key) == ""
    window.locking.lock()
    log_in(window, writer)
    wait_until(lambda: on_disk(window, key) == "Rib fracture")


def test_words_kept_too_late_for_a_lock_are_kept_when_their_writer_is_back(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.desk.writer._again.setInterval(50)
    disk, key, writer = Disk(window, monkeypatch), window.desk.case.key, me(window)
    conclude(window, "Rib fracture")
    window.locking.lock()
    let_pass(300)
    disk.full = False
    log_in(window, writer)
    wait_until(lambda: on_disk(window, key) == "Rib fracture")


def test_a_full_disk_is_told_once_and_so_is_that_all_is_kept(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[object] = []
    window.desk.keeping_failed.connect(failures.append)
    disk = Disk(window, monkeypatch)
    for text in ("Rib", "Rib fracture", "Rib fracture left"):
        conclude(window, text)
    assert len(failures) == 1
    disk.full = False
    window.desk.flush()
    assert "What was typed is on the disk now." in told(window)
    conclude(window, "Rib fracture left, old")
    assert not window.desk.writer.has_failed


def test_closing_asks_once_before_it_leaves_words_behind(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(window, monkeypatch)
    conclude(window, "Rib fracture")
    window.close()
    QApplication.processEvents()
    assert window.isVisible()
    assert "What was typed last is not on the disk yet." in told(window)
    window.close()
    assert not window.isVisible()
