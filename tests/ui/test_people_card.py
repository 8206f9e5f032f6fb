"""People in Settings: an administrator enters them, gives passwords, lets them leave; all see themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from core.errors import DiskFullError, WrongPasswordError
from services.staff import NewPerson
from tests.opening import PASSWORD, enter_signer
from tests.ui.stage import wait_until
from ui.start_notices import tell_start_notices

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
NEW = "yam and plantain"


@pytest.fixture
def window(stage: Stage) -> Any:
    made = stage()
    made.show_page("settings")
    return made


def twice(secret: Any, text: str) -> None:
    secret.first.setText(text)
    secret.again.setText(text)


def link(window: Any, words: str) -> QPushButton:
    """Return the button beside a person."""
    people: QWidget = window.settings.people
    return next(one for one in people.findChildren(QPushButton) if one.accessibleName() == words)


def done(window: Any) -> None:
    wait_until(lambda: window.settings.people.dialog is None)


def test_an_administrator_enters_a_clinician_who_then_logs_in_and_signs(window: Any) -> None:
    workplace, people = window._workplace, window.settings.people
    people.add_person.click()
    dialog = people.dialog
    fields = dialog.fields
    assert fields.pin.first.isVisible()
    fields.duty.setCurrentIndex(fields.duty.findData("assistant"))
    fields.duty.activated.emit(fields.duty.currentIndex())
    assert not fields.pin.first.isVisible()
    assert "does not read" in fields.duty_words.text()
    fields.duty.setCurrentIndex(fields.duty.findData("clinician"))
    fields.duty.activated.emit(fields.duty.currentIndex())
    fields.name.setText("Dr. A. Kamau")
    dialog.yes.click()
    assert "Role" in dialog.wrong.text()
    fields.role.setText("medical officer")
    fields.number.setText("4411")
    twice(fields.password, NEW)
    twice(fields.pin, "1357")
    dialog.yes.click()
    done(window)
    added = next(one for one in workplace.staff.all() if one.name == "Dr. A. Kamau")
    assert (added.duty, added.signs) == ("clinician", True)
    assert not link(window, "New password … Dr. A. Kamau").isHidden()
    workplace.switch(added.holder_id, NEW)
    assert workplace.session.may("sign")


def test_two_people_of_one_name_are_not_entered(window: Any) -> None:
    people = window.settings.people
    people.add_person.click()
    dialog = people.dialog
    dialog.fields.duty.setCurrentIndex(dialog.fields.duty.findData("assistant"))
    dialog.fields.name.setText("sr. n. otieno")
    twice(dialog.fields.password, NEW)
    dialog.yes.click()
    wait_until(dialog.wrong.text)
    assert "entered already" in dialog.wrong.text()
    dialog.reject()
    done(window)


def test_a_new_password_is_given_and_somebody_leaves_after_a_question(window: Any) -> None:
    workplace, people = window._workplace, window.settings.people
    helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), PASSWORD)
    people.refresh()
    link(window, "New password … Helper").click()
    twice(people.dialog.password, NEW)
    people.dialog.yes.click()
    done(window)
    with pytest.raises(WrongPasswordError):
        workplace.switch(helper.holder_id, PASSWORD)
    link(window, "Leaves … Helper").click()
    assert "Helper" in people.dialog.windowTitle()
    people.dialog.reject()
    done(window)
    assert len(workplace.staff.all()) == 3
    link(window, "Leaves … Helper").click()
    people.dialog.yes.click()
    done(window)
    assert "Helper" not in {one.name for one in workplace.staff.all()}


def test_a_new_key_that_waits_for_room_is_told_at_once_and_at_the_next_start(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_key: bytes) -> None:
        raise DiskFullError

    workplace, people = window._workplace, window.settings.people
    workplace.staff.add(NewPerson(name="Helper", duty="assistant"), PASSWORD)
    people.refresh()
    monkeypatch.setattr(workplace._database, "turn_to", full)
    link(window, "Leaves … Helper").click()
    assert people.dialog is not None
    people.dialog.yes.click()
    done(window)
    assert any("Done; the new key" in text for text in window.notices.texts())
    tell_start_notices(window.notices, workplace)
    assert any("still waits for room" in text for text in window.notices.texts())


def test_ones_own_password_and_pin_ask_for_the_password_one_has(window: Any) -> None:
    workplace, people = window._workplace, window.settings.people
    mine = workplace.session.person
    people.own_password.click()
    dialog = people.dialog
    for old, said in (("", "password that you have"), ("not mine", "not your password")):
        dialog.old.setText(old)
        twice(dialog.new, NEW)
        dialog.yes.click()
        wait_until(lambda said=said: said in dialog.wrong.text())  # type: ignore[misc]
    dialog.old.setText(PASSWORD)
    dialog.yes.click()
    done(window)
    workplace.switch(mine.holder_id, NEW)
    people.own_pin.click()
    people.dialog.old.setText(NEW)
    twice(people.dialog.new, "97531")
    people.dialog.yes.click()
    done(window)
    assert [line.act for line in workplace.trail.lines()][-1] == "pin_changed"


def test_who_got_a_password_is_told_chooses_their_own_and_is_told_no_more(window: Any) -> None:
    workplace = window._workplace
    clinician = enter_signer(workplace, name="J. Wanjiru", role="nurse", registration_number="", pin="2580")
    workplace.staff.give_password(clinician.person_id, NEW)

    def log_in(password: str) -> None:
        window.locking.lock()
        form = window.locking.cover.form
        form.person.setCurrentIndex(form.person.findData(clinician.holder_id))
        form.password.setText(password)
        form.enter.click()
        wait_until(lambda: form.enter.isEnabled() or not window.locking.is_locked)

    log_in(PASSWORD)
    assert window.locking.is_locked
    assert "gave a new one on 20" in window.locking.cover.form.wrong.text()
    log_in(NEW)
    wait_until(lambda: not window.locking.is_locked)
    (notice,) = [one for one in window.notices._notices if "gave you this password" in one.key]
    assert workplace.given_password.by in notice.key
    assert (notice.tone, notice.stays) == ("warning", True)
    next(one for one in notice.findChildren(QPushButton) if "Choose" in one.accessibleName()).click()
    dialog = window.settings.people.dialog
    dialog.old.setText(NEW)
    twice(dialog.new, NEW)
    dialog.yes.click()
    wait_until(lambda: "given to you" in dialog.wrong.text())
    twice(dialog.new, "rice and peas")
    dialog.yes.click()
    done(window)
    log_in("rice and peas")
    wait_until(lambda: not window.locking.is_locked)
    assert not [text for text in window.notices.texts() if "gave you" in text]
    log_in(NEW)
    assert "It was changed on 20" in window.locking.cover.form.wrong.text()


def test_a_new_sheet_stays_in_sight_until_it_was_typed(window: Any) -> None:
    workplace, people = window._workplace, window.settings.people
    people.new_sheet.click()
    dialog = people.dialog
    dialog.yes.click()
    wait_until(dialog.view.isVisible)
    assert not workplace.staff.sheet_kept
    dialog.yes.click()
    assert dialog.view.wrong.isVisible()
    dialog.view.typed.setText(dialog.view._code)
    dialog.yes.click()
    done(window)
    assert workplace.staff.sheet_kept


def test_the_clinics_settings_are_written_down_with_who_changed_them(window: Any) -> None:
    workplace = window._workplace
    minutes = window.settings._minutes
    minutes.setCurrentIndex(minutes.findData("5"))
    minutes.activated.emit(minutes.currentIndex())
    line = list(workplace.trail.lines())[-1]
    assert (line.act, line.person) == ("settings", "Sr. N. Otieno")
    assert workplace.settings.number("lock.after_minutes") == 5
