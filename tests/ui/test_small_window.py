"""The least window, 1024 by 640: nothing is cut, long names keep both ends, and the rest wraps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QWidget

from core.result import Correction
from tests.services.test_records import file, patient
from tests.ui.hands import press, ready, sign_the_open_case
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest
from ui.controls import KeyButton
from ui.records_model import PATIENT as RECORD_PATIENT
from ui.records_model import STUDY as RECORD_STUDY
from ui.theme import interface_font
from ui.two_lines import in_two_lines
from ui.worklist_model import ID, PATIENT, STATUS, STUDY

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
WIDTH, HEIGHT = 1024, 700
LONG = "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine Maximilian"


def small(stage: Stage, *paths: Path) -> Any:
    """Return a window of the least size with a study open and its result in sight."""
    window = stage(*paths)
    window.resize(WIDTH, HEIGHT)
    ready(window)
    press(window, Qt.Key.Key_2)
    return window


def cut_buttons(page: QWidget) -> list[str]:
    """Return the buttons that are smaller than their words, or stand outside the page."""
    cut = []
    for button in page.findChildren(QAbstractButton):
        if not button.isVisible() or _scrolls(button):
            continue
        right = button.mapTo(page, button.rect().topRight()).x()
        if button.width() < button.minimumSizeHint().width() or right >= page.width():
            cut.append(button.accessibleName() or button.text())
    return cut


def _scrolls(widget: QWidget) -> bool:
    """Whether it stands in something that is scrolled from side to side."""
    while (parent := widget.parentWidget()) is not None:
        if isinstance(parent, QScrollArea) and parent.horizontalScrollBar().maximum():
            return True
        widget = parent
    return False


@pytest.mark.parametrize("page", ["worklist", "read", "report", "models", "settings"])
def test_every_page_fits_into_the_least_window(stage: Stage, tmp_path: Path, page: str) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm", patient=LONG, number="X" * 40))
    window.show_page(page)
    let_pass(300)
    assert window.minimumSize().width() <= WIDTH
    assert (window.width(), window.centralWidget().minimumSizeHint().width() <= WIDTH) == (WIDTH, True)
    assert cut_buttons(window.centralWidget()) == []


def test_the_tools_go_on_in_a_second_line_and_come_back_into_one(stage: Stage, tmp_path: Path) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm"))
    buttons = [one for one in window.read.tools.buttons.values() if one.isVisible()]
    wait_until(lambda: len({one.y() for one in buttons}) == 2)
    window.resize(1500, HEIGHT)
    wait_until(lambda: len({one.y() for one in buttons}) == 1)
    assert buttons[-1].geometry().right() >= window.read.tools.width() - 24, "undo and original at the right"


def test_the_tools_of_an_image_put_right_stand_in_one_line_of_a_usual_screen(
    stage: Stage, tmp_path: Path
) -> None:
    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(quarter_turns=2, inverted=True, text="It was inverted and turned.")
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    window.resize(1366, HEIGHT)
    ready(window)
    press(window, Qt.Key.Key_2)
    buttons = window.read.tools.buttons
    wait_until(buttons["beside"].isVisible)
    let_pass(100)
    assert len({one.y() for one in buttons.values()}) == 1
    for width in range(1366, WIDTH, -40):
        window.resize(width, HEIGHT)
        let_pass(20)
        assert buttons["undo"].y() == buttons["original"].y(), "neither stands alone in a line"


def test_a_long_name_stands_whole_on_the_banner_in_two_lines(stage: Stage, tmp_path: Path) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm", patient=LONG))
    assert window.banner.name.lines() == (
        "Wolfeschlegelsteinhausenbergerdorff,",
        "Hubert Blaine Maximilian",
    )
    assert window.banner.name.toolTip() == window.banner.name.whole()


def test_what_fits_nowhere_loses_its_middle_and_keeps_both_ends(stage: Stage) -> None:
    stage()
    metrics = QFontMetrics(interface_font())
    assert in_two_lines("Amina", metrics, 200) == ("Amina",)
    first, second = in_two_lines("Wolfeschlegelsteinhausen Maximilianopoulos", metrics, 90)
    assert (first[:3], first[-3:], second[:3], second[-3:]) == ("Wol", "sen", "Max", "los")
    for line in (first, second):
        assert "…" in line
        assert metrics.horizontalAdvance(line) <= 90
    (alone,) = in_two_lines("9" * 60, metrics, 90)
    assert alone.startswith("999")


class Counting(QFontMetrics):
    """Font metrics that count the characters that they were asked to measure."""

    measured = 0

    def horizontalAdvance(self, text: str) -> int:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Return the width."""
        self.measured += len(text)
        return super().horizontalAdvance(text)


@pytest.mark.parametrize("text", ["ab " * 2000, "x" * 6000, "a" * 3000 + " " + "z" * 3000])
def test_a_name_of_thousands_of_characters_is_clipped_before_it_is_measured(stage: Stage, text: str) -> None:
    stage()
    metrics = Counting(interface_font())
    lines = in_two_lines(text + "END", metrics, 200)
    assert 1 <= len(lines) <= 2
    assert lines[0].startswith(text[:2])
    assert lines[-1].endswith("END")
    assert metrics.measured < 10_000


def test_the_name_takes_the_room_that_the_other_columns_do_not_need(stage: Stage, tmp_path: Path) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm", patient=LONG))
    window.show_page("worklist")
    table = window.worklist.table
    let_pass(300)
    assert table.columnWidth(PATIENT) > 150
    window.resize(1366, HEIGHT)
    wait_until(lambda: table.viewport().width() > 1000)
    assert table.columnWidth(PATIENT) > max(table.columnWidth(column) for column in (ID, STUDY, STATUS))
    table.horizontalHeader().resizeSection(STUDY, 333)
    window.resize(1300, HEIGHT)
    let_pass(100)
    assert table.columnWidth(STUDY) == 333, "who divides by hand keeps it"


def test_the_report_page_says_the_longest_sentence_about_the_next_paper(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    window.resize(WIDTH, HEIGHT)
    sign_the_open_case(window)
    window.report.tell_paper("The next paper says COPY: the original has left")
    let_pass(100)
    assert window.report._next.text() == window.report._next.whole()
    assert cut_buttons(window.report) == []


@pytest.mark.parametrize(("width", "height"), [(1366, 728), (1024, 640)])
def test_nothing_beside_the_records_is_cut_or_goes_sideways(
    stage: Stage, tmp_path: Path, width: int, height: int
) -> None:
    paths = [write_chest(tmp_path, f"{one}.dcm", patient=LONG, number="7" * 30) for one in range(2)]
    window = small(stage, *paths)
    window.resize(width, height)
    window.show_page("records")
    page = window.records.page
    wait_until(lambda: page.chosen() is not None and page.pane._made)
    let_pass(200)
    pane = page.pane
    (area,) = pane.findChildren(QScrollArea)
    assert area.widget().width() == area.viewport().width()
    parts = [one for one in area.widget().findChildren(QWidget) if one.isVisible()]
    right = {type(one).__name__: one.mapTo(area.widget(), one.rect().topRight()).x() for one in parts}
    assert max(right.values()) < area.viewport().width()
    rows = [one for one in pane.findChildren(KeyButton) if one.property("study")]
    assert rows
    assert cut_buttons(pane) == []
    for row in rows:
        assert LONG.split("^", maxsplit=1)[0] not in row.words()
        assert "DX" in row.words()


def test_names_in_the_records_have_their_room_in_the_least_window(stage: Stage, tmp_path: Path) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm", patient="SAMPLE^Joseph Odhiambo", number="K-014"))
    window.resize(1024, 640)
    window.show_page("records")
    table = window.records.page.table
    wait_until(lambda: window.records.page.chosen() is not None)
    metrics = QFontMetrics(interface_font(bold=True))
    assert table.columnWidth(RECORD_PATIENT) - 18 >= metrics.horizontalAdvance("SAMPLE Joseph Odhiambo")
    assert table.horizontalScrollBar().maximum() == 0
    window.resize(1366, 700)
    wait_until(lambda: not table.isColumnHidden(RECORD_STUDY))


@pytest.mark.parametrize(("width", "height"), [(1366, 728), (1024, 640)])
def test_whose_study_this_is_is_asked_within_the_window_and_scrolls_inside(
    stage: Stage, tmp_path: Path, width: int, height: int
) -> None:
    window = small(stage, write_chest(tmp_path, "1.dcm", patient=LONG, number="7" * 30))
    other = file(window._workplace, patient("Achieng^Mary", "B-2"), "1.2.4")
    window.resize(width, height)
    window.show_page("records")
    page = window.records.page
    wait_until(lambda: page.chosen() is not None)
    case = window._workplace.records.find(window.desk.case.key)
    (study,) = window._workplace.records.studies_of(case.patient_id)
    window.records.ask_move(study)
    dialog = window.records.dialog
    wait_until(dialog.isVisible)
    dialog.picker.choose(other)
    dialog.tell("Something that is wrong and takes a line or two of the dialog, as such things do.")
    let_pass(100)
    assert dialog.frameGeometry().height() <= window.height()
    for part in (dialog.no, dialog.yes):
        assert dialog.rect().contains(part.mapTo(dialog, part.rect().bottomRight()))
    area = dialog._scrolled
    assert area.horizontalScrollBar().maximum() == 0
    assert area.widget().width() <= area.viewport().width()
    assert dialog.rect().contains(dialog.why.mapTo(dialog, dialog.why.rect().bottomRight()))
    dialog.age.setFocus()
    QTest.keyClick(dialog.age, Qt.Key.Key_Tab)
    assert dialog.sex.hasFocus()
    let_pass(50)
    shown = dialog.sex.mapTo(area.viewport(), dialog.sex.rect().center())
    dialog.reject()
    assert area.viewport().rect().contains(shown)


def test_that_nobody_is_known_is_not_cut_in_the_banner(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm", patient="", number="", sex=""))
    window.resize(1024, 640)
    wait_until(lambda: window.desk.case is not None)
    note = window.banner.identity
    wait_until(note.isVisible)
    assert note.text() == "identity not known"
    wait_until(lambda: note.width() >= note.sizeHint().width() and note.x() + note.width() < window.width())
