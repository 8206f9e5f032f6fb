"""The audit trail in the window: written by what is done there, looked through by administrators alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.staff import NewPerson
from tests.opening import PASSWORD, open_workplace, raw_database
from tests.ui.conftest import PIN
from tests.ui.stage import wait_until, write_chest

Stage = Callable[..., Any]
pytestmark = pytest.mark.display


def _acts(window: Any) -> list[str]:
    return [line.act for line in window._workplace.trail.lines()]


def _shown(window: Any) -> list[list[str]]:
    model = window.auditing.page.model
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def _show(window: Any) -> None:
    window.keys.strike("audit")
    wait_until(lambda: window.turner.is_shown("audit") and window.auditing.page.model.rowCount())


def _ready(window: Any) -> None:
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)


def test_a_chest_that_is_read_and_signed_in_the_window_leaves_its_lines(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "stick", "a.dcm"))
    _ready(window)
    before = len(_acts(window))
    window.desk.give_impression("abnormal")
    wait_until(lambda: window.read.column.findings)
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    for count in range(1, 4):
        window.desk.write("conclusion", "word " * count)
        window.desk.flush()
    window.signing.ask()
    window.signing.dialog.pin.setText(PIN)
    window.signing.dialog.yes.click()
    case = window.book.cases()[0]
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)
    acts = _acts(window)
    assert acts[before:] == ["first_read", "reveal", "decide", "edit", "sign"]
    assert sorted(act for act in acts[:before] if act in ("open", "analyse")) == ["analyse", "open"]
    (decided,) = [line for line in window._workplace.trail.lines() if line.act == "decide"]
    assert json.loads(decided.detail)["version"] == "1.0.0"
    window.open_case(case.key)
    wait_until(lambda: _acts(window)[-2:] in (["open", "reveal"], ["analyse", "reveal"]))


def test_a_report_that_nobody_signed_is_told_when_it_goes_out(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "stick", "a.dcm"))
    _ready(window)
    window.desk.give_impression("abnormal")
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    window.reporting._give_out = window.reporting._paper_source("export", window.report.pdf)
    window.reporting.export_to(str(tmp_path / "out.pdf"))
    wait_until((tmp_path / "out.pdf").exists)
    last = [line for line in window._workplace.trail.lines() if line.act == "export"][-1]
    assert json.loads(last.detail) == {"paper": "A4", "unsigned": True}
    wait_until(window.notices.texts)


def test_thousands_of_lines_are_fetched_as_they_are_scrolled_to_and_filtered(
    stage: Stage, tmp_path: Path
) -> None:
    with open_workplace(tmp_path / "profile") as workplace, workplace.trail.together():
        for number in range(1500):
            workplace.trail.note("open", f"unit:{number:08}", words=f"Child {number}")
            workplace.trail.note("decide", f"unit:{number:08}", detail={"answer": "agree"})
    window = stage(profile=tmp_path / "profile")
    wait_until(lambda: window._workplace.trail_state is not None and not window.auditing.watch.checking)
    _show(window)
    page, model = window.auditing.page, window.auditing.page.model
    wait_until(lambda: "whole; checked" in page.state.text())
    assert model.rowCount() < 1000
    numbers = [int(row[0].replace(",", "")) for row in _shown(window)]
    assert numbers == sorted(numbers, reverse=True)
    page.table.scrollToBottom()
    wait_until(lambda: model.rowCount() > len(numbers))
    page.filter.text.setText("child 77 agree")
    wait_until(lambda: model.rowCount() == 24 and model.complete)
    assert {row[3] for row in _shown(window)} == {"Answered"}
    window.turner.step_back()
    wait_until(lambda: model.rowCount() > 100)
    assert window.turner.is_shown("audit")
    page.filter.act.setCurrentIndex(page.filter.act.findData("set_up"))
    page.filter.act.activated.emit(0)
    wait_until(lambda: model.rowCount() == 1)
    page.filter.since.setText("tomorrow")
    wait_until(page._empty.isVisible)
    assert "2026-11-22" in page._empty.text()
    page.filter.since.setText("2999-01-01")
    wait_until(lambda: "No line fits" in page._empty.text())
    window.turner.step_back()
    wait_until(lambda: page.table.isVisible() and model.rowCount() > 100)
    page.table.selectRow(next(row for row, one in enumerate(_shown(window)) if one[3] == "Answered"))
    page.only.click()
    wait_until(lambda: model.rowCount() == 2)
    page.filter.record.click()
    wait_until(lambda: model.rowCount() > 100)
    window.turner.step_back()
    assert not window.turner.is_shown("audit")


def test_a_broken_trail_is_told_after_the_start_with_where_and_what_to_do(
    stage: Stage, tmp_path: Path
) -> None:
    with open_workplace(tmp_path / "profile") as workplace:
        seq = workplace.trail.note("open", "unit:1", words="Child 1")
        workplace.trail.note("open", "unit:2", words="Child 2")
    connection = raw_database(tmp_path / "profile")
    connection.execute("DROP TRIGGER audit_stays")
    connection.execute("UPDATE audit SET person = 'Zoe' WHERE seq = ?", (seq,))
    connection.close()
    window = stage(profile=tmp_path / "profile")
    wait_until(lambda: any("changed outside Farlight" in title for title in window.notices.texts()))
    window.keys.strike("audit")
    wait_until(window.auditing.page.model.rowCount)
    assert window.auditing.page._broken.isVisible()
    assert f"Line {seq} is not as it was written." in window.auditing.page._broken_words.text()
    assert "Keep a copy of the profile folder" in window.auditing.page._broken_words.text()
    assert "the trail is broken" in window.auditing.page.state.text()


def test_only_administrators_see_it_and_nothing_stays_in_sight_for_the_next_person(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage()
    _show(window)
    helper = window._workplace.staff.add(NewPerson(name="Zo", duty="assistant"), "yam and plantain")
    window._workplace.switch(helper.holder_id, "yam and plantain")
    window.auditing.page.refresh()
    assert window.auditing.page.model.rowCount() == 0
    assert "E508" in window.auditing.page._empty.text()
    window.show_page("worklist")
    window.keys.strike("audit")
    assert not window.turner.is_shown("audit")
    assert window.notices.texts()
    window.show_page("settings")
    assert not window.settings.trail.isVisible()
    window._workplace.switch(window._workplace.holders()[0].holder_id, PASSWORD)
    window.show_page("settings")
    assert window.settings.trail.isVisible()


def test_it_is_exported_from_the_window(stage: Stage, tmp_path: Path) -> None:
    window = stage()
    _show(window)
    window.auditing.page.export.click()
    window.auditing.export.sheet.reject()
    wait_until(lambda: window.auditing.export.sheet is None)
    window.auditing.export.export_to(str(tmp_path / "trail.jsonl"))
    wait_until(lambda: "The audit trail was exported." in window.notices.texts())
    assert _acts(window)[-1] == "trail_exported"
    lines = (tmp_path / "trail.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["act"] == "trail_exported"
    wait_until(lambda: _shown(window)[0][3] == "Exported the audit trail")
