"""An administrator says how common a finding is here, and open results say at once what their score means."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from core.model_facts import ModelFacts
from services.staff import NewPerson
from tests.opening import PASSWORD
from tests.ui.hands import begun
from tests.ui.stage import wait_until
from tests.ui.test_locking import log_in

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


@pytest.fixture
def window(stage: Stage, tmp_path: Path) -> Any:
    window = begun(stage, tmp_path)
    facts = ModelFacts(
        pack_id="chest-pneumonia-child",
        version="1.0.0",
        title="Pneumonia on chest X-rays of children",
        pack_class="research",
        scored=(("pneumonia", "Pneumonia"),),
    )
    window.common.show_models((facts,))
    return window


def said_in_sight(window: Any) -> list[str]:
    return [one.text() for one in window.read.column.findChildren(QLabel) if "Of 100 patients" in one.text()]


def enter(window: Any, number: str, source: str = "") -> None:
    (row,) = window.common.rows
    row.number.setText(number)
    row.source.setText(source)
    row.keep.click()


def test_the_open_result_says_what_its_score_means_here_as_soon_as_it_is_entered(window: Any) -> None:
    assert said_in_sight(window) == []
    enter(window, "12", "register 2026")
    wait_until(lambda: bool(said_in_sight(window)))
    assert "12 of 100 examined here" in said_in_sight(window)[0]
    window.common.rows[0].remove.click()
    window.common.dialog.yes.click()
    wait_until(lambda: not said_in_sight(window))


def test_what_was_entered_is_told_with_who_and_when(window: Any) -> None:
    enter(window, "3,5", "register 2026, 214 patients")
    (row,) = window.common.rows
    assert row.number.text() == "3.5"
    assert row.source.text() == "register 2026, 214 patients"
    assert row.said.text().startswith("Entered by ")
    assert [one.share for one in window._workplace.prevalences.in_force()] == [pytest.approx(0.035)]


@pytest.mark.parametrize("number", ["", "many", "0", "100", "-3"])
def test_what_is_no_share_of_patients_is_not_kept_and_says_so(window: Any, number: str) -> None:
    enter(window, number)
    (row,) = window.common.rows
    assert window._workplace.prevalences.in_force() == ()
    assert "not a share of patients" in row.said.text()
    assert "E605" in row.said.text()
    assert window.notices.texts() == (), "it is said at the number, not over a patient's image"
    enter(window, "12")
    assert "E605" not in window.common.rows[0].said.text()


def test_what_forgets_stands_apart_from_what_keeps_and_asks(window: Any) -> None:
    from PySide6.QtCore import QPoint, QRect

    window.show_page("settings")
    window.settings.bring_into_sight(window.common)
    kept_at = window.common.rows[0].keep
    before = QRect(kept_at.mapToGlobal(QPoint(0, 0)), kept_at.size())
    enter(window, "12")
    (row,) = window.common.rows
    wait_until(row.remove.isVisible)
    assert not before.intersects(QRect(row.remove.mapToGlobal(QPoint(0, 0)), row.remove.size()))
    assert row.keep.geometry().bottom() < row.remove.mapTo(row, QPoint(0, 0)).y()
    row.remove.click()
    assert len(window._workplace.prevalences.in_force()) == 1
    window.common.dialog.no.click()
    assert len(window._workplace.prevalences.in_force()) == 1
    assert window.common.rows[0].number.text() == "12"


def test_others_than_an_administrator_see_it_and_may_not_change_it(window: Any) -> None:
    enter(window, "12")
    new = NewPerson(name="J. Wanjiru", role="nurse", registration_number="7", pin="2580", duty="clinician")
    person = window._workplace.staff.add(new, PASSWORD)
    window.locking.lock()
    log_in(window, person.holder_id)
    (row,) = window.common.rows
    assert row.number.text() == "12"
    assert not row.keep.isEnabled()
    assert not row.number.isEnabled()


def test_the_findings_of_the_installed_models_are_asked_for(stage: Stage) -> None:
    window = stage()
    wait_until(lambda: bool(window.common.rows))
    asked = [row._about.label for row in window.common.rows]
    assert "Pneumonia" in asked
    assert "Tuberculosis of the lungs" not in asked, "a demonstration that is switched off"
    window.models.demonstration.switch.click()
    wait_until(lambda: "Tuberculosis of the lungs" in [row._about.label for row in window.common.rows])


def test_a_replaced_model_asks_again_and_what_it_said_is_not_used(window: Any) -> None:
    enter(window, "12")
    (facts,) = window.common._models
    window.common.show_models((replace(facts, version="1.2.0"),))
    (row,) = window.common.rows
    assert "enter it again" in row.said.text()
    assert row.number.text() == ""
    assert any("say again how common" in notice.key for notice in window.notices._notices)


def test_changed_models_are_asked_about_anew_and_a_banner_that_holds_no_more_goes(window: Any) -> None:
    enter(window, "12")
    (facts,) = window.common._models
    window.common.show_models((replace(facts, version="1.2.0"),))
    assert any("say again how common" in text for text in window.notices.texts())
    window.common.show_models((facts,))
    assert not any("say again how common" in text for text in window.notices.texts())
    window.common.show_models(())
    window.models.packs_changed.emit()
    wait_until(lambda: bool(window.common.rows))
