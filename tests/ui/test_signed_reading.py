"""The signature of a reading: what stands in its dialog, what it changes, and what a signed study shows."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from core.patient import Sourced
from tests.opening import enter_signer
from tests.ui.hands import begun, pause, press, ready, sign_the_open_case
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest
from ui.notices import Notice

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]
DOCUMENTS = QStandardPaths.StandardLocation.DocumentsLocation


def signed_and_left(window: Any, case: Any) -> bool:
    return case.signed is not None and window.desk.case is not case


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


def test_a_signed_study_cannot_be_changed(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    case = window.desk.case
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
    window = begun(stage, tmp_path)
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
    window = begun(stage, tmp_path)
    case = window.desk.case
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


def test_the_dialog_of_signing_says_whose_images_what_is_said_and_what_is_empty(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
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
