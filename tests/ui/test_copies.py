"""Copies of one image: a damaged one hides no intact one, and is named."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from services.drafts import Draft
from tests.services.test_copies import units_in
from tests.ui.hands import pause, press, ready
from tests.ui.stage import StandInAnalyzer, wait_until, write_chest
from ui.cases import Case, CaseBook

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


def write_loop(folder: Path, name: str, *, cut: bool, other: bool = False, like: Path | None = None) -> Path:
    """Write four frames of one instance; ``cut`` loses the last, ``other`` shows other pixels."""
    source = like or write_chest(folder, name)
    dataset = pydicom.dcmread(source)
    if like is None:
        dataset.PixelData = np.stack([dataset.pixel_array] * 4).tobytes()
        dataset.NumberOfFrames = 4
    if other:
        dataset.PixelData = bytes(255 - value for value in dataset.PixelData)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    dataset.save_as(path)
    if cut:
        path.write_bytes(path.read_bytes()[:-30_000])
    return path


def begin_reading(window: Any) -> None:
    """Say a first impression and agree with the computer."""
    ready(window)
    press(window, Qt.Key.Key_1)
    pause()
    press(window, Qt.Key.Key_A)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_a_begun_reading_does_not_move_onto_another_picture_of_the_same_number(
    stage: Stage, tmp_path: Path
) -> None:
    whole = write_loop(tmp_path / "whole", "w.dcm", cut=False)
    seen = write_loop(tmp_path / "one", "a.dcm", cut=True, like=whole)
    other = write_loop(tmp_path / "two", "b.dcm", cut=False, other=True, like=whole)
    window = stage(seen)
    begin_reading(window)
    analysis = window.desk.case.analysis
    window.opening.open_paths((str(other),))
    wait_until(lambda: "“b.dcm” has the number of “a.dcm” but shows another picture" in told(window))
    assert window.desk.case.unit.files == (seen,)
    assert window.desk.case.analysis is analysis
    assert "intact" not in told(window)


def test_a_begun_reading_goes_on_with_the_intact_copy_and_its_pixels_are_read_anew(
    stage: Stage, tmp_path: Path
) -> None:
    whole = write_loop(tmp_path / "two", "b.dcm", cut=False)
    cut = write_loop(tmp_path / "one", "a.dcm", cut=True, like=whole)
    analyzer = StandInAnalyzer()
    window = stage(cut, analyzer=analyzer)
    begin_reading(window)
    case, before = window.desk.case, window.desk.case.analysis
    picture = window.read.image.frames.find(case.key, 0)
    analyzer.hold["b.dcm"] = threading.Event()
    window.opening.open_paths((str(whole),))
    wait_until(lambda: case.unit.files == (whole,))
    assert case.analysis is None
    wait_until(lambda: analyzer.asked[-1] == str(whole))
    analyzer.hold["b.dcm"].set()
    ready(window)
    assert case.analysis is not before
    assert window.desk.case.analysis.image.ref.file == str(whole)
    wait_until(lambda: window.read.image.frames.find(case.key, 0) is not None)
    assert window.read.image.frames.find(case.key, 0) is not picture
    assert window.read.image.frames.find(case.key, 0).image.ref.file == str(whole)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_what_was_answered_about_the_other_file_is_let_go_with_it(tmp_path: Path) -> None:
    first, second = units_in(write_chest(tmp_path, "a.dcm"), write_chest(tmp_path, "b.dcm"))
    analysis = StandInAnalyzer().analyze(first)
    case = Case(unit=first, key="1", draft=Draft(key="1", path=first.path), analysis=analysis)
    CaseBook().take_copy(case, second)
    assert (case.unit, case.analysis) == (second, None)


def test_a_twin_of_the_same_size_that_shows_another_picture_is_told(stage: Stage, tmp_path: Path) -> None:
    first = write_chest(tmp_path / "stick", "a.dcm")
    dataset = pydicom.dcmread(first)
    dataset.PixelData = bytes(255 - value for value in dataset.PixelData)
    dataset.save_as(tmp_path / "stick" / "b.dcm")
    assert first.stat().st_size == (tmp_path / "stick" / "b.dcm").stat().st_size
    window = stage(tmp_path / "stick")
    wait_until(lambda: "“b.dcm” has the number of “a.dcm” but shows another picture" in told(window))
    assert window.book.cases()[0].unit.files == (first,)


def test_the_banner_says_what_the_copy_says_of_the_patient(stage: Stage, tmp_path: Path) -> None:
    intact = write_chest(tmp_path / "two", "b.dcm")
    cut = cut_copy(intact, "a.dcm")
    dataset = pydicom.dcmread(intact)
    dataset.PatientSex, dataset.PatientAge, dataset.StudyDate = "M", "009Y", "20250101"
    dataset.save_as(intact)
    window = stage(cut)
    wait_until(lambda: window.book.cases() and window.book.cases()[0].state == "failed")
    window.open_case(window.book.cases()[0].key)
    assert "3 y" in window.banner.text()
    window.opening.open_paths((str(intact),))
    wait_until(lambda: window.desk.case.unit.files == (intact,))
    assert "9 y" in window.banner.text()
    assert "3 y" not in window.banner.text()
    ready(window)


def test_a_file_that_is_gone_is_not_called_damaged(stage: Stage, tmp_path: Path) -> None:
    intact = write_chest(tmp_path / "two", "b.dcm")
    gone = tmp_path / "one" / "a.dcm"
    gone.parent.mkdir()
    gone.write_bytes(intact.read_bytes())
    window = stage(gone)
    begin_reading(window)
    gone.unlink()
    window.opening.open_paths((str(intact),))
    wait_until(lambda: "“a.dcm” is not there now; its copy “b.dcm” is read." in told(window))
    assert "damaged" not in told(window)
    ready(window)
    assert window.desk.case.unit.files == (intact,)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_a_reading_does_not_move_onto_another_picture_when_its_file_is_gone(
    stage: Stage, tmp_path: Path
) -> None:
    gone = write_chest(tmp_path / "one", "a.dcm")
    other = write_loop(tmp_path / "two", "b.dcm", cut=False, other=True, like=gone)
    window = stage(gone)
    begin_reading(window)
    gone.unlink()
    window.opening.open_paths((str(other),))
    wait_until(lambda: "“b.dcm” has the number of “a.dcm” but shows another picture" in told(window))
    assert window.desk.case.unit.files == (gone,)
