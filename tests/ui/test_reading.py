"""Reading one study: the order of it, the keys of it, and what a late answer may not do."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from core.patient import Patient, Sourced
from core.result import ErrorRecord, Refusal, Result, Source
from services.analyze import Analysis
from tests.ui.hands import begun, note, pause, press, ready, sign, sign_the_open_case, strike, text_of
from tests.ui.stage import StandInAnalyzer, at_once, let_pass, wait_until, write_chest

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]


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

    window = begun(stage, tmp_path)
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


def test_a_decision_can_be_undone_and_done_again(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
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


def test_a_refusal_says_why_and_what_to_do(stage: Stage, tmp_path: Path) -> None:
    refusal = Refusal(gate="exposure", reason="Under-exposed.", advice="Repeat with better exposure.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=StandInAnalyzer(refusal=refusal))
    ready(window)
    press(window, Qt.Key.Key_3)

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
    window = begun(stage, tmp_path)
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
    window = begun(stage, tmp_path)
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


def test_tab_goes_from_the_answer_to_the_signs_the_report_and_the_signature(
    stage: Stage, tmp_path: Path
) -> None:

    window = begun(stage, tmp_path)
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
    window = begun(stage, tmp_path)
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
