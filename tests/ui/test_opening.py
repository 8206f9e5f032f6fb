"""How images come into the window: what is said where there is nothing to read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ui.hands import sign_the_open_case
from tests.ui.stage import wait_until, write_chest
from tests.ui.test_worklist_page import listed
from ui.intake import Found

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def signed_folder(stage: Stage, folder: Path, count: int) -> Any:
    """Return a window in which all studies of a folder were signed; they are listed no more."""
    for number in range(count):
        write_chest(
            folder, f"{number}.dcm", patient=f"SAMPLE^N{number}", number=str(number), pixels=noise(number)
        )
    window = stage(folder)
    wait_until(lambda: len(window.book) == count and not window.intake.scanning)
    for case in window.book.cases():
        window.open_case(case.key)
        sign_the_open_case(window)
    window.desk.close()
    window.book.clear()
    return window


def noise(seed: int) -> Any:
    """Return pixels of their own: the same ones under two patients block signing."""
    import numpy as np

    return np.random.default_rng(seed).integers(40, 200, (200, 200)).astype(np.uint8)


def test_a_folder_in_which_all_is_signed_says_so_and_shows_them_though_a_filter_hid_them(
    stage: Stage, tmp_path: Path
) -> None:
    window = signed_folder(stage, tmp_path / "stick", 2)
    window.worklist.side._rows["to_check"].click()
    window.worklist.search.setText("nobody")
    window.show_page("read")
    window.opening.open_paths((str(tmp_path / "stick"),))
    wait_until(lambda: "All 2 studies here are signed." in window.notices.texts())
    assert window.turner.is_shown("worklist")
    assert window.desk.case is None
    wait_until(lambda: window.worklist.filtered.rowCount() == 2)
    assert window.worklist.search.text() == ""
    assert window.worklist.side._rows["all"].isChecked()


def test_signed_studies_are_told_and_offered_while_another_is_read(stage: Stage, tmp_path: Path) -> None:
    window = signed_folder(stage, tmp_path / "stick", 2)
    window.opening.open_paths((str(write_chest(tmp_path / "disk", "9.dcm", number="9", pixels=noise(9))),))
    wait_until(lambda: window.desk.case is not None and not window.intake.scanning)
    reading = window.desk.case
    window.opening.open_paths((str(tmp_path / "stick"),))
    wait_until(lambda: "All 2 studies here are signed." in window.notices.texts())
    assert window.desk.case is reading
    window.notices._notices[-1]._on_act_clicked()
    assert window.turner.is_shown("worklist")
    assert window.desk.case is reading


def test_one_signed_study_that_was_named_comes_up(stage: Stage, tmp_path: Path) -> None:
    window = signed_folder(stage, tmp_path / "stick", 1)
    window.opening.open_paths((str(tmp_path / "stick" / "0.dcm"),))
    wait_until(lambda: window.desk.case is not None)
    assert window.desk.case.state == "signed"


class CountedKey(str):
    """The key of a reading unit that counts how often keys are compared."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """Compare, and count it."""
        CountedKey.compared += 1
        return str.__eq__(self, other)


def test_what_is_found_is_not_sought_in_all_that_was_found_before(stage: Stage) -> None:
    window = stage()
    window.book.studies_added.disconnect(window.opening._on_studies_added)
    window.book.thumbnail_wanted.disconnect(window.intake._on_thumbnail_wanted)
    cases = [listed(number) for number in range(400)]
    for case in cases:
        case.key = CountedKey(case.key)
    for batch in (cases[:200], cases[200:], cases[:1]):
        window.intake._on_delivered(Found(tuple(batch)))
    assert [str(key) for key in window.intake.found] == [str(case.key) for case in cases]
    assert CountedKey.compared < 20_000
