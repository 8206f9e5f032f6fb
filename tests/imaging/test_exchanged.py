"""A stick that was exchanged for another one with the same names shows nobody else's image."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from core.errors import ChangedFileError
from core.image import ReadingUnit
from imaging.read import read_image, unit_sha256
from imaging.scan import scan_paths

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
    import numpy as np

    file = tmp_path / "1.png"
    cv2.imwrite(str(file), np.full((40, 40), 30, np.uint8))
    unit = _unit(file)
    cv2.imwrite(str(file), np.full((40, 41), 200, np.uint8))
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
