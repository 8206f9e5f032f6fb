"""From the door's screen of trouble to records that open again: restore and salvage, without a dead end."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.access import Access
from services.workplace import Workplace
from tests.opening import CHEAP, PASSWORD, open_workplace
from tests.services.records_of_clinic import enter_patient, reports, sign_reports
from tests.ui.stage import wait_until

pytestmark = pytest.mark.display


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """A profile of twelve reports, backed up on a stick, two more signed since."""
    profile, stick = tmp_path / "clinic", tmp_path / "KINGSTON"
    stick.mkdir()
    with open_workplace(profile) as workplace:
        sign_reports(workplace, range(12))
        workplace.backups.make(stick)
        sign_reports(workplace, range(12, 14))
    return profile


@pytest.fixture
def door(clean: None, unexpected: list[BaseException], clinic: Path) -> Iterator[Any]:
    """The door of the clinic, shown but not started."""
    from ui.application import make_theme
    from ui.door import Door

    opened: list[Workplace] = []
    theme = make_theme("dark")
    made = Door(partial(Access, clinic, cost=CHEAP), theme, clinic)
    theme.setParent(made)
    made.opened.connect(opened.append)
    made.show()
    made.activateWindow()
    wait_until(made.isActiveWindow)
    yield made
    made.close()
    made.deleteLater()
    for workplace in opened:
        workplace.close()


def _damage(profile: Path) -> None:
    with (profile / "farlight.db").open("rb+") as stream:
        stream.write(os.urandom(4096))


def _reach_trouble(door: Any) -> dict[str, Callable[[], None]]:
    """Log in, and return what the screen of trouble offers."""
    door.start()
    if hasattr(door.page, "form"):
        door.page.form.password.setText(PASSWORD)
        door.page.form.enter.click()
    wait_until(lambda: type(door.page).__name__ == "TroublePage")
    return {button.words(): button.click for button in door.page._acts}


def _step(dialog: Any) -> None:
    dialog.yes.click()
    wait_until(lambda: dialog._task is None)


def _signed(profile: Path) -> int:
    with open_workplace(profile) as workplace:
        return len(reports(workplace))


def test_damaged_records_are_opened_as_far_as_can_be(door: Any, clinic: Path) -> None:
    from ui.salvage_dialog import SalvageDialog

    _damage(clinic)
    offers = _reach_trouble(door)
    assert list(offers) == ["Open what can be opened …", "Restore from a backup …"]
    offers["Open what can be opened …"]()
    dialog = door.findChild(SalvageDialog)
    assert dialog.password.text() == PASSWORD  # it was typed a moment ago
    _step(dialog)
    assert "signed reports: 14" in dialog.told.text()
    assert "The last backup is of" in dialog.told.text()
    assert not (clinic / "swap.json").exists()
    _step(dialog)
    assert "set-aside" in dialog.told.text()
    dialog.yes.click()
    wait_until(lambda: hasattr(door.page, "form"))
    door._give_back()
    assert _signed(clinic) == 14


def test_a_backup_is_restored_and_what_it_lacks_is_told(door: Any, clinic: Path, tmp_path: Path) -> None:
    from ui.restore_dialog import RestoreDialog

    (clinic / "farlight.db").rename(tmp_path / "gone.db")
    offers = _reach_trouble(door)
    assert list(offers) == ["Restore from a backup …"]
    (tmp_path / "gone.db").rename(clinic / "farlight.db")  # found again, and still older records are wanted
    offers["Restore from a backup …"]()
    dialog = door.findChild(RestoreDialog)
    dialog.look(tmp_path / "KINGSTON")
    wait_until(dialog.yes.isEnabled)
    dialog.password.setText("not the password")
    _step(dialog)
    assert "E507" in dialog.wrong.text() or "does not open" in dialog.wrong.text()
    dialog.password.setText(PASSWORD)
    _step(dialog)
    assert "signed reports: 12" in dialog.told.text()
    assert "Signed reports that are here now and not in it: 2 (13 (2027-01-01), 14" in dialog.told.text()
    _step(dialog)
    dialog.yes.click()
    wait_until(lambda: hasattr(door.page, "form"))
    door._give_back()
    assert _signed(clinic) == 12


@pytest.mark.parametrize("readable", [True, False])
def test_who_was_deleted_after_the_backup_goes_again_or_it_is_said_that_they_may_be_back(
    door: Any, clinic: Path, tmp_path: Path, readable: bool
) -> None:
    from ui.restore_dialog import RestoreDialog

    (tmp_path / "SECOND").mkdir()
    with open_workplace(clinic) as workplace:
        patient = enter_patient(workplace, "Plantedname Zuberi")
        workplace.backups.make(tmp_path / "SECOND")
        plan = workplace.deletion.plan(patient)
        workplace.deletion.delete(plan, password=PASSWORD, typed=plan.typed)
    (clinic / "farlight.db").rename(tmp_path / "gone.db")
    offers = _reach_trouble(door)
    if readable:
        (tmp_path / "gone.db").rename(clinic / "farlight.db")
    offers["Restore from a backup …"]()
    dialog = door.findChild(RestoreDialog)
    dialog.look(tmp_path / "SECOND")
    wait_until(dialog.yes.isEnabled)
    dialog.password.setText(PASSWORD)
    _step(dialog)
    if readable:
        assert "Deleted again" in dialog.warned.text()
        assert "1 patients" in dialog.warned.text()
    else:
        assert "may be back" in dialog.warned.text()
        assert "audit trail" in dialog.warned.text()
    _step(dialog)
    assert dialog.warned.isVisible()
    dialog.yes.click()
    wait_until(lambda: hasattr(door.page, "form"))
    door._give_back()
    with open_workplace(clinic) as workplace:
        assert (workplace.records.patient(patient) is None) == readable


def test_going_back_leaves_everything_as_it_was(door: Any, clinic: Path) -> None:
    from ui.salvage_dialog import SalvageDialog

    _damage(clinic)
    before = (clinic / "farlight.db").read_bytes()
    _reach_trouble(door)["Open what can be opened …"]()
    dialog = door.findChild(SalvageDialog)
    _step(dialog)
    dialog.no.click()
    assert (clinic / "farlight.db").read_bytes() == before
    assert not (clinic / "incoming").exists()
    Access(clinic, cost=CHEAP).close()  # the profile was given back


def test_keys_that_are_lost_come_back_from_a_backup(door: Any, clinic: Path, tmp_path: Path) -> None:
    from ui.restore_dialog import RestoreDialog

    for name in ("keys.json", "keys-copy.json"):
        (clinic / name).write_bytes(b"rubbish")
    _reach_trouble(door)["Restore from a backup …"]()
    dialog = door.findChild(RestoreDialog)
    dialog.look(tmp_path / "KINGSTON")
    wait_until(dialog.yes.isEnabled)
    dialog.password.setText(PASSWORD)
    for _ in range(2):
        _step(dialog)
    dialog.yes.click()
    wait_until(lambda: hasattr(door.page, "form"))
    door._give_back()
    assert _signed(clinic) == 12
