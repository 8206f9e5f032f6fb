"""Own words and notes of a reading: in sight, on the disk, undone and signed as they were typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.hands import begun, note, pause, press, ready, sign
from tests.ui.stage import let_pass, wait_until, write_chest

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]


def signed_answer(window: Any) -> tuple[str, str]:
    """Sign the open case, and return its one answer with its words."""
    case = window.desk.case
    sign(window)
    (decision,) = case.signed.record.reading.decisions
    return decision.answer, decision.words


def test_undo_and_redo_of_an_answer_leave_the_note_that_stands_in_its_field(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_A)
    note(window, "left base")
    window.desk.undo.undo()
    assert window.desk.reading.decisions == ()
    window.desk.undo.redo()
    assert [one.note for one in window.desk.reading.decisions] == ["left base"]
    window.read.column.answer("disagree")
    note(window, "right base")
    window.desk.undo.undo()
    (decision,) = window.desk.reading.decisions
    assert (decision.answer, decision.note) == ("agree", "right base")
    window.open_case(window.desk.case.key)
    assert window.read.column.findings[0].note.toPlainText() == "right base"


def test_own_words_that_were_undone_do_not_come_back_when_the_case_is_opened_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    edit_words(window, "old scar", enter=True)
    edit_words(window, "effusion", enter=True)
    window.desk.undo.undo()
    window.open_case(window.desk.case.key)
    assert window.read.column.findings[0].words.text() == "old scar"


def test_undo_leaves_own_words_that_were_typed_meanwhile(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    card = edit_words(window, "old scar", enter=True)
    window.read.column.answer("disagree")
    edit_words(window, "effusion on the right", enter=False)
    window.read.viewer.setFocus()
    window.desk.undo.undo()
    assert window.desk.reading.decisions[0].words == "old scar"
    assert card.words.text() == "effusion on the right"
    assert window.desk.jotting(card.pack_id, card.finding_code).words == "effusion on the right"
    window.open_case(window.desk.case.key)
    assert window.read.column.findings[0].words.text() == "effusion on the right"


def test_edit_takes_own_words(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.hasFocus)
    pause()
    QTest.keyClicks(card.words, "old scar, unchanged")
    QTest.keyClick(card.words, Qt.Key.Key_Return)
    decision = window.desk.decision("chest-pneumonia-child", "pneumonia")
    assert (decision.answer, decision.words) == ("edited", "old scar, unchanged")


def edit_words(window: Any, words: str, *, enter: bool) -> Any:
    """Type own words into the first finding's line and return its card."""
    card = window.read.column.findings[0]
    card.answer("edited")
    card.words.setFocus()
    card.words.selectAll()
    if words:
        QTest.keyClicks(card.words, words)
    else:
        QTest.keyClick(card.words, Qt.Key.Key_Delete)
    if enter:
        QTest.keyClick(card.words, Qt.Key.Key_Return)
    return card


def test_own_words_typed_without_enter_are_in_sight_and_signed_after_the_case_was_opened_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    case = window.desk.case
    press(window, Qt.Key.Key_A)
    edit_words(window, "effusion on the right", enter=False)
    window.open_case(case.key)
    wait_until(window.read.column.findings[0].words.isVisible)
    assert signed_answer(window) == ("edited", "effusion on the right")


def test_words_of_a_line_that_was_closed_answer_nothing_after_the_case_was_opened_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    case = window.desk.case
    edit_words(window, "effusion on the right", enter=False)
    window.read.column.answer("agree")
    window.open_case(case.key)
    assert window.read.column.findings[0].words.isHidden()
    sign(window)
    assert [one.answer for one in case.signed.record.reading.decisions] == ["agree"]


@pytest.mark.parametrize("before", ["edited", "agree"])
def test_own_words_typed_without_enter_are_what_is_signed(stage: Stage, tmp_path: Path, before: str) -> None:
    window = begun(stage, tmp_path)
    if before == "edited":
        edit_words(window, "old scar", enter=True)
    else:
        press(window, Qt.Key.Key_A)
    edit_words(window, "effusion on the right", enter=False)
    assert signed_answer(window) == ("edited", "effusion on the right")


def test_an_answer_whose_own_words_were_deleted_is_asked_about_before_signing(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    edit_words(window, "old scar", enter=True)
    card = edit_words(window, "", enter=False)
    window.read.column.sign.click()
    assert window.signing.dialog is None
    assert "own words" in window.read.toast.text()
    assert card.words.hasFocus()


def test_a_note_typed_before_any_answer_is_on_the_disk_within_two_seconds(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    key = window.desk.case.key
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_N)
    pause()
    QTest.keyClicks(window.read.column.findings[0].note, "child very ill")
    assert kept_within(tmp_path, key, 2.0) == ("", "child very ill")


def test_words_typed_into_edit_are_on_the_disk_before_enter(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    key = window.desk.case.key
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_E)
    pause()
    QTest.keyClicks(window.read.column.findings[0].words, "Right lower opacity")
    assert kept_within(tmp_path, key, 2.0) == ("Right lower opacity", "")


def test_words_and_note_are_in_their_fields_again_when_the_case_is_opened_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    case = window.desk.case
    press(window, Qt.Key.Key_N)
    pause()
    QTest.keyClicks(window.read.column.findings[0].note, "child very ill")
    window.desk.close()
    window.open_case(case.key)
    ready(window)
    assert window.read.column.findings[0].note.toPlainText() == "child very ill"
    pause()
    press(window, Qt.Key.Key_A)
    assert window.desk.reading.decisions[0].note == "child very ill"


def kept_within(profile_home: Path, key: str, seconds: float) -> tuple[str, str]:
    """Return words and note of the one finding as another process would read them after that time."""
    import json

    from services.drafts import Draft
    from services.record_json import from_plain
    from store.database import Database
    from store.drafts import DraftStore
    from tests.opening import key_of_store

    let_pass(round(seconds * 1000))
    profile = profile_home / "profile"
    database = Database(profile / "farlight.db", key_of_store(profile))
    try:
        kept = DraftStore(database).find(key)
    finally:
        database.close()
    assert kept is not None
    jotting = from_plain(Draft, json.loads(kept.payload)).jottings[0]
    return jotting.words, jotting.note


def test_esc_in_edit_after_another_answer_leaves_the_words_in_sight_and_they_are_signed(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    pause()
    press(window, Qt.Key.Key_D)
    pause()
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.isVisible)
    pause()
    QTest.keyClicks(card.words, "Right lower opacity")
    press(window, Qt.Key.Key_Escape)
    assert card.words.isVisible()
    assert window.read.column.take_words()
    assert [(one.answer, one.words) for one in window.desk.reading.decisions] == [
        ("edited", "Right lower opacity")
    ]


def test_an_empty_line_for_own_words_closes_with_esc(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.isVisible)
    press(window, Qt.Key.Key_Escape)
    assert not card.words.isVisible()
    assert window.pages.currentWidget() is window.read


def test_esc_in_edit_keeps_the_typed_words_and_opening_it_again_answers_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.isVisible)
    pause()
    QTest.keyClicks(card.words, "Right lower opacity")
    press(window, Qt.Key.Key_Escape)
    assert card.words.isVisible()
    assert not card.words.hasFocus()
    assert window.pages.currentWidget() is window.read
    assert window.desk.jotting(card.pack_id, card.finding_code).words == "Right lower opacity"
    pause()
    press(window, Qt.Key.Key_E)
    assert card.words.hasFocus()
    assert card.words.text() == "Right lower opacity"
    assert window.desk.reading.decisions == ()
    QTest.keyClick(card.words, Qt.Key.Key_Return)
    assert [one.words for one in window.desk.reading.decisions] == ["Right lower opacity"]
