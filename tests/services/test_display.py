"""What the window gets of imaging agrees with what the models get."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from core.image import ReadingUnit, Window
from services import display
from services.scan import scan

NAMES = ("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "693_J2KI.dcm", "image_dfl.dcm", "mlut_18.dcm")


def _unit(path: str) -> ReadingUnit:
    (unit,) = scan([path])
    assert isinstance(unit, ReadingUnit)
    return unit


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inverted", [False, True])
def test_the_lookup_table_gives_the_first_picture_to_the_grey_level(name: str, inverted: bool) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"{name} is not in this pydicom wheel")
    image = display.load_image(_unit(str(path)))
    window = display.first_window(image)
    table, first, step = display.lookup_table(image, window, inverted=inverted)
    places = np.clip(np.rint((image.values - first) / step), 0, len(table) - 1).astype(int)
    shown = np.rint(display.presentation(image, inverted=inverted) * np.float32(255))
    assert np.abs(table[places].astype(int) - shown).max() <= 1


def test_a_narrower_window_has_more_contrast(ct_slice: Path) -> None:
    image = display.load_image(_unit(str(ct_slice)))
    wide = display.presentation(image, Window(center=40, width=2000))
    narrow = display.presentation(image, Window(center=40, width=400))
    assert narrow.std() > wide.std()


def test_a_ct_has_presets_with_keys_and_a_photograph_has_none(ct_slice: Path, chest: Path) -> None:
    presets = display.presets(_unit(str(ct_slice)))
    assert [preset.key for preset in presets] == list(range(1, len(presets) + 1))
    assert len(presets) > 2
    assert display.presets(_unit(str(chest))) == ()
