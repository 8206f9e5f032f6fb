"""Reading one study: the order of it, the keys of it, and what a late answer may not do."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image as Photo
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from core.patient import Patient, Sourced
from core.result import Correction, ErrorRecord, Refusal, Result, Source
from services.analyze import Analysis
from tests.opening import enter_signer
from tests.ui.stage import StandInAnalyzer, at_once, let_pass, wait_until, write_chest
from ui.notices import Notice

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
DOCUMENTS = QStandardPaths.StandardLocation.DocumentsLocation


def ready(window: Any) -> None:
    """Wait for image and result of the open case."""
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)


def signed_and_left(window: Any, case: Any) -> bool:
    return case.signed is not None and window.desk.case is not case


def press(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is, and look at what an impression has opened."""
    strike(window, key, modifiers)
    if key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3) and not modifiers.value:
        pause()


def strike(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is, as quickly as a machine."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def pause() -> None:
    """Wait as a hand does between two keys that have nothing to do with one another: no typing."""
    let_pass(300)


def test_a_routine_chest_takes_eight_keys_and_no_mouse(stage: Stage, tmp_path: Path) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    ready(window)
    first = window.desk.case
    keys = [
        (Qt.Key.Key_2, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_2, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_5, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_8, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_0, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
    ]
    assert len(keys) <= 8
    for number, (key, modifiers) in enumerate(keys):
        press(window, key, modifiers)
        if number == 2:
            wait_until(lambda: window.signing.dialog is not None and window.signing.dialog.isActiveWindow())
    wait_until(lambda: first.signed is not None)
    wait_until(lambda: window.desk.case is not None and window.desk.case is not first)
    assert first.signed.record.reading.first_read.impression == "abnormal"
    assert first.signed.record.signature.name == "Sr. N. Otieno"
    assert "Joseph" in window.banner.text()


def test_the_card_stays_closed_until_the_first_impression(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    assert window.read.column.findings == []
    assert not window.read.viewer.has_overlay()
    press(window, Qt.Key.Key_A)
    assert window.desk.reading.decisions == ()
    pause()
    press(window, Qt.Key.Key_3)
    assert [card.finding_code for card in window.read.column.findings] == ["pneumonia"]
    wait_until(window.read.viewer.has_overlay)
    assert window.desk.reading.first_read.impression == "unsure"


def test_the_map_key_does_nothing_before_the_card_is_open_and_its_button_shows_its_state(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    button = window.read.tools.buttons["map"]
    assert not button.isEnabled()
    press(window, Qt.Key.Key_M)
    assert window.read.viewer.overlay_shown
    pause()
    press(window, Qt.Key.Key_2)
    assert button.isEnabled()
    assert button.isChecked()
    press(window, Qt.Key.Key_M)
    assert not window.read.viewer.overlay_shown
    assert not button.isChecked()


def test_checks_that_are_good_are_one_line_that_opens(stage: Stage, tmp_path: Path) -> None:
    from ui.checks_card import ChecksCard

    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    good = window.read.column.findChild(ChecksCard).good
    assert good.summary.text() == "2 checks good"
    assert good.details.isHidden()
    good.more.click()
    wait_until(good.details.isVisible)
    assert "both lungs whole" in good.details.text()
    assert good.more.text() == "Hide"


def test_the_first_impression_is_said_once(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_1)
    pause()
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.reading.first_read.impression == "nothing_seen"


def test_no_impression_is_taken_before_the_image_is_in_sight(stage: Stage, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    whole = write_chest(tmp_path, "1.dcm")
    window = stage(whole)
    ready(window)
    window.read.column.set_image_in_sight(False)
    press(window, Qt.Key.Key_1)
    assert window.desk.reading.first_read is None


def test_a_late_answer_changes_neither_patient_nor_picture(stage: Stage, tmp_path: Path) -> None:
    analyzer = StandInAnalyzer()
    analyzer.hold["slow.dcm"] = threading.Event()
    slow = write_chest(tmp_path / "a", "slow.dcm", patient="SAMPLE^Amina", number="1")
    other = write_chest(tmp_path / "b", "other.dcm", patient="SAMPLE^Joseph", number="2")
    window = stage(slow, other, analyzer=analyzer)
    wait_until(lambda: len(window.book) == 2 and not window.intake.scanning)
    wait_until(lambda: window.read.viewer.state is not None)
    late = window.desk.case
    assert late.unit.path.endswith("slow.dcm")
    press(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.desk.case is not late and window.read.viewer.state is not None)
    press(window, Qt.Key.Key_2)
    banner, key = window.banner.text(), window.read.viewer.key
    assert "Joseph" in banner
    analyzer.hold["slow.dcm"].set()
    wait_until(lambda: late.analysis is not None)
    let_pass(50)
    assert window.banner.text() == banner
    assert window.read.viewer.key == key
    ready(window)
    wait_until(window.read.viewer.has_overlay)
    assert window.read.viewer.overlay().key == key
    shown = {card.finding_code for card in window.read.column.findings}
    assert shown == {"pneumonia"}
    assert window.desk.case.analysis.result.source.path.endswith("other.dcm")


def test_an_overlay_of_another_image_is_not_laid_over_this_one(stage: Stage, tmp_path: Path) -> None:
    from ui.overlay import Overlay

    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    window.read.viewer.set_overlay(Overlay(key="another#0"))
    assert not window.read.viewer.has_overlay()


def test_signing_is_quiet_until_all_is_answered(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    column = window.read.column
    assert not column.sign.isEnabled()
    press(window, Qt.Key.Key_2)
    assert not column.sign.isEnabled()
    assert "Pneumonia" in column.missing.text()
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.signing.dialog is None
    press(window, Qt.Key.Key_D)
    assert column.sign.isEnabled()


def test_a_decision_can_be_undone_and_done_again(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    assert window.desk.decision("chest-pneumonia-child", "pneumonia").answer == "agree"
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.reading.decisions == ()
    press(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.decision("chest-pneumonia-child", "pneumonia").answer == "agree"


def test_an_answer_does_not_stand_beside_a_result_that_has_changed_since(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    note(window, "left base")
    assert window.read.column.findings[0].changed.isHidden()
    analyzer.score = 0.03
    window.queue.ask_again(case)
    ready(window)
    wait_until(lambda: window.read.column.findings != [])
    (card,) = window.read.column.findings
    assert [one.code for one in window.desk.missing()] == ["decision"]
    assert not window.read.column.sign.isEnabled()
    wait_until(card.changed.isVisible)
    assert not card.buttons["agree"].isChecked()
    assert card.note.toPlainText() == "left base"
    pause()
    press(window, Qt.Key.Key_D)
    assert card.changed.isHidden()
    sign(window)
    assert [(one.answer, one.note) for one in case.signed.record.reading.decisions] == [
        ("disagree", "left base")
    ]


def note(window: Any, text: str) -> None:
    """Type a note on the first finding and leave its field."""
    field = window.read.column.findings[0].note
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    window.read.viewer.setFocus()


def test_undo_and_redo_of_an_answer_leave_the_note_that_stands_in_its_field(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    edit_words(window, "old scar", enter=True)
    edit_words(window, "effusion", enter=True)
    window.desk.undo.undo()
    window.open_case(window.desk.case.key)
    assert window.read.column.findings[0].words.text() == "old scar"


def test_undo_leaves_own_words_that_were_typed_meanwhile(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.hasFocus)
    pause()
    QTest.keyClicks(card.words, "old scar, unchanged")
    QTest.keyClick(card.words, Qt.Key.Key_Return)
    decision = window.desk.decision("chest-pneumonia-child", "pneumonia")
    assert (decision.answer, decision.words) == ("edited", "old scar, unchanged")


def test_a_refusal_says_why_and_what_to_do(stage: Stage, tmp_path: Path) -> None:
    refusal = Refusal(gate="exposure", reason="Under-exposed.", advice="Repeat with better exposure.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=StandInAnalyzer(refusal=refusal))
    ready(window)
    press(window, Qt.Key.Key_3)
    from PySide6.QtWidgets import QLabel

    texts = " ".join(one.text() for one in window.read.column.findChildren(QLabel))
    assert "Under-exposed." in texts
    assert "Repeat with better exposure." in texts


def test_where_nothing_was_answered_the_final_read_is_asked_before_signing_and_kept_beside_the_first(
    stage: Stage, tmp_path: Path
) -> None:
    refusal = Refusal(gate="exposure", reason="Under-exposed.", advice="Repeat with better exposure.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=StandInAnalyzer(refusal=refusal))
    ready(window)
    column = window.read.column
    assert not column.final_read.isVisible()
    press(window, Qt.Key.Key_3)
    assert column.final_read.isVisible()
    assert not column.sign.isEnabled()
    assert "final read" in column.missing.text()
    assert "1 unanswered" in window.banner.status.words()
    pause()
    press(window, Qt.Key.Key_2)
    assert column.sign.isEnabled()
    assert column.final_read.buttons["abnormal"].isChecked()
    reading = window.desk.reading
    assert (reading.first_read.impression, reading.final_read.impression) == ("unsure", "abnormal")
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.reading.final_read is None
    assert not column.sign.isEnabled()


def test_an_undecided_score_asks_for_the_final_read_and_for_no_agreement(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=StandInAnalyzer(score=0.40))
    ready(window)
    column = window.read.column
    press(window, Qt.Key.Key_3)
    (card,) = column.findings
    assert all(part.isHidden() for part in (*card.buttons.values(), card.note))
    pause()
    press(window, Qt.Key.Key_D)
    assert window.desk.reading.decisions == ()
    assert column.final_read.isVisible()
    assert not column.sign.isEnabled()
    pause()
    press(window, Qt.Key.Key_2)
    assert column.sign.isEnabled()


def test_a_picture_without_a_header_asks_who_it_is(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "AMINA-2041.png"
    Photo.linear_gradient("L").save(path)
    window = stage(path)
    ready(window)
    assert "AMINA" not in window.banner.text()
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    assert not window.read.column.sign.isEnabled()
    pause()
    press(window, Qt.Key.Key_Y)
    form = window.read.column.identity
    wait_until(form.fields["name"].hasFocus)
    pause()
    QTest.keyClicks(form.fields["name"], "SAMPLE Amina")
    QTest.keyClick(form.fields["name"], Qt.Key.Key_Return)
    QTest.keyClicks(form.fields["id"], "2041-77")
    QTest.keyClick(form.fields["id"], Qt.Key.Key_Return)
    ready(window)
    assert "SAMPLE Amina" in window.banner.text()
    assert "identity typed" in window.banner.text()
    patient = window.desk.case.analysis.result.patient
    assert (patient.name.value, patient.name.source) == ("SAMPLE Amina", "typed")
    wait_until(window.read.column.sign.isEnabled)


def test_one_identifier_is_not_enough(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Photo.linear_gradient("L").save(path)
    window = stage(path)
    ready(window)
    form = window.read.column.identity
    form.fields["name"].setText("SAMPLE Amina")
    form.submit()
    assert window.desk.case.draft.confirmed == ()
    assert form.isVisible()


def test_entering_the_age_has_the_image_looked_at_again(stage: Stage, tmp_path: Path) -> None:
    from ui.computer_card import RefusalCard
    from ui.controls import KeyButton

    analyzer = StandInAnalyzer()
    analyzer.needs_age = True
    window = stage(write_chest(tmp_path, "1.dcm", age=""), analyzer=analyzer)
    ready(window)
    press(window, Qt.Key.Key_2)
    assert window.read.column.findings == []
    button = window.read.column.findChild(RefusalCard).findChild(KeyButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    form = window.read.column.identity
    wait_until(form.age.hasFocus)
    QTest.keyClicks(form.age, "3")
    QTest.keyClick(form.age, Qt.Key.Key_Return)
    wait_until(lambda: window.read.column.findings != [])
    assert analyzer.patients[-1].age_years == Sourced(value=3.0, source="typed")


def test_a_final_read_given_while_nothing_was_answered_does_not_stand_beside_a_later_answer(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.needs_age = True
    window = stage(write_chest(tmp_path, "1.dcm", age=""), analyzer=analyzer)
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    pause()
    press(window, Qt.Key.Key_1)
    assert window.desk.reading.final_read.impression == "nothing_seen"
    window.desk.identify(Patient(age_years=Sourced(value=3.0, source="typed")), ())
    wait_until(lambda: window.read.column.findings != [])
    pause()
    press(window, Qt.Key.Key_A)
    sign(window)
    reading = case.signed.record.reading
    assert [one.answer for one in reading.decisions] == ["agree"]
    assert reading.final_read is None
    assert "Final read" not in text_of(case.signed.pdf)


def test_the_view_turns_inverts_and_comes_back(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    viewer = window.read.viewer
    press(window, Qt.Key.Key_R)
    pause()
    press(window, Qt.Key.Key_I)
    assert (viewer.state.quarter_turns, viewer.state.inverted) == (1, True)
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (viewer.state.quarter_turns, viewer.state.inverted) == (1, False)
    press(window, Qt.Key.Key_0)
    assert viewer.state.quarter_turns == 0


def test_a_drag_changes_the_window_and_is_one_step_to_undo(stage: Stage, tmp_path: Path) -> None:
    from PySide6.QtCore import QPoint

    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    viewer = window.read.viewer
    before = viewer.state.window
    QTest.mousePress(viewer, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    for step in range(1, 6):
        QTest.mouseMove(viewer, QPoint(200 + 20 * step, 200 + 10 * step))
        let_pass(5)
    QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    assert viewer.state.window.width > before.width
    assert viewer.state.window.center > before.center
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert viewer.state.window == before


def test_a_signed_study_cannot_be_changed(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, "2580")
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)
    window.open_case(case.key)
    window.desk.decide("chest-pneumonia-child", "pneumonia", "disagree")
    window.desk.write("conclusion", "changed")
    assert case.draft.reading.conclusion == ""
    assert case.draft.reading.decisions[0].answer == "agree"
    assert "Signed by" in window.read.column.signed_note.text()


def test_a_wrong_pin_is_told_and_nothing_is_signed(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    dialog = window.signing.dialog
    QTest.keyClicks(dialog.pin, "0000")
    QTest.keyClick(dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: "PIN" in dialog.wrong.text())
    assert window.desk.case.signed is None
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    wait_until(lambda: window.signing.dialog is None)


def test_there_is_no_way_back_once_it_is_being_signed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    signing, hold = window._workplace.signing, threading.Event()
    really = signing.sign
    monkeypatch.setattr(signing, "sign", lambda *given, **named: hold.wait(20) and really(*given, **named))
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    dialog = window.signing.dialog
    QTest.keyClicks(dialog.pin, "2580")
    dialog.yes.click()
    assert not dialog.no.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    dialog.close()
    assert dialog.isVisible()
    assert window.signing.dialog is dialog
    hold.set()
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)


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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    edit_words(window, "effusion on the right", enter=False)
    window.open_case(case.key)
    wait_until(window.read.column.findings[0].words.isVisible)
    sign(window)
    (decision,) = case.signed.record.reading.decisions
    assert (decision.answer, decision.words) == ("edited", "effusion on the right")


def test_words_of_a_line_that_was_closed_answer_nothing_after_the_case_was_opened_again(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    edit_words(window, "effusion on the right", enter=False)
    window.read.column.answer("agree")
    window.open_case(case.key)
    assert window.read.column.findings[0].words.isHidden()
    sign(window)
    assert [one.answer for one in case.signed.record.reading.decisions] == ["agree"]


@pytest.mark.parametrize("before", ["edited", "agree"])
def test_own_words_typed_without_enter_are_what_is_signed(stage: Stage, tmp_path: Path, before: str) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    if before == "edited":
        edit_words(window, "old scar", enter=True)
    else:
        press(window, Qt.Key.Key_A)
    edit_words(window, "effusion on the right", enter=False)
    sign(window)
    (decision,) = case.signed.record.reading.decisions
    assert (decision.answer, decision.words) == ("edited", "effusion on the right")


def test_an_answer_whose_own_words_were_deleted_is_asked_about_before_signing(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    edit_words(window, "old scar", enter=True)
    card = edit_words(window, "", enter=False)
    window.read.column.sign.click()
    assert window.signing.dialog is None
    assert "own words" in window.read.toast.text()
    assert card.words.hasFocus()


def test_an_identity_typed_and_not_confirmed_stands_between_the_case_and_its_signature(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    column = window.read.column
    assert column.sign.isEnabled()
    column.ask_identity()
    assert not column.identity.undo_typed.isVisible()
    name = column.identity.fields["name"]
    before = name.text()
    name.selectAll()
    QTest.keyClicks(name, "Other Name")
    assert not column.sign.isEnabled()
    assert "undo what was typed" in column.missing.text()
    press(window, Qt.Key.Key_Escape)
    assert column.identity.isVisible()
    column.identity.undo_typed.click()
    assert name.text() == before
    assert window.desk.case.draft.identity_jotting is None
    assert column.sign.isEnabled()
    name.selectAll()
    QTest.keyClicks(name, "Other Name")
    confirm_what_was_typed(window)
    assert window.desk.case.patient.name.value == "Other Name"
    wait_until(column.sign.isEnabled)


def confirm_what_was_typed(window: Any) -> None:
    """Confirm an identity that something stands against: twice, and not in one double click."""
    form = window.read.column.identity
    form.confirm.click()
    assert form.doubt.isVisible()
    let_pass(QApplication.doubleClickInterval() + 50)
    form.confirm.click()


def test_an_identity_typed_over_that_of_the_image_is_confirmed_twice_and_both_are_signed(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm", patient="DIDA^Abdi", number="D-404"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    pause()
    press(window, Qt.Key.Key_Y)
    form = window.read.column.identity
    name = form.fields["name"]
    wait_until(name.hasFocus)
    pause()
    QTest.keyClicks(name, "Fatuma Photo")
    assert name.text() == "Fatuma Photo"
    form.fields["id"].setText("F-606")
    for _ in range(3):
        press(window, Qt.Key.Key_Return)
    form.confirm.click()
    assert form.doubt.text().startswith("The image says DIDA, Abdi · D-404.")
    assert form.confirm.words() == "Use what I typed"
    assert "DIDA, Abdi" in window.banner.text(), "neither Enter nor a double click is a second thought"
    let_pass(QApplication.doubleClickInterval() + 50)
    form.confirm.click()
    assert "Fatuma Photo" in window.banner.text()
    assert form.confirm.words() == "Confirm who it is"
    wait_until(window.read.column.sign.isEnabled)
    window.signing.ask()
    said = {one.accessibleName() for one in window.signing.dialog.findChildren(QLabel)}
    assert "ID · sex · age: F-606 · Female · 3 y\nThe image says DIDA, Abdi · D-404." in said
    window.signing.dialog.reject()
    wait_until(lambda: window.signing.dialog is None)


def test_the_name_of_the_image_in_another_order_is_not_doubted(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm", patient="DIDA^Abdi", number="D-404"))
    ready(window)
    window.read.column.ask_identity()
    form = window.read.column.identity
    form.fields["name"].setText("Abdi Dida")
    form.confirm.click()
    assert window.desk.case.patient.name.value == "Abdi Dida"


def test_a_number_that_somebody_of_another_name_has_is_confirmed_twice(stage: Stage, tmp_path: Path) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="DIDA^Abdi", number="F-606")
    write_chest(tmp_path / "stick", "2.dcm", patient="", number="")
    write_chest(tmp_path / "stick", "3.dcm", patient="OTIENO^Grace", number="G-707")
    window = stage(tmp_path / "stick")
    ready(window)
    signed = next(
        case for case in window.book.cases() if case.patient.id and case.patient.id.value == "F-606"
    )
    window.open_case(signed.key)
    sign_the_open_case(window)
    nameless = next(case for case in window.book.cases() if case.patient.name is None)
    window.open_case(nameless.key)
    form = window.read.column.identity
    form.fields["name"].setText("Fatuma Photo")
    for number, sentence in (
        ("g-707", "In the list, ID g-707 is OTIENO, Grace."),
        ("F-606", "ID F-606 was signed for DIDA, Abdi."),
    ):
        form.fields["id"].setText(number)
        assert not form.doubt.isVisible()
        form.confirm.click()
        assert form.doubt.text().startswith(sentence)
        assert window.desk.case.draft.confirmed == ()
    let_pass(QApplication.doubleClickInterval() + 50)
    form.confirm.click()
    assert window.desk.case.patient.id.value == "F-606"


def test_where_nobody_signs_yet_a_signature_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), reader=False)
    ready(window)
    press(window, Qt.Key.Key_1)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(window.notices.texts)
    assert window.signing.dialog is None
    notice = window.notices.findChildren(Notice)[-1]
    assert "PIN in Settings" in notice.accessibleName()


def test_who_is_logged_in_stands_first_among_the_signers(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    enter_signer(window._workplace, name="Dr. A. Kamau", role="doctor", registration_number="4", pin="1357")
    ready(window)
    press(window, Qt.Key.Key_1)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    chooser = window.signing.dialog.person
    assert [chooser.itemText(row).split(" · ")[0] for row in range(chooser.count())] == [
        "Sr. N. Otieno",
        "Dr. A. Kamau",
    ]
    window.signing.dialog.reject()
    wait_until(lambda: window.signing.dialog is None)


def test_the_open_study_keeps_its_result_while_many_others_are_analysed(stage: Stage, tmp_path: Path) -> None:
    for number in range(16):
        write_chest(tmp_path / "stick", f"{number:02}.dcm", patient=f"SAMPLE^P{number}", number=str(number))
    window = stage(tmp_path / "stick")
    wait_until(lambda: len(window.book) == 16 and all(case.analysed for case in window.book.cases()))
    assert window.desk.case.analysis is not None
    kept = [case for case in window.book.cases() if case.analysis is not None]
    assert len(kept) <= 13


class Unreadable(StandInAnalyzer):
    """Answers as the real analyzer does where the pixels cannot be read, until they can."""

    mended = False

    def analyze(self, unit: Any, **asked: Any) -> Analysis:
        """Return an error, or what the stage always says."""
        if self.mended:
            return super().analyze(unit, **asked)
        self.asked.append(unit.path)
        source = Source(
            path=unit.path, files=1, sha256=None, modality=None, study_uid=None, series_uids=(), frames=1
        )
        error = ErrorRecord(code="E104", message="The file is damaged.")
        return Analysis(result=Result(source=source, patient=unit.patient, errors=(error,)))


def test_the_open_study_is_analysed_in_a_pause_also_where_another_was_under_way(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.hold["1.dcm"] = threading.Event()
    for number in (1, 2, 3):
        write_chest(tmp_path / "stick", f"{number}.dcm", patient=f"SAMPLE^{number}", number=str(number))
    window = stage(tmp_path / "stick", analyzer=analyzer)
    wait_until(lambda: len(window.book) == 3 and not window.intake.scanning and analyzer.asked)
    window.queue.pause(True)
    _, second, third = window.book.cases()
    window.open_case(third.key)
    wait_until(lambda: window.queue.has(third) and window.read.viewer.state is not None)
    analyzer.hold["1.dcm"].set()
    wait_until(lambda: third.analysed)
    assert not second.analysed


def test_a_study_that_is_opened_while_its_cancelled_analysis_ends_is_analysed(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.hold["1.dcm"] = threading.Event()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    wait_until(lambda: analyzer.asked)
    case = window.book.cases()[0]
    window.queue.cancel()
    window.queue.ask(case, first=True)
    analyzer.hold["1.dcm"].set()
    wait_until(lambda: case.analysed)


def test_an_image_is_fetched_again_where_fetching_it_was_called_off(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services import display

    hold, really = threading.Event(), display.load_image
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    ready(window)
    wait_until(lambda: len(window.book) == 2 and window.pools.running() == ())
    first, second = window.book.cases()
    frames = window.read.image.frames
    frames._pictures.clear()
    monkeypatch.setattr(display, "load_image", lambda *given: hold.wait(20) and really(*given))
    window.open_case(second.key)
    window.open_case(first.key)
    window.open_case(second.key)
    hold.set()
    wait_until(lambda: frames.find(second.key, 0) is not None)


def test_an_analysis_that_failed_says_so_and_can_be_tried_again(stage: Stage, tmp_path: Path) -> None:
    analyzer = Unreadable()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    wait_until(lambda: window.desk.case is not None and window.desk.case.error)
    wait_until(lambda: window.read.viewer.state is not None)
    computer = window.read.column.computer
    assert computer.text() == "The file is damaged."
    assert computer.retry.isVisible()
    assert "nothing to sign" in window.read.column.missing.text()
    assert window.desk.case.state == "failed"
    analyzer.mended = True
    press(window, Qt.Key.Key_T)
    ready(window)
    assert window.desk.case.error == ""
    assert "ready" in computer.text()
    assert computer.retry.isHidden()
    press(window, Qt.Key.Key_T)
    assert len(analyzer.asked) == 2, "what did not fail is not tried again"


def test_a_model_that_failed_can_be_tried_again(stage: Stage, tmp_path: Path) -> None:
    analyzer = StandInAnalyzer(refusal=Refusal(gate="failed", reason="It could not be run.", advice="Try."))
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    ready(window)
    press(window, Qt.Key.Key_2)
    (button,) = [
        one
        for one in window.read.column.findChildren(QPushButton)
        if one.accessibleName() == "Try again" and one is not window.read.column.computer.retry
    ]
    analyzer.refusal = None
    button.click()
    ready(window)
    wait_until(lambda: [card.finding_code for card in window.read.column.findings] == ["pneumonia"])


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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_E)
    card = window.read.column.findings[0]
    wait_until(card.words.isVisible)
    press(window, Qt.Key.Key_Escape)
    assert not card.words.isVisible()
    assert window.pages.currentWidget() is window.read


def test_esc_in_edit_keeps_the_typed_words_and_opening_it_again_answers_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
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


@pytest.mark.parametrize("born", ["2022-02-31", "2022-13-01", "20220230"])
def test_a_birth_date_that_is_no_day_is_told_as_such(stage: Stage, tmp_path: Path, born: str) -> None:
    window = stage(write_chest(tmp_path, "1.dcm", number=""))
    ready(window)
    form = window.read.column.identity
    form.fields["id"].setText("K-77")
    form.fields["birth_date"].setText(born)
    form.submit()
    assert form._wrong.text() == f"There is no such day as {born}."
    assert window.desk.case.draft.confirmed == ()
    form.fields["birth_date"].setText("31.2.2022")
    form.submit()
    assert "year-month-day" in form._wrong.text()


def test_a_birth_date_and_an_age_that_disagree_are_not_confirmed(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Photo.linear_gradient("L").save(path)
    window = stage(path)
    ready(window)
    form = window.read.column.identity
    form.fields["name"].setText("SAMPLE Amina")
    form.fields["birth_date"].setText("2023-06-10")
    form.age.setText("45")
    form.submit()
    assert window.desk.case.draft.confirmed == ()
    assert [label.text() for label in form.findChildren(QLabel) if "disagree" in label.text()] == [
        "Birth date and age disagree. Correct one, or leave the age empty."
    ]
    form.age.clear()
    form.submit()
    assert window.desk.case.draft.confirmed == ("name", "birth_date")
    assert window.desk.case.draft.typed.age_years is not None


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
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_B)
    assert "nothing to show beside" in window.read.toast.text()
    assert not window.read.image.pair.put_right.isVisible()
    assert not window.read.tools.buttons["beside"].isVisible()


def sign(window: Any) -> None:
    """Sign the open case, which is answered, by key and PIN."""
    case = window.desk.case
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, "2580")
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)


def text_of(pdf: bytes) -> str:
    """Return what stands in a PDF, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def sign_the_open_case(window: Any) -> Any:
    """Read and sign the open case, show its report, and return the case."""
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    sign(window)
    window.open_case(case.key)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    return case


def test_a_signed_report_is_exported_under_no_name_of_the_patient(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "amina-sample.dcm"))
    case = sign_the_open_case(window)
    window.reporting.ask_where(window.report.pdf)
    dialog = window.findChild(QFileDialog)
    chosen = Path(dialog.selectedFiles()[0])
    dialog.reject()
    assert chosen.name == f"2026-03-14-chest-ap-report-{case.signed.report_id}.pdf"
    documents = Path(QStandardPaths.writableLocation(DOCUMENTS))
    assert chosen.parent == (documents if documents.exists() else Path.home())


def test_the_map_is_made_before_the_card_opens_and_shown_only_then(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    wait_until(lambda: window.read.image._overlay is not None)
    assert not window.read.viewer.has_overlay()
    press(window, Qt.Key.Key_2)
    assert window.read.viewer.has_overlay(), "it is there at once"


def test_the_time_of_the_first_look_says_that_it_loads_parts_of_the_program(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    assert "first look 38 ms" in window.top.engine.words()
    assert "loads parts" in window.top.engine.toolTip()
    window.opening.open_paths((str(write_chest(tmp_path, "2.dcm", patient="SAMPLE^Joseph", number="2")),))
    wait_until(lambda: "Joseph" in window.banner.text())
    ready(window)
    assert window.top.engine.words().endswith("· 38 ms")


def test_an_answer_given_by_a_key_is_told_with_how_to_undo_it(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_D)
    toast = window.read.toast
    assert toast.isVisible()
    assert toast.text() == "Disagree set for Pneumonia · Ctrl Z undoes it"
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not toast.isVisible()
    assert window.desk.reading.decisions == ()


def test_words_typed_outside_a_field_answer_nothing(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    with at_once(window):
        for key in (Qt.Key.Key_2, Qt.Key.Key_0, Qt.Key.Key_4, Qt.Key.Key_1):
            strike(window, key)
    assert window.desk.reading.first_read is None
    assert "answer nothing" in window.read.toast.text()
    let_pass(1000)
    press(window, Qt.Key.Key_2)
    pause()
    window.read.viewer.setFocus()
    with at_once(window):
        for key in (Qt.Key.Key_D, Qt.Key.Key_U, Qt.Key.Key_L, Qt.Key.Key_L, Qt.Key.Key_A, Qt.Key.Key_E):
            press(window, key)
    assert window.desk.reading.decisions == ()
    assert window.read.column.findings[0].words.isHidden()
    let_pass(1000)
    press(window, Qt.Key.Key_A)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_a_key_struck_twice_by_an_unsteady_hand_answers_once(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    with at_once(window):
        strike(window, Qt.Key.Key_1)
        strike(window, Qt.Key.Key_1)
    assert window.desk.reading.first_read.impression == "nothing_seen"
    pause()
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_A)
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_a_key_struck_twice_is_no_final_read(stage: Stage, tmp_path: Path) -> None:
    refusal = Refusal(gate="exposure", reason="Under-exposed.", advice="Repeat with better exposure.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=StandInAnalyzer(refusal=refusal))
    ready(window)
    with at_once(window):
        strike(window, Qt.Key.Key_1)
        strike(window, Qt.Key.Key_1)
    assert window.desk.reading.first_read.impression == "nothing_seen"
    assert window.desk.reading.final_read is None


def test_an_impression_given_after_one_that_was_taken_back_says_that_the_result_was_seen(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    with at_once(window):
        for key in (Qt.Key.Key_2, Qt.Key.Key_0, Qt.Key.Key_4):
            strike(window, key)
    withdrawn = window.desk.reading
    assert withdrawn.first_read is None
    let_pass(1000)
    press(window, Qt.Key.Key_1)
    assert window.desk.reading.first_read.result_seen


def test_the_first_impression_says_that_it_came_before_the_result_only_where_it_did(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    assert not window.desk.reading.first_read.result_seen


def test_where_results_are_shown_at_once_the_first_impression_does_not_say_before(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), reading__order="concurrent")
    ready(window)
    press(window, Qt.Key.Key_2)
    assert window.desk.reading.first_read.result_seen


def test_a_result_that_was_in_sight_counts_as_seen_while_the_image_is_looked_at_again(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    path = write_chest(tmp_path, "1.dcm", age="")
    window = stage(path, analyzer=analyzer, reading__order="concurrent")
    ready(window)
    case = window.desk.case
    wait_until(lambda: window.read.column.findings != [])
    gate = analyzer.hold["1.dcm"] = threading.Event()
    window.desk.identify(Patient(age_years=Sourced(value=3.0, source="typed")), ())
    assert case.analysis is None
    press(window, Qt.Key.Key_2)
    assert window.desk.reading.first_read.result_seen
    gate.set()
    wait_until(lambda: case.analysis is not None)


def test_that_a_result_was_in_sight_is_on_the_disk_before_any_impression(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), reading__order="concurrent")
    ready(window)
    wait_until(lambda: window.read.column.findings != [])
    assert window._workplace.drafts.find(window.desk.case.key).result_seen


def test_the_dialog_of_signing_says_whose_images_what_is_said_and_what_is_empty(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_D)
    window.read.column.findings[0].note.setPlainText("Seen before")
    window.desk.write("conclusion", "Old scar")
    window.desk.write(
        "words", "A streak beside the\nright heart border, as last year, and nothing new beside it"
    )
    window.desk.write_signs(
        replace(window.desk.reading.signs, respiratory_rate_per_min=52, danger_signs="none")
    )
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    dialog = window.signing.dialog
    said = {one.accessibleName() for one in dialog.findChildren(QLabel)}
    assert "Patient: SAMPLE, Amina" in said
    assert "ID · sex · age: 2041-77 · Female · 3 y" in said
    assert "Study: Chest AP · 14 Mar 2026 10:12" in said
    answer = "Pneumonia, score above the threshold: you disagree · note: Seen before"
    own = (
        "Clinical signs: 52 breaths/min\n"
        "Danger signs: none\n"
        "Reading: A streak beside the right heart border, as las…\n"
        "Conclusion: Old scar"
    )
    assert f"You sign: First impression: abnormal\n{answer}\n{own}" in said
    assert "Left empty: oxygen saturation, indication, advice, referral" in said
    wait_until(dialog.pin.hasFocus)
    dialog.reject()
    wait_until(lambda: window.signing.dialog is None)


def test_a_sign_that_cannot_be_recorded_is_told_kept_as_typed_and_asked_about_before_signing(
    stage: Stage, tmp_path: Path
) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    window.resize(window.minimumSize())
    first, signs = window.desk.case, window.read.column.signs
    assert window.read.column.sign.isEnabled()
    signs.breaths.setFocus()
    QTest.keyClicks(signs.breaths, "520")
    signs.oxygen.setFocus()
    QTest.keyClicks(signs.oxygen, "140")
    assert "“520” cannot be recorded" in signs.wrong.text()
    assert "“140” cannot be recorded" in signs.wrong.text()
    assert not window.read.column.sign.isEnabled()
    assert "520" in window.read.column.missing.text()
    let_pass(50)
    assert not signs.wrong.visibleRegion().isEmpty()
    press(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.desk.case is not first)
    assert (signs.breaths.text(), signs.oxygen.text()) == ("", "")
    assert not signs.breaths.property("wrong")
    assert not signs.wrong.isVisible()
    window.open_case(first.key)
    assert (signs.breaths.text(), signs.oxygen.text()) == ("520", "140")
    assert signs.breaths.property("wrong")
    signs.breaths.clear()
    QTest.keyClicks(signs.breaths, "52")
    signs.oxygen.clear()
    QTest.keyClicks(signs.oxygen, "94%")
    assert not signs.wrong.isVisible()
    assert window.read.column.sign.isEnabled()
    assert window.desk.reading.signs.respiratory_rate_per_min == 52
    assert window.desk.reading.signs.oxygen_saturation_percent == 94


def test_a_signed_study_opened_again_shows_the_signed_result_or_says_that_models_answer_otherwise(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    case = sign_the_open_case(window)
    record = case.signed.record

    def open_again() -> None:
        window.desk.close()
        case.analysis = None
        window.open_case(case.key)

    open_again()
    assert "As signed:\nPneumonia: score 91, above the threshold of 41." in window.read.column.computer.text()
    wait_until(lambda: window.read.column.findings != [])
    card = window.read.column.findings[0]
    assert card.buttons["agree"].isChecked()
    assert not card.buttons["disagree"].isEnabled()
    wait_until(window.read.viewer.has_overlay)
    analyzer.score = 0.2
    open_again()
    wait_until(lambda: "answer otherwise today" in window.read.column.computer.text())
    assert "score 91" in window.read.column.computer.text()
    assert window.read.column.findings == []
    assert case.signed.record == record


def test_a_signed_picture_found_again_has_the_patient_and_the_words_that_were_signed(
    stage: Stage, tmp_path: Path
) -> None:
    from services.drafts import Draft
    from ui.intake import case_of

    window = stage(write_chest(tmp_path, "1.dcm", patient=""))
    ready(window)
    typed = Sourced(value="Amina Sample", source="typed")
    window.desk.identify(replace(window.desk.case.draft.typed, name=typed), ("name", "id"))
    window.desk.write("conclusion", "Old scar")
    case = sign_the_open_case(window)
    found = case_of(case.unit, window._workplace)
    assert isinstance(found.draft, Draft)
    assert found.patient.name == typed
    assert found.draft.reading.conclusion == "Old scar"
    assert found.draft.reading.decisions[0].answer == "agree"
    assert window._workplace.drafts.find(case.key) is None


def test_signatures_are_told_in_one_passing_line_without_a_name(stage: Stage, tmp_path: Path) -> None:
    for number, name in enumerate(("Amina", "Joseph", "Grace", "Peter")):
        pixels = np.full((240, 280), 90 + number, np.uint8)
        write_chest(
            tmp_path / "stick", f"{number}.dcm", patient=f"SAMPLE^{name}", number=str(number), pixels=pixels
        )
    window = stage(tmp_path / "stick")
    for _ in range(2):
        ready(window)
        signed = window.desk.case
        pause()
        press(window, Qt.Key.Key_2)
        press(window, Qt.Key.Key_A)
        press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        wait_until(lambda: window.signing.dialog is not None)
        QTest.keyClicks(window.signing.dialog.pin, "2580")
        QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
        wait_until(partial(signed_and_left, window, signed))
        wait_until(lambda: window.signing.dialog is None)
        assert window.notices.texts() == ("Signed.",)
    window.notices._notices[0].passing.setInterval(1)
    wait_until(lambda: not window.notices.isVisible())
    window.after_signing.tell_signed(signed)
    press(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.notices.texts() == ())


def test_tab_goes_from_the_answer_to_the_signs_the_report_and_the_signature(
    stage: Stage, tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QApplication

    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    column = window.read.column
    card, signs = column.findings[0], column.signs
    path = [card.buttons["agree"], card.buttons["disagree"], card.buttons["edited"], card.note]
    path += [signs.breaths, signs.oxygen, signs.danger, *column.words.fields.values(), column.sign]
    wait_until(card.note.isVisible)
    path[0].setFocus()
    walked = [path[0]]
    for _ in path[1:]:
        press(window, Qt.Key.Key_Tab)
        walked.append(QApplication.focusWidget())
    assert [one.accessibleName() for one in walked] == [one.accessibleName() for one in path]


def test_keys_lead_to_the_signs_and_to_the_report(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    pause()
    press(window, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    assert window.read.column.signs.breaths.hasFocus()
    press(window, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert window.read.column.words.fields["indication"].hasFocus()
    assert window.desk.reading.indication == ""


def test_the_read_page_without_a_study_shows_and_asks_nothing_of_the_last_one(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    window.desk.close()
    window.show_page("read")
    column = window.read.column
    for part in (column.signed_note, column.identity, column.impression, column.signs, column.sign):
        assert not part.isVisible()
    window.open_case(window.book.cases()[0].key)
    assert column.signed_note.isVisible()
    assert column.sign.isVisible()


def test_the_read_page_asks_nothing_before_a_study_is_open(stage: Stage) -> None:
    window = stage()
    window.show_page("read")
    assert not window.read.column.impression.isVisible()
    assert not window.read.column.sign.isVisible()
