"""Signing and giving out: an error says whose study or which file it is about, and the log does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from tests.ui.stage import wait_until, write_chest
from tests.ui.test_reading import press, ready, sign_the_open_case

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def log_of(window: Any) -> str:
    """Return all that stands in the profile's log."""
    return str((window._workplace.folder / "log" / "window.log").read_text(encoding="utf-8"))


def test_what_cannot_be_signed_yet_says_whose_study_it_is(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
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
