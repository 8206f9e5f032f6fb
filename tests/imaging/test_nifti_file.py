"""NIfTI volumes are shown as radiologists see them, whichever way they are stored."""

from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ImagingError
from core.image import ReadingUnit
from imaging.nifti_file import read_nifti_header
from imaging.read import read_image
from imaging.scan import scan_paths
from tests.imaging import writers

RAS = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
"""A volume (right, anterior, superior)."""


def unit_of(folder: Path, content: bytes, name: str = "a.nii") -> ReadingUnit:
    (unit,) = scan_paths([writers.put(folder, name, content)])
    assert isinstance(unit, ReadingUnit), unit
    return unit


def seen(plane: str, ras: NDArray[np.int16], number: int) -> NDArray[np.int16]:
    """Return a slice of a (right, anterior, superior) volume as it hangs on the light box."""
    if plane == "axial":
        return ras[::-1, ::-1, number].T
    if plane == "coronal":
        return ras[::-1, number, ::-1].T
    return ras[number, ::-1, ::-1].T


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((1, -1), repeat=3)))
def test_every_way_of_storing_gives_the_same_view(
    axes: tuple[int, ...], flips: tuple[int, ...], tmp_path: Path
) -> None:
    stored = RAS.transpose(axes)[tuple(slice(None, None, flip) for flip in flips)]
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    spacing = (1.0, 2.0, 3.0)
    for axis, (world, flip) in enumerate(zip(axes, flips, strict=True)):
        affine[world, axis] = spacing[world] * flip
    unit = unit_of(tmp_path, writers.nifti(stored, affine))
    plane = {0: "sagittal", 1: "coronal", 2: "axial"}[axes[2]]
    number = 1 if flips[2] == 1 else stored.shape[2] - 2
    image = read_image(unit, number)
    assert np.array_equal(image.values, seen(plane, RAS, 1))
    letters = {"axial": ("L", "P"), "coronal": ("L", "F"), "sagittal": ("P", "F")}[plane]
    assert image.patient_orientation == letters
    rows_mm = {"axial": 2.0, "coronal": 3.0, "sagittal": 3.0}[plane]
    columns_mm = {"axial": 1.0, "coronal": 1.0, "sagittal": 2.0}[plane]
    assert image.pixel_spacing_mm == (rows_mm, columns_mm)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_four_dimensions_are_numbered_slice_first_and_then_time(name: str, tmp_path: Path) -> None:
    volume = np.arange(3 * 4 * 5 * 2, dtype=np.float32).reshape(3, 4, 5, 2)
    content = writers.nifti(volume)
    unit = unit_of(tmp_path, writers.gzipped(content) if name.endswith("gz") else content, name)
    assert unit.frames == 10
    for slice_, time in product(range(5), range(2)):
        image = read_image(unit, slice_ * 2 + time)
        assert np.array_equal(image.values, volume[::-1, ::-1, slice_, time].T)


def test_shape_and_affine_are_kept(tmp_path: Path) -> None:
    affine = np.diag([1.5, 1.5, 8.0, 1.0])
    affine[:3, 3] = 7, 8, 9
    header = read_nifti_header(writers.put(tmp_path, "a.nii", writers.nifti(RAS, affine)))
    assert header.shape == (5, 6, 7, 1)
    assert np.allclose(header.affine, affine)
    assert header.spacing_mm == (1.5, 1.5, 8.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_number_types(dtype: type, tmp_path: Path) -> None:
    volume: NDArray[Any] = RAS.astype(dtype)
    image = read_image(unit_of(tmp_path, writers.nifti(volume)), 2)
    assert np.array_equal(image.values, seen("axial", volume, 2))


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    content = bytearray(writers.nifti(RAS))
    content[112:120] = np.array([2, -1000], "<f4").tobytes()
    image = read_image(unit_of(tmp_path, bytes(content)), 0)
    assert np.array_equal(image.values, seen("axial", RAS, 0) * 2.0 - 1000)


@pytest.mark.parametrize("gz", [False, True])
def test_a_truncated_volume_is_refused(gz: bool, tmp_path: Path) -> None:
    content = writers.nifti(np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16))
    content = writers.gzipped(content) if gz else content
    unit = unit_of(tmp_path, content[: len(content) // 2], "a.nii.gz" if gz else "a.nii")
    with pytest.raises(ImagingError) as caught:
        read_image(unit, 19)
    assert caught.value.code == "E104"


def test_a_type_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (found,) = scan_paths([writers.put(tmp_path, "a.nii", writers.nifti(RAS.astype(np.complex64)))])
    assert not isinstance(found, ReadingUnit)
    assert found.error.code == "E105"


def test_an_enormous_claim_is_refused(tmp_path: Path) -> None:
    content = bytearray(writers.nifti(RAS))
    content[40:56] = np.array([3, 32767, 32767, 3, 1, 1, 1, 1], "<i2").tobytes()
    unit = unit_of(tmp_path, bytes(content))
    with pytest.raises(ImagingError) as caught:
        read_image(unit, 0)
    assert caught.value.code in {"E107", "E104"}
