"""What is kept of a patient, in the window: agreed to, copied, held, due, deleted."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from services.images import origin_of
from services.scan import Medium
from services.staff import NewPerson
from store.records import PatientFacts, RecordStore, StudyRow
from tests.opening import PASSWORD
from tests.ui.stage import wait_until, write_chest

LONG_AGO = "2010-05-05T08:00:00+00:00"
pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def opened(stage: Stage, path: Path, **settings: Any) -> Any:
    """Return the window with a study on its desk, its patient entered."""
    window = stage(path, **settings)
    wait_until(lambda: window.desk.case is not None and not window.intake.scanning)
    wait_until(lambda: not window.pools.running())
    case = window.desk.case
    window._workplace.records.file(case.unit, case.patient)
    return window


def patient_of(window: Any) -> int:
    row = window._workplace.records.find(window.desk.case.key)
    assert row is not None
    return int(row.patient_id)


@pytest.fixture
def chest(tmp_path: Path) -> Path:
    return write_chest(tmp_path / "stick", "chest.dcm")


def test_an_answer_is_recorded_and_shown_at_once(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest)
    patient = patient_of(window)
    window.banner.kept.click()
    dialog = window.keeping.dialog
    assert not dialog.yes.isEnabled()
    dialog._choices["research"].setCurrentIndex(1)
    assert dialog.how.currentData() is None
    dialog.yes.click()
    assert "how" in dialog.wrong.text()
    assert [one.asked for one in window._workplace.consent.now(patient)] == [False] * 3
    dialog.how.setCurrentIndex(dialog.how.findData("guardian"))
    dialog.yes.click()
    assert "guardian" in dialog.wrong.text()
    dialog.guardian.setText("A. Wanjiru")
    dialog.yes.click()
    answer = window._workplace.consent.now(patient)[2]
    assert (answer.given, answer.how, answer.who) == (True, "guardian", "A. Wanjiru")
    assert window.keeping.dialog is not None
    window.keeping.dialog.reject()
    assert window.keeping.dialog is None


def test_nothing_is_copied_unless_the_clinic_chose_so(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest)
    assert window._workplace.images.all() == ()


def test_what_is_opened_is_copied_and_reads_from_its_copy_without_the_stick(
    stage: Stage, chest: Path, tmp_path: Path
) -> None:
    window = opened(stage, chest, images__keep="copy")
    case = window.desk.case
    wait_until(lambda: window._workplace.images.keeps(case.key))
    wait_until(lambda: not window.copies.line.isVisible())
    chest.unlink()
    window.open_case(case.key)
    assert origin_of(case.unit) == "copy"
    assert "kept copy" in window.banner.text()
    case.thumbnail = case.analysis = None
    window.queue.ask(case, first=True)
    wait_until(lambda: case.analysis is not None)
    assert case.error == ""


def test_who_pulls_the_stick_reads_on_from_the_copy_and_is_not_warned(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest, images__keep="copy")
    case = window.desk.case
    wait_until(lambda: window._workplace.images.keeps(case.key))
    wait_until(lambda: not window.pools.running())
    chest.unlink()
    window.intake.medium_gone.emit(Medium(path=chest.parent, name="stick"))
    assert origin_of(case.unit) == "copy"
    assert "kept copy" in window.banner.text()
    assert window.notices.texts() == ()


def test_a_study_opens_from_its_copy_at_a_later_start(stage: Stage, chest: Path, tmp_path: Path) -> None:
    window = opened(stage, chest, images__keep="copy")
    key = window.desk.case.key
    wait_until(lambda: window._workplace.images.keeps(key))
    window.book.clear()
    window.desk.close()
    chest.unlink()
    assert window.copies.open(key)
    assert window.desk.case is not None
    assert origin_of(window.desk.case.unit) == "copy"
    assert not window.copies.open("no such key")


def test_the_records_say_what_is_kept_and_open_a_study_from_its_copy(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest, images__keep="copy")
    key = window.desk.case.key
    wait_until(lambda: window._workplace.images.keeps(key))
    window.book.clear()
    window.desk.close()
    chest.unlink()
    window.show_page("records")
    wait_until(lambda: window.records.page.chosen() is not None)
    card = window.keeping.card
    wait_until(card.isVisible)
    assert "encrypted" in card.image.text()
    assert "Research: not asked" in card.consent.text()
    card.button.click()
    assert window.keeping.dialog is not None
    window.keeping.dialog.reject()
    window.records.open_study(window.records.page.chosen().study)
    assert origin_of(window.desk.case.unit) == "copy"


def test_the_lock_puts_the_dialog_away(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest)
    window.keeping.show_open_patient()
    window.locking.lock()
    assert window.keeping.dialog is None
    window._workplace.switch(window._workplace.holders()[0].holder_id, PASSWORD)


def test_held_records_cannot_be_deleted_in_the_window(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest)
    window.keeping.show_open_patient()
    dialog = window.keeping.dialog
    dialog.hold.click()
    assert dialog.wrong.text()
    dialog.reason.setText("A court asked for them")
    dialog.hold.click()
    dialog = window.keeping.dialog
    assert dialog.reason.text() == "A court asked for them"
    assert not dialog.delete.isEnabled()
    dialog.hold.click()
    assert window.keeping.dialog.delete.isEnabled()
    window.keeping.dialog.reject()


def test_a_patient_is_deleted_after_number_and_password(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest, images__keep="copy")
    key, patient = window.desk.case.key, patient_of(window)
    wait_until(lambda: window._workplace.images.keeps(key))
    window.desk.give_impression("abnormal")
    window.keeping.show_open_patient()
    window.keeping.dialog.delete.click()
    dialog = window.keeping.dialog
    assert not dialog.yes.isEnabled()
    dialog.typed.setText(dialog.plans[0].typed.lower() + " ")
    dialog.password.setText("not the one")
    dialog._on_typed()
    dialog.yes.click()
    wait_until(lambda: dialog.wrong.text() != "")
    assert window._workplace.records.patient(patient) is not None
    dialog.password.setText(PASSWORD)
    dialog._on_typed()
    dialog.yes.click()
    wait_until(lambda: window.keeping.dialog is None)
    assert window._workplace.records.patient(patient) is None
    assert window._workplace.drafts.find(key) is None
    assert window.desk.case is None
    assert len(window.book) == 0
    assert window.turner.is_shown("worklist")


def due_dialog(window: Any, count: int = 3, studies: int = 2) -> Any:
    """Enter patients whose records are due, and open the list of them."""
    records = RecordStore(window._workplace._database)
    for number in range(count):
        facts = PatientFacts(
            known="{}", name=f"Otieno Grace {number}", number=f"K-{number}", birth_date="1950-01-01"
        )
        patient = records.add_patient(facts, LONG_AGO)
        for study in range(studies):
            records.add_study(
                StudyRow(
                    study_id=0, unit_key=f"key {number} {study}", patient_id=patient, path="", facts="{}",
                    study_date=f"2010-05-0{study + 1}", modality="CR", description="Chest PA",
                    first_opened_at=LONG_AGO, last_opened_at=LONG_AGO,
                )
            )  # fmt: skip
    window.keeping.show_due()
    return window.keeping.dialog


def tick(item: Any, state: Qt.CheckState = Qt.CheckState.Checked) -> None:
    item.setCheckState(0, state)


def confirm(window: Any, typed: str) -> Any:
    dialog = window.keeping.dialog
    dialog.typed.setText(typed)
    dialog.password.setText(PASSWORD)
    dialog._on_typed()
    dialog.yes.click()
    return dialog


def test_who_is_due_is_listed_and_what_is_kept_of_one_is_shown(stage: Stage) -> None:
    window = stage(keep__years_adult=8)
    dialog = due_dialog(window, 1)
    assert dialog.tree.topLevelItemCount() == 1
    assert dialog.tree.topLevelItem(0).text(4) == "2018-05-05"
    assert not dialog.yes.isEnabled()
    dialog.kept.click()
    assert window.keeping._patient_id == 1
    window.keeping.dialog.reject()


def test_patients_who_are_due_are_deleted_together_after_one_list(stage: Stage) -> None:
    window = stage(keep__years_adult=8)
    dialog = due_dialog(window, 3)
    for row in (0, 2):
        tick(dialog.tree.topLevelItem(row))
    dialog.yes.click()
    wait_until(lambda: hasattr(window.keeping.dialog, "plans"))
    dialog = window.keeping.dialog
    shown = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "Otieno Grace 0" in shown
    assert "Otieno Grace 2" in shown
    assert "cannot be undone" in shown
    assert not dialog.yes.isEnabled()
    confirm(window, "2")
    wait_until(lambda: window.keeping.dialog is None)
    records = window._workplace.records
    assert [records.patient(one) is not None for one in (1, 2, 3)] == [False, True, False]
    assert any("2 patients are deleted" in text for text in window.notices.texts())


def test_a_single_study_that_is_due_is_deleted_and_its_patient_stays(stage: Stage) -> None:
    window = stage(keep__years_adult=8)
    dialog = due_dialog(window, 1)
    patient = dialog.tree.topLevelItem(0)
    patient.setExpanded(True)
    assert patient.childCount() == 2
    tick(patient.child(0))
    assert patient.checkState(0) == Qt.CheckState.PartiallyChecked
    (gone,) = (one.studies for one in dialog.chosen())
    dialog.yes.click()
    wait_until(lambda: hasattr(window.keeping.dialog, "plans"))
    assert "study" in window.keeping.dialog.windowTitle()
    confirm(window, "K-0")
    wait_until(lambda: window.keeping.dialog is None)
    left = [study.study_id for study in window._workplace.records.studies_of(1)]
    assert len(left) == 1
    assert gone[0] not in left


def test_held_records_that_are_due_cannot_be_ticked(stage: Stage) -> None:
    window = stage(keep__years_adult=8)
    dialog = due_dialog(window, 1)
    dialog.reject()
    window._workplace.deletion.hold(1, "A court asked for them")
    window.keeping.show_due()
    dialog = window.keeping.dialog
    held = dialog.tree.topLevelItem(0)
    assert held.text(7) == "held"
    assert not held.flags() & Qt.ItemFlag.ItemIsUserCheckable
    held.setExpanded(True)
    assert dialog.chosen() == ()
    dialog.reject()


def test_who_stops_a_deletion_of_several_is_told_what_was_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage(keep__years_adult=8)
    dialog = due_dialog(window, 3)
    for row in range(3):
        tick(dialog.tree.topLevelItem(row))
    dialog.yes.click()
    wait_until(lambda: hasattr(window.keeping.dialog, "plans"))
    deletion, dialog = window._workplace.deletion, window.keeping.dialog
    real, begun, go_on = deletion._delete, threading.Event(), threading.Event()

    def slow(plan: Any, **choices: Any) -> None:
        begun.set()
        go_on.wait(20)
        real(plan, **choices)

    monkeypatch.setattr(deletion, "_delete", slow)
    confirm(window, "3")
    wait_until(begun.is_set)
    assert dialog.line.isVisible()
    dialog.line.stop.click()
    assert not dialog.line.stop.isEnabled()
    go_on.set()
    wait_until(lambda: window.keeping.dialog is None)
    assert any("1 of 3 patients are deleted" in text for text in window.notices.texts())
    assert [window._workplace.records.patient(one) is not None for one in (1, 2, 3)] == [False, True, True]


def test_a_study_is_deleted_from_the_records_page_and_its_patient_stays(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest, images__keep="copy")
    key, patient = window.desk.case.key, patient_of(window)
    wait_until(lambda: window._workplace.images.keeps(key))
    window.show_page("records")
    wait_until(lambda: window.records.page.chosen() is not None)
    card = window.keeping.card
    wait_until(card.delete.isVisible)
    card.delete.click()
    dialog = window.keeping.dialog
    assert "study" in dialog.windowTitle()
    shown = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "The patient stays" in shown
    assert "cannot be undone" in shown
    confirm(window, dialog.plans[0].typed)
    wait_until(lambda: window.keeping.dialog is None)
    assert window._workplace.records.patient(patient) is not None
    assert window._workplace.records.find(key) is None
    assert not window._workplace.images.keeps(key)
    assert window.turner.is_shown("records")


def test_the_settings_keep_what_an_administrator_chose(stage: Stage) -> None:
    window = stage()
    window.show_page("settings")
    card = window.kept_card
    card.images.setCurrentIndex(1)
    card.images.activated.emit(1)
    card.adult.setValue(8)
    card.child.setValue(25)
    settings = window._workplace.settings
    assert settings.text("images.keep") == "copy"
    assert (settings.number("keep.years_adult"), settings.number("keep.child_until_age")) == (8, 25)


def test_who_is_no_administrator_can_neither_delete_nor_set(stage: Stage, chest: Path) -> None:
    window = opened(stage, chest)
    assistant = window._workplace.staff.add(NewPerson(name="J. Mwangi", duty="assistant"), "another password")
    window._workplace.switch(assistant.holder_id, "another password")
    window.keeping.show_open_patient()
    dialog = window.keeping.dialog
    assert not hasattr(dialog, "delete")
    assert dialog.yes.isVisible()
    dialog.reject()
    window.show_page("settings")
    assert not window.kept_card.images.isEnabled()
    window.show_page("records")
    wait_until(lambda: window.records.page.chosen() is not None)
    assert not window.keeping.card.delete.isEnabled()
    window.show_page("settings")
    assert window.kept_card.due.isHidden()
    window._workplace.switch(window._workplace.holders()[0].holder_id, PASSWORD)
