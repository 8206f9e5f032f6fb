"""Own words of an answer: undo and redo go through what was taken, and lose nothing that was typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.decision import Decision
from tests.ui.stage import let_pass, wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def press(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key wherever the focus is, after a moment: no typing."""
    let_pass(300)
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def read(stage: Stage, path: Path) -> Any:
    """Return a window with an open result."""
    window = stage(path)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    press(window, Qt.Key.Key_2)
    return window


def own_words(window: Any, text: str) -> None:
    """Type own words over those that stand there and take them by Enter."""
    press(window, Qt.Key.Key_E)
    let_pass(300)
    (card,) = window.read.column.findings
    card.words.selectAll()
    QTest.keyClicks(card.words, text)
    QTest.keyClick(card.words, Qt.Key.Key_Return)


def said(window: Any) -> tuple[str, str]:
    """Return the own words as they are kept, and as they stand in their line."""
    kept: Decision | None = window.desk.decision("chest-pneumonia-child", "pneumonia")
    (card,) = window.read.column.findings
    return (kept.words if kept is not None else "", card.words.text())


def test_undo_and_redo_of_own_words_go_through_what_was_taken_and_nothing_else(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    own_words(window, "effusion")
    for key, wanted in (
        (Qt.Key.Key_Z, "old scar"),
        (Qt.Key.Key_Y, "effusion"),
        (Qt.Key.Key_Z, "old scar"),
        (Qt.Key.Key_Z, ""),
        (Qt.Key.Key_Y, "old scar"),
        (Qt.Key.Key_Y, "effusion"),
    ):
        press(window, key, CTRL)
        assert said(window) == (wanted, wanted)


def test_undo_in_the_line_itself_undoes_the_answer_once_its_words_were_taken(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    own_words(window, "effusion")
    (card,) = window.read.column.findings
    for key, wanted in ((Qt.Key.Key_Z, "old scar"), (Qt.Key.Key_Y, "effusion")):
        card.words.setFocus()
        press(window, key, CTRL)
        assert said(window) == (wanted, wanted)


def test_undo_in_the_line_takes_back_typing_first_and_leaves_what_was_taken(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    (card,) = window.read.column.findings
    card.words.setFocus()
    QTest.keyClicks(card.words, " below")
    press(window, Qt.Key.Key_Z, CTRL)
    assert said(window) == ("old scar", "old scar")


def test_an_answer_that_was_undone_leaves_no_words_in_the_line_that_edit_opens(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    press(window, Qt.Key.Key_Z, CTRL)
    press(window, Qt.Key.Key_E)
    assert said(window) == ("", "")
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Y, CTRL)
    assert said(window) == ("old scar", "old scar")


def test_the_button_of_own_words_stays_down_where_they_are_opened_and_left_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    (card,) = window.read.column.findings
    press(window, Qt.Key.Key_E)
    press(window, Qt.Key.Key_Escape)
    assert window.desk.reading.decisions[0].answer == "edited"
    assert card.buttons["edited"].isChecked()


def test_own_words_left_by_esc_are_taken_by_signing(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    press(window, Qt.Key.Key_E)
    let_pass(300)
    (card,) = window.read.column.findings
    QTest.keyClicks(card.words, "left effusion")
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Return, CTRL)
    wait_until(lambda: window.signing.dialog is not None)
    assert said(window) == ("left effusion", "left effusion")
    window.signing.dialog.reject()
    wait_until(lambda: window.signing.dialog is None)


def test_the_key_of_signing_says_what_is_missing(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    press(window, Qt.Key.Key_Return, CTRL)
    assert window.signing.dialog is None
    assert window.read.toast.isVisible()
    assert window.read.toast.text() == window.read.column.missing.text() != ""


def test_words_typed_and_not_taken_survive_undo_and_redo_of_the_answer(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    own_words(window, "old scar")
    press(window, Qt.Key.Key_E)
    let_pass(300)
    (card,) = window.read.column.findings
    QTest.keyClicks(card.words, " below")
    window.read.viewer.setFocus()
    press(window, Qt.Key.Key_Z, CTRL)
    assert said(window) == ("", "old scar below")
    press(window, Qt.Key.Key_Y, CTRL)
    assert said(window) == ("old scar", "old scar below")
    window.read.column.restyle()
    assert said(window) == ("old scar", "old scar below")
