"""Who is this: identifiers that are typed, doubted, confirmed twice, and asked for before signing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Photo
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from core.patient import Sourced
from inference.subject import unsettled_ages_of
from tests.ui.hands import begun, pause, press, ready, sign_the_open_case, strike
from tests.ui.stage import StandInAnalyzer, at_once, let_pass, wait_until, write_chest

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]


def nameless(stage: Stage, folder: Path) -> Any:
    """Open a picture without a header, and return the window."""
    path = folder / "photo.png"
    Photo.linear_gradient("L").save(path)
    window = stage(path)
    ready(window)
    return window


def typed(window: Any, *, name: str, number: str = "", born: str = "", age: str = "") -> Any:
    """Type into the form of who it is, and return it."""
    form = window.read.column.identity
    for field, text in zip((*form.fields.values(), form.age), (name, number, born, age), strict=True):
        field.setText(text)
    return form


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
    for text in ("SAMPLE Amina", "2041-77", "", "f", "35"):  # name, number, no birth date, sex, age
        field = QApplication.focusWidget()
        assert field is not None
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    ready(window)
    assert "SAMPLE Amina" in window.banner.text()
    assert "identity typed" in window.banner.text()
    patient = window.desk.case.analysis.result.patient
    assert (patient.name.value, patient.name.source) == ("SAMPLE Amina", "typed")
    assert (patient.sex.value, patient.age_years.value) == ("F", 35.0)
    wait_until(window.read.column.sign.isEnabled)


def test_an_identity_without_an_age_is_asked_about_once_and_digits_behind_it_are_no_impression(
    stage: Stage, tmp_path: Path
) -> None:
    window = nameless(stage, tmp_path)
    form = window.read.column.identity
    form.fields["name"].setText("Adult Joe")
    form.fields["id"].setText("TB-1")
    form.age.setFocus()
    with one_moment(form):
        press(window, Qt.Key.Key_Return)
    assert form.doubt.text().startswith("Sex and age are not given")
    assert window.desk.case.draft.confirmed == ()
    with at_once(window):
        form.confirm.click()
        assert window.desk.case.draft.confirmed == ("name", "id")
        press(window, Qt.Key.Key_3)
        press(window, Qt.Key.Key_5)
    assert window.desk.reading.first_read is None
    assert "answer nothing" in window.read.toast.text()


def test_one_identifier_is_not_enough(stage: Stage, tmp_path: Path) -> None:
    window = nameless(stage, tmp_path)
    form = window.read.column.identity
    form.fields["name"].setText("SAMPLE Amina")
    form.submit()
    assert window.desk.case.draft.confirmed == ()
    assert form.isVisible()


def test_a_number_typed_long_after_the_form_has_gone_is_no_impression(stage: Stage, tmp_path: Path) -> None:
    window = nameless(stage, tmp_path)
    form = typed(window, name="Adult Joe", number="TB-1", age="35")
    form.submit()
    assert window.desk.case.draft.confirmed == ("name", "id")
    let_pass(1000)
    with at_once(window):
        strike(window, Qt.Key.Key_1)
        strike(window, Qt.Key.Key_9)
    assert window.desk.reading.first_read is None
    assert "answer nothing" in window.read.toast.text()


@pytest.mark.parametrize(
    ("name", "age", "said"),
    [("34", "40", "The name has no letter."), ("Joe", "130", "Hardly anybody is 130 years old.")],
)
def test_what_was_hardly_meant_so_is_asked_about(
    stage: Stage, tmp_path: Path, name: str, age: str, said: str
) -> None:
    window = nameless(stage, tmp_path)
    form = typed(window, name=name, number="TB-1", age=age)
    form.submit()
    assert window.desk.case.draft.confirmed == ()
    assert said in form.doubt.text()


def test_undoing_what_was_typed_leaves_no_answer_under_the_keys(stage: Stage, tmp_path: Path) -> None:
    window = nameless(stage, tmp_path)
    press(window, Qt.Key.Key_2)
    form = window.read.column.identity
    form.fields["name"].setText("X")
    wait_until(form.undo_typed.isVisible)
    form.undo_typed.setFocus()
    reading = window.desk.reading
    strike(window, Qt.Key.Key_Space)
    assert form.fields["name"].text() == ""
    assert not isinstance(QApplication.focusWidget(), QAbstractButton)
    let_pass(1000)
    strike(window, Qt.Key.Key_Space)
    assert window.desk.reading == reading


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


def test_an_identity_typed_and_not_confirmed_stands_between_the_case_and_its_signature(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
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
    with one_moment(form):
        form.confirm.click()
    assert form.doubt.isVisible()
    form.confirm.click()


@contextmanager
def one_moment(form: Any) -> Iterator[None]:
    """Let all that is done to the form inside come within one double click, however busy this computer is."""
    clock = form.now
    form.now = lambda: 0.0
    try:
        yield
    finally:
        form.now = lambda: clock() + QApplication.doubleClickInterval() / 1000


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
    with one_moment(form):
        for _ in range(3):
            press(window, Qt.Key.Key_Return)
        form.confirm.click()
    assert form.doubt.text().startswith("The image says DIDA, Abdi · D-404.")
    assert form.confirm.words() == "Use what I typed"
    assert "DIDA, Abdi" in window.banner.text(), "neither Enter nor a double click is a second thought"
    form.confirm.click()
    assert "Fatuma Photo" in window.banner.text()
    note = window.banner.identity
    assert note.text() == "header names another patient"
    assert note.property("role") == "warning-strong"
    assert "The image says DIDA, Abdi · D-404." in note.toolTip()
    assert "Fatuma Photo · F-606" in note.toolTip()
    assert form.confirm.words() == "Confirm who it is"
    wait_until(window.read.column.sign.isEnabled)
    window.signing.ask()
    said = {one.accessibleName() for one in window.signing.dialog.findChildren(QLabel)}
    assert "ID · sex · age: F-606 · Female · 3 y" in said
    (doubted,) = [
        one
        for one in window.signing.dialog.findChildren(QLabel)
        if one.accessibleName() == "Another patient?: The image says DIDA, Abdi · D-404."
    ]
    assert doubted.property("role") == "warning-strong"
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
        with one_moment(form):
            form.confirm.click()
        assert form.doubt.text().startswith(sentence)
        assert window.desk.case.draft.confirmed == ()
    form.confirm.click()
    assert window.desk.case.patient.id.value == "F-606"


@pytest.mark.parametrize("age", ["34", "35"])
def test_an_age_is_settled_by_a_person_where_the_image_gives_two(
    stage: Stage, tmp_path: Path, age: str
) -> None:
    path = write_chest(tmp_path, "1.dcm", age="034Y")
    dataset = dcmread(path)
    dataset.PatientBirthDate, dataset.StudyDate = "20220101", "20260301"
    dataset.save_as(path)
    window = stage(path)
    ready(window)
    assert unsettled_ages_of(window.desk.case.patient)
    column = window.read.column
    column.ask_identity(age=True)
    form = column.identity
    wait_until(form.age.hasFocus)
    form.age.setText(age)
    with one_moment(form):
        press(window, Qt.Key.Key_Return)
    assert form.doubt.text().startswith("The image says 34 y, and by its birth date 4 y.")
    assert window.desk.case.draft.confirmed == ()
    form.confirm.click()
    assert window.desk.case.patient.age_years == Sourced(value=float(age), source="typed")
    assert unsettled_ages_of(window.desk.case.patient) == ()
    column.ask_identity()
    form.confirm.click()
    assert not form.doubt.isVisible(), "what was settled is not asked about again"


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


def test_a_birth_date_that_is_typed_without_dashes_is_the_same_day(stage: Stage, tmp_path: Path) -> None:
    window = nameless(stage, tmp_path)
    form = window.read.column.identity
    form.fields["name"].setText("SAMPLE Amina")
    form.fields["birth_date"].setText("20230610")
    form.submit()
    case = window.desk.case
    assert case.draft.confirmed == ("name", "birth_date")
    assert case.draft.typed.birth_date == Sourced(value="2023-06-10", source="typed")


def test_a_birth_date_and_an_age_that_disagree_are_not_confirmed(stage: Stage, tmp_path: Path) -> None:
    window = nameless(stage, tmp_path)
    form = typed(window, name="SAMPLE Amina", born="2023-06-10", age="45")
    form.submit()
    assert window.desk.case.draft.confirmed == ()
    assert [label.text() for label in form.findChildren(QLabel) if "disagree" in label.text()] == [
        "Birth date and age disagree. Correct one, or leave the age empty."
    ]
    form.age.clear()
    form.submit()
    assert window.desk.case.draft.confirmed == ("name", "birth_date")
    assert window.desk.case.draft.typed.age_years is not None
