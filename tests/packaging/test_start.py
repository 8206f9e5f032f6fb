"""make run opens the window where there is a display and does the main job where there is none."""

import subprocess
from pathlib import Path

import pytest
import start


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "linux", False),
        ({}, "win32", True),
        ({}, "darwin", True),
    ],
)
def test_a_display_is_recognised(environment: dict[str, str], platform: str, expected: bool) -> None:
    assert start.has_display(environment, platform) is expected


def test_without_a_display_the_sample_is_analyzed_and_the_report_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "has_display", lambda *_: False)

    def pretend(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[1:3] == ["main.py", "analyze"]
        report = tmp_path / "out" / "sample" / "chest-child" / "report.pdf"
        report.parent.mkdir(parents=True)
        report.write_bytes(b"%PDF")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", pretend)
    assert start.main([]) == 0
    assert str(Path("chest-child", "report.pdf")) in capsys.readouterr().out


def test_a_failure_of_the_program_is_the_failure_of_make_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "has_display", lambda *_: False)
    monkeypatch.setattr("subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    assert start.main([]) == 1
