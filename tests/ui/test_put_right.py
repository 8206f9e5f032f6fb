"""An image that was put right for a model: said so, shown as stored and as the model saw it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from core.result import Correction
from tests.ui.hands import begun, pause, press, ready
from tests.ui.stage import StandInAnalyzer, wait_until, write_chest

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]


def test_an_image_put_right_for_the_model_says_so_in_its_corner_and_first_in_the_column(
    stage: Stage, tmp_path: Path
) -> None:
    from ui.computer_card import CorrectionLine

    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(inverted=True, text="Its greys were inverted.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    said = "Put right for the model: inverted"
    wait_until(lambda: any(said in text for text in window.read.viewer._corners.bottom_right))
    press(window, Qt.Key.Key_2)
    line = window.read.column.findChild(CorrectionLine)
    assert said in line.words.text()
    wait_until(lambda: line.y() < window.read.column.findings[0].y())


def test_an_image_put_right_is_shown_as_stored_and_as_the_model_saw_it_with_the_map_on_the_latter(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(quarter_turns=1, inverted=True, text="It was turned and inverted.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    pair = window.read.image.pair
    assert not pair.put_right.isVisible()
    press(window, Qt.Key.Key_2)
    assert pair.put_right.isVisible()
    wait_until(pair.put_right.has_overlay)
    assert not pair.stored.has_overlay()
    assert pair.stored._corners.heading == "As stored in the file"
    assert "turned left by 90°, inverted" in pair.put_right._corners.heading
    assert (pair.put_right.state.quarter_turns, pair.put_right.state.inverted) == (3, True)
    press(window, Qt.Key.Key_B)
    assert not pair.put_right.isVisible()
    assert pair.stored.has_overlay()
    assert pair.stored._corners.heading == ""


def test_both_views_of_an_image_put_right_move_as_one_and_are_undone_as_one(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(quarter_turns=2, text="It was turned.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    press(window, Qt.Key.Key_B)
    pair = window.read.image.pair
    assert pair.put_right.isVisible(), "also before the first impression, without a map"
    assert not pair.put_right.has_overlay()
    pair.put_right.invert()
    assert pair.stored.state.inverted
    pause()
    press(window, Qt.Key.Key_R)
    assert (pair.stored.state.quarter_turns, pair.put_right.state.quarter_turns) == (1, 3)
    pair.put_right.zoom(2.0)
    assert pair.stored.state.scale == pair.put_right.state.scale
    assert pair.stored.state.centre == pair.put_right.state.centre
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not pair.stored.state.inverted
    assert not pair.put_right.state.inverted


def test_nothing_is_offered_beside_an_image_that_was_not_put_right(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_B)
    assert "nothing to show beside" in window.read.toast.text()
    assert not window.read.image.pair.put_right.isVisible()
    assert not window.read.tools.buttons["beside"].isVisible()
