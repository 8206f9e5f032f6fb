"""Files that ship with the program."""

import sys
from pathlib import Path

import pytest

from core.assets import asset_path


def test_an_asset_lies_beside_the_source() -> None:
    assert asset_path("fonts/NotoSans-Regular.ttf").is_file()


def test_a_frozen_program_looks_in_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert asset_path("fonts/x.ttf") == tmp_path / "assets" / "fonts" / "x.ttf"
