"""Words typed with the focus outside a field change nothing, and a single key acts at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.result import Correction
from tests.ui.stage import StandInAnalyzer, at_once, let_pass, wait_until, write_chest

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]


def read(stage: Stage, path: Path, **wanted: Any) -> Any:
    """Return a window with an open result, some time after the last key."""
    window = stage(path, **wanted)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    QTest.keyClick(window.read.viewer, Qt.Key.Key_2)
    wait_until(window.read.viewer.has_overlay if "analyzer" not in wanted else lambda: True)
    rest()
    return window


def rest() -> None:
    """Wait until what is typed next begins anew."""
    let_pass(1000)


def type_anywhere(window: Any, text: str) -> None:
    """Type as fast as a machine wherever the focus is."""
    with at_once(window):
        for letter in text:
            QTest.keyClicks(QApplication.focusWidget() or window, letter)


def view_of(window: Any) -> tuple[object, ...]:
    """Return everything that letters could change of the view."""
    page = window.read
    return (
        page.viewer.state, page.viewer.overlay_shown, page.viewer.overlay_opacity, page.viewer.tool,
        page.image.pair.beside, page.frame_bar.playing, page.frame_bar.frame,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "right base",
        "Right base",
        "infiltrate",
        "grey +",
        "wide heart",
        "zone",
        "hilar mass [",
        "mild",
        "pleura",
    ],
)
def test_no_letter_of_typed_words_changes_the_view(stage: Stage, tmp_path: Path, text: str) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    before, reading = view_of(window), window.desk.reading
    type_anywhere(window, text)
    assert view_of(window) == before
    assert window.desk.reading == reading
    assert "change nothing" in window.read.toast.text()
    assert window.read.toast.isVisible()


def test_typed_words_leave_the_image_as_the_model_saw_it_where_it_is(stage: Stage, tmp_path: Path) -> None:
    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(quarter_turns=2, inverted=True, text="It was inverted and turned.")
    window = read(stage, write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    wait_until(lambda: window.read.image.pair.beside)
    type_anywhere(window, "base")
    assert window.read.image.pair.beside


@pytest.mark.parametrize("text", ["nodule", "effusion", "yes"])
def test_words_whose_first_letter_leads_to_a_field_are_not_written_there(
    stage: Stage, tmp_path: Path, text: str
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    column, reading = window.read.column, window.desk.reading
    type_anywhere(window, text)
    (card,) = column.findings
    assert (card.words.text(), card.note.toPlainText()) == ("", "")
    assert card.words.isHidden()
    assert not column.identity.isVisible()
    assert window.desk.reading == reading
    assert window.read.viewer.hasFocus()
    assert "Click a field" in window.read.toast.text()


@pytest.mark.parametrize("key", ["n", "e"])
def test_after_a_moment_the_field_that_a_key_led_to_takes_every_letter(
    stage: Stage, tmp_path: Path, key: str
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    type_anywhere(window, key)
    let_pass(300)
    type_anywhere(window, "left base")
    (card,) = window.read.column.findings
    assert (card.note.toPlainText() or card.words.text()) == "left base"


def test_a_single_key_acts_at_once_and_so_do_signs_one_after_another(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    viewer = window.read.viewer
    type_anywhere(window, "r")
    assert viewer.state.quarter_turns == 1
    before = viewer.scale_percent()
    type_anywhere(window, "+++-")
    assert viewer.scale_percent() > before
    assert viewer.state.quarter_turns == 1


def test_a_space_in_typed_words_does_not_press_the_button_that_has_the_focus(
    stage: Stage, tmp_path: Path
) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    type_anywhere(window, "a")
    rest()
    window.read.column.sign.setFocus()
    type_anywhere(window, "old scar")
    signing = window.signing
    assert signing.dialog is None
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]
    rest()
    QTest.keyClick(window.read.column.sign, Qt.Key.Key_Space)
    wait_until(lambda: window.signing.dialog is not None)
    window.signing.dialog.reject()
    wait_until(lambda: window.signing.dialog is None)


def test_a_question_mark_after_typed_words_does_not_open_the_sheet(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    type_anywhere(window, "scar?")
    assert not window.turner.sheet.isVisible()
    rest()
    type_anywhere(window, "?")
    assert window.turner.sheet.isVisible()


def test_words_typed_in_the_list_open_no_patient(stage: Stage, tmp_path: Path) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    wait_until(lambda: window.desk.case is not None and len(window.book) == 2 and not window.intake.scanning)
    case = window.desk.case
    window.show_page("worklist")
    window.worklist.table.setFocus()
    type_anywhere(window, "Sample Joseph")
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Return)
    assert window.desk.case is case
    assert window.pages.currentWidget() is window.worklist
    assert "open no study" in window.worklist._toast.text()
    rest()
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Space)
    assert window.pages.currentWidget() is window.read


@pytest.mark.parametrize("focus", ["button", "window", "table"])
def test_a_name_typed_in_the_list_opens_nobody_wherever_the_focus_is(
    stage: Stage, tmp_path: Path, focus: str
) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    wait_until(lambda: window.desk.case is not None and len(window.book) == 2 and not window.intake.scanning)
    case = window.desk.case
    window.show_page("worklist")
    page = window.worklist
    {"button": page.next, "window": window, "table": page.table}[focus].setFocus()
    if focus == "window":
        page.table.clearFocus()
    asked: list[bool] = []
    page.next.clicked.connect(lambda: asked.append(True))
    type_anywhere(window, "sample joseph")
    let_pass(300)
    assert window.desk.case is case
    assert window.pages.currentWidget() is page
    assert asked == []
    assert "open no study" in page._toast.text()


def unread(stage: Stage, path: Path, **wanted: Any) -> Any:
    """Return a window with an image that was looked at and not read."""
    window = stage(path, **wanted)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)
    rest()
    return window


@pytest.mark.parametrize(
    "text",
    [
        "3rd rib fracture",
        "2cm nodule",
        "1st",
        "11th rib",
        "3d echo",
        "2 x 3 cm",
        "3.5 cm",
        "2-3 mm",
        "2nd",
        "2 days",
    ],
)
def test_words_that_begin_with_a_digit_give_no_impression(stage: Stage, tmp_path: Path, text: str) -> None:
    window = unread(stage, write_chest(tmp_path, "1.dcm"))
    before = view_of(window)
    type_anywhere(window, text)
    assert window.desk.reading.first_read is None
    assert not window.desk.reading.decisions
    assert not window.desk.is_open_card
    assert view_of(window) == before
    assert "change nothing" in window.read.toast.text()


@pytest.mark.parametrize("letters", ["a", "aa"])
def test_an_answer_within_the_moment_of_the_impression_is_not_counted(
    stage: Stage, tmp_path: Path, letters: str
) -> None:
    window = unread(stage, write_chest(tmp_path, "1.dcm"))
    type_anywhere(window, "2" + letters)
    assert window.desk.reading.first_read.impression == "abnormal"
    assert not window.desk.reading.decisions
    assert "Not counted" in window.read.toast.text()
    let_pass(300)
    type_anywhere(window, "a")
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_an_answer_follows_the_impression_at_once_where_the_result_was_in_sight(
    stage: Stage, tmp_path: Path
) -> None:
    window = unread(stage, write_chest(tmp_path, "1.dcm"), reading__order="concurrent")
    type_anywhere(window, "2a")
    assert window.desk.reading.first_read is not None
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]
    rest()
    assert window.desk.reading.first_read is not None


def test_words_that_begin_like_an_answer_at_once_leave_nothing(stage: Stage, tmp_path: Path) -> None:
    window = unread(stage, write_chest(tmp_path, "1.dcm"), reading__order="concurrent")
    type_anywhere(window, "2ary")
    assert (window.desk.reading.first_read, window.desk.reading.decisions) == (None, ())


def test_what_typed_words_had_answered_cannot_be_done_again(stage: Stage, tmp_path: Path) -> None:
    window = read(stage, write_chest(tmp_path, "1.dcm"))
    type_anywhere(window, "a")
    rest()
    type_anywhere(window, "dense")
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]
    rest()
    QTest.keyClick(window.read.viewer, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]
    QTest.keyClick(window.read.viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not window.desk.reading.decisions
