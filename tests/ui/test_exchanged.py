"""A stick exchanged for one with the same names: no image of another patient stands under a banner."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.hands import pause, press, ready
from tests.ui.stage import wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]

NAMES = ("SAMPLE^Amina", "SAMPLE^Joseph", "SAMPLE^Grace")
OTHERS = ("OTHER^Paul", "OTHER^Ruth", "OTHER^Simon")
SENTENCE = "This is no longer the file that was listed"
DARK, BRIGHT = 40, 200
CONTROL = Qt.KeyboardModifier.ControlModifier


def fill(stick: Path, names: tuple[str, ...], grey: int) -> None:
    """Write a stick with a study of each; its grey tells whose images they are."""
    for number, name in enumerate(names, 1):
        pixels = np.full((240, 280), grey, dtype=np.uint8)
        pixels[60:180, 80:200] += np.uint8(number)
        write_chest(stick, f"IM{number}", patient=name, number=f"N{number}-{grey}", pixels=pixels)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A stick with three patients; that of three others lies aside."""
    fill(tmp_path / "stick", NAMES, DARK)
    fill(tmp_path / "other", OTHERS, BRIGHT)
    return tmp_path / "stick"


def exchange(stick: Path) -> None:
    """Put the other stick where the first one was, or back."""
    aside = stick.with_name("aside")
    os.rename(stick, aside)  # noqa: PTH104
    os.rename(stick.with_name("other"), stick)  # noqa: PTH104
    os.rename(aside, stick.with_name("other"))  # noqa: PTH104


def open_stick(stage: Stage, stick: Path) -> Any:
    """Open the stick and wait until all is analysed."""
    window = stage(stick)
    wait_until(lambda: len(window.book) == 3 and all(one.analysis for one in window.book.cases()))
    wait_until(lambda: window.pools.running() == ())
    ready(window)
    return window


def has_bright(window: Any) -> bool:
    """Whether a picture in memory or on the screen is one of the other stick."""
    kept = window.read.image.frames._pictures.values()
    analysed = [one.analysis.image for one in window.book.cases() if one.analysis and one.analysis.image]
    return any(float(image.values.mean()) > 120 for image in [one.image for one in kept] + analysed)


def test_the_next_study_of_an_exchanged_stick_shows_a_sentence_and_no_image(
    stage: Stage, stick: Path
) -> None:
    window = open_stick(stage, stick)
    first = window.desk.case
    exchange(stick)
    press(window, Qt.Key.Key_Down, CONTROL)
    wait_until(lambda: SENTENCE in window.read.viewer._message)
    case = window.desk.case
    assert case is not first
    assert "Joseph" in window.banner.text()
    assert window.read.viewer.state is None
    assert not window.read.viewer.has_overlay()
    assert SENTENCE in window.read.column.computer.text()
    assert window.read.image.reopen.isVisible()
    assert window.read.column.computer.reopen.isVisible()
    press(window, Qt.Key.Key_1)
    assert case.draft.reading.first_read is None
    pause()
    press(window, Qt.Key.Key_T)
    wait_until(lambda: window.pools.running() == ())
    wait_until(lambda: SENTENCE in window.read.column.computer.text())
    assert SENTENCE in window.read.viewer._message
    assert case.analysis is None
    case.thumbnail = None
    window.book.thumbnail_wanted.emit(case.key)
    wait_until(lambda: window.pools.running() == ())
    assert case.thumbnail is None
    assert not has_bright(window)
    window.open_case(first.key)
    wait_until(lambda: window.read.viewer.state is not None)
    assert "Amina" in window.banner.text()
    assert not window.read.image.reopen.isVisible()
    assert not has_bright(window)


def test_t_reads_the_study_when_the_right_stick_is_back(stage: Stage, stick: Path) -> None:
    window = open_stick(stage, stick)
    exchange(stick)
    press(window, Qt.Key.Key_Down, CONTROL)
    wait_until(lambda: SENTENCE in window.read.viewer._message)
    exchange(stick)
    pause()
    press(window, Qt.Key.Key_T)
    ready(window)
    assert "Joseph" in window.banner.text()
    assert not window.desk.case.error
    assert not window.read.image.reopen.isVisible()
    assert not window.read.column.computer.reopen.isVisible()
    assert not has_bright(window)


def test_opening_the_medium_again_lists_who_is_on_it_and_leaves_the_others_alone(
    stage: Stage, stick: Path
) -> None:
    window = open_stick(stage, stick)
    exchange(stick)
    press(window, Qt.Key.Key_Down, CONTROL)
    wait_until(lambda: SENTENCE in window.read.viewer._message)
    QTest.mouseClick(window.read.image.reopen, Qt.MouseButton.LeftButton)
    wait_until(lambda: len(window.book) == 6 and not window.intake.scanning)
    wait_until(lambda: window.pools.running() == ())
    assert "Joseph" in window.banner.text()
    assert SENTENCE in window.read.viewer._message
    exchange(stick)
    QTest.mouseClick(window.read.column.computer.reopen, Qt.MouseButton.LeftButton)
    ready(window)
    assert "Joseph" in window.banner.text()
    assert float(window.desk.case.analysis.image.values.mean()) < 120


def test_a_begun_reading_of_an_exchanged_stick_is_not_signed_and_has_no_map(
    stage: Stage, stick: Path
) -> None:
    window = open_stick(stage, stick)
    press(window, Qt.Key.Key_2)
    pause()
    press(window, Qt.Key.Key_A)
    begun = window.desk.case
    exchange(stick)
    press(window, Qt.Key.Key_Down, CONTROL)
    wait_until(lambda: SENTENCE in window.read.viewer._message)
    window.read.image.frames.forget(begun.key)
    window.open_case(begun.key)
    wait_until(lambda: SENTENCE in window.read.viewer._message)
    assert not window.read.viewer.has_overlay()
    assert window.read.column.computer.isVisible()
    assert SENTENCE in window.read.column.computer.text()
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    assert float(begun.analysis.image.values.mean()) < 120
    exchange(stick)
    window.show_page("read")
    window.read.viewer.setFocus()
    pause()
    press(window, Qt.Key.Key_T)
    ready(window)
    wait_until(window.read.viewer.has_overlay)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_a_stick_that_was_copied_anew_is_the_same_and_one_with_other_pixels_is_not(
    stage: Stage, tmp_path: Path
) -> None:
    fill(tmp_path / "stick", NAMES, DARK)
    window = open_stick(stage, tmp_path / "stick")
    press(window, Qt.Key.Key_2)
    case, file = window.desk.case, window.desk.case.unit.files[0]
    os.utime(file, ns=(1, 1_000_000_000))
    window.opening.open_paths((str(file),))
    wait_until(lambda: case.unit.file_states[0][1] == 1_000_000_000)
    ready(window)
    assert case.draft.reading.first_read.impression == "abnormal"
    before = case.unit
    shutil.copy(file, file.with_name("kept"))
    written = file.read_bytes()
    file.write_bytes(written[:-4000] + bytes([DARK * 3]) * 4000)
    window.opening.open_paths((str(file),))
    wait_until(lambda: any("shows another picture now" in text for text in window.notices.texts()))
    assert case.unit is before
