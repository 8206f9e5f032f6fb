"""Every pixel file that pydicom ships, and every one of the data folder, opens or is refused rightly."""

import tomllib
import warnings
from functools import cache
from os import environ
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.pixels import processing

from core.errors import FarlightError
from core.image import Image, ReadingUnit
from imaging.display import presentation
from imaging.read import read_image
from imaging.scan import scan_paths

EXPECTED = tomllib.loads(Path(__file__).with_name("every_file.toml").read_text(encoding="utf-8"))
ROOTS = {
    "wheel": Path(pydicom.__file__).parent / "data/test_files",
    "pydicom-data": Path(next(iter(data_store.__path__))) / "data",
}
OPENED = [(source, name) for source in ROOTS for name in EXPECTED[source]["opened"]]
REFUSED = [(source, name) for source in ROOTS for name in EXPECTED[source]["refused"]]
BEYOND_PYDICOM = frozenset(
    {
        "GDCMJ2K_TextGBR.dcm",
        "JPEG-lossy.dcm",
        "JPGExtended.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "badVR.dcm",
        "JPEG-LL.dcm",
        "JPGLosslessP14SV1_1s_1f_8b.dcm",
        "OT-PAL-8-face.dcm",
        "bad_sequence.dcm",
        "emri_small_jpeg_2k_lossless_too_short.dcm",
        "eCT_Supplemental.dcm",
        "OBXXXX1A_expb.dcm",
        "OBXXXX1A_expb_2frame.dcm",
    }
)
"""What pydicom does not decode here; the last three: rescale by frame, big-endian palettes."""
DATA = environ.get("FARLIGHT_DATA")


def opened(path: Path, index: int) -> tuple[ReadingUnit, Image]:
    (unit,) = scan_paths([path])
    assert isinstance(unit, ReadingUnit), unit
    return unit, read_image(unit, index)


@pytest.mark.parametrize(("source", "name"), OPENED)
def test_opens_with_the_right_shape_and_values(source: str, name: str) -> None:
    expected = EXPECTED[source]["opened"][name]
    unit, image = opened(ROOTS[source] / name, expected["frames"] - 1)
    assert unit.frames == expected["frames"]
    assert list(image.values.shape) == expected["shape"]
    assert float(image.values.min()) == pytest.approx(expected["low"], abs=1e-3)
    assert float(image.values.max()) == pytest.approx(expected["high"], abs=1e-3)
    grey = presentation(image)
    assert grey.shape == image.shape
    assert 0 <= grey.min() <= grey.max() <= 1


@pytest.mark.parametrize(("source", "name"), [pair for pair in OPENED if pair[1] not in BEYOND_PYDICOM])
def test_gives_the_values_that_pydicom_gives(source: str, name: str) -> None:
    path = ROOTS[source] / name
    unit, image = opened(path, EXPECTED[source]["opened"][name]["frames"] - 1)
    reference = decoded_by_pydicom(path, unit.frames)
    if image.is_colour:
        assert np.abs(reference.astype(int) - image.values).max() <= 1
    else:
        assert np.allclose(reference, image.values, rtol=1e-6)


def decoded_by_pydicom(path: Path, frames: int) -> NDArray[Any]:
    """Return the last frame in modality values or 8-bit RGB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        pixels = dataset.pixel_array[-1] if frames > 1 else dataset.pixel_array
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            pixels = processing.apply_color_lut(pixels, dataset)[..., :3]
        if pixels.ndim == 2:
            return np.asarray(processing.apply_modality_lut(pixels, dataset), np.float64)
        return np.asarray(pixels >> (pixels.dtype.itemsize - 1) * 8)


@pytest.mark.parametrize(("source", "name"), REFUSED)
def test_is_refused_with_the_right_sentence(source: str, name: str) -> None:
    (found,) = scan_paths([ROOTS[source] / name])
    if isinstance(found, ReadingUnit):
        with pytest.raises(FarlightError) as caught:
            read_image(found, 0)
        error = caught.value
    else:
        error = found.error
    assert error.code == EXPECTED[source]["refused"][name]
    assert error.title
    assert error.hint


@pytest.mark.parametrize("source", ROOTS)
def test_no_file_is_left_out(source: str) -> None:
    listed = {*EXPECTED[source]["opened"], *EXPECTED[source]["refused"]}
    there = {
        path.relative_to(ROOTS[source]).as_posix()
        for path in ROOTS[source].rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path.name != "DICOMDIR"
    }
    assert there == listed


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ("wheel/SC_rgb_jpeg_gdcm.dcm", "pydicom-data/SC_rgb.dcm"),
        ("pydicom-data/OBXXXX1A_expb.dcm", "pydicom-data/OBXXXX1A.dcm"),
        ("pydicom-data/OBXXXX1A_rle.dcm", "pydicom-data/OBXXXX1A.dcm"),
        ("pydicom-data/gdcm-US-ALOKA-16_big.dcm", "pydicom-data/gdcm-US-ALOKA-16.dcm"),
        ("wheel/MR_small_RLE.dcm", "wheel/MR_small.dcm"),
        ("wheel/MR_small_jpeg_ls_lossless.dcm", "wheel/MR_small.dcm"),
        ("wheel/MR_small_bigendian.dcm", "wheel/MR_small.dcm"),
    ],
)
def test_equals_its_uncompressed_twin(coded: str, plain: str) -> None:
    first, second = (opened(ROOTS[name.split("/")[0]] / name.split("/")[1], 0)[1] for name in (coded, plain))
    assert np.array_equal(first.values, second.values)


def test_an_extended_jpeg_comes_close_to_its_lossless_twin() -> None:
    plain = opened(ROOTS["pydicom-data"] / "JPEG-LL.dcm", 0)[1].values
    for name in ("JPGExtended.dcm", "JPEG-lossy.dcm"):
        coded = opened(ROOTS["wheel"] / name, 0)[1].values
        assert np.corrcoef(coded.ravel(), plain.ravel())[0, 1] > 0.98, name


@cache
def data_units() -> tuple[ReadingUnit, ...]:
    assert DATA is not None
    found = list(scan_paths([Path(DATA) / "dicom"]))
    assert all(isinstance(unit, ReadingUnit) for unit in found), found
    return tuple(unit for unit in found if isinstance(unit, ReadingUnit))


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="FARLIGHT_DATA does not name the data folder")
@pytest.mark.parametrize(
    ("name", "frames", "shape"),
    [
        ("SC-HF-I-1", 240, (256, 256)),
        ("SC-HF-I-4", 200, (256, 256)),
        ("chest-xray", 1, (1024, 1024)),
        ("example_ct.nii.gz", 112, (101, 122)),
        ("example_ct_dicom", 20, (512, 512)),
        ("ct-chest-lidc", 16, (512, 512)),
        ("mr-head-studyforrest", 128, (384, 274)),
        ("mr-synthetic-pacsman", 128, (128, 128)),
        ("XA-MONO2-8-12x-catheter.dcm", 12, (512, 512)),
    ],
)
def test_the_data_folder_opens_whole(name: str, frames: int, shape: tuple[int, int]) -> None:
    (unit,) = [unit for unit in data_units() if name in Path(unit.path).parts]
    assert unit.frames == frames
    for index in range(frames):
        assert read_image(unit, index).shape == shape


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="FARLIGHT_DATA does not name the data folder")
def test_the_data_folder_holds_nothing_else() -> None:
    assert len(data_units()) == 9
