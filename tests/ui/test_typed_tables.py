"""Estimates without an image: from the button to the signed paper, kept, found again, and whose they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from core.patient import Patient, Sourced
from services.analyze import AnalysisOptions, Analyzer
from services.scan import Medium
from tests.inference.toy_tables import make_recurrence, make_risk
from tests.opening import PASSWORD
from tests.reports.conftest import poppler
from tests.ui.conftest import PIN
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest
from tests.ui.test_locking import another, log_in, me
from tests.ui.test_records_page import button, shown, texts
from ui.controls import KeyButton
from ui.risk_card import RiskCard

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    make_risk(folder / "toy-risk")
    make_recurrence(folder / "toy-recurrence")
    return folder


@pytest.fixture
def analyzer(packs: Path) -> Analyzer:
    return Analyzer(AnalysisOptions(demonstration=True), pack_folders=[packs])


@pytest.fixture
def window(stage: Stage, analyzer: Analyzer) -> Any:
    """A window on an empty list, with two models that ask for values."""
    shown = stage(analyzer=analyzer)
    wait_until(shown.worklist.empty.estimate.isEnabled)
    return shown


def _begin(window: Any) -> Any:
    window.worklist.empty.estimate.click()
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    return window.desk.case


def _form(window: Any) -> Any:
    return window.read.column.values


def _identify(window: Any, number: str = "HF-12") -> None:
    form = window.read.column.identity
    form.fields["name"].setText("Njeri Wanjiru")
    form.fields["id"].setText(number)
    form.age.setText("72")
    form.submit()
    wait_until(lambda: window.desk.case.analysis is not None)


def _choose(window: Any, pack_id: str) -> None:
    model = _form(window).model
    model.setCurrentIndex(model.findData(pack_id))


def _type(window: Any, **texts: str) -> None:
    for code, text in texts.items():
        field = _form(window).fields()[code]
        field.set_text(text)
        field.edited.emit()


def _estimate(window: Any) -> None:
    _form(window).submit()
    wait_until(lambda: bool(_estimates(window)))


def _estimates(window: Any) -> list[Any]:
    return list(window.read.column.findChildren(RiskCard))


def _sign(window: Any) -> Any:
    case = window.desk.case
    window.read.column.words.fields["conclusion"].setPlainText("Poor outlook in this table.")
    assert window.desk.missing() == ()
    assert window.read.column.sign.isEnabled()
    window.read.column.sign.click()
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, PIN)
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)
    return case


def _whole(window: Any) -> Any:
    """Sign an estimate and return its case."""
    _begin(window)
    _identify(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25", smoking="yes")
    _estimate(window)
    return _sign(window)


def _again(window: Any, stage: Stage, analyzer: Analyzer, profile: Path) -> Any:
    """Close the program and open it again."""
    window.close()
    window._workplace.close()
    return stage(analyzer=analyzer, profile=profile)


def test_it_says_why_none_can_be_begun(stage: Stage, tmp_path: Path, packs: Path) -> None:
    none = stage(analyzer=StandInAnalyzer(), profile=tmp_path / "none")
    assert "No model that asks for values" in _why(none)
    off = stage(analyzer=Analyzer(AnalysisOptions(), pack_folders=[packs]), profile=tmp_path / "off")
    assert "switched off" in _why(off)
    assert "under Models" in _why(off)
    off.keys.strike("estimate")
    assert off.desk.case is None
    assert any("switched off" in text for text in off.notices.texts())


def _why(window: Any) -> str:
    empty, side = window.worklist.empty.estimate, window.worklist.side.estimate
    wait_until(lambda: "still" not in empty.toolTip())
    assert not empty.isEnabled()
    assert not side.isEnabled()
    assert side.toolTip() == empty.toolTip()
    return str(empty.toolTip())


def test_it_is_in_the_sheet_of_keys_and_on_the_button(window: Any) -> None:
    window.turner.toggle_sheet()
    assert "Estimate without an image" in texts(window.turner.sheet)
    window.turner.toggle_sheet()
    assert "Ctrl N" in window.worklist.side.estimate.toolTip()


def test_it_opens_with_a_calm_sentence_and_asks_for_no_impression(window: Any) -> None:
    case = _begin(window)
    column, tools = window.read.column, window.read.tools.buttons
    assert window.read.image.no_image() == "There is no image: the estimate rests on typed values alone."
    assert window.read.viewer.accessibleDescription() == window.read.image.no_image()
    assert not any(one.isEnabled() for name, one in tools.items())
    assert "There is no image" in tools["turn_right"].toolTip()
    for widget in (column.impression, column.final_read, column.signs, column.computer):
        assert not widget.isVisible()
    assert column.identity.isVisible()
    assert _form(window).isVisible()
    assert [one.pack_id for one in _form(window)._forms] == ["toy-recurrence", "toy-risk"]
    for key in (Qt.Key.Key_2, Qt.Key.Key_R, Qt.Key.Key_B, Qt.Key.Key_M, Qt.Key.Key_F, Qt.Key.Key_Plus):
        window.setFocus()
        QTest.keyClick(window.read, key)
        let_pass(250)
    assert window.desk.reading.first_read is None
    assert "image" not in case.unit.path


def test_the_form_has_the_place_of_the_image_and_what_is_said_stands_beside_it(
    window: Any, tmp_path: Path
) -> None:
    _begin(window)
    _identify(window)
    read, column = window.read, window.read.column
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25", smoking="yes")
    _estimate(window)
    (card,) = _estimates(window)
    wait_until(lambda: card.isVisible() and card.x() > _form(window).geometry().right())
    assert not read.viewer.isVisible()
    assert column.width() > 0.8 * read.width()
    (why,) = [one for one in column.findChildren(QLabel) if one.text() == read.image.no_image()]
    assert why.isVisible()
    typed = window.desk.case
    window.opening.open_paths((str(write_chest(tmp_path, "1.dcm")),))
    wait_until(lambda: len(window.book) == 2)
    image = next(case for case in window.book.cases() if case.unit.kind != "table")
    window.open_case(image.key)
    wait_until(read.viewer.isVisible)
    wait_until(lambda: read.viewer.width() > column.width())
    assert not why.isVisible()
    divided = read.layout_state()
    window.open_case(typed.key)
    wait_until(lambda: not read.viewer.isVisible())
    assert read.layout_state() == divided, "what is kept is how the page is divided beside an image"
    window.open_case(image.key)
    wait_until(read.viewer.isVisible)
    wait_until(lambda: read.layout_state() == divided)


def test_an_age_that_is_not_known_is_entered_from_the_form_of_values(window: Any) -> None:
    _begin(window)
    _choose(window, "toy-risk")

    def offered() -> list[KeyButton]:
        buttons = _form(window).findChildren(KeyButton)
        return [one for one in buttons if one.accessibleName() == "Enter: Age" and one.isVisible()]

    (enter,) = offered()
    enter.click()
    wait_until(window.read.column.identity.age.hasFocus)
    _identify(window)
    wait_until(lambda: offered() == [])


def test_from_the_button_to_the_signed_paper(window: Any, tmp_path: Path) -> None:
    case = _begin(window)
    assert window._workplace.drafts.find(case.key) is not None, "it is kept at once"
    _identify(window)
    assert "72 years" in _form(window).findChild(QLabel, "known-age_years").text()
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25", smoking="yes")
    _estimate(window)
    (card,) = _estimates(window)
    assert "of 100 patients of the study" in texts(card)
    assert not window.read.column.sign.isEnabled()
    assert "Write your conclusion" in window.read.column.missing.text()
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    window.show_page("read")
    _sign(window)
    paper = tmp_path / "report.pdf"
    paper.write_bytes(case.signed.pdf)
    words = " ".join(poppler("pdftotext", "-layout", str(paper), "-").replace("·", " · ").split())
    assert "Ejection fraction 25 % · Smoking Yes" in words
    assert "image" not in words.replace("values of the patient, no image", "").casefold()
    assert window._workplace.drafts.find(case.key) is None


def test_the_whole_way_needs_no_mouse(window: Any) -> None:
    window.worklist.take_focus()
    _press(Qt.Key.Key_N, CONTROL)
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: QApplication.focusWidget() is window.read.column.identity.fields["name"])
    for text in ("Njeri Wanjiru", "HF-12", "", "f", "72"):  # name, number, no birth date, sex, age
        _write(text)
        _press(Qt.Key.Key_Return)
    fields = _form(window).fields()
    wait_until(lambda: QApplication.focusWidget() is fields["nodes"].control)
    wait_until(lambda: window.desk.case.analysis is not None)
    patient = window.desk.case.patient
    assert (patient.sex.value, patient.age_years.value) == ("F", 72.0)
    _write("12")
    _press(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is fields["smoking"].control
    _press(Qt.Key.Key_Down)
    _press(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is _form(window).estimate
    _press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is fields["smoking"].control
    _press(Qt.Key.Key_Return)
    wait_until(lambda: bool(_estimates(window)))
    _press(Qt.Key.Key_R, ALT)
    for _ in range(2):
        _press(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is window.read.column.words.fields["conclusion"]
    _write("Watch the neck.")
    case = window.desk.case
    _press(Qt.Key.Key_Return, CONTROL)
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, PIN)
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)
    assert case.signed.record.reading.conclusion == "Watch the neck."
    assert case.signed.patient.further["nodes"].value == 12.0


def _press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifiers)
    let_pass(20)


def _write(text: str) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClicks(focused, text)


def test_a_restart_brings_back_what_was_typed(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    case = _begin(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25,5")
    window = _again(window, stage, analyzer, tmp_path / "profile")
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    assert window.desk.case.key == case.key
    assert _form(window).isVisible()
    assert _form(window).model.currentData() == "toy-risk"
    assert _form(window).texts() == {"ejection_fraction": "25.5"}


def test_one_that_was_not_open_is_in_the_list_after_a_restart(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    case = _begin(window)
    _identify(window)
    _choose(window, "toy-recurrence")
    _type(window, nodes="30")
    window.opening.open_paths((str(write_chest(tmp_path / "stick", "1.dcm")),))
    wait_until(lambda: len(window.book.cases()) == 2)
    wait_until(lambda: window.desk.case is not case)
    window = _again(window, stage, analyzer, tmp_path / "profile")
    wait_until(lambda: len(window.book.cases()) == 2 and window.desk.case is not None)
    assert window.desk.case.key != case.key
    back = window.book.find(case.key)
    assert back.draft.typed.further["nodes"].value == 30.0
    row = window.worklist.source.index(window.book.row_of(case.key), 0)
    assert "Typed values" in row.siblingAtColumn(5).data()
    assert "values-" not in row.siblingAtColumn(5).data()


def test_one_that_nobody_touched_is_taken_again_and_comes_back_only_if_it_was_open(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    first = _begin(window)
    window.show_page("worklist")
    assert _begin(window) is first
    assert len(window.book.cases()) == 1
    _type(window, nodes="30")
    second = _begin(window)
    assert second is not first
    window.open_case(first.key)
    window = _again(window, stage, analyzer, tmp_path / "profile")
    wait_until(lambda: window.desk.case is not None)
    assert [one.key for one in window.book.cases()] == [first.key]
    wait_until(window.worklist.side.estimate.isEnabled)
    assert _begin(window).key == second.key, "no empty one is left behind"


def test_one_that_was_open_comes_back_also_untouched(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    case = _begin(window)
    window = _again(window, stage, analyzer, tmp_path / "profile")
    wait_until(lambda: window.desk.case is not None)
    assert window.desk.case.key == case.key
    assert window.turner.is_shown("read")


def test_a_signed_one_opens_from_the_records_with_its_values_and_its_estimate(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    case = _whole(window)
    window = _again(window, stage, analyzer, tmp_path / "profile")
    assert window.book.cases() == []
    page = shown(window)
    page.search.setText("wanjiru")
    wait_until(lambda: page.filtered.rowCount() == 1)
    page.table.setCurrentIndex(page.filtered.index(0, 0))
    button(page.pane, "Open the values").click()
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    assert window.desk.case.key == case.key
    assert window.desk.is_signed
    wait_until(lambda: bool(_estimates(window)))
    assert _form(window).model.currentData() == "toy-risk", "the one that values were typed for"
    assert _form(window).texts() == {"ejection_fraction": "25", "smoking": "yes"}
    assert not _form(window).estimate.isEnabled()


def test_it_goes_with_its_patient_and_others_stay(window: Any) -> None:
    case = _begin(window)
    _identify(window)
    _type(window, nodes="30")
    window.desk.flush()
    other = _begin(window)
    _identify(window, "HF-13")
    _type(window, nodes="40")
    window.desk.flush()
    workplace = window._workplace
    row = workplace.records.find(case.key)
    plan = workplace.deletion.plan(row.patient_id)
    workplace.deletion.delete(plan, password=PASSWORD, typed=plan.typed)
    window.keeping.deleted.emit(plan.unit_keys)
    assert [one.key for one in window.book.cases()] == [other.key]
    assert window.book.find(other.key).draft.typed.further["nodes"].value == 40.0
    assert workplace.drafts.find(case.key) is None


def test_a_cleared_form_is_put_back_by_undo(window: Any) -> None:
    _begin(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25", smoking="yes")
    assert not window.read.tools.buttons["undo"].isEnabled()
    _form(window).clear.click()
    assert dict(window.desk.case.draft.typed.further) == {}
    assert window.read.tools.buttons["undo"].isEnabled()
    window.read.tools.buttons["undo"].click()
    assert _form(window).texts() == {"ejection_fraction": "25", "smoking": "yes"}


def test_typed_values_are_somebodys_and_taken_over_in_the_open(window: Any) -> None:
    case, second = _begin(window), another(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25")
    window.locking.lock()
    log_in(window, second)
    assert window.desk.case is None, "it is put away at a switch"
    window.open_case(case.key)
    wait_until(lambda: window.desk.case.analysis is not None)
    column = window.read.column
    assert "Otieno" in column.begun.title.text()
    assert not _form(window).isVisible()
    window.desk.jot_values({"ejection_fraction": 60.0})
    assert case.draft.typed.further["ejection_fraction"] == Sourced(value=25.0, source="typed")
    column.begun.button.click()
    assert _form(window).isVisible()
    _type(window, ejection_fraction="30")
    window.desk.flush()
    assert window._workplace.drafts.find(case.key).reader == "Dr. A. Kamau"
    assert me(window) == second


def test_typing_values_writes_one_line_of_the_trail_and_names_no_patient(window: Any) -> None:
    case = _begin(window)
    _choose(window, "toy-risk")
    for text in ("2", "25", "25.5"):
        _type(window, ejection_fraction=text)
        window.desk.flush()
    about = [one for one in window._workplace.trail.lines() if one.subject == f"unit:{case.key}"]
    assert [one.act for one in about].count("edit") == 1
    assert "enter_patient" not in [one.act for one in about]


def test_models_that_are_switched_on_are_asked_at_once(window: Any, packs: Path) -> None:
    case = _begin(window)
    window._workplace.analyzers._analyzer = StandInAnalyzer()
    window._workplace.analyzers._analyzer.analyze = Analyzer(AnalysisOptions(), pack_folders=[packs]).analyze
    window.models.packs_changed.emit()
    wait_until(lambda: case.analysis is not None and case.forms == ())
    wait_until(lambda: not window.worklist.side.estimate.isEnabled())
    assert not _form(window).isVisible()
    assert "see Models" in window.read.column.computer.text()
    assert case.draft.typed == Patient()


def test_one_that_waits_in_the_list_keeps_no_image_from_opening_by_itself(
    stage: Stage, window: Any, analyzer: Analyzer, tmp_path: Path
) -> None:
    case = _begin(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25")
    window.desk.close()
    window.desk.remember_place(())
    window = _again(window, stage, analyzer, tmp_path / "profile")
    wait_until(lambda: window.book.find(case.key) is not None)
    assert window.book.open_key is None
    stick = tmp_path / "stick"
    write_chest(stick, "1.dcm")
    window.intake.medium_appeared.emit(Medium(path=stick, name="STICK"))
    wait_until(lambda: window.desk.case is not None)
    assert window.desk.case.key != case.key


def test_an_age_that_a_model_is_not_for_is_changed_not_entered_and_no_image_is_spoken_of(window: Any) -> None:
    from ui.computer_card import RefusalCard
    from ui.controls import KeyButton

    _begin(window)
    _identify(window)
    _choose(window, "toy-risk")
    _type(window, ejection_fraction="25", smoking="yes")
    _estimate(window)
    assert "not loaded" not in window.top.engine.words()
    assert window.top.engine.words() == "Tables, without an engine"
    window.read.column.ask_identity(age=True)
    window.read.column.identity.age.setText("12")
    window.read.column.identity.submit()
    wait_until(lambda: window.read.column.findChildren(RefusalCard))
    cards = window.read.column.findChildren(RefusalCard)
    for card in cards:
        assert [one.words() for one in card.findChildren(KeyButton)] == ["Change the age"]
        said = " ".join(one.text() for one in card.findChildren(QLabel))
        assert "Check the age. If it is right, go on without this model." in said
        assert "image" not in said
