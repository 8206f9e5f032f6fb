"""Copies of one image: a damaged one hides no intact one, and is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from tests.ui.stage import wait_until, write_chest
from tests.ui.test_reading import ready

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def told(window: Any) -> str:
    """Return all that stands in the notices."""
    return " ".join(one.text() for one in window.notices.findChildren(QLabel))


def cut_copy(intact: Path, name: str) -> Path:
    """Write a copy of an image that ends in the middle of its pixels."""
    copy = intact.with_name(name)
    copy.write_bytes(intact.read_bytes()[:20_000])
    return copy


@pytest.mark.parametrize("name", ["a.dcm", "c.dcm"])
def test_an_intact_copy_is_read_wherever_it_stands_and_the_damaged_one_is_named(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    cut_copy(write_chest(tmp_path / "stick", "b.dcm"), name)
    window = stage(tmp_path / "stick")
    wait_until(lambda: f"“{name}” is damaged; the intact copy “b.dcm” is read." in told(window))
    ready(window)
    assert [study.state for study in window.book.studies] == ["to_check"]
    assert len(window.book) == len(window.book.studies[0].cases) == 1
    assert window.book.cases()[0].unit.files == (tmp_path / "stick" / "b.dcm",)
    wait_until(lambda: window.desk.case.thumbnail is not None)


def test_a_damaged_image_is_read_when_its_intact_copy_is_opened_later(stage: Stage, tmp_path: Path) -> None:
    intact = write_chest(tmp_path / "disk", "b.dcm")
    damaged = cut_copy(intact, "a.dcm")
    window = stage(damaged)
    wait_until(lambda: window.book.cases() and window.book.cases()[0].state == "failed")
    window.opening.open_paths((str(intact),))
    wait_until(lambda: "the intact copy “b.dcm” is read" in told(window))
    ready(window)
    assert window.book.cases()[0].state == "to_check"


def test_copies_of_which_none_can_be_read_stay_what_they_are(stage: Stage, tmp_path: Path) -> None:
    intact = write_chest(tmp_path / "stick", "b.dcm")
    cut_copy(intact, "a.dcm")
    intact.write_bytes(intact.read_bytes()[:30_000])
    window = stage(tmp_path / "stick")
    wait_until(lambda: window.book.cases() and window.book.cases()[0].state == "failed")
    wait_until(lambda: window.pools.running() == ())
    assert "intact" not in told(window)
    assert [study.state for study in window.book.studies] == ["failed"]
