"""Slides are opened lazily, with their scale where they say it; hostile ones are told in a sentence."""

import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import Cancelled, ImagingError, SlidePlaceError, TooLargeError
from core.image import ReadingUnit
from imaging import slide as slide_module
from imaging.read import read_image, unit_sha256
from imaging.scan import scan_paths
from imaging.slide import OVERVIEW_SIDE, open_slide
from services.load import load
from tests.imaging.whole_slides import write_series
from training.composed_slides import write_pyramid

SHAPE = (900, 4200)


def page(shape: tuple[int, int] = SHAPE) -> NDArray[np.uint8]:
    """Return a page whose colours say the place: red rises downwards, green to the right."""
    rows, columns = shape
    down = np.linspace(0, 250, rows)[:, None] + np.zeros((1, columns))
    return np.stack([down, np.linspace(0, 250, columns)[None] + 0 * down, 0 * down + 90], -1).astype(np.uint8)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("slides") / "slide.tif"
    write_pyramid(page(), file, 0.5)
    return file


def unit_of(path: Path) -> ReadingUnit:
    (unit,) = scan_paths([path])
    assert isinstance(unit, ReadingUnit)
    return unit


def test_a_pyramid_is_one_unit_with_an_overview_and_its_scale(pyramid: Path) -> None:
    unit = unit_of(pyramid)
    image = read_image(unit, 0)
    assert (unit.kind, unit.frames) == ("slide", 1)
    assert image.shape == (round(900 * OVERVIEW_SIDE / 4200), OVERVIEW_SIDE)
    assert image.pixel_spacing_mm == pytest.approx((0.5e-3 * 4200 / OVERVIEW_SIDE,) * 2, rel=2e-3)
    assert np.abs(image.values[100, 2000].astype(int) - (57, 244, 90)).max() <= 6
    assert len(unit_sha256(unit)) == 64


def test_reading_the_overview_can_be_cancelled(pyramid: Path) -> None:
    with pytest.raises(Cancelled):
        read_image(unit_of(pyramid), 0, lambda: True)


def test_a_part_is_read_where_it_lies_from_the_level_that_suffices(pyramid: Path) -> None:
    opened = open_slide(pyramid)
    assert opened.um_per_pixel == pytest.approx(0.5)
    for shape in ((100, 100), (400, 400)):
        part = opened.read(400, 3000, (400, 400), shape)
        assert part.shape == (*shape, 3)
        wanted = page()[400:800, 3000:3400].reshape(-1, 3).mean(0)
        assert np.abs(part.reshape(-1, 3).mean(0) - wanted).max() < 2


def test_what_lies_beyond_the_edge_is_glass(pyramid: Path) -> None:
    assert (open_slide(pyramid).read(800, 4100, (400, 400), (100, 100))[-1, -1] == 255).all()


@pytest.mark.parametrize("um", [None, 25400 / 72, 0.001])
def test_a_scale_that_no_slide_has_is_unknown(um: float | None, tmp_path: Path) -> None:
    write_pyramid(page((600, 4200)), tmp_path / "a.tif", um)
    assert open_slide(tmp_path / "a.tif").um_per_pixel is None
    assert read_image(unit_of(tmp_path / "a.tif")).pixel_spacing_mm is None


def test_small_tiled_pictures_and_grey_ones_stay_pictures(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "small.tif", page((512, 512)), tile=(256, 256), photometric="rgb")
    tifffile.imwrite(tmp_path / "grey.tif", page((64, 4200))[..., 0], tile=(64, 64))
    assert [unit_of(tmp_path / name).kind for name in ("small.tif", "grey.tif")] == ["raster", "raster"]
    assert read_image(unit_of(tmp_path / "small.tif")).shape == (512, 512)


def test_a_scanners_ending_is_believed_in_what_holds_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.svs", page((512, 512)), tile=(256, 256), photometric="rgb")
    unit = unit_of(tmp_path / "a.svs")
    assert (unit.kind, unit.header.modality) == ("slide", "SM")
    assert read_image(unit).shape == (512, 512)
    (tmp_path / "b.svs").write_bytes(b"nothing of the kind")
    _, told = scan_paths([tmp_path])
    assert told.path.endswith("b.svs")


def test_the_files_of_a_dicom_series_are_one_slide(tmp_path: Path) -> None:
    write_series(tmp_path, page((600, 1300)), 0.5)
    unit = unit_of(tmp_path)
    image = read_image(unit)
    assert (unit.kind, unit.frames, unit.header.modality) == ("slide", 1, "SM")
    assert [file.name for file in unit.files] == ["b.dcm", "a.dcm"]
    assert unit.patient.id is not None
    assert image.shape == (600, 1300)
    assert image.pixel_spacing_mm == pytest.approx((5e-4, 5e-4))
    assert np.abs(image.values[300, 650].astype(int) - (125, 125, 90)).max() <= 4
    assert open_slide(unit.files[0]).sizes == ((600, 1300), (300, 650))
    assert load(unit, every_file=True).error is None


def test_a_large_tiled_tiff_that_openslide_does_not_know_is_read_as_a_picture(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(page((64, 4200)), tile=(64, 64), photometric="rgb")
        writer.write(page((64, 64)), photometric="rgb")
    assert read_image(unit_of(tmp_path / "a.tif")).shape[1] in {4200, OVERVIEW_SIDE}


def test_a_slide_in_a_zip_file_is_told(pyramid: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(pyramid, "slide.tif")
    with pytest.raises(SlidePlaceError):
        read_image(unit_of(tmp_path / "a.zip"))


def test_broken_slides_are_told_in_a_sentence_each(pyramid: Path, tmp_path: Path) -> None:
    content, chance = pyramid.read_bytes(), random.Random(5)
    told = set()
    for number in range(12):
        broken = bytearray(content[: chance.randrange(200, len(content))] if number % 3 == 0 else content)
        for _ in range(chance.randrange(1, 30)):
            broken[chance.randrange(min(len(broken), 4000 if number % 2 else len(broken)))] = (
                chance.randrange(256)
            )
        file = tmp_path / f"{number}.tif"
        file.write_bytes(broken)
        for unit in scan_paths([file]):
            if isinstance(unit, ReadingUnit):
                try:
                    read_image(unit)
                except ImagingError as error:
                    told.add(error.code)
    assert told
    assert told <= {"E104", "E105", "E107", "E108"}
    assert read_image(unit_of(pyramid)).shape[1] == OVERVIEW_SIDE


def test_a_slide_that_claims_too_much_is_refused_before_anything_is_read(
    pyramid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slide_module, "_MOST_PIXELS", 1 << 20)
    with pytest.raises(TooLargeError):
        open_slide(pyramid)
    monkeypatch.undo()
    monkeypatch.setattr(slide_module, "_OVERVIEW_LEVELS", ((0, 1 << 10),))
    with pytest.raises(TooLargeError):
        open_slide(pyramid).overview()
