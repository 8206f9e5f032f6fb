"""The worklist: many rows, search, filters, thumbnails only for rows in sight."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest

from core.image import ReadingUnit, StudyHeader
from core.patient import Patient, Sourced
from core.result import Refusal
from services.drafts import Draft
from tests.ui.hands import press, ready
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest
from ui import words, worklist_columns
from ui.cases import Case
from ui.theme import interface_font
from ui.two_lines import in_two_lines
from ui.worklist_model import NUMBER, PATIENT, STATUS

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def listed(number: int) -> Case:
    """Return a case that lies nowhere on the disk."""
    unit = ReadingUnit(
        kind="dicom-image",
        path=f"nowhere/{number}.dcm",
        files=(Path("nowhere") / f"{number}.dcm",),
        header=StudyHeader(
            study_uid=f"1.2.{number}", date="20260314", modality="DX", body_part="CHEST", view="PA"
        ),
        patient=Patient(
            name=Sourced(value=f"SAMPLE, Patient {number}", source="header"),
            id=Sourced(value=f"K-{number:04}", source="header"),
        ),
    )
    return Case(unit=unit, key=f"key-{number}", draft=Draft(key=f"key-{number}", path=unit.path))


def fill(window: Any, count: int) -> None:
    """List many studies."""
    window.book.studies_added.disconnect(window.opening._on_studies_added)
    window.book.add([listed(number) for number in range(count)])
    let_pass(200)


def test_thousands_of_rows_ask_for_few_thumbnails(stage: Stage) -> None:
    window = stage()
    asked: list[str] = []
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    window.book.thumbnail_wanted.connect(asked.append)
    fill(window, 3000)
    assert window.worklist.filtered.rowCount() == 3000
    assert 0 < len(asked) < 100


def test_search_finds_by_name_and_number(stage: Stage) -> None:
    window = stage()
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    fill(window, 300)
    press(window, Qt.Key.Key_Slash)
    assert window.worklist.search.hasFocus()
    QTest.keyClicks(window.worklist.search, "k-0123")
    assert window.worklist.filtered.rowCount() == 1
    press(window, Qt.Key.Key_Escape)
    assert window.worklist.filtered.rowCount() == 300


def test_a_search_that_finds_nothing_keeps_the_focus_when_letters_find_again(stage: Stage) -> None:
    window = stage()
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    fill(window, 5)
    search = window.worklist.search
    search.setText("nobody has this name")
    wait_until(lambda: window.worklist.filtered.rowCount() == 0)
    window.show_page("models")
    window.show_page("worklist")
    wait_until(search.hasFocus)
    search.clear()
    wait_until(window.worklist.table.isVisible)
    assert search.hasFocus()


def test_filters_show_one_state(stage: Stage) -> None:
    window = stage()
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    fill(window, 10)
    case = window.book.cases()[4]
    case.refusal = Refusal(
        gate="exposure", reason="The picture is too dark.", advice="Repeat it with better exposure."
    )
    window.book.touch(case)
    chosen = window.worklist.side._rows["refused"]
    chosen.click()
    assert window.worklist.filtered.rowCount() == 1
    assert chosen.accessibleName().startswith("Refused, not read")
    assert not chosen._words.toolTip()  # nothing of it is cut
    cell = window.worklist.filtered.index(0, STATUS)
    assert cell.data() == "Too dark"
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == (
        "The picture is too dark.\nRepeat it with better exposure."
    )


def test_space_reads_the_next_and_enter_the_chosen(stage: Stage, tmp_path: Path) -> None:
    for number, name in enumerate(("Amina", "Joseph", "Grace")):
        write_chest(tmp_path / "stick", f"{number}.dcm", patient=f"SAMPLE^{name}", number=str(number))
    window = stage(tmp_path / "stick")
    ready(window)
    wait_until(lambda: len(window.book) == 3)
    assert "Amina" in window.banner.text()
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    press(window, Qt.Key.Key_Space)
    assert "Joseph" in window.banner.text()
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Return)
    assert "Grace" in window.banner.text()


def test_two_images_of_one_study_stand_in_one_row(stage: Stage) -> None:
    window = stage()
    window.book.studies_added.disconnect(window.opening._on_studies_added)
    first, second = listed(1), listed(2)
    second.unit = first.unit
    window.book.add([first])
    window.book.add([second])
    assert window.worklist.source.rowCount() == 1
    assert [case.key for case in window.book.studies[0].cases] == ["key-1", "key-2"]


def test_two_patients_under_one_study_number_stand_in_two_rows(stage: Stage) -> None:
    window = stage()
    window.book.studies_added.disconnect(window.opening._on_studies_added)
    amina, joseph, again = listed(1), listed(2), listed(3)
    for case in (joseph, again):
        case.unit = replace(case.unit, header=amina.unit.header)
    again.unit = replace(again.unit, patient=amina.unit.patient)
    window.book.add([amina, joseph])
    window.book.add([again])
    rows = window.worklist.source
    assert rows.rowCount() == 2
    names = [rows.index(row, PATIENT).data() for row in range(2)]
    assert names == [words.patient_name(case.patient) for case in (amina, joseph)]
    assert [case.key for case in window.book.study_of(amina.key).cases] == ["key-1", "key-3"]


def test_a_refused_study_stands_first_and_says_shortly_what_to_do(stage: Stage, tmp_path: Path) -> None:
    analyzer = StandInAnalyzer()
    analyzer.needs_age = True
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014", age="")
    window = stage(tmp_path / "stick", analyzer=analyzer)
    wait_until(lambda: len(window.book.studies) == 2 and all(c.analysed for c in window.book.cases()))
    rows = window.worklist.filtered
    wait_until(lambda: "Joseph" in rows.index(0, PATIENT).data())
    assert rows.index(0, STATUS).data() == "Enter the age"
    assert "Amina" in rows.index(1, PATIENT).data()


def names_shown(window: Any) -> list[str]:
    """Return number and patient of each row as shown."""
    rows = window.worklist.filtered
    return [f"{rows.index(n, NUMBER).data()} {rows.index(n, PATIENT).data()}" for n in range(rows.rowCount())]


def test_numbers_and_what_is_read_next_follow_the_list_as_it_is_shown(stage: Stage) -> None:
    window = stage()
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    fill(window, 4)
    first, second, third, last = window.book.cases()
    for case in window.book.cases():
        case.analysed = True
    last.refusal = Refusal(gate="age", reason="The age is not known.", advice="Enter the age.")
    third.undecided = True
    for case in (third, last):
        window.book.touch(case)
    shown = [last, third, first, second]
    assert names_shown(window) == [f"{n} {words.patient_name(one.patient)}" for n, one in enumerate(shown, 1)]
    assert window.book.next_unsigned(None) is last
    assert window.book.next_unsigned(last.key) is third
    assert window.book.neighbour(first.key, -1) is third
    assert window.book.neighbour(second.key, 1) is None
    window.worklist.table.sortByColumn(PATIENT, Qt.SortOrder.DescendingOrder)
    assert names_shown(window)[0] == f"1 {words.patient_name(last.patient)}"
    assert window.book.neighbour(last.key, 1) is third
    assert window.book.neighbour(third.key, 1) is second
    window.worklist.search.setText("k-0001")
    assert window.book.neighbour(first.key, 1) is second, "from what is not shown to the first that is"
    assert window.book.next_unsigned(second.key) is None


def test_after_a_signature_the_next_row_comes_up_though_the_signed_one_goes_last(
    stage: Stage, tmp_path: Path
) -> None:
    for number, name in enumerate(("Amina", "Joseph", "Grace")):
        write_chest(tmp_path / "stick", f"{number}.dcm", patient=f"SAMPLE^{name}", number=str(number))
    window = stage(tmp_path / "stick")
    ready(window)
    wait_until(lambda: all(case.analysed for case in window.book.cases()) and len(window.book) == 3)
    press(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: "Joseph" in window.banner.text())
    ready(window)
    assert window.banner.status.words() == f"{status_of(window, 'Joseph')} · 2 unanswered"
    for key in (Qt.Key.Key_2, Qt.Key.Key_A):
        press(window, key)
    assert (status_of(window, "Joseph"), window.banner.status.words()) == ("Ready to sign", "Ready to sign")
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, "2580")
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: "Grace" in window.banner.text())
    assert [name.split(", ")[-1] for name in names_shown(window)] == ["Amina", "Grace", "Joseph"]


def status_of(window: Any, name: str) -> str:
    """Return the words of state in the row of a patient."""
    rows = range(window.worklist.source.rowCount())
    found = [row for row in rows if name in window.worklist.source.index(row, PATIENT).data()]
    return str(window.worklist.source.index(found[0], STATUS).data())


def test_columns_are_measured_for_rows_that_come_or_change_and_not_for_each_letter_of_a_search(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = stage()
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    fill(window, 150)
    measured: list[object] = []
    width = worklist_columns._width

    def note(column: int, text: object) -> int:
        measured.append(text)
        return width(column, text)

    monkeypatch.setattr(worklist_columns, "_width", note)
    window.book.touch(window.book.cases()[7])
    let_pass(200)
    window.worklist.search.setText("patient")
    window.worklist.search.setText("k-0123")
    let_pass(200)
    assert len(measured) < 10
    window.worklist.search.clear()
    case = window.book.cases()[3]
    case.error = "It went wrong."
    before = window.worklist.table.columnWidth(STATUS)
    window.book.touch(case)
    assert "Could not be analysed" in measured
    assert window.worklist.table.columnWidth(STATUS) > before


def test_beside_a_long_name_the_state_stands_whole(stage: Stage, tmp_path: Path) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine Maximilian Max"
    window = stage(write_chest(tmp_path, "1.dcm", patient=name, number="K" * 40))
    window.resize(1024, 700)
    ready(window)
    press(window, Qt.Key.Key_2)
    window.show_page("worklist")
    let_pass(300)
    table = window.worklist.table
    metrics = QFontMetrics(interface_font())
    room = table.columnWidth(STATUS) - 38
    for words_of_state in ("Reading begun", "Could not be analysed", status_of(window, "Wolfe")):
        assert not any("…" in line for line in in_two_lines(words_of_state, metrics, room))
    assert status_of(window, "Wolfe") == "Reading begun"
    assert metrics.horizontalAdvance("Reading begun") <= room


def test_the_order_of_the_list_is_said_above_it(stage: Stage, tmp_path: Path) -> None:
    page = stage(write_chest(tmp_path, "1.dcm")).worklist
    wait_until(lambda: not page.order.isHidden())
    assert page.order.text().startswith("Order: refused and not read first, then undecided")
    page.table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert page.order.text().startswith("Order: by Patient; where that is alike, refused")
