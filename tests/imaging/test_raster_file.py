"""PNG, JPEG, TIFF and BMP as cameras, scanners and viewers write them."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from core.errors import DamagedImageError, ImagingError, TooLargeError
from core.image import Image, ReadingUnit
from imaging import limits
from imaging.display import presentation
from imaging.read import read_image
from imaging.scan import scan_paths
from tests.imaging import writers

GREY = writers.chest(40, 30)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
ORIENTED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: np.rot90,
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""How a camera stores an upright picture for each EXIF orientation."""


def unit_of(folder: Path, name: str, content: bytes) -> ReadingUnit:
    (unit,) = scan_paths([writers.put(folder, name, content)])
    assert isinstance(unit, ReadingUnit), unit
    return unit


def opened(folder: Path, name: str, content: bytes, page: int = 0) -> Image:
    return read_image(unit_of(folder, name, content), page)


@pytest.mark.parametrize("orientation", ORIENTED)
def test_exif_orientation_is_applied(orientation: int, tmp_path: Path) -> None:
    stored = np.ascontiguousarray(ORIENTED[orientation](COLOUR))
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    image = opened(tmp_path, "a.png", writers.raster(stored, "PNG", exif=exif))
    assert np.array_equal(image.values, COLOUR)
    assert ("turned-upright" in image.notes) == (orientation != 1)


@pytest.mark.parametrize("name", ["liar.txt", "liar.dcm", "liar"])
def test_the_name_of_a_file_is_not_believed(name: str, tmp_path: Path) -> None:
    assert np.array_equal(opened(tmp_path, name, writers.png(GREY)).values, GREY)


def test_a_transparent_picture_lies_on_black(tmp_path: Path) -> None:
    alpha = np.full(GREY.shape, 255, np.uint8)
    alpha[:20] = 0
    image = opened(tmp_path, "a.png", writers.png(np.dstack([COLOUR, alpha])))
    assert not image.values[:20].any()
    assert np.array_equal(image.values[20:], COLOUR[20:])


def test_a_palette_is_applied(tmp_path: Path) -> None:
    picture = PillowImage.fromarray(COLOUR).quantize(256)
    picture.save(tmp_path / "a.png")
    (unit,) = scan_paths([tmp_path / "a.png"])
    assert isinstance(unit, ReadingUnit)
    assert np.abs(read_image(unit, 0).values.astype(int) - np.asarray(picture.convert("RGB"))).max() == 0


def test_cmyk_is_shown_as_colour(tmp_path: Path) -> None:
    picture = PillowImage.fromarray(COLOUR).convert("CMYK")
    for kind, name in (("JPEG", "a.jpg"), ("TIFF", "a.tif")):
        picture.save(tmp_path / name, kind, **({"quality": 98} if kind == "JPEG" else {}))
        (unit,) = scan_paths([tmp_path / name])
        assert isinstance(unit, ReadingUnit)
        image = read_image(unit, 0)
        assert image.is_colour
        assert np.abs(image.values.astype(int) - COLOUR).mean() < 4


def test_one_bit_pictures_are_black_and_white(tmp_path: Path) -> None:
    picture = PillowImage.fromarray(GREY).convert("1")
    picture.save(tmp_path / "a.tif", compression="group4")
    (unit,) = scan_paths([tmp_path / "a.tif"])
    assert isinstance(unit, ReadingUnit)
    assert set(np.unique(presentation(read_image(unit, 0)))) == {0.0, 1.0}


def tiff_pages(pages: list[NDArray[Any]], **options: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    first, *others = [PillowImage.fromarray(page) for page in pages]
    first.save(buffer, "TIFF", save_all=True, append_images=others, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_the_pages_of_a_tiff_are_frames(compression: str | None, tmp_path: Path) -> None:
    pages = [GREY, GREY[::-1], GREY // 2]
    unit = unit_of(tmp_path, "a.tif", tiff_pages(pages, compression=compression))
    assert unit.frames == 3
    for index, page in enumerate(pages):
        assert np.array_equal(read_image(unit, index).values, page)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_tiff_number_types(dtype: type, tmp_path: Path) -> None:
    stored: NDArray[Any] = (GREY.astype(np.float64) * (1 if dtype is np.uint8 else 100)).astype(dtype)
    image = opened(tmp_path, "a.tif", writers.raster(stored, "TIFF"))
    assert np.array_equal(image.values, stored)
    assert presentation(image).max() > 0.3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_whose_white_is_zero_is_no_negative(dtype: type, tmp_path: Path) -> None:
    stored: NDArray[Any] = np.zeros((6, 8), dtype)
    stored[:, 4:] = np.iinfo(dtype).max
    for white_is_zero, left in ((False, 0.0), (True, 1.0)):
        entry = b"\x06\x01\x03\x00\x01\x00\x00\x00"  # PhotometricInterpretation, one short
        content = writers.raster(stored, "TIFF")
        assert content.count(entry + b"\x01") == 1
        if white_is_zero:
            content = content.replace(entry + b"\x01", entry + b"\x00")
        shown = presentation(read_image(unit_of(tmp_path, f"{white_is_zero}.tif", content)))
        assert (shown[0, 0], shown[0, -1]) == (left, 1 - left)


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, "a.tif", writers.raster(GREY, "TIFF"))
    with pytest.raises(DamagedImageError):
        read_image(unit, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_truncated_picture_is_refused(kind: str, tmp_path: Path) -> None:
    content = writers.raster(COLOUR, kind)
    unit = unit_of(tmp_path, "a", content[: len(content) // 2])
    with pytest.raises(DamagedImageError):
        read_image(unit, 0)


def test_a_picture_that_claims_to_be_enormous_is_refused(tmp_path: Path) -> None:
    content = bytearray(writers.png(GREY))
    content[16:24] = (200_000).to_bytes(4, "big") * 2
    import zlib

    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    unit = unit_of(tmp_path, "a.png", bytes(content))
    with pytest.raises(ImagingError) as caught:
        read_image(unit, 0)
    assert caught.value.code == "E107"


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_small_file_that_unfolds_into_more_than_fits_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    samples = 1 if mode == "L" else 3
    fits = limits.PEAK_BYTES_PER_VALUE * 400 * 400 * samples
    bomb = io.BytesIO()
    PillowImage.new(mode, (400, 400)).save(bomb, "PNG")
    monkeypatch.setattr("imaging.limits.image_budget_bytes", lambda: fits)
    assert opened(tmp_path, "fits.png", bomb.getvalue()).shape == (400, 400)
    monkeypatch.setattr("imaging.limits.image_budget_bytes", lambda: fits - limits.PEAK_BYTES_PER_VALUE)
    asked: list[int] = []
    monkeypatch.setattr("imaging.limits.require_size", asked.append)
    with pytest.raises(TooLargeError):
        opened(tmp_path, "bomb.png", bomb.getvalue())
    assert asked == []
