"""Masks and maps lie as the file's own pixels do."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Photo
from PIL import ImageOps

from core.image import ReadingUnit
from services.analyze import AnalysisOptions, Analyzer
from services.pictures import as_stored, write_pictures
from services.scan import scan


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_of_a_photograph_lies_as_its_pixels_are_stored(orientation: int) -> None:
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4)
    photo = Photo.fromarray(stored)
    photo.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(photo))
    assert np.array_equal(as_stored(upright, orientation), stored)


def test_masks_of_a_turned_photograph_have_its_stored_size(chest: Path, tmp_path: Path) -> None:
    upright = Photo.open(chest).convert("L").crop((0, 0, 224, 200))
    exif = Photo.Exif()
    exif[0x0112] = 6
    upright.transpose(Photo.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    (unit,) = scan([str(tmp_path / "turned.png")])
    assert isinstance(unit, ReadingUnit)
    analysis = Analyzer(AnalysisOptions(use_gates=False)).analyze(unit)
    (tmp_path / "out").mkdir()
    files = write_pictures(tmp_path / "out", analysis)
    mask = cv2.imread(str(tmp_path / "out" / files.masks["chest-lungs", "left_lung"]), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (224, 200)
