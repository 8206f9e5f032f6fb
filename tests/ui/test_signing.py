"""Signing and giving out: an error says whose study or which file it is about, and the log does not."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.ui.conftest import PIN
from tests.ui.hands import begun, pause, press, ready, sign_the_open_case
from tests.ui.stage import StandInAnalyzer, wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def log_of(window: Any) -> str:
    """Return all that stands in the profile's log."""
    return str((window._workplace.folder / "log" / "window.log").read_text(encoding="utf-8"))


def test_what_cannot_be_signed_yet_says_whose_study_it_is(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    window.signing.ask()
    assert window.notices.texts() == ("The report cannot be signed yet. SAMPLE, Amina · Chest AP",)
    assert "Amina" not in log_of(window)


def test_a_report_that_could_not_be_written_names_its_file(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    place = tmp_path / "no folder" / "Amina.pdf"
    window.reporting._give_out = window.reporting._paper_source("export", window.report.pdf)
    window.reporting.export_to(str(place))
    wait_until(lambda: f"The report could not be written. {place}" in window.notices.texts())
    assert "E401" in log_of(window)
    assert "Amina" not in log_of(window)


@pytest.mark.parametrize("answered", [False, True])
def test_what_did_not_stand_in_the_dialog_is_not_signed(stage: Stage, tmp_path: Path, answered: bool) -> None:
    analyzer = StandInAnalyzer()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    pause()
    press(window, Qt.Key.Key_A)
    window.signing.ask()
    wait_until(lambda: window.signing.dialog is not None)
    dialog = window.signing.dialog
    analyzer.hold["1.dcm"] = threading.Event()
    window.queue.ask_again(case)
    if answered:
        analyzer.hold["1.dcm"].set()
        wait_until(lambda: case.analysis is not None)
    person = window._workplace.signing.people()[0].person_id
    dialog.signed.emit(person, PIN, False, "")
    assert any("looked at anew" in one.text() for one in dialog.findChildren(QLabel))
    analyzer.hold["1.dcm"].set()
    wait_until(lambda: window.pools.running() == () and case.analysis is not None)
    assert case.signed is None
    dialog.reject()
    wait_until(lambda: window.signing.dialog is None)
    window.signing.ask()
    window.signing.dialog.signed.emit(person, PIN, False, "")
    wait_until(lambda: case.signed is not None)
