"""The line of progress on the terminal: what it says of the time that is left."""

import time

import pytest

from cli.console import ProgressLine
from services.progress import Progress


def test_loading_models_is_not_taken_for_the_pace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line = ProgressLine()
    for done in range(5):
        now = 110.5 + done / 50
        line(Progress(stage="looking", done=done, total=1500))
    assert "Analysing: 0 of 1500\n" in capsys.readouterr().err
    for done in range(5, 750):
        now = 110.5 + done / 50
        line(Progress(stage="looking", done=done, total=1500))
    assert "Analysing: 500 of 1500, about 20 s left\n" in capsys.readouterr().err


def test_long_waits_are_said_in_minutes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line = ProgressLine()
    for done in range(1, 12):
        now += 10.5
        line(Progress(stage="looking", done=done, total=101))
    assert capsys.readouterr().err.splitlines()[-1] == "Analysing: 11 of 101, about 16 min left"
