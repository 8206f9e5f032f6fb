"""The same pixels wrapped in another way give the same picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.image import Image, ReadingUnit
from imaging.display import presentation
from imaging.read import read_image
from imaging.scan import scan_paths
from tests.imaging import writers

GREY = writers.chest(97, 81)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
EXPECTED = GREY.astype(np.float32) / 255
LOSSLESS = ("implicit", "little", "big", "deflated", "rle", "jpeg-ls", "jpeg-2000", "htj2k", "jpeg-lossless")


def opened(folder: Path, name: str, content: bytes, index: int = 0) -> Image:
    (unit,) = scan_paths([writers.put(folder, name, content)])
    assert isinstance(unit, ReadingUnit), unit
    return read_image(unit, index)


def wrapped(
    stored: NDArray[Any], encoding: str, *, bits: int = 8, photometric: str = "MONOCHROME2", **header: Any
) -> bytes:
    dataset = writers.with_pixels(writers.header(**header), stored, bits=bits, photometric=photometric)
    return writers.dicom(dataset, stored, encoding)


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_eight_bits_in_every_lossless_encoding(encoding: str, tmp_path: Path) -> None:
    image = opened(tmp_path, "a.dcm", wrapped(GREY, encoding))
    assert np.array_equal(image.values, GREY)
    assert np.allclose(presentation(image), EXPECTED, atol=1e-6)


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_twelve_bits_in_every_lossless_encoding(encoding: str, tmp_path: Path) -> None:
    stored = np.rint(EXPECTED * 4095).astype(np.uint16)
    image = opened(tmp_path, "a.dcm", wrapped(stored, encoding, bits=12))
    assert np.array_equal(image.values, stored)
    assert np.allclose(presentation(image), EXPECTED, atol=1 / 4095)


@pytest.mark.parametrize("encoding", [name for name in LOSSLESS if name != "htj2k"])
def test_signed_sixteen_bits_with_rescale(encoding: str, tmp_path: Path) -> None:
    hounsfield = GREY.astype(np.int16) * 8 - 1024
    window = {"WindowCenter": -4, "WindowWidth": 2041, "VOILUTFunction": "LINEAR"}
    dataset = writers.with_pixels(
        writers.header(Modality="CT", RescaleSlope=1, RescaleIntercept=0, **window), hounsfield, bits=16
    )
    image = opened(tmp_path, "a.dcm", writers.dicom(dataset, hounsfield, encoding))
    assert np.array_equal(image.values, hounsfield)
    assert np.allclose(presentation(image), EXPECTED, atol=0.002)


@pytest.mark.parametrize("encoding", ["jpeg-baseline", "jpeg-12"])
def test_lossy_jpeg_comes_close(encoding: str, tmp_path: Path) -> None:
    bits = 12 if encoding == "jpeg-12" else 8
    stored = GREY if bits == 8 else np.rint(EXPECTED * 4095).astype(np.uint16)
    image = opened(tmp_path, "a.dcm", wrapped(stored, encoding, bits=bits))
    assert np.abs(presentation(image) - EXPECTED).max() < 0.03


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_monochrome1_is_shown_in_the_same_sense(encoding: str, tmp_path: Path) -> None:
    image = opened(tmp_path, "a.dcm", wrapped(255 - GREY, encoding, photometric="MONOCHROME1"))
    assert image.inverted
    assert np.allclose(presentation(image), EXPECTED, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 15, 16])
def test_any_number_of_bits(bits: int, tmp_path: Path) -> None:
    stored = np.rint(EXPECTED * (2**bits - 1)).astype(np.uint16)
    image = opened(tmp_path, "a.dcm", wrapped(stored, "little", bits=bits))
    assert np.allclose(presentation(image), EXPECTED, atol=1 / 255)


def test_twelve_bits_declared_as_sixteen(tmp_path: Path) -> None:
    stored = np.rint(EXPECTED * 4095).astype(np.uint16)
    image = opened(tmp_path, "a.dcm", wrapped(stored, "little", bits=16))
    assert np.allclose(presentation(image), EXPECTED, atol=1 / 255)


def test_an_odd_high_bit_with_rubbish_in_the_other_bits(tmp_path: Path) -> None:
    stored = (np.rint(EXPECTED * 1023).astype(np.uint16) << 3) | 0xE005
    dataset = writers.with_pixels(writers.header(), stored, bits=10)
    dataset.HighBit = 12
    image = opened(tmp_path, "a.dcm", writers.dicom(dataset, stored, "little"))
    assert np.array_equal(image.values, np.rint(EXPECTED * 1023))


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_eight_bit_rasters(name: str, tmp_path: Path) -> None:
    kind = {"png": "PNG", "bmp": "BMP", "tif": "TIFF"}[name[2:]]
    assert np.allclose(presentation(opened(tmp_path, name, writers.raster(GREY, kind))), EXPECTED, atol=1e-6)


@pytest.mark.parametrize("maximum", [4095, 65535])
def test_sixteen_bit_png_and_tiff(maximum: int, tmp_path: Path) -> None:
    deep = np.rint(EXPECTED * maximum).astype(np.uint16)
    for name, content in (("a.png", writers.png(deep)), ("a.tif", writers.raster(deep, "TIFF"))):
        image = opened(tmp_path, name, content)
        assert np.array_equal(image.values, deep)
        assert np.allclose(presentation(image), EXPECTED, atol=1 / 255)


def test_grey_saved_as_colour_is_grey(tmp_path: Path) -> None:
    image = opened(tmp_path, "a.png", writers.png(np.stack([GREY] * 3, axis=-1)))
    assert not image.is_colour
    assert np.allclose(presentation(image), EXPECTED, atol=1e-6)


def test_a_file_without_preamble(tmp_path: Path) -> None:
    dataset = writers.with_pixels(writers.header(), GREY, bits=8)
    for encoding in ("implicit", "little", "big"):
        dataset.PixelData = b""
        content = writers.dicom(dataset, GREY, encoding, preamble=False)
        assert np.array_equal(opened(tmp_path, "bare", content).values, GREY), encoding


@pytest.mark.parametrize("encoding", ["implicit", "little", "big", "deflated", "rle", "jpeg-ls", "jpeg-2000"])
def test_rgb_in_every_lossless_encoding(encoding: str, tmp_path: Path) -> None:
    image = opened(tmp_path, "a.dcm", wrapped(COLOUR, encoding, photometric="RGB"))
    assert np.array_equal(image.values, COLOUR)


def test_colour_becomes_luma(tmp_path: Path) -> None:
    image = opened(tmp_path, "a.png", writers.png(COLOUR))
    luma = COLOUR.astype(np.float64) @ [0.299, 0.587, 0.114] / 255
    assert np.allclose(presentation(image), luma, atol=1e-6)


def test_every_frame_of_a_multi_frame_file(tmp_path: Path) -> None:
    frames = np.stack([GREY, GREY[::-1], GREY // 2])
    for encoding in ("little", "big", "deflated", "rle", "jpeg-ls", "jpeg-2000"):
        content = wrapped(frames, encoding)
        for index, frame in enumerate(frames):
            assert np.array_equal(opened(tmp_path, f"{encoding}.dcm", content, index).values, frame), encoding
