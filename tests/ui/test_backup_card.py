"""Backups in Settings: made onto a stick, checked, refused with a sentence, and for administrators alone."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.backup import BackupDesk
from store.backup_manifest import find_backups
from tests.services.records_of_clinic import PLANTED, sign_reports
from tests.ui.stage import wait_until

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "KINGSTON"
    folder.mkdir()
    return folder


def _open(stage: Stage, stick: Path) -> Any:
    window = stage()
    sign_reports(window._workplace, range(3))
    window.show_page("settings")
    card = window.settings.backup
    card.refresh()
    wait_until(lambda: card.medium.count() > 0)
    card.choose(stick)
    return card


def _work(card: Any, button: Any) -> str:
    button.click()
    wait_until(lambda: card._task is None)
    return str(card.said.text())


def test_a_backup_is_made_told_and_checked(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    assert "never" in card.last.text()
    assert "whole" in _work(card, card.start)
    assert "Last backup" in card.last.text()
    assert len(find_backups(stick)) == 1
    assert "is whole" in _work(card, card.check)
    assert not card.line.isVisible()


def test_a_changed_backup_is_told_in_red(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    _work(card, card.start)
    records = find_backups(stick)[0].folder / "records.001"
    records.write_bytes(os.urandom(records.stat().st_size))
    assert "E542" in _work(card, card.check)
    assert card.said.property("role") == "error"


def test_a_place_without_a_backup_is_told(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    assert "E543" in _work(card, card.check)


def test_a_stick_that_was_pulled_out_is_told(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    stick.rmdir()
    said = _work(card, card.start)
    assert "E540" in said
    assert "Plug it in again" in said


def test_stopping_ends_the_work_and_says_so(
    stage: Stage, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = _open(stage, stick)

    def endless(self: BackupDesk, medium: Path, *, progress: Any, cancelled: Callable[[], bool]) -> None:
        from services.progress import Progress, stop_if

        done = 0
        while True:
            stop_if(cancelled)
            done += 1
            progress(Progress(stage="copying", done=done % 100, total=100))

    monkeypatch.setattr(BackupDesk, "make", endless)
    card.start.click()
    wait_until(lambda: card.line.isVisible() and "Copying" in card.line.words.text())
    assert not card.start.isEnabled()
    card.line.stop.click()
    wait_until(lambda: card._task is None)
    assert "Stopped" in card.said.text()
    assert card.start.isEnabled()


def test_who_is_no_administrator_can_only_look(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    card._workplace.session.leave()
    card.refresh()
    for part in (card.start, card.check, card.medium, card.days, card.keep):
        assert not part.isEnabled()
        assert "administrator" in part.toolTip()


def test_a_changed_number_is_kept(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    card.days.setValue(3)
    card.days.editingFinished.emit()
    assert card._workplace.settings.number("backup.remind_days") == 3


def test_the_file_for_support_is_shown_before_it_is_saved(stage: Stage, stick: Path) -> None:
    card = _open(stage, stick)
    support = card.window().settings.support
    support.start.click()
    wait_until(lambda: support.dialog is not None)
    from PySide6.QtWidgets import QPlainTextEdit

    shown = support.dialog.findChild(QPlainTextEdit).toPlainText()
    assert "records.json" in shown
    assert PLANTED not in shown
    support.dialog.save(stick / "support.zip")
    wait_until(lambda: support.dialog is None)
    assert (stick / "support.zip").exists()
    assert "support.zip" in support.said.text()


def test_the_reminder_is_a_calm_line(stage: Stage, tmp_path: Path) -> None:
    from tests.opening import open_workplace

    with open_workplace(tmp_path / "profile") as workplace:
        sign_reports(workplace, range(1))
    window = stage(profile=tmp_path / "profile")
    wait_until(lambda: any("never been backed up" in text for text in window.notices.texts()))
