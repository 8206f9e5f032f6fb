"""Notices leave the image its room, none goes unread, and none asks somebody who may not act on it."""

from collections.abc import Callable
from typing import Any

import pytest

from services.staff import NewPerson
from tests.opening import PASSWORD
from tests.ui.stage import let_pass, wait_until
from tests.ui.test_locking import log_in

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


@pytest.mark.parametrize(("size", "shown"), [((1366, 768), 2), ((1024, 640), 1)])
def test_notices_are_bounded_counted_and_none_is_lost(
    stage: Stage, size: tuple[int, int], shown: int
) -> None:
    window = stage()
    window.resize(*size)
    area = window.notices
    area.forget("")
    for number in range(5):
        area.tell("warning", f"“{number}.dcm” was not listed.", "This file is not an image.")
    let_pass(50)
    assert area.texts()[-5:] == tuple(f"“{number}.dcm” was not listed." for number in range(5))
    assert len(area.in_sight()) == shown
    assert area.in_sight()[-1] == "“4.dcm” was not listed."
    assert f"{len(area.texts()) - shown} more notices" in area.others.text()
    assert area.height() < 0.25 * window.height()
    area.others.click()
    assert set(area.in_sight()) == set(area.texts())
    area.others.click()
    assert len(area.in_sight()) == shown
    while area.dismiss_last():
        pass
    assert not area.isVisible()


def test_what_is_critical_stays_in_sight_before_warnings(stage: Stage) -> None:
    window = stage()
    window.resize(1024, 640)
    window.notices.tell("critical", "Not kept.")
    for number in range(3):
        window.notices.tell("warning", f"Warning {number}.")
    let_pass(50)
    assert window.notices.in_sight() == ("Not kept.",)


def test_what_only_an_administrator_can_do_is_not_asked_of_the_next_person(stage: Stage) -> None:
    window = stage()
    window.notices.tell("warning", "A model was replaced.", duty="settings")
    window.notices.tell("warning", "For everybody.")
    new = NewPerson(name="J. Wanjiru", role="nurse", registration_number="7", pin="2580", duty="clinician")
    person = window._workplace.staff.add(new, PASSWORD)
    window.locking.lock()
    log_in(window, person.holder_id)
    wait_until(lambda: "A model was replaced." not in window.notices.texts())
    assert "For everybody." in window.notices.texts()
