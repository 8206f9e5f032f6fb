"""Copies of one image: the first that can be read is chosen, the damaged ones are named with their error."""

from pathlib import Path

import pytest

from core.errors import Cancelled
from core.image import ReadingUnit
from services.copies import choose_copy, look_alike
from services.scan import scan
from tests.ui.stage import write_chest


@pytest.fixture
def copies(tmp_path: Path) -> tuple[ReadingUnit, ...]:
    """A cut copy, an intact one, and another intact one."""
    intact = write_chest(tmp_path, "b.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(intact[:20_000])
    (tmp_path / "c.dcm").write_bytes(intact)
    return tuple(unit for unit in scan([str(tmp_path)]) if isinstance(unit, ReadingUnit))


def test_the_first_readable_copy_is_chosen_and_the_cut_one_named(copies: tuple[ReadingUnit, ...]) -> None:
    choice = choose_copy(copies)
    assert choice is not None
    assert choice.unit is copies[1]
    assert [(Path(one.path).name, one.error.code) for one in choice.damaged] == [("a.dcm", "E104")]


def test_nothing_is_chosen_where_no_copy_can_be_read(copies: tuple[ReadingUnit, ...]) -> None:
    assert choose_copy(copies[:1]) is None


def test_copies_of_the_same_size_look_alike_and_one_that_is_gone_does_not(
    copies: tuple[ReadingUnit, ...],
) -> None:
    assert look_alike(copies[1:])
    assert not look_alike(copies)
    copies[2].files[0].unlink()
    assert not look_alike(copies[1:])


def test_looking_into_copies_can_be_stopped(copies: tuple[ReadingUnit, ...]) -> None:
    with pytest.raises(Cancelled):
        choose_copy(copies, cancelled=lambda: True)
