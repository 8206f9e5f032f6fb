"""Copies of one image: the first that can be read is chosen, the damaged ones are named with their error."""

import shutil
from pathlib import Path

import pydicom
import pytest

from core.errors import Cancelled
from core.image import ReadingUnit
from services.copies import are_twins, choose_copy, pixel_mark
from services.display import load_image
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


def test_only_copies_that_are_the_same_byte_for_byte_are_twins(copies: tuple[ReadingUnit, ...]) -> None:
    assert are_twins(copies[1:])
    assert not are_twins(copies)
    whole = copies[2].files[0].read_bytes()
    copies[2].files[0].write_bytes(whole[:-1] + bytes([whole[-1] ^ 255]))
    assert not are_twins(copies[1:])
    copies[2].files[0].unlink()
    assert not are_twins(copies[1:])


def units_in(*folders: Path) -> tuple[ReadingUnit, ...]:
    """Return the reading units of folders, each scanned by itself."""
    return tuple(unit for folder in folders for unit in scan([str(folder)]) if isinstance(unit, ReadingUnit))


def negative_of(file: Path, name: str) -> Path:
    """Write an image with the number, the patient and the size of another one, and other pixels."""
    dataset = pydicom.dcmread(file)
    dataset.PixelData = bytes(255 - value for value in dataset.PixelData)
    dataset.save_as(file.with_name(name))
    return file.with_name(name)


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_copy_that_is_gone_is_not_called_damaged(tmp_path: Path, folder_too: bool) -> None:
    here = write_chest(tmp_path / "a", "a.dcm")
    (tmp_path / "b").mkdir()
    shutil.copy(here, tmp_path / "b" / "b.dcm")
    units = units_in(tmp_path / "a", tmp_path / "b")
    shutil.rmtree(here.parent) if folder_too else here.unlink()
    choice = choose_copy(units)
    assert choice is not None
    assert (choice.unit, choice.damaged, choice.gone) == (units[1], (), (str(here),))


def test_a_file_that_took_the_place_of_the_listed_one_is_not_called_damaged(
    copies: tuple[ReadingUnit, ...],
) -> None:
    copies[1].files[0].write_bytes(copies[1].files[0].read_bytes() + b"\0\0")
    choice = choose_copy(copies[1:])
    assert choice is not None
    assert (choice.unit, choice.damaged, choice.gone) == (copies[2], (), (copies[1].path,))


def test_a_copy_that_shows_another_picture_takes_no_place(tmp_path: Path) -> None:
    first = write_chest(tmp_path, "a.dcm")
    negative_of(first, "b.dcm")
    mine, other = units_in(tmp_path)
    choice = choose_copy((mine, other))
    assert choice is not None
    assert (choice.unit, choice.others, choice.compared) == (mine, (other,), True)
    seen = pixel_mark(load_image(mine))
    first.unlink()
    choice = choose_copy((mine, other), seen=seen)
    assert choice is not None
    assert (choice.unit, choice.others) == (mine, (other,))


def test_a_begun_reading_goes_over_to_the_whole_of_a_file_that_was_cut_and_to_no_other(
    tmp_path: Path,
) -> None:
    whole = write_chest(tmp_path, "b.dcm")
    (tmp_path / "a.dcm").write_bytes(whole.read_bytes()[:20_000])
    negative_of(whole, "c.dcm")
    cut, intact, other = units_in(tmp_path)
    choice = choose_copy((cut, other, intact), begun=True)
    assert choice is not None
    assert (choice.unit, choice.others, choice.compared) == (intact, (other,), False)
    whole.unlink()
    choice = choose_copy((cut, other, intact), begun=True)
    assert choice is not None
    assert (choice.unit, choice.others) == (cut, (other,))


def test_looking_into_copies_can_be_stopped(copies: tuple[ReadingUnit, ...]) -> None:
    with pytest.raises(Cancelled):
        choose_copy(copies, cancelled=lambda: True)
