"""Analyses in the background: what becomes of an answer about a study that is signed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ui.stage import stamp, wait_until, write_chest
from tests.ui.test_reading import sign_the_open_case

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def test_a_model_that_was_exchanged_since_the_signature_is_not_said_to_answer_otherwise(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    window.desk.close()
    case.analysis = None
    monkeypatch.setattr("tests.ui.stage.stamp", lambda *who: replace(stamp(*who), sha256="1" * 64))
    window.open_case(case.key)
    wait_until(lambda: "Another model is installed now" in window.read.column.computer.text())
    assert "otherwise" not in window.read.column.computer.text()
    assert "score 91" in window.read.column.computer.text()
