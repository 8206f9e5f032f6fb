"""A stick that was exchanged for another one with the same names shows nobody else's image."""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from core.errors import Cancelled, ChangedFileError
from core.image import ReadingUnit
from imaging.read import read_image, unit_sha256
from imaging.scan import scan_paths
from imaging.source import mark_of
from tests.imaging.writers import nifti

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def _unit(path: Path) -> ReadingUnit:
    (unit,) = [found for found in scan_paths([path]) if isinstance(found, ReadingUnit)]
    return unit


def _another(uid: str) -> bytes:
    """Return a DICOM file as large as the CT slice, of another instance."""
    from io import BytesIO

    dataset = dcmread(CT)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    written = BytesIO()
    dataset.save_as(written)
    return written.getvalue()


def test_a_file_of_another_size_or_time_in_its_place_is_not_read(tmp_path: Path) -> None:
    file = Path(shutil.copy(CT, tmp_path / "IM1"))
    unit = _unit(file)
    read_image(unit)
    before = file.stat()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 2_000_000_000))
    with pytest.raises(ChangedFileError):
        read_image(unit)
    with pytest.raises(ChangedFileError):
        unit_sha256(unit)
    read_image(_unit(file))


def test_another_instance_of_the_same_size_and_time_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "IM1"
    file.write_bytes(_another("1.2.3.4.5.6.7"))
    unit = _unit(file)
    before = file.stat()
    file.write_bytes(_another("1.2.3.4.5.6.8"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    with pytest.raises(ChangedFileError):
        read_image(unit)


def test_a_picture_that_was_exchanged_is_not_read(tmp_path: Path) -> None:
    import cv2

    file = tmp_path / "1.png"
    cv2.imwrite(str(file), np.full((40, 40), 30, np.uint8))
    unit = _unit(file)
    cv2.imwrite(str(file), np.full((40, 41), 200, np.uint8))
    with pytest.raises(ChangedFileError):
        read_image(unit)


def _written_alike(file: Path, content: bytes, like: os.stat_result) -> None:
    """Put another picture of the same size in a file's place, with its time of change."""
    file.write_bytes(content)
    os.utime(file, ns=(like.st_atime_ns, like.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (like.st_size, like.st_mtime_ns)


def _pictures(ending: str) -> tuple[bytes, bytes]:
    """Return two pictures, equally large as files, that differ in a square in the middle alone."""
    import cv2

    noise = np.random.default_rng(7).integers(0, 255, (640, 640), np.uint8)
    other = noise.copy()
    other[200:440, 200:440] = other[200:440, 200:440].T
    one, two = (cv2.imencode(ending, pixels)[1].tobytes() for pixels in (noise, other))
    size = max(len(one), len(two))
    return one.ljust(size, b"\0"), two.ljust(size, b"\0")


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".tiff"])
def test_another_picture_of_the_same_size_and_time_is_not_read(tmp_path: Path, ending: str) -> None:
    one, two = _pictures(ending)
    assert len(one) == len(two) > 64 * 1024
    file = tmp_path / f"1{ending}"
    file.write_bytes(one)
    unit, before = _unit(file), file.stat()
    read_image(unit)
    _written_alike(file, two, before)
    with pytest.raises(ChangedFileError):
        read_image(unit)
    with pytest.raises(ChangedFileError):
        unit_sha256(unit)
    _written_alike(file, one, before)
    read_image(unit)


@pytest.mark.parametrize("place", [0, 5_000, 20_000, 32_767])
def test_of_a_small_picture_each_byte_is_looked_at(tmp_path: Path, place: int) -> None:
    content = bytearray(b"BM" + bytes(32_766))
    file = tmp_path / "1.bmp"
    file.write_bytes(content)
    mark = mark_of(file)
    content[place] ^= 1
    file.write_bytes(content)
    assert mark_of(file) != mark


def test_a_volume_of_the_same_size_and_time_is_not_read(tmp_path: Path) -> None:
    one = nifti(np.arange(64 * 64 * 2, dtype=np.int16).reshape(64, 64, 2))
    two = nifti(np.arange(64 * 64 * 2, dtype=np.int16)[::-1].reshape(64, 64, 2))
    file = tmp_path / "1.nii"
    file.write_bytes(one)
    unit, before = _unit(file), file.stat()
    read_image(unit)
    _written_alike(file, two, before)
    with pytest.raises(ChangedFileError):
        read_image(unit)


def test_another_picture_in_a_zip_file_of_the_same_size_and_time_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "disc.zip"

    def pack(picture: bytes) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("1.png", picture)

    one, two = _pictures(".png")
    pack(one)
    unit, before = _unit(file), file.stat()
    read_image(unit)
    pack(two)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    with pytest.raises(ChangedFileError):
        read_image(unit)


def test_a_zip_file_that_was_exchanged_is_not_read(tmp_path: Path) -> None:
    def pack(uid: str) -> None:
        with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
            archive.writestr("IM1", _another(uid) + b"\0" * len(uid))

    pack("1.2.3")
    unit = _unit(tmp_path / "disc.zip")
    read_image(unit)
    pack("1.2.3.4.5")
    with pytest.raises(ChangedFileError):
        read_image(unit)


def test_a_file_that_is_only_gone_is_not_told_as_exchanged(tmp_path: Path) -> None:
    file = Path(shutil.copy(CT, tmp_path / "IM1"))
    unit = _unit(file)
    file.unlink()
    with pytest.raises(Exception, match="ENOENT") as caught:
        read_image(unit)
    assert not isinstance(caught.value, ChangedFileError)


def test_the_mark_of_a_large_file_is_not_finished_for_somebody_who_has_left(tmp_path: Path) -> None:
    file = Path(shutil.copy(CT, tmp_path / "IM1"))
    unit = _unit(file)
    assert unit_sha256(unit, lambda: False) == unit_sha256(unit)
    with pytest.raises(Cancelled):
        unit_sha256(unit, lambda: True)
