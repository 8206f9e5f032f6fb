"""A kept copy reads to the very same picture and answer as the file on the stick."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from core.errors import (
    Cancelled,
    ChangedFileError,
    FarlightError,
    KeptImageDamagedError,
    MediumGoneError,
    NotPermittedError,
    UnreadableFileError,
)
from core.image import Image, ReadingUnit
from imaging.read import read_image, unit_sha256
from services.analyze import AnalysisOptions, Analyzer
from services.drafts import key_of
from services.images import origin_of
from services.result_json import WrittenFiles, result_to_dict
from services.scan import scan
from services.workplace import Workplace
from tests.opening import open_workplace
from tests.services.conftest import draw_chest


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with open_workplace(tmp_path / "profile") as workplace:
        yield workplace


def units(path: Path) -> list[ReadingUnit]:
    return [one for one in scan([str(path)]) if isinstance(one, ReadingUnit)]


def kept(workplace: Workplace, unit: ReadingUnit) -> ReadingUnit:
    workplace.images.copy(unit)
    found = workplace.images.find(key_of(unit))
    assert found is not None
    return found


def same_picture(one: Image, other: Image) -> bool:
    return (
        hashlib.sha256(one.values.tobytes()).digest() == hashlib.sha256(other.values.tobytes()).digest()
        and one.ref == other.ref
        and replace(one, values=other.values, overlays=(), voi_tables=())
        == replace(other, overlays=(), voi_tables=())
        and len(one.overlays) == len(other.overlays)
        and all(np.array_equal(a, b) for a, b in zip(one.overlays, other.overlays, strict=True))
    )


DICOM = (
    "CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "693_J2KR.dcm", "SC_rgb_jpeg_dcmtk.dcm",
    "emri_small_jpeg_2k_lossless.dcm", "JPEG-LL.dcm", "MR_small_RLE.dcm", "examples_palette.dcm",
)  # fmt: skip


@pytest.mark.parametrize("name", DICOM)
def test_real_dicom_reads_alike_from_its_copy(workplace: Workplace, stick: Path, name: str) -> None:
    shutil.copy(str(get_testdata_file(name, download=False)), stick / name)
    (unit,) = units(stick)
    before = [read_image(unit, index) for index in range(min(unit.frames, 3))]
    sha256 = unit_sha256(unit)
    copy = kept(workplace, unit)
    shutil.rmtree(stick)
    assert all(same_picture(image, read_image(copy, index)) for index, image in enumerate(before))
    assert unit_sha256(copy) == sha256
    assert key_of(copy) == key_of(unit)
    assert (origin_of(unit), origin_of(copy)) == ("medium", "copy")
    assert replace(copy, files=unit.files, extras=unit.extras) == unit


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "bmp"])
def test_pictures_read_alike_from_their_copies(workplace: Workplace, stick: Path, ending: str) -> None:
    draw_chest(stick / f"chest.{ending}")
    (unit,) = units(stick)
    before = read_image(unit)
    copy = kept(workplace, unit)
    key = key_of(unit)
    shutil.rmtree(stick)
    assert same_picture(before, read_image(copy))
    assert key_of(copy) == key


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_volumes_read_alike_from_their_copies(workplace: Workplace, stick: Path, ending: str) -> None:
    nibabel: Any = import_module("nibabel")
    values = np.random.default_rng(0).integers(0, 999, (40, 30, 5, 2)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.5, 1.5, 8, 1])), stick / f"cine.{ending}")
    (unit,) = units(stick)
    before = [read_image(unit, index) for index in range(unit.frames)]
    copy = kept(workplace, unit)
    shutil.rmtree(stick)
    assert all(same_picture(image, read_image(copy, index)) for index, image in enumerate(before))


def test_a_series_in_a_zip_file_reads_alike_from_its_copy(workplace: Workplace, stick: Path) -> None:
    from pydicom import dcmread

    source = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    with zipfile.ZipFile(stick / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            source.SOPInstanceUID = f"1.2.3.{number}"
            source.InstanceNumber = number + 1
            source.ImagePositionPatient = [0, 0, number * 5.0]
            source.save_as(stick / "one.dcm")
            archive.write(stick / "one.dcm", f"series/{number}.dcm")
    (stick / "one.dcm").unlink()
    (unit,) = units(stick)
    assert len(unit.files) == 4
    before = [read_image(unit, index) for index in range(4)]
    copy = kept(workplace, unit)
    shutil.rmtree(stick)
    assert all(same_picture(image, read_image(copy, index)) for index, image in enumerate(before))
    assert replace(copy, files=unit.files, extras=unit.extras) == unit


def test_the_models_answer_the_same_from_a_copy(workplace: Workplace, stick: Path) -> None:
    draw_chest(stick / "chest.png")
    (unit,) = units(stick)
    copy = kept(workplace, unit)
    analyzer = Analyzer(AnalysisOptions())
    first, second = (
        result_to_dict(analyzer.analyze(one).result, folder="", files=WrittenFiles()) for one in (unit, copy)
    )
    for answer in (first, second):
        for timed in ("seconds", "times", "created_at"):
            answer.pop(timed, None)
        for entry in answer["results"]:
            entry.pop("seconds", None)
    assert first == second


def test_nothing_in_the_profile_names_file_or_patient(workplace: Workplace, stick: Path) -> None:
    from pydicom import dcmread

    source = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    source.PatientName = "Plantedname^Zuberi"
    source.save_as(stick / "Plantedname.dcm")
    (unit,) = units(stick)
    kept(workplace, unit)
    for file in workplace.folder.rglob("*"):
        assert "planted" not in file.name.casefold()
        assert not file.is_file() or b"plantedname" not in file.read_bytes().lower()


def test_a_copy_is_found_again_at_the_next_start(stick: Path, tmp_path: Path) -> None:
    draw_chest(stick / "chest.png")
    (unit,) = units(stick)
    before, key = read_image(unit), key_of(unit)
    with open_workplace(tmp_path / "profile") as workplace:
        copy = kept(workplace, unit)
    with pytest.raises(FarlightError):
        read_image(copy)
    shutil.rmtree(stick)
    with open_workplace(tmp_path / "profile") as workplace:
        again = workplace.images.find(key)
        assert again is not None
        assert same_picture(before, read_image(again))


def test_a_copy_that_lost_its_last_file_is_not_whole_and_is_made_again(
    workplace: Workplace, stick: Path
) -> None:
    source = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    for number in range(3):
        dataset = dcmread(source)
        dataset.SOPInstanceUID = f"{dataset.SOPInstanceUID}.{number}"
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient = [0, 0, float(number)]
        dataset.save_as(stick / f"{number}.dcm")
    (unit,) = units(stick)
    assert len(kept(workplace, unit).files) == 3
    with workplace._database.transaction() as connection:
        connection.execute("DELETE FROM image_copies WHERE position = 2")  # as damaged records may have it
    assert workplace.images.find(key_of(unit)) is None
    assert len(kept(workplace, unit).files) == 3


def test_a_damaged_copy_is_told_as_such_and_shows_nothing(workplace: Workplace, stick: Path) -> None:
    shutil.copy(str(get_testdata_file("CT_small.dcm", download=False)), stick / "ct.dcm")
    (unit,) = units(stick)
    copy = kept(workplace, unit)
    assert workplace.images.check(key_of(unit))
    (file,) = (workplace.folder / "images").iterdir()
    sealed = bytearray(file.read_bytes())
    sealed[500] ^= 4
    file.write_bytes(sealed)
    with pytest.raises(KeptImageDamagedError):
        read_image(copy)
    assert not workplace.images.check(key_of(unit))


def test_a_unit_is_copied_once_and_told_in_the_trail(workplace: Workplace, stick: Path) -> None:
    draw_chest(stick / "chest.png")
    (unit,) = units(stick)
    copy = kept(workplace, unit)
    workplace.images.copy(unit)
    workplace.images.copy(copy)
    told = [line for line in workplace.trail.lines() if line.act == "copy_images"]
    assert [line.subject for line in told] == [f"unit:{key_of(unit)}"]
    assert len(workplace.images.all()) == 1


def test_a_cut_short_copy_is_not_offered_and_is_gone_on_with(workplace: Workplace, stick: Path) -> None:
    for number in range(3):
        draw_chest(stick / f"{number}.png", seed=number)
    (one, two, three) = units(stick)
    series = replace(one, files=(*one.files, *two.files, *three.files), frames=3, frames_per_file=(1, 1, 1))
    away = stick / "2.png"
    moved = away.rename(away.with_suffix(".away"))
    with pytest.raises((UnreadableFileError, MediumGoneError)):
        workplace.images.copy(series)
    assert workplace.images.find(key_of(series)) is None
    moved.rename(away)
    copy = kept(workplace, series)
    assert len(copy.files) == 3


def test_a_picture_that_was_exchanged_since_it_was_listed_is_not_copied(
    workplace: Workplace, stick: Path
) -> None:
    file, other = stick / "1.bmp", stick / "other.bmp"
    draw_chest(file, 1)
    draw_chest(other, 2)
    (unit,) = units(file)
    before = file.stat()
    other.replace(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    with pytest.raises(ChangedFileError):
        workplace.images.copy(unit)
    assert workplace.images.find(key_of(unit)) is None


def test_who_cancels_keeps_nothing(workplace: Workplace, stick: Path) -> None:
    draw_chest(stick / "chest.png")
    (unit,) = units(stick)
    with pytest.raises(Cancelled):
        workplace.images.copy(unit, cancelled=lambda: True)
    assert not workplace.images.keeps(key_of(unit))
    assert workplace.images.all() == ()


def test_nobody_copies_while_it_is_locked(workplace: Workplace, stick: Path) -> None:
    draw_chest(stick / "chest.png")
    (unit,) = units(stick)
    workplace.lock()
    with pytest.raises(NotPermittedError):
        workplace.images.copy(unit)
