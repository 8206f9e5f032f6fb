"""Settings that matter are kept in the records: whoever edits the file beside them changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import DiskFullError, NotPermittedError
from services.staff import NewPerson
from services.workplace import Workplace
from store import settings as store_settings
from tests.opening import PASSWORD, open_workplace


def edit(profile: Path, **values: Any) -> None:
    file = profile / "settings.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**kept, **values}), encoding="utf-8")


def outside(workplace: Workplace) -> list[Any]:
    lines = workplace.trail.of(("settings",))
    return [detail["key"] for line in lines if "outside" in (detail := json.loads(line.detail))]


def test_what_somebody_wrote_into_the_file_does_not_hold_and_has_a_line(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        workplace.settings.set("lock.after_minutes", 5)
        workplace.settings.set("trail.unseen", "changed 7")
    changed = {"reading.order": "concurrent", "lock.after_minutes": 60, "trail.unseen": ""}
    edit(tmp_path, **changed)
    with open_workplace(tmp_path) as workplace:
        settings = workplace.settings
        assert settings.text("reading.order") == "read_first"
        assert settings.number("lock.after_minutes") == 5
        assert workplace.trail_unseen == "changed 7"
        assert set(outside(workplace)) == set(changed)
    kept = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert kept["lock.after_minutes"] == 5
    with open_workplace(tmp_path) as workplace:
        assert len(outside(workplace)) == len(changed)


def test_a_file_that_is_gone_takes_no_setting_with_it(tmp_path: Path) -> None:
    with open_workplace(tmp_path) as workplace:
        workplace.settings.set("images.keep", "copy")
    (tmp_path / "settings.json").unlink()
    with open_workplace(tmp_path) as workplace:
        assert workplace.settings.text("images.keep") == "copy"


def test_the_settings_of_a_profile_that_had_none_in_its_records_are_taken_over(tmp_path: Path) -> None:
    edit(tmp_path, paper="A5")
    with open_workplace(tmp_path) as workplace:
        assert workplace.settings.text("paper") == "A5"
        assert outside(workplace) == []


def test_how_the_window_stands_may_change_beside_the_program(tmp_path: Path) -> None:
    open_workplace(tmp_path).close()
    edit(tmp_path, **{"overlay.opacity_percent": 20})
    with open_workplace(tmp_path) as workplace:
        assert workplace.settings.number("overlay.opacity_percent") == 20
        assert outside(workplace) == []


def test_a_setting_that_finds_no_room_in_the_file_is_not_kept_in_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with open_workplace(tmp_path) as workplace:
        with monkeypatch.context() as patch:
            patch.setattr(store_settings, "replace_file", full)
            with pytest.raises(DiskFullError):
                workplace.settings.set("paper", "A5")
        assert workplace.settings.text("paper") == "A4"
    with open_workplace(tmp_path) as workplace:
        assert workplace.settings.text("paper") == "A4"


@pytest.mark.parametrize("locked", [True, False], ids=["nobody logged in", "an assistant"])
def test_only_an_administrator_changes_what_holds_for_all(tmp_path: Path, locked: bool) -> None:
    with open_workplace(tmp_path) as workplace:
        wanjiru = workplace.staff.add(NewPerson(name="J. Wanjiru", duty="assistant"), PASSWORD)
        if locked:
            workplace.lock()
        else:
            workplace.switch(wanjiru.holder_id, PASSWORD)
        with pytest.raises(NotPermittedError):
            workplace.settings.set("reading.order", "concurrent")
        workplace.settings.set("theme", "light")
        assert workplace.settings.text("reading.order") == "read_first"
