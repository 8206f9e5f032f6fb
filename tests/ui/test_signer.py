"""A study that is read to its end: whether whoever is at the computer can sign it, and what is missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QSignalSpy

from tests.opening import PASSWORD, enter_signer
from tests.ui.stage import wait_until, write_chest

pytestmark = pytest.mark.display


def status_in_list(window: Any) -> str:
    """Return the state of the first row of the worklist."""
    from ui.worklist_model import STATUS

    return str(window.worklist.source.index(0, STATUS).data())


def read_to_its_end(window: Any) -> None:
    """Answer all that is asked of the open study."""
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("abnormal")
    window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")
    assert window.desk.missing() == ()


def test_what_is_read_is_ready_to_sign_only_for_somebody_with_a_pin(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"), reader=False)
    read_to_its_end(window)
    said, foot = window.banner.status, window.read.column.missing
    assert said.words() == status_in_list(window) == "Needs somebody who signs"
    assert foot.text() == "Nobody here signs yet: set your own PIN in Settings."

    workplace = window._workplace
    enter_signer(workplace, name="Sr. N. Otieno", role="nurse", registration_number="1", pin="2580")
    told = QSignalSpy(window.worklist.source.dataChanged)
    window.settings.people.changed.emit()
    assert told.count() > 0, "the list is drawn anew"
    assert said.words() == status_in_list(window) == "Needs the PIN of who signs"
    assert foot.text().startswith("You have no PIN")
    assert window.read.column.sign.isEnabled()  # who signs may come and enter theirs


def test_what_somebody_else_began_is_not_called_ready_in_the_banner(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    read_to_its_end(window)
    assert window.banner.status.words() == "Ready to sign"
    workplace = window._workplace
    mutua = enter_signer(workplace, name="Dr. P. Mutua", role="doctor", registration_number="2", pin="1357")
    window.desk.flush()
    workplace.switch(mutua.holder_id, PASSWORD)
    window.sight.show_signer()
    assert window.banner.status.words() == "Reading begun · 1 unanswered"


def test_an_assistant_is_told_that_a_clinician_is_needed(stage: Callable[..., Any], tmp_path: Path) -> None:
    from services.staff import NewPerson

    window = stage(write_chest(tmp_path, "1.dcm"))
    read_to_its_end(window)
    workplace = window._workplace
    helper = workplace.staff.add(NewPerson(name="J. Kamau", duty="assistant"), PASSWORD)
    window.desk.flush()
    workplace.switch(helper.holder_id, PASSWORD)
    window.sight.show_signer()
    assert status_in_list(window) == "Needs a clinician"
    assert not window.read.column.sign.isEnabled()
    assert "clinician" in window.read.column.missing.text()
