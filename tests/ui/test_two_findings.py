"""Two findings in one result: whose map lies over the image, and whom the answer keys serve."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea

from core.result import Finding, Heatmap, PackResult
from services.analyze import Analysis
from tests.ui.stage import StandInAnalyzer, let_pass, stamp, wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
PNEUMONIA, OPACITY = ("chest-pneumonia-child", "pneumonia"), ("district-cxr", "opacity")


class TwoFindings(StandInAnalyzer):
    """A second model speaks, whose map lies at the upper left."""

    def __init__(self, *, opacity: float = 0.8) -> None:
        super().__init__()
        self._opacity = opacity
        self.label = "Opacity"

    def analyze(self, *args: Any, **kwargs: Any) -> Analysis:
        """Return lungs, pneumonia and opacity."""
        made = super().analyze(*args, **kwargs)
        results = (*made.result.results, self._second(made))
        return replace(made, result=replace(made.result, results=results))

    def _second(self, made: Analysis) -> PackResult:
        above = self._opacity > 0.5
        assert made.image is not None
        ref, (rows, columns) = made.image.ref, made.image.shape
        heat = np.zeros((rows, columns), np.float32)
        heat[: rows // 8, : columns // 8] = 1.0
        finding = Finding(
            code="opacity", label=self.label, probability=self._opacity, interval=(0.0, 1.0), threshold=0.5,
            threshold_source="test", position="above" if above else "below", calibrated_at_prevalence=0.5,
            image=ref,
        )  # fmt: skip
        return PackResult(
            stamp=stamp("district-cxr", "research"),
            title="Opacity (district)",
            status="ok",
            seconds=0.01,
            findings=(finding,),
            heatmaps=(Heatmap(finding="opacity", values=heat, shown=above, image=ref),),
        )


def press(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is, after a moment: no typing."""
    let_pass(300)
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def click(widget: Any) -> None:
    """Click as a hand does."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def window(stage: Stage, tmp_path: Path) -> Any:
    """A window with two findings above their thresholds, opened."""
    return opened(stage, tmp_path, TwoFindings())


def opened(stage: Stage, folder: Path, analyzer: StandInAnalyzer) -> Any:
    """Return a window with an open result and its overlay."""
    window = stage(write_chest(folder, "1.dcm"), analyzer=analyzer)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    press(window, Qt.Key.Key_2)
    wait_until(lambda: len(window.read.column.findings) == 2)
    wait_until(lambda: all(card.buttons["agree"].height() > 20 for card in window.read.column.findings))
    cards = [card for card in window.read.column.findings if card.map_row is not None]
    wait_until(lambda: all(card.switch.height() > 20 for card in cards))  # each has its place
    wait_until(window.read.viewer.has_overlay)
    return window


def hottest(window: Any) -> tuple[float, float]:
    """Return where the map in sight is strongest, as parts of height and width."""
    heat = window.read.viewer.overlay().heat[..., 3]
    row, column = (float(one.mean()) for one in np.nonzero(heat >= heat.max()))
    return row / heat.shape[0], column / heat.shape[1]


def is_pneumonia(window: Any) -> bool:
    """Whether pneumonia's map lies over the image, named as such: it is hottest below the middle."""
    if window.read.viewer.overlay().heat is None:
        return False
    named = window.read.viewer.overlay().caption[0].startswith("Pneumonia: ")
    assert named is (hottest(window)[0] > 0.5)
    return named


def is_opacity(window: Any) -> bool:
    """Whether opacity's map lies over the image, named as such: it is hottest at the upper left."""
    if window.read.viewer.overlay().heat is None:
        return False
    named = window.read.viewer.overlay().caption[0].startswith("Opacity: ")
    assert named is (hottest(window)[0] < 0.2 and hottest(window)[1] < 0.2)
    return named


def switched_on(window: Any) -> list[str]:
    """Return the findings whose switch is on."""
    return [
        card.finding_code
        for card in window.read.column.findings
        if card.map_row is not None and card.switch.isChecked()
    ]


def answers(window: Any) -> dict[str, str]:
    """Return what was answered to each finding."""
    return {one.finding: one.answer for one in window.desk.reading.decisions}


# --- maps


def test_each_switch_shows_the_map_of_its_own_finding_and_one_at_a_time(window: Any) -> None:
    first, second = window.read.column.findings
    wait_until(lambda: is_pneumonia(window))
    assert switched_on(window) == ["pneumonia"]
    click(second.switch)
    wait_until(lambda: is_opacity(window))
    assert switched_on(window) == ["opacity"]
    assert second.slider.isEnabled()
    assert not first.slider.isEnabled()
    click(first.switch)
    wait_until(lambda: is_pneumonia(window))
    click(first.switch)
    assert not window.read.viewer.overlay_shown
    assert switched_on(window) == []


def test_the_map_key_shows_the_map_of_the_finding_at_hand(window: Any) -> None:
    first, second = window.read.column.findings
    click(first.buttons["agree"])
    click(first.switch)
    wait_until(lambda: is_pneumonia(window))
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_M)
    wait_until(lambda: is_opacity(window))
    assert window.read.viewer.overlay_shown
    press(window, Qt.Key.Key_M)
    assert not window.read.viewer.overlay_shown
    press(window, Qt.Key.Key_M)
    wait_until(lambda: is_opacity(window))
    assert switched_on(window) == ["opacity"]
    assert second.switch.accessibleName() == "Map of Opacity"


def test_another_study_begins_with_its_first_map(window: Any) -> None:
    click(window.read.column.findings[1].switch)
    wait_until(lambda: is_opacity(window))
    window.desk.case_opened.emit(window.desk.case)
    wait_until(lambda: window.read.viewer.has_overlay() and is_pneumonia(window))


def test_typing_that_began_with_the_map_key_puts_the_map_back(window: Any) -> None:
    click(window.read.column.findings[0].buttons["agree"])
    click(window.read.column.findings[0].switch)
    wait_until(lambda: is_pneumonia(window))
    window.read.viewer.setFocus()
    let_pass(300)
    for key in (Qt.Key.Key_M, Qt.Key.Key_U, Qt.Key.Key_M):
        QTest.keyClick(QApplication.focusWidget() or window, key)
    wait_until(lambda: is_pneumonia(window))
    assert switched_on(window) == ["pneumonia"]


def test_a_map_that_a_second_finding_does_not_have_leaves_that_of_the_first(
    stage: Stage, tmp_path: Path
) -> None:
    window = opened(stage, tmp_path, TwoFindings(opacity=0.2))
    wait_until(lambda: is_pneumonia(window))
    assert window.read.column.findings[1].map_row is None


def test_the_map_follows_the_finding_that_the_keys_pass_to(window: Any) -> None:
    window.read.viewer.setFocus()
    wait_until(lambda: is_pneumonia(window))
    press(window, Qt.Key.Key_A)
    wait_until(lambda: is_opacity(window))
    assert switched_on(window) == ["opacity"]
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert at_hand(window) == ["pneumonia"]
    wait_until(lambda: is_pneumonia(window))
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_D)
    wait_until(lambda: is_opacity(window))


def test_no_map_of_another_finding_stays_where_the_one_in_hand_has_none(stage: Stage, tmp_path: Path) -> None:
    window = opened(stage, tmp_path, TwoFindings(opacity=0.2))
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_A)
    assert at_hand(window) == ["opacity"]
    assert switched_on(window) == []
    assert window.read.viewer.overlay().heat is None
    click(window.read.column.findings[0].switch)
    wait_until(lambda: is_pneumonia(window))
    assert switched_on(window) == ["pneumonia"]


def test_the_map_key_leaves_the_focus_on_no_answer(window: Any) -> None:
    first, _ = window.read.column.findings
    click(first.slider)
    assert first.slider.hasFocus()
    press(window, Qt.Key.Key_M)
    assert not window.read.viewer.overlay_shown
    assert window.read.viewer.hasFocus()
    press(window, Qt.Key.Key_Space)
    assert answers(window) == {}


# --- answer keys


def at_hand(window: Any) -> list[str]:
    """Return the findings whose buttons show their keys."""
    cards = window.read.column.findings
    shown = [card.finding_code for card in cards if card.buttons["agree"].shows_key()]
    assert shown == [card.finding_code for card in cards if card.property("hand")]
    return shown


def test_keys_pass_to_the_next_open_finding_after_an_answer_by_mouse(window: Any) -> None:
    first, _ = window.read.column.findings
    assert at_hand(window) == ["pneumonia"]
    click(first.buttons["agree"])
    assert at_hand(window) == ["opacity"]
    press(window, Qt.Key.Key_D)
    assert answers(window) == {"pneumonia": "agree", "opacity": "disagree"}


def test_keys_answer_one_finding_after_the_other_and_overturn_none(window: Any) -> None:
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_D)
    assert answers(window) == {"pneumonia": "agree", "opacity": "disagree"}
    assert at_hand(window) == []
    press(window, Qt.Key.Key_D)
    assert answers(window) == {"pneumonia": "agree", "opacity": "disagree"}
    assert "Each finding has its answer" in window.read.toast.text()


def test_a_key_serves_the_finding_in_hand_and_says_what_it_replaces(window: Any) -> None:
    first, second = window.read.column.findings
    second.buttons["agree"].setFocus()
    assert at_hand(window) == ["opacity"]
    press(window, Qt.Key.Key_A)
    assert answers(window) == {"opacity": "agree"}
    assert at_hand(window) == ["pneumonia"]
    first.buttons["agree"].setFocus()
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_D)
    assert answers(window) == {"opacity": "agree", "pneumonia": "disagree"}
    assert "Disagree set for Pneumonia in place of your earlier answer" in window.read.toast.text()


def test_the_finding_that_the_keys_pass_to_comes_into_sight(window: Any) -> None:
    window.resize(1024, 640)
    first, second = window.read.column.findings
    click(first.buttons["agree"])
    room = window.read.column.page.viewport()
    wait_until(lambda: second.mapTo(room, QPoint(0, 0)).y() >= 0)
    wait_until(lambda: second.mapTo(room, QPoint(0, second.height())).y() <= room.height())


def test_a_finding_with_a_long_name_keeps_the_column_in_the_window(stage: Stage, tmp_path: Path) -> None:
    analyzer = TwoFindings()
    analyzer.label = "Shadow like those that two readers of the district called an old scar"
    window = opened(stage, tmp_path, analyzer)
    area = window.read.column.findChild(QScrollArea)
    assert area.widget().width() <= area.viewport().width()
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


class OneBeside(TwoFindings):
    """The second model scores something beside its finding too."""

    def _second(self, made: Analysis) -> PackResult:
        pack = super()._second(made)
        (finding,) = pack.findings
        beside = replace(
            finding, code="other", label="Other things", probability=0.31, interval=(0.22, 0.4),
            beside="opacity",
        )  # fmt: skip
        return replace(pack, beside=(beside,))


def test_a_score_beside_a_finding_is_a_line_on_its_card_and_asks_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    window = opened(stage, tmp_path, OneBeside())
    pneumonia, opacity = window.read.column.findings
    line = "This image's score for other things: 31 (22 to 40)."
    assert [one.text() for one in opacity.findChildren(QLabel) if one.text() == line] == [line]
    assert not [one for one in pneumonia.findChildren(QLabel) if one.text() == line]
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_A)
    wait_until(lambda: len(window.desk.reading.decisions) == 2)
    assert not [one for one in window.desk.missing() if one.code == "decision"]


def test_two_findings_to_be_answered_are_one_short_sentence_at_the_foot(window: Any) -> None:
    foot = window.read.column.missing
    assert foot.text().startswith("Answer both findings.")
    assert "Opacity" not in foot.text()
    assert "Opacity" in window.read.column.sign.toolTip()
    press(window, Qt.Key.Key_A)
    wait_until(lambda: len(answers(window)) == 1)
    assert foot.text().startswith("Answer the finding: ")
