"""The records in the window: what is filed, found, opened and put right, with the keyboard."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from core.patient import Patient, Sourced
from services.picture_marks import marks_of
from services.register_people import guess
from services.register_table import read_table
from tests.services.test_records import file, patient, unit_of
from tests.ui.conftest import PIN
from tests.ui.hands import strike
from tests.ui.stage import wait_until, write_chest
from ui.controls import KeyButton
from ui.sign_summary import sign_facts
from ui.state_words import state_words

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def texts(widget: Any) -> str:
    """Return all words on a widget."""
    return "\n".join(one.text() for one in widget.findChildren(QLabel))


def button(widget: Any, words: str) -> Any:
    """Return the button with these words."""
    return next(one for one in widget.findChildren(KeyButton) if one.words() == words)


def shown(window: Any) -> Any:
    """Bring the records into sight and return their page."""
    window.show_page("records")
    page = window.records.page
    wait_until(lambda: page._pools.running() == ())
    return page


def find(window: Any, text: str, rows: int) -> Any:
    """Search the records."""
    page = shown(window)
    page.search.setText(text)
    wait_until(lambda: page.filtered.rowCount() == rows)
    return page


def open_chest(stage: Stage, folder: Path, **facts: Any) -> Any:
    """Return a window with a chest X-ray open."""
    window = stage(write_chest(folder, "chest.dcm", **facts))
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    return window


def test_what_is_opened_is_filed_and_found(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    page = shown(window)
    assert page.stack.currentWidget() is page.table
    assert page.chosen().number == "A-17"
    find(window, "nothing like it", 0)
    assert page.stack.currentWidget() is page._nothing
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    wait_until(lambda: page.filtered.rowCount() == 1)


def test_an_empty_page_says_when_something_is_recorded(stage: Stage) -> None:
    page = shown(stage())
    assert page.stack.currentWidget() is page._empty


def test_enter_opens_the_image_of_the_chosen_row(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    window.desk.close()
    page = shown(window)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    wait_until(lambda: window.desk.case is not None)
    assert window.turner.is_shown("read")


def test_an_image_that_is_listed_no_more_is_opened_from_where_it_lies(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    window.desk.close()
    window.book.clear()
    page = shown(window)
    page.pane._on_open()
    wait_until(lambda: window.desk.case is not None)
    assert window.desk.case.patient.id.value == "A-17"


def test_an_image_that_is_away_is_told_with_how_to_get_it(stage: Stage) -> None:
    window = stage()
    file(window._workplace, patient("Okafor^Nnamdi", "A-17"))
    page = shown(window)
    page.pane._on_open()
    assert window.notices.texts() == ("The image of this study is not on this computer.",)
    assert "/medium/1.2.3.dcm" in texts(window.notices)


def test_a_signed_report_is_shown_without_its_image(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    workplace = window._workplace
    case = window.desk.case
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    person = workplace.signing.people()[0]
    workplace.signing.sign(
        case.unit, case.analysis, case.draft, person_id=person.person_id, pin=PIN, facts=case.facts
    )
    window.desk.close()
    window.book.clear()
    page = shown(window)
    assert page.chosen().study.state == "signed"
    button(page.pane, "Show the signed report").click()
    dialog = window.records.dialog
    wait_until(lambda: dialog.page.pdf is not None)
    assert dialog.page.pdf.startswith(b"%PDF")
    assert "No paper of this report has left yet." in texts(dialog)
    dialog.reporting._give_out = dialog.reporting._paper_source("export", dialog.page.pdf)
    dialog.reporting.export_to(str(tmp_path / "out.pdf"))
    wait_until(lambda: "the original, A4" in texts(dialog))
    assert "No paper" not in texts(dialog)
    dialog.reject()
    wait_until(lambda: window.records.dialog is None)


def test_tab_goes_from_the_list_to_opening_the_study_and_to_deletion_last(
    stage: Stage, tmp_path: Path
) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    page = shown(window)
    for _ in range(2):
        wait_until(button(page.pane, "Open the image").isVisible)
        page.table.setFocus()
        stops = []
        for _ in range(12):
            strike(window, Qt.Key.Key_Tab)
            focused = QApplication.focusWidget()
            if not page.pane.isAncestorOf(focused):
                break
            stops.append(focused.words() if isinstance(focused, KeyButton) else type(focused).__name__)
        assert stops[0] == "Open the image"
        assert stops[-1] == "Delete this study …"
        assert "QScrollArea" not in stops
        page.pane.show_line(page.chosen())


def test_a_study_is_moved_and_the_open_window_knows_it_at_once(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17", sex="M", age="003Y")
    page = shown(window)
    button(page.pane, "This study is somebody else's …").click()
    dialog = window.records.dialog
    assert "Okafor" in texts(dialog)
    dialog.fields["name"].setText("Achieng Mary")
    assert not dialog.yes.isEnabled()
    dialog.fields["id"].setText("B-2")
    assert not dialog.yes.isEnabled()
    dialog.why.setText("names swapped")
    assert "to Achieng Mary, ID B-2" in dialog.summary.text()
    dialog.yes.click()
    assert "sex, age" in dialog.wrong.text()  # the image says those of somebody else
    dialog.sex.setCurrentIndex(1)
    dialog.age.setText("40")
    dialog.fields["birth_date"].setText("19860102")
    dialog.yes.click()
    wait_until(lambda: window.records.dialog is None)
    assert "Achieng Mary" in window.banner.text()
    wait_until(lambda: page.chosen() is not None and page.chosen().number == "B-2")
    assert "Moved on" in texts(page.pane)
    kept = window._workplace.drafts.find(window.desk.case.key)
    assert (kept.typed.name.value, kept.typed.birth_date.value) == ("Achieng Mary", "1986-01-02")


def test_two_records_are_merged_and_separated_again(stage: Stage) -> None:
    window = stage()
    workplace = window._workplace
    first = file(workplace, patient("Okafor^Nnamdi", "A-17"))
    second = file(workplace, patient("Okafur^Nnamdi", "A-17"), "1.2.4")
    page = find(window, "okafur", 1)
    assert "One person?".upper() in texts(page.pane)
    button(page.pane, "One person: merge …").click()
    dialog = window.records.dialog
    dialog.other_stays.setChecked(True)
    dialog.why.setText("entered twice")
    assert dialog.summary.text() == ("Okafur Nnamdi, ID A-17 becomes one record with Okafor Nnamdi, ID A-17.")
    dialog.yes.click()
    wait_until(lambda: window.records.dialog is None and page.filtered.rowCount() == 2)
    assert workplace.records.patient(second).patient_id == first
    button(page.pane, "Make two records again …").click()
    window.records.dialog.yes.click()
    wait_until(lambda: page.filtered.rowCount() == 1)
    assert workplace.records.patient(second).patient_id == second


def test_two_people_are_asked_about_once(stage: Stage) -> None:
    window = stage()
    file(window._workplace, patient("Okafor", "A-17"))
    file(window._workplace, patient("Achieng", "A-17"), "1.2.4")
    page = find(window, "achieng", 1)
    button(page.pane, "Two people").click()
    wait_until(lambda: "ONE PERSON?" not in texts(page.pane))


def test_the_state_filters_the_rows(stage: Stage) -> None:
    window = stage()
    file(window._workplace, patient("Okafor", "A-17"))
    page = shown(window)
    page.state.setCurrentIndex(page.state.findData("signed"))
    assert page.filtered.rowCount() == 0
    page.state.setCurrentIndex(0)
    assert page.filtered.rowCount() == 1


def test_thousands_of_rows_are_listed(stage: Stage) -> None:
    window = stage()
    workplace = window._workplace
    window.locking.stop()  # writing the rows stops the window for so long that it takes it for sleep
    with workplace.records._store.transaction():
        for number in range(2000):
            file(workplace, patient(f"Person^Number {number}", f"N-{number}"), f"1.2.{number}")
    page = shown(window)
    wait_until(lambda: page.filtered.rowCount() == 2000)
    assert "2,000 rows" in page._count.text()
    find(window, "n-1999", 1)


# --- the register


def _register(window: Any, tmp_path: Path) -> None:
    (tmp_path / "camp.csv").write_text(
        "Name,ID,Born,Sex\nOkafor Nnamdi,A-17,1990-02-03,M\nOkafor Mary,A-18,,F\n"
    )
    table = read_table(tmp_path / "camp.csv")
    desk = window._workplace.register
    desk.read_in(desk.preview(table, guess(table)), "camp.csv")


def test_a_register_is_previewed_and_nothing_is_read_in_before_it_is_confirmed(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage()
    (tmp_path / "camp.csv").write_text(
        "Nom;N° carte;Né le\nÉtienne;7;03/04/1990\nZoé;8;05/06/1991\n;;\nDiallo;;\n"
    )
    page = shown(window)
    page.register.click()
    dialog = window.records.dialog
    dialog.open_file(str(tmp_path / "camp.csv"))
    wait_until(lambda: dialog.preview is not None)
    assert "day first or month first" in dialog.wrong.text()
    assert not dialog.yes.isEnabled()
    dialog.dates.setCurrentIndex(dialog.dates.findData("day_first"))
    dialog.dates.activated.emit(1)
    wait_until(lambda: bool(dialog.preview.lines))
    assert dialog.yes.words() == "Read in 2 people"
    assert window._workplace.register.all() == ()
    assert "Left out" in dialog.model.index(2, 0).data()
    dialog.write_left_out(str(tmp_path / "left.csv"))
    assert "Diallo" in (tmp_path / "left.csv").read_text(encoding="utf-8-sig")
    dialog.yes.click()
    wait_until(lambda: len(window._workplace.register.all()) == 1)
    wait_until(lambda: dialog.findChildren(KeyButton)[-1].words() == "Remove")
    remove = button(dialog, "Remove")
    remove.click()
    assert len(window._workplace.register.all()) == 1
    remove.click()
    assert window._workplace.register.all() == ()
    dialog.reject()
    wait_until(lambda: window.records.dialog is None)


def test_a_file_that_is_no_register_is_told(stage: Stage, tmp_path: Path) -> None:
    window = stage()
    (tmp_path / "camp.xlsx").write_bytes(b"PK\x03\x04 a workbook")
    shown(window).register.click()
    dialog = window.records.dialog
    dialog.open_file(str(tmp_path / "camp.xlsx"))
    wait_until(lambda: bool(dialog.wrong.text()))
    assert "save the sheet as CSV" in dialog.wrong.text()
    dialog.reject()
    wait_until(lambda: window.records.dialog is None)


def test_the_looking_at_a_long_register_is_stopped_and_nobody_is_read_in(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage()
    desk = window._workplace.register
    looking, go_on = threading.Event(), threading.Event()
    real = desk._compare

    def slow(line: Any) -> Any:
        looking.set()
        go_on.wait(20)
        return real(line)

    file = tmp_path / "camp.csv"
    people = "".join(f"Okafor {number},A-{number},1980-01-02\n" for number in range(300))
    file.write_text("Name,ID,Date of birth\n" + people)
    shown(window).register.click()
    dialog = window.records.dialog
    for known in (False, True):  # at first, and when what was shown is meant otherwise
        if known:
            dialog.open_file(str(file))
            wait_until(dialog.yes.isEnabled)
        looking.clear()
        go_on.clear()
        monkeypatch.setattr(desk, "_compare", slow)
        if known:
            dialog._on_meaning_changed()
        else:
            dialog.open_file(str(file))
        wait_until(looking.is_set)
        wait_until(dialog.line.isVisible)
        dialog.line.stop.click()
        go_on.set()
        wait_until(lambda: "Stopped" in dialog.told.text())
        assert not dialog.line.isVisible()
        assert not dialog.yes.isEnabled()
        monkeypatch.setattr(desk, "_compare", real)
    dialog.open_file(str(file))
    wait_until(dialog.yes.isEnabled)
    dialog.yes.click()
    wait_until(lambda: len(desk.all()) == 1)
    assert desk.all()[0].people == 300
    dialog.reject()


def test_the_register_fills_the_identity_form_by_keyboard(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="", number="", sex="", age="")
    _register(window, tmp_path)
    card = window.read.column.identity
    card.fields["name"].setFocus()
    QTest.keyClicks(card.fields["name"], "okafor n")
    wait_until(window.offer.popup.isVisible)
    assert [person.id.value for person in window.offer.people if person.id] == ["A-17"]
    QTest.keyClick(window.offer.popup, Qt.Key.Key_Down)
    QTest.keyClick(window.offer.popup, Qt.Key.Key_Return)
    assert card.fields["id"].text() == "A-17"
    assert card.fields["birth_date"].text() == "1990-02-03"
    assert window.desk.case.draft.confirmed == ()
    card.submit()
    assert window.desk.case.patient.id == Sourced(value="A-17", source="typed")
    assert window._workplace.records.find(window.desk.case.key) is not None


def test_nobody_is_offered_who_does_not_fit(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="", number="", sex="", age="")
    _register(window, tmp_path)
    field = window.read.column.identity.fields["name"]
    field.setFocus()
    QTest.keyClicks(field, "zz")
    assert window.offer.people == ()
    assert not window.offer.popup.isVisible()


# --- the same pixels


def test_the_same_image_under_another_patient_stands_against_signing(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17")
    case = window.desk.case
    other = Patient(name=Sourced(value="Achieng", source="header"), id=Sourced(value="B-2", source="header"))
    assert window._workplace.signing.missing(case.unit, case.analysis, case.draft)
    window._workplace.records.file(unit_of(other), other, marks=marks_of(case.analysis))
    found = window._workplace.signing.missing(case.unit, case.analysis, case.draft)
    window.records.keep_marks(case.key)
    assert any(one.endswith("stands under Achieng, ID B-2.") for one in window.notices.texts())
    assert found[-1].code == "same_pixels"
    assert "Achieng, ID B-2" in found[-1].text


def merge_by_hand(window: Any, other: Any, *, stays: str = "this") -> None:
    """Merge the chosen patient of the records with another."""
    page = window.records.page
    window.records.ask_merge(page.chosen().patient_id, other)
    dialog = window.records.dialog
    (dialog.this_stays if stays == "this" else dialog.other_stays).setChecked(True)
    dialog.why.setText("entered twice")
    dialog.yes.click()
    wait_until(lambda: window.records.dialog is None)


def open_twins(stage: Stage, folder: Path) -> Any:
    """Return a window with a patient's image open whose very pixels stand under somebody else."""
    pixels = np.random.default_rng(5).integers(0, 255, (96, 96)).astype(np.uint8)
    first = write_chest(folder / "one", "1.dcm", patient="Okafor^Nnamdi", number="A-17", pixels=pixels)
    second = write_chest(folder / "two", "2.dcm", patient="Achieng^Mary", number="B-2", pixels=pixels)
    third = write_chest(folder / "three", "3.dcm", patient="Zawadi^Asha", number="C-3")
    window = stage(first)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    for path in (second, third):
        window.opening.open_paths([str(path)])
        wait_until(lambda: not window.intake.scanning)
    open_of(window, "Achieng")
    wait_until(lambda: any("very same image" in one for one in window.notices.texts()))
    return window


def open_of(window: Any, name: str) -> None:
    """Open the image of somebody, and wait for its analysis."""
    case = next(one for one in window.book.cases() if name in one.patient.name.value)
    window.open_case(case.key)
    wait_until(lambda: window.desk.case is case and case.analysis is not None)


def spoken_against(window: Any) -> str:
    return "\n".join(window.notices.texts())


def test_what_is_said_of_one_patients_image_names_it_and_goes_when_another_is_opened(
    stage: Stage, tmp_path: Path
) -> None:
    window = open_twins(stage, tmp_path)
    assert "Achieng" in spoken_against(window)
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    window.signing.ask()
    assert "E402" in texts(window.notices)
    open_of(window, "Zawadi")
    assert spoken_against(window) == ""
    open_of(window, "Achieng")
    assert "very same image" in spoken_against(window)
    window.desk.close()
    assert spoken_against(window) == ""


def test_the_very_same_image_is_spoken_of_no_more_once_both_are_one_patient(
    stage: Stage, tmp_path: Path
) -> None:
    window = open_twins(stage, tmp_path)
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    window.signing.ask()
    page = find(window, "achieng", 1)
    other = next(one for one in window._workplace.records.patients("okafor"))
    merge_by_hand(window, other.patient_id)
    assert spoken_against(window) == ""
    assert window.signing.dialog is None
    assert page is window.records.page


def test_nothing_said_of_a_patient_stands_after_the_lock(stage: Stage, tmp_path: Path) -> None:
    window = open_twins(stage, tmp_path)
    window.locking.lock()
    assert spoken_against(window) == ""


def test_a_reading_that_the_records_hold_back_is_not_called_ready(stage: Stage, tmp_path: Path) -> None:
    window = open_twins(stage, tmp_path)
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    case = window.desk.case
    assert [one.code for one in window.desk.missing()] == ["same_pixels"]
    assert "Ready" not in window.banner.status.words()
    assert state_words(case, no_model=False) == "Reading begun"
    find(window, "achieng", 1)
    merge_by_hand(window, window._workplace.records.patients("okafor")[0].patient_id)
    assert state_words(case, no_model=False) == "Ready to sign"
    assert window.banner.status.words() == "Ready to sign"


def test_a_signed_study_that_was_moved_opens_under_its_owner_and_says_whom_the_report_names(
    stage: Stage, tmp_path: Path
) -> None:
    window = open_chest(stage, tmp_path, patient="Okafor^Nnamdi", number="A-17", sex="M", age="003Y")
    case, workplace = window.desk.case, window._workplace
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    person = workplace.signing.people()[0]
    workplace.signing.sign(
        case.unit, case.analysis, case.draft, person_id=person.person_id, pin=PIN, facts=case.facts
    )
    study = workplace.records.find(case.key)
    owner = Patient(
        name=Sourced(value="Achieng^Mary", source="typed"), id=Sourced(value="B-2", source="typed"),
        sex=Sourced(value="F", source="typed"), age_years=Sourced(value=40.0, source="typed"),
    )  # fmt: skip
    workplace.corrections.move(study.study_id, owner, why="names swapped")
    window.desk.close()
    window.book.clear()
    window.opening.open_paths((case.unit.path,))
    wait_until(lambda: len(window.book) == 1)
    window.open_case(case.key)
    assert window.banner.name.whole() == "Achieng Mary"
    assert "signed as" in window.banner.text()
    window.notices._drop_all(lambda _one: True)
    assert "Okafor" in window.banner.text()
    facts = {one.what: one.value for one in sign_facts(window.desk.case)}
    assert facts["Patient"] == "Achieng Mary"
    assert "Okafor" in facts["Signed as"]


def test_no_words_beside_the_records_are_cut(stage: Stage, tmp_path: Path) -> None:
    window = open_chest(
        stage, tmp_path, patient="Okafor-Ezekwesili^Nnamdi Chukwuemeka", number="A-17", sex="M", age="003Y"
    )
    page = shown(window)

    def cut() -> list[str]:
        return [
            one.text()
            for one in page.pane.findChildren(QLabel)
            if one.isVisible() and one.wordWrap() and one.height() < one.heightForWidth(one.width())
        ]

    wait_until(lambda: cut() == [])
