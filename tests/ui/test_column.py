"""The column of reading: fields that a key leads to, images without a model, the tool of the hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from services.analyze import Analysis
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest
from ui.viewer import Tool
from ui.worklist_model import STATUS

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
NONE, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


class SilentAnalyzer(StandInAnalyzer):
    """No pack applies: such results are left out, as the real one does."""

    def analyze(self, *args: Any, **kwargs: Any) -> Analysis:
        """Return a result in which nobody speaks."""
        made = super().analyze(*args, **kwargs)
        return replace(made, result=replace(made.result, results=()))


def press(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key wherever the focus is, after a moment: no typing."""
    let_pass(300)
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def read(stage: Stage, *paths: Path, **wanted: Any) -> Any:
    """Return a window with an open result."""
    window = stage(*paths, **wanted)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    press(window, Qt.Key.Key_2)
    return window


def in_sight(window: Any, field: QWidget) -> bool:
    """Whether the whole field stands in the scrolled part of the column."""
    room = window.read.column.page.viewport()
    top = field.mapTo(room, QPoint(0, 0)).y()
    return bool(top >= 0 and top + field.height() <= room.height())


# --- fields that a key leads to


@pytest.mark.parametrize("scrolled_to", ["top", "bottom"])
@pytest.mark.parametrize(
    ("key", "modifiers"),
    [(Qt.Key.Key_E, NONE), (Qt.Key.Key_N, NONE), (Qt.Key.Key_S, ALT), (Qt.Key.Key_R, ALT)],
)
def test_a_field_that_a_key_leads_to_is_in_sight(
    stage: Stage, tmp_path: Path, key: Qt.Key, modifiers: Qt.KeyboardModifier, scrolled_to: str
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    window.resize(window.minimumSize())
    bar = window.read.column.page.verticalScrollBar()
    wait_until(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum() if scrolled_to == "bottom" else 0)
    press(window, key, modifiers)
    field = QApplication.focusWidget()
    assert field is not None
    assert window.read.column.isAncestorOf(field)
    wait_until(lambda: in_sight(window, field))


def test_the_line_that_edit_opens_below_the_fold_comes_into_sight(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm", patient="", number=""))
    window.resize(window.minimumSize())
    (card,) = window.read.column.findings
    wait_until(window.read.column.identity.isVisible)
    bar = window.read.column.page.verticalScrollBar()
    wait_until(lambda: bar.maximum() > 0)
    bar.setValue(0)
    assert not in_sight(window, card.buttons["edited"]), "the form for the identity stands above the answers"
    press(window, Qt.Key.Key_E)
    assert card.words.hasFocus()
    wait_until(lambda: in_sight(window, card.words))


def test_alt_r_goes_to_the_first_empty_field_of_the_report_and_tab_goes_on_from_there(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    fields = window.read.column.words.fields
    press(window, Qt.Key.Key_R, ALT)
    assert fields["indication"].hasFocus()
    press(window, Qt.Key.Key_Tab)
    assert fields["words"].hasFocus()
    fields["indication"].setPlainText("Cough")
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_R, ALT)
    assert fields["words"].hasFocus()
    for field in fields.values():
        field.setPlainText("All is said")
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_R, ALT)
    assert fields["indication"].hasFocus()


# --- no model applies


def test_where_no_model_looked_the_column_says_so_first_and_asks_no_signs(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"), analyzer=SilentAnalyzer())
    column = window.read.column
    wait_until(column.computer.isVisible)
    assert column.computer.text() == (
        "There is no model for this kind of image (DX Chest AP): read it without the computer."
    )
    assert in_sight(window, column.computer)
    assert column.computer.y() < column.final_read.y()
    assert not column.signs.isVisible()
    assert column.findings == []
    assert column._cards.made == []


def test_before_the_first_impression_it_is_in_sight_that_there_is_no_model(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm", number=""), analyzer=SilentAnalyzer())
    window.resize(1366, 700)
    column = window.read.column
    wait_until(lambda: "There is no model" in column.computer.text() and column.identity.isVisible())
    wait_until(lambda: in_sight(window, column.computer))
    assert column.computer.y() < column.identity.y()
    assert window.banner.status.words().startswith("No model")
    assert window.worklist.source.index(0, STATUS).data() == "No model"
    window.desk.case.analysis = None
    assert window.worklist.source.index(0, STATUS).data() == "No model", "also when the result was let go"
    press(window, Qt.Key.Key_1)
    assert window.worklist.source.index(0, STATUS).data() == "Reading begun"


@pytest.mark.parametrize("lead", [(Qt.Key.Key_R, ALT), (Qt.Key.Key_S, ALT)])
def test_a_result_that_opens_shows_its_heading_wherever_the_column_was_scrolled(
    stage: Stage, tmp_path: Path, lead: tuple[Qt.Key, Qt.KeyboardModifier]
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    window.resize(window.minimumSize())
    bar = window.read.column.page.verticalScrollBar()
    press(window, *lead)
    wait_until(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_2)
    let_pass(200)
    (card,) = window.read.column.findings
    top = card.mapTo(window.read.column.page.viewport(), QPoint(0, 0)).y()
    assert 0 <= top < 60


def test_where_no_model_looked_the_map_cannot_be_switched_and_says_why(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"), analyzer=SilentAnalyzer())
    button = window.read.tools.buttons["map"]
    assert not button.isEnabled()
    assert not button.isChecked()
    assert button.toolTip() == "No model looked at this image: there is no map"
    shown = window.read.viewer.overlay_shown
    press(window, Qt.Key.Key_M)
    assert window.read.viewer.overlay_shown is shown
    assert window.read.toast.text() == button.toolTip()


@pytest.mark.parametrize(("modality", "asked"), [("DX", True), ("MR", False), ("US", False)])
def test_breathing_is_asked_for_beside_a_chest_and_beside_nothing_else(
    stage: Stage, tmp_path: Path, modality: str, asked: bool
) -> None:
    path = write_chest(tmp_path, "a.dcm")
    made = pydicom.dcmread(path)
    made.Modality = modality
    made.save_as(path)
    window = stage(path)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("abnormal")
    assert window.read.column.signs.isVisible() is asked


def test_signs_can_be_written_also_where_no_model_looked(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"), analyzer=SilentAnalyzer())
    signs = window.read.column.signs
    press(window, Qt.Key.Key_S, ALT)
    assert signs.breaths.hasFocus()
    QTest.keyClicks(signs.breaths, "48")
    assert window.desk.reading.signs.respiratory_rate_per_min == 48
    window.open_case(window.desk.case.key)
    wait_until(signs.isVisible)


def test_the_map_of_a_finding_can_be_switched_and_its_button_is_lit(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    button = window.read.tools.buttons["map"]
    assert button.isEnabled()
    assert button.isChecked()
    assert window.read.column.signs.isVisible()


# --- tools


def test_a_tool_stays_within_a_study_and_not_for_the_next_patient(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    write_chest(folder, "1.dcm", patient="SAMPLE^Amina")
    write_chest(folder, "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = read(stage, folder)
    wait_until(lambda: len(window.book) == 2 and not window.intake.scanning)
    page = window.read
    press(window, Qt.Key.Key_Z)
    assert (page.viewer.tool, page.image.pair.put_right.tool) == (Tool.ZOOM, Tool.ZOOM)
    case = window.desk.case
    window.open_case(case.key)
    assert page.viewer.tool is Tool.ZOOM
    press(window, Qt.Key.Key_Down, CTRL)
    wait_until(lambda: window.desk.case is not case)
    assert (page.viewer.tool, page.image.pair.put_right.tool) == (Tool.WINDOW, Tool.WINDOW)
    assert page.tools.buttons["tool_window"].isChecked()
    assert not page.tools.buttons["tool_zoom"].isChecked()
