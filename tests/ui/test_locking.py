"""The lock: all hidden at once, nothing lost, anybody may log in, no reading changes hands unseen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from services.staff import NewPerson
from tests.opening import PASSWORD, enter_signer
from tests.ui.hands import begun, pause, press, ready
from tests.ui.stage import StandInAnalyzer, wait_until, write_chest
from ui.sleep_watch import SleepWatch

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
CONTROL = Qt.KeyboardModifier.ControlModifier


def _first_read(window: Any) -> Any:
    return window.desk.reading.first_read


def log_in(window: Any, holder_id: str, password: str = PASSWORD) -> None:
    """Unlock as somebody."""
    form = window.locking.cover.form
    form.person.setCurrentIndex(form.person.findData(holder_id))
    form.password.setText(password)
    form.enter.click()
    wait_until(lambda: not window.locking.is_locked)


def me(window: Any) -> str:
    return str(window._workplace.session.person.holder_id)


def another(window: Any) -> str:
    return enter_signer(
        window._workplace, name="Dr. A. Kamau", role="doctor", registration_number="4", pin="1357"
    ).holder_id


def names_in_sight(window: Any) -> list[str]:
    """Return what of the patient could be read anywhere on the screen."""
    return [
        text
        for widget in QApplication.allWidgets()
        if widget.isVisible()
        for text in (
            widget.accessibleName(),
            widget.windowTitle(),
            widget.toolTip(),
            str(getattr(widget, "text", str)()),
        )
        if "Amina" in text or "2041" in text
    ]


def test_the_key_hides_picture_and_names_before_the_next_event(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    assert names_in_sight(window)
    holder = me(window)
    window.locking.lock()
    assert names_in_sight(window) == []  # no event was handled since
    assert not window.read.viewer.isVisible()
    assert window._workplace.session.person is None
    shown = window.grab().toImage()
    colours = {
        shown.pixel(x, y) for x in range(0, shown.width(), 7) for y in range(0, shown.height() // 5, 7)
    }
    assert len(colours) == 1
    assert "locked" in window.windowTitle()
    log_in(window, holder)
    assert window.read.viewer.isVisible()
    assert "Amina" in window.banner.text()
    assert window.windowTitle() == "Farlight"


def test_ctrl_l_and_the_button_lock_and_no_key_works_until_somebody_logs_in(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    holder = me(window)
    press(window, Qt.Key.Key_L, CONTROL)
    assert window.locking.is_locked
    for key in (Qt.Key.Key_1, Qt.Key.Key_A, Qt.Key.Key_Escape):
        QTest.keyClick(window, key)
    QTest.keyClick(window, Qt.Key.Key_Return, CONTROL)
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert window.desk.reading.first_read is None
    assert not any(action.isEnabled() for action in window.findChildren(QAction) if action.parent() is window)
    log_in(window, holder)
    assert window.pages.currentWidget() is window.read
    press(window, Qt.Key.Key_2)
    assert _first_read(window).impression == "abnormal"
    window.top.lock.click()
    assert window.locking.is_locked


def test_what_was_typed_a_moment_ago_is_kept_and_work_goes_on(stage: Stage, tmp_path: Path) -> None:
    import threading

    analyzer = StandInAnalyzer()
    analyzer.hold["2.dcm"] = threading.Event()
    write_chest(tmp_path / "s", "1.dcm")
    write_chest(tmp_path / "s", "2.dcm", patient="SAMPLE^Joseph", number="2")
    window = stage(tmp_path / "s", analyzer=analyzer)
    ready(window)
    first = window.desk.case
    press(window, Qt.Key.Key_2)
    window.read.column.words.fields["conclusion"].setPlainText("Rib fracture")
    holder = me(window)
    window.locking.lock()
    assert window._workplace.drafts.find(first.key).reading.conclusion == "Rib fracture"
    analyzer.hold["2.dcm"].set()
    wait_until(lambda: all(case.analysed for case in window.book.cases()))
    assert window.locking.is_locked
    log_in(window, holder)
    assert window.desk.case is first
    assert window.read.column.words.fields["conclusion"].toPlainText() == "Rib fracture"


def test_a_wrong_password_shows_nothing(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    window.locking.lock()
    form = window.locking.cover.form
    form.password.setText("not the one")
    form.enter.click()
    wait_until(form.wrong.text)
    assert window.locking.is_locked
    assert names_in_sight(window) == []


def test_wrong_passwords_are_told_in_a_quiet_line_to_whose_they_are(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    mine, theirs = me(window), another(window)
    window.locking.lock()
    form = window.locking.cover.form
    for _ in range(2):
        form.person.setCurrentIndex(form.person.findData(theirs))
        form.password.setText("a wrong guess")
        form.enter.click()
        wait_until(lambda: "not the password" in form.wrong.text() and form.enter.isEnabled())
    log_in(window, mine)
    assert not any("wrong password" in text for text in window.notices.texts())
    window.locking.lock()
    log_in(window, theirs)
    (said,) = [text for text in window.notices.texts() if "wrong password" in text]
    assert said.startswith("2 wrong passwords for you since you were last here")
    window.open_case(window.book.cases()[0].key)
    window.notices.tell("calm", "another line")
    assert said in window.notices.texts()
    (notice,) = [one for one in window.notices._notices if one.key == said]
    assert notice.tone == "calm"
    assert notice.passing.isActive(), "it goes by itself"


def test_dialogs_go_and_a_signature_comes_back_without_its_pin(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_Return, CONTROL)
    dialog = window.signing.dialog
    wait_until(dialog.isVisible)
    dialog.pin.setText("2580")
    holder = me(window)
    QTest.keyClick(dialog.pin, Qt.Key.Key_L, CONTROL)
    assert not dialog.isVisible()
    assert dialog.pin.text() == ""
    log_in(window, holder)
    wait_until(dialog.isVisible)
    dialog.reject()
    wait_until(lambda: window.signing.dialog is None)
    window.opening.ask_files()
    wait_until(lambda: any(one.isVisible() for one in window.findChildren(QFileDialog)))
    window.locking.lock()
    assert not any(one.isVisible() for one in window.findChildren(QFileDialog))


def test_a_study_that_somebody_began_is_put_away_at_a_switch_and_taken_over_in_the_open(
    stage: Stage, tmp_path: Path
) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_A)
    case, first = window.desk.case, me(window)
    second = another(window)
    window.locking.lock()
    log_in(window, second)
    assert window.desk.case is None
    assert window.pages.currentWidget() is window.worklist
    assert "Kamau" in window.top.reader.text()
    window.open_case(case.key)
    ready(window)
    column = window.read.column
    assert column.begun.isVisible()
    assert "Otieno" in column.begun.title.text()
    assert column.findings == []  # their answer and the result stay closed
    press(window, Qt.Key.Key_1)
    assert _first_read(window).impression == "abnormal"
    window.desk.decide("chest-pneumonia-child", "pneumonia", "disagree")
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]
    assert not window.read.column.sign.isEnabled()
    column.begun.button.setFocus()
    column.begun.button.click()
    assert not column.begun.isVisible()
    assert window.read.viewer.hasFocus()  # and not a field, which would take the next key as its text
    assert window.desk.reading.first_read is None
    wait_until(column.impression.buttons["nothing_seen"].isEnabled)
    pause()
    press(window, Qt.Key.Key_1)
    assert _first_read(window).impression == "nothing_seen"
    window.locking.lock()
    log_in(window, first)
    window.open_case(case.key)
    window.desk.take_over()
    assert _first_read(window).impression == "abnormal"
    assert [one.answer for one in window.desk.reading.decisions] == ["agree"]


def test_an_untouched_study_stays_in_sight_at_a_switch(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    case = window.desk.case
    second = another(window)
    window.locking.lock()
    log_in(window, second)
    assert window.desk.case is case
    press(window, Qt.Key.Key_1)
    assert window._workplace.drafts.find(case.key).reader == "Dr. A. Kamau"


def test_an_assistant_enters_patients_and_what_they_may_not_says_who_may(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    helper = window._workplace.staff.add(NewPerson(name="Helper", duty="assistant"), PASSWORD)
    window.locking.lock()
    log_in(window, helper.holder_id)
    press(window, Qt.Key.Key_2)
    assert window.desk.reading.first_read is None
    button = window.read.column.impression.buttons["abnormal"]
    assert not button.isEnabled()
    assert "clinician" in button.toolTip()
    assert not window.read.column.sign.isEnabled()
    assert window.read.column.words.fields["conclusion"].isReadOnly()
    window.show_page("settings")
    assert not window.settings._order.isEnabled()
    assert not window.settings._minutes.isEnabled()
    assert not window.settings.people.add_person.isVisible()
    assert window.settings.people.own_password.isVisible()
    assert not window.settings.people.own_pin.isVisible()
    window.show_page("report")
    assert not window.report._export.isEnabled()
    assert not window.report._print.isEnabled()


def test_nobody_there_for_as_long_as_the_setting_says_locks(stage: Stage) -> None:
    window = stage()
    locking = window.locking
    window._workplace.settings.set("lock.after_minutes", 2)
    now = 0.0
    locking._now = lambda: now
    QTest.keyClick(window, Qt.Key.Key_Shift)
    now = 119.0
    locking.look()
    assert not locking.is_locked
    QTest.mouseMove(window, window.rect().center())
    locking.eventFilter(window, QEvent(QEvent.Type.MouseMove))
    now = 238.0
    locking.look()
    assert not locking.is_locked
    now = 240.0
    locking.look()
    assert locking.is_locked


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "slept"), [(1, 1, 0), (600, 1, 1), (600, 600, 1), (-600, 1, 1)]
)
def test_a_jump_of_the_clocks_is_a_sleep(
    application: Any, wall_s: float, monotonic_s: float, slept: int
) -> None:
    times = {"wall": 1000.0, "monotonic": 50.0}
    owner = QObject()
    watch = SleepWatch(owner, wall=lambda: times["wall"], monotonic=lambda: times["monotonic"])
    told: list[bool] = []
    watch.slept.connect(lambda: told.append(True))
    times["wall"] += wall_s
    times["monotonic"] += monotonic_s
    watch.look()
    watch.look()
    assert len(told) == slept
    owner.deleteLater()


def test_trouble_with_the_trail_is_told_until_an_administrator_has_seen_it(stage: Stage) -> None:
    from PySide6.QtWidgets import QPushButton

    window = stage()
    workplace = window._workplace
    workplace.settings.set("trail.unseen", "end_missing 41")
    helper = workplace.staff.add(NewPerson(name="Helper", duty="assistant"), PASSWORD)
    administrator = me(window)
    window.locking.lock()
    log_in(window, helper.holder_id)
    assert any("audit trail" in text for text in window.notices.texts())
    assert workplace.trail_unseen
    window.locking.lock()
    log_in(window, administrator)
    seen = next(
        one for one in window.notices.findChildren(QPushButton) if one.accessibleName() == "I have seen it"
    )
    seen.click()
    assert workplace.trail_unseen == ""
    assert list(workplace.trail.lines())[-1].act == "trail_checked"


def test_a_clock_that_went_back_is_asked_about(stage: Stage) -> None:
    from datetime import timedelta

    from PySide6.QtWidgets import QPushButton

    window = stage()
    workplace = window._workplace
    workplace.clock_before = workplace.clock.now() + timedelta(days=3)
    window._show_person()
    assert any("earlier than the last entry" in text for text in window.notices.texts())
    right = next(
        one
        for one in window.notices.findChildren(QPushButton)
        if one.accessibleName() == "The clock is right"
    )
    right.click()
    assert list(workplace.trail.lines())[-1].act == "clock_accepted"
    assert workplace.clock_before is None


def test_stray_typing_on_the_cover_never_closes_farlight(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    window.locking.lock()
    cover = window.locking.cover
    closed: list[bool] = []
    cover.close_asked.connect(lambda: closed.append(True))
    cover.close_asked.disconnect(window.close)
    cover.leave.setFocus()
    for key in "maize and  beans and rice":
        focused: Any = QApplication.focusWidget()
        QTest.keyClicks(focused, key)
        focused = QApplication.focusWidget()
        QTest.keyClick(focused, Qt.Key.Key_Return)
    assert closed == []
    cover.leave.click()
    assert cover.stay.hasFocus()
    cover.close_now.click()
    assert closed == [True]
