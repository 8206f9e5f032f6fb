"""A beating heart in the window: begun in its middle, led to its outlines, gone through by phases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from inference.packs import PackLibrary
from services.analyze import AnalysisOptions, Analyzer
from tests.services import cine_toys as toys
from tests.ui.stage import wait_until
from tests.ui.test_two_findings import press
from ui.measure_card import MeasureCard

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
MIDDLE = toys.SLICES // 2
RADII = list(toys.RADII_MM)
DIASTOLE, SYSTOLE = RADII.index(max(RADII)), RADII.index(min(RADII))


@pytest.fixture
def window(stage: Stage, tmp_path: Path) -> Any:
    """Return the window with a drawn heart that was looked at, before any impression."""
    toys.build_toy_cine(tmp_path / "packs")
    toys.write_dicom(tmp_path / "study", toys.drawn_heart())
    options = AnalysisOptions(packs=("toy-cine",), engine="onnxruntime", precision="fp32", threads=1)
    analyzer = Analyzer(options, library=PackLibrary((tmp_path / "packs",)))
    made = stage(tmp_path / "study", analyzer=analyzer)
    wait_until(lambda: made.desk.case is not None and made.desk.case.analysis is not None)
    wait_until(lambda: made.read.image.is_shown(made.read.frame_bar.frame))
    return made


def place(window: Any) -> tuple[int, int]:
    found: tuple[int, int] = window.desk.case.unit.cine.place_of(window.read.frame_bar.frame)
    return found


def card_of(window: Any) -> MeasureCard:
    (card,) = (one for one in window.read.column._cards.made if isinstance(one, MeasureCard))
    return card


def opened(window: Any) -> MeasureCard:
    press(window, Qt.Key.Key_2)
    wait_until(window.read.viewer.has_overlay)
    return card_of(window)


def test_it_begins_in_the_middle_and_goes_to_end_diastole_once_the_card_opens(window: Any) -> None:
    assert place(window) == (MIDDLE, 0)
    card = opened(window)
    assert place(window) == (MIDDLE, DIASTOLE)
    assert len(window.read.viewer.overlay().coloured) == 3
    assert window.read.viewer.overlay().caption == ("Outlined by toy-cine 1.0.0",)
    assert card.curve is not None
    assert card.curve.phase == DIASTOLE


def test_a_reader_who_went_elsewhere_stays_there(window: Any) -> None:
    window.read.frame_bar.go(1)
    wait_until(lambda: window.read.image.is_shown(1))
    opened(window)
    assert window.read.frame_bar.frame == 1
    assert window.read.viewer.overlay().caption == ("Nothing is outlined here by toy-cine 1.0.0",)


def test_buttons_and_curve_go_to_a_phase_of_the_slice_in_sight(window: Any) -> None:
    card = opened(window)
    buttons = {one.text(): one for one in card.findChildren(QPushButton)}
    buttons["End-systole"].click()
    assert place(window) == (MIDDLE, SYSTOLE)
    assert card.curve is not None
    assert card.curve.phase == SYSTOLE
    last = QPoint(card.curve.width() - 1, card.curve.height() // 2)
    QTest.mouseClick(card.curve, Qt.MouseButton.LeftButton, pos=last)
    assert place(window) == (MIDDLE, toys.PHASES - 1)


def test_playing_goes_round_the_phases_of_one_slice(window: Any) -> None:
    walk, bar = window.read.walk, window.read.frame_bar
    cine = window.desk.case.unit.cine
    seen, frame = [], bar.frame
    for _ in range(toys.PHASES + 1):
        seen.append(cine.place_of(frame))
        frame = walk.following(frame)
    assert seen == [(MIDDLE, phase % toys.PHASES) for phase in range(toys.PHASES + 1)]


def test_numbers_stand_in_the_digits_that_they_are_worth_and_slice_and_phase_at_the_edge(window: Any) -> None:
    card = opened(window)
    texts = [part.text() for part in card.findChildren(QLabel)]
    at = texts.index("LV end-diastolic volume")
    value, _, interval = texts[at + 1].partition(" ml ")
    assert value.isdigit()
    assert interval.startswith("(")
    assert " to " in interval
    edges = window.read.image._corners(window.desk.case).top_left
    assert f"Slice {MIDDLE + 1} / {toys.SLICES} · phase {DIASTOLE + 1} / {toys.PHASES}" in edges
