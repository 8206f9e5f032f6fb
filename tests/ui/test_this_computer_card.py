"""The card on this computer: devices by name, verdicts, rights, and the line in the audit trail."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from services.packs import installed_packs
from services.selftest import Verdict
from services.tuning import DeviceEntry
from tests.ui.stage import let_pass, wait_until
from ui.checks_card import FoldedLines
from ui.this_computer_card import Known

pytestmark = pytest.mark.display

KNOWN = Known(
    computer="Old processor; 2 cores",
    limits=("It is slow.",),
    devices=(
        DeviceEntry(key="CPU", name="Old processor"),
        DeviceEntry(key="openvino:GPU", name="Intel Iris Xe Graphics"),
        DeviceEntry(
            key="openvino:NPU", name="Intel AI Boost", trouble="its driver crashed when it was tried"
        ),
    ),
    troubles=(),
    verdicts=(
        Verdict(pack_id="a", state="trusted", sentence="A: can be trusted."),
        Verdict(pack_id="b", state="not_trusted", sentence="B: cannot be trusted."),
    ),
)


def _card(stage: Callable[..., Any], **named: Any) -> Any:
    window = stage(**named)
    window.this_computer._asked = True  # what is shown is set by the test
    window.show_page("settings")
    window.this_computer.show_known(KNOWN)
    return window.this_computer


def _texts(lines: Any) -> list[str]:
    return [lines.itemAt(row).widget().layout().itemAt(1).widget().text() for row in range(lines.count())]


def test_says_what_the_computer_is_and_whether_each_model_can_be_trusted(stage: Callable[..., Any]) -> None:
    card = _card(stage)
    assert card.computer.text() == "Old processor; 2 cores"
    assert _texts(card._limits) == ["It is slow."]
    assert _texts(card._verdicts) == ["A: can be trusted.", "B: cannot be trusted."]
    assert _texts(card._troubles) == ["Intel AI Boost: its driver crashed when it was tried."]
    assert card.retry.isVisible()


def test_the_device_is_chosen_by_name_and_the_trail_has_a_line(stage: Callable[..., Any]) -> None:
    card = _card(stage)
    names = [card.device.itemText(row) for row in range(card.device.count())]
    assert names[0].startswith("Automatic")
    assert "Intel Iris Xe Graphics (openvino)" in names
    card.device.setCurrentIndex(names.index("Intel Iris Xe Graphics (openvino)"))
    card.device.activated.emit(card.device.currentIndex())
    workplace = card._workplace
    assert workplace.settings.text("device") == "openvino:GPU"
    newest = next(iter(workplace.trail.of(("settings",))))
    detail = json.loads(newest.detail)
    assert (newest.act, detail["key"], detail["new"]) == ("settings", "device", "openvino:GPU")


def test_a_device_that_is_gone_stays_chosen_and_is_said_to_be_gone(stage: Callable[..., Any]) -> None:
    card = _card(stage, device="openvino:GPU.3")
    assert card.device.currentData() == "openvino:GPU.3"
    assert "not found now" in card.device.currentText()


def test_only_an_administrator_changes_anything(stage: Callable[..., Any]) -> None:
    card = _card(stage)
    card._workplace.session.leave()
    card.show_rights()
    assert not card.device.isEnabled()
    assert not card.again.isEnabled()
    assert not card.retry.isEnabled()


def test_opening_the_settings_tests_the_models_once_in_the_background(stage: Callable[..., Any]) -> None:
    window = stage()
    window.show_page("settings")
    card = window.this_computer
    wait_until(lambda: card._verdicts.count() > 0 and not card.said.isVisible(), timeout_s=60.0)
    (folded,) = card.findChildren(FoldedLines)
    assert folded.summary.text().startswith(str(len(installed_packs())))
    assert all("gives its maker's known answers" in line for line in folded.details.text().splitlines())
    assert card.computer.text()
    assert not card.retry.isVisible()


@pytest.mark.parametrize("size", [(1366, 768), (1024, 640)])
def test_measuring_again_leaves_page_and_focus_where_they_are(
    stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QScrollArea

    monkeypatch.setattr("ui.this_computer_card._look", lambda *_, **__: KNOWN)
    card = _card(stage)
    page = card.window().settings
    card.window().resize(*size)
    wait_until(lambda: bool(card.window().common.rows))
    area = page.findChild(QScrollArea)
    heights = [-1, area.verticalScrollBar().maximum()]
    while heights[-1] != heights[-2]:  # until the cards above have their room
        let_pass(200)
        heights.append(area.verticalScrollBar().maximum())
    let_pass(50)
    area.ensureWidgetVisible(card.again)
    before = area.verticalScrollBar().value()
    assert before > 0
    QTest.mouseClick(card.again, Qt.MouseButton.LeftButton)
    assert not card.again.isEnabled()
    wait_until(lambda: card.again.isEnabled() and "Measured" in card.said.text())
    let_pass(50)
    assert area.verticalScrollBar().value() == before
    assert card.again.hasFocus()
    top = card.again.mapTo(area.viewport(), QPoint(0, 0)).y()
    assert 0 <= top <= area.viewport().height()
