"""A wheel that scrolls a page changes nothing on it."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QComboBox, QScrollBar, QWidget

from tests.ui.stage import let_pass, wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
UI = Path(__file__).parents[2] / "ui"
TURNED_BY_A_WHEEL = {
    "QComboBox", "QFontComboBox", "QSpinBox", "QDoubleSpinBox", "QDateEdit", "QTimeEdit", "QDateTimeEdit",
    "QSlider", "QDial",
}  # fmt: skip


def wheel(widget: QWidget, clicks: int = -1) -> None:
    """Turn the wheel over a widget as the system tells it; what does not take it leaves it to its page."""
    window = widget.window()
    middle = widget.mapTo(window, widget.rect().center())
    QTest.wheelEvent(window.windowHandle(), middle, QPoint(0, 120 * clicks))
    QApplication.processEvents()


def value_of(control: QWidget) -> object:
    """Return what a control stands on."""
    if isinstance(control, QComboBox):
        return control.currentIndex()
    if isinstance(control, QAbstractSpinBox):
        return control.text()
    assert isinstance(control, QAbstractSlider)
    return control.value()


def controls_on(page: QWidget) -> list[QWidget]:
    """Return the controls in sight that a wheel could turn."""
    kinds = (QComboBox, QAbstractSpinBox, QAbstractSlider)
    return [
        one
        for one in page.findChildren(QWidget)
        if isinstance(one, kinds) and not isinstance(one, QScrollBar) and one.isVisible()
    ]


def bring_into_sight(page: Any, control: QWidget) -> None:
    """Scroll as far as the control."""
    from PySide6.QtWidgets import QScrollArea

    above = control.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if above is not None:
        above.ensureWidgetVisible(control)
    QApplication.processEvents()


def test_no_control_that_a_wheel_turns_is_made_elsewhere() -> None:
    made = []
    for file in sorted(UI.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in TURNED_BY_A_WHEEL:
                    made.append(f"{file.name}:{node.lineno} {name}")
            if isinstance(node, ast.ClassDef) and file.name != "still_controls.py":
                made += [
                    f"{file.name}:{node.lineno} {base.id}"
                    for base in node.bases
                    if isinstance(base, ast.Name) and base.id in TURNED_BY_A_WHEEL
                ]
    assert made == []


@pytest.mark.parametrize("name", ["settings", "records", "audit", "report"])
def test_the_wheel_over_a_page_changes_nothing_on_it(stage: Stage, tmp_path: Path, name: str) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    wait_until(lambda: window.desk.case is not None)
    window.show_page(name)
    controls = controls_on(window)
    assert controls
    for control in controls:
        before, focused = value_of(control), control.hasFocus()
        bring_into_sight(window, control)
        for clicks in (-1, 1, 1):
            wheel(control, clicks)
        assert value_of(control) == before, control.accessibleName()
        assert control.hasFocus() is focused


def test_the_wheel_over_a_choice_scrolls_the_page(stage: Stage) -> None:
    from PySide6.QtWidgets import QScrollArea

    window = stage()
    window.resize(1024, 640)
    window.show_page("settings")
    bar = window.settings.findChild(QScrollArea).verticalScrollBar()
    choice = window.settings._order
    choice.setFocus()
    bring_into_sight(window, choice)
    before = bar.value()
    wheel(choice)
    assert bar.value() > before
    assert window._workplace.settings.text("reading.order") == "read_first"
    assert choice.currentData() == "read_first"


def test_the_wheel_over_the_map_slider_scrolls_the_column(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), reading__order="concurrent")
    wait_until(lambda: bool(window.read.column.findings))
    slider = window.read.column.findings[0].slider
    bring_into_sight(window, slider)
    before = slider.value()
    wheel(slider, -2)
    assert slider.value() == before
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(3, slider.height() // 2))
    slider.setFocus()
    clicked = slider.value()
    wheel(slider, 1)
    assert slider.value() > clicked


def test_a_number_that_was_clicked_turns_with_the_wheel(stage: Stage) -> None:
    window = stage()
    wait_until(lambda: bool(window.common.rows))  # the page has its height
    window.show_page("settings")
    days = window.settings.backup.days
    let_pass(200)  # its cards come to their height
    bring_into_sight(window, days)
    QTest.mouseClick(days.lineEdit(), Qt.MouseButton.LeftButton)
    before = days.value()
    wheel(days, 1)
    assert days.value() == before + 1
    days.setValue(before)
