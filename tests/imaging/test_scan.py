"""A medium is scanned: what is found, in which order, under which name."""

import errno
import io
import os
import shutil
import socket
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from core.errors import Cancelled, ImagingError, MediumGoneError
from core.image import ReadingUnit
from imaging import source
from imaging.read import read_image, unit_sha256
from imaging.records import ScanProgress, Unreadable
from imaging.scan import scan_paths
from tests.imaging import writers

PIXELS = writers.chest(12, 10)
DICOMDIR_MEDIUM = Path(pydicom.__file__).parent / "data/test_files/dicomdirtests"


def slice_file(number: int, *, series: str = "1", z: float | None = None, **header: Any) -> bytes:
    dataset = writers.header(
        Modality="CT",
        SOPInstanceUID=f"1.2.{series}.{number}",
        SeriesInstanceUID=f"1.2.{series}",
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[0, 0, number if z is None else z],
        InstanceNumber=number,
        **header,
    )
    return writers.dicom(
        writers.with_pixels(dataset, PIXELS + np.uint8(number), bits=8), PIXELS + np.uint8(number)
    )


def single_file(number: int) -> bytes:
    dataset = writers.header(SOPInstanceUID=f"1.9.{number}")
    return writers.dicom(writers.with_pixels(dataset, PIXELS, bits=8), PIXELS)


def scan(*paths: Path, **options: Any) -> list[ReadingUnit | Unreadable]:
    return list(scan_paths(paths, **options))


def shown(found: list[ReadingUnit | Unreadable], root: Path) -> list[str]:
    return [Path(one.path).relative_to(root).as_posix() for one in found]


def test_a_folder_is_walked_in_natural_order(tmp_path: Path) -> None:
    for name in ("b10.png", "b2.png", "a/z.png", "A1.png", "c/d/e.png"):
        writers.put(tmp_path, name, writers.png(PIXELS))
    assert shown(scan(tmp_path), tmp_path) == ["a/z.png", "A1.png", "b2.png", "b10.png", "c/d/e.png"]


def test_paths_are_told_as_they_were_given(tmp_path: Path) -> None:
    writers.put(tmp_path, "in/a.png", writers.png(PIXELS))
    found = scan(tmp_path / "in", tmp_path / "in/a.png", given=["./in", "in/../in/a.png"])
    assert [one.path for one in found] == ["./in" + os.sep + "a.png", "in/../in/a.png"]


def test_slices_of_a_series_are_one_unit_in_the_order_of_their_places(tmp_path: Path) -> None:
    for number, z in enumerate((4.0, 2.0, 0.0, 6.0)):
        writers.put(tmp_path, f"ct/{number}", slice_file(number, z=z))
    (unit,) = scan(tmp_path)
    assert isinstance(unit, ReadingUnit)
    assert unit.kind == "dicom-series"
    assert unit.path == str(tmp_path / "ct")
    assert [path.name for path in unit.files] == ["2", "1", "0", "3"]
    assert unit.frames == 4
    assert unit.frames_per_file == (1, 1, 1, 1)
    second = read_image(unit, 1)
    assert np.array_equal(second.values, PIXELS + np.uint8(1))
    assert second.ref.file == str(tmp_path / "ct/1")
    assert second.ref.sop_instance_uid == "1.2.1.1"


def test_a_cine_is_ordered_by_slice_and_then_by_time(tmp_path: Path) -> None:
    number = 0
    for time in (80, 0, 40):
        for z in (8, 0):
            writers.put(tmp_path, f"{number}", slice_file(number, z=z, TriggerTime=time))
            number += 1
    (unit,) = scan(tmp_path)
    assert isinstance(unit, ReadingUnit)
    assert [path.name for path in unit.files] == ["3", "5", "1", "2", "4", "0"]


def test_a_localizer_in_three_planes_is_three_units(tmp_path: Path) -> None:
    planes = ([1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1])
    for number, plane in enumerate(planes):
        dataset = pydicom.dcmread(io.BytesIO(slice_file(number)))
        dataset.ImageOrientationPatient = plane
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        writers.put(tmp_path, str(number), buffer.getvalue())
    assert len(scan(tmp_path)) == 3


def test_single_images_of_one_series_are_units_of_their_own(tmp_path: Path) -> None:
    for number in range(3):
        writers.put(tmp_path, f"{number}.dcm", single_file(number))
    found = scan(tmp_path)
    assert [one.kind for one in found if isinstance(one, ReadingUnit)] == ["dicom-image"] * 3


def test_a_series_spread_over_folders_is_one_unit(tmp_path: Path) -> None:
    for number in range(6):
        writers.put(tmp_path, f"disc/D{number // 2}/I{number}", slice_file(number))
    (unit,) = scan(tmp_path)
    assert unit.path == str(tmp_path / "disc")
    assert isinstance(unit, ReadingUnit)
    assert len(unit.files) == 6


def test_slices_of_two_patients_under_one_series_number_are_two_stacks(tmp_path: Path) -> None:
    for number in range(1, 4):
        for whose in ("Amina", "Joseph"):
            content = slice_file(number, PatientName=f"SAMPLE^{whose}", StudyInstanceUID="1.2.3")
            writers.put(tmp_path, f"{number}-{whose}.dcm", content)
    found = [
        (one.patient.name.value, one.frames)
        for one in scan(tmp_path)
        if isinstance(one, ReadingUnit) and one.patient.name is not None
    ]
    assert found == [("SAMPLE, Amina", 3), ("SAMPLE, Joseph", 3)]


def test_copies_of_one_image_are_read_once(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        for number in range(2):
            writers.put(tmp_path, f"{folder}/{number}", slice_file(number))
    (unit,) = scan(tmp_path)
    assert isinstance(unit, ReadingUnit)
    assert unit.frames == 2


@pytest.mark.parametrize("cut", ["1a", "1b"])
def test_a_slice_of_which_one_file_was_cut_short_is_read_from_the_other(tmp_path: Path, cut: str) -> None:
    for name in ("1a", "1b"):
        written = slice_file(1)
        writers.put(tmp_path, name, written[:-20] if name == cut else written)
    writers.put(tmp_path, "2", slice_file(2))
    (unit,) = scan(tmp_path)
    assert isinstance(unit, ReadingUnit)
    assert [file.name for file in unit.files] == ["1b" if cut == "1a" else "1a", "2"]
    assert [float(read_image(unit, index).values[0, 0]) - float(PIXELS[0, 0]) for index in (0, 1)] == [1, 2]


def test_slices_that_share_one_instance_uid_are_all_kept(tmp_path: Path) -> None:
    for number in range(5):
        dataset = pydicom.dcmread(io.BytesIO(slice_file(number)))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.1"  # type: ignore[assignment]
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        writers.put(tmp_path, str(number), buffer.getvalue())
    (unit,) = scan(tmp_path)
    assert isinstance(unit, ReadingUnit)
    assert unit.frames == 5


def test_the_first_study_comes_before_the_second_is_read(tmp_path: Path) -> None:
    for number in range(5):
        writers.put(tmp_path, f"one/{number}", slice_file(number, series="1"))
        writers.put(tmp_path, f"two/{number}", slice_file(number, series="2"))
    steps: list[ScanProgress] = []
    first = next(scan_paths([tmp_path], progress=steps.append))
    assert first.path == str(tmp_path / "one")
    assert steps[-1].files == 6


def test_other_files_in_a_folder_are_skipped_counted_and_told(tmp_path: Path) -> None:
    test_files = Path(pydicom.__file__).parent / "data/test_files"
    for name in ("rtplan.dcm", "waveform_ecg.dcm", "test-SR.dcm", "README.txt"):
        shutil.copy(test_files / name, tmp_path)
    writers.put(tmp_path, "x.exe", b"MZ" + bytes(500))
    writers.put(tmp_path, "x.pdf", b"%PDF-1.7\n")
    writers.put(tmp_path, "empty", b"")
    writers.put(tmp_path, "z.png", writers.png(PIXELS))
    steps: list[ScanProgress] = []
    passed: list[Unreadable] = []
    found = scan(tmp_path, progress=steps.append, passed_over=passed.append)
    assert shown(found, tmp_path) == ["z.png"]
    assert steps[-1].files == 8
    codes = {Path(one.path).name: one.error.code for one in passed}
    assert codes == {
        **dict.fromkeys(("rtplan.dcm", "waveform_ecg.dcm", "test-SR.dcm"), "E106"),
        **dict.fromkeys(("README.txt", "x.exe", "x.pdf", "empty"), "E101"),
    }


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.txt", b"hello", "E101"), ("a.dcm", b"", "E101"), ("a.pdf", b"%PDF-1.7", "E101")],
)
def test_a_named_file_that_is_no_image_is_an_error(
    name: str, content: bytes, code: str, tmp_path: Path
) -> None:
    (found,) = scan(writers.put(tmp_path, name, content))
    assert isinstance(found, Unreadable)
    assert found.error.code == code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lost.png", b""),
        ("noise.dcm", bytes(range(256)) * 20),
        ("words.JPG", b"not a picture"),
        ("brain.nii.gz", b"\x1f\x8bno"),
        ("study.zip", b"no archive"),
    ],
)
def test_a_file_in_a_folder_whose_name_promises_an_image_is_told_when_it_holds_none(
    name: str, content: bytes, tmp_path: Path
) -> None:
    writers.put(tmp_path, "good.png", writers.png(PIXELS))
    writers.put(tmp_path, name, content)
    told = [one for one in scan(tmp_path) if isinstance(one, Unreadable)]
    assert [(Path(one.path).name, one.error.code) for one in told] == [(name, "E101")]


@pytest.mark.skipif(os.name != "posix", reason="needs links of POSIX")
def test_a_link_to_an_image_that_is_gone_is_told(tmp_path: Path) -> None:
    writers.put(tmp_path, "good.png", writers.png(PIXELS))
    (tmp_path / "chest.dcm").symlink_to(tmp_path / "gone.dcm")
    told = [one for one in scan(tmp_path) if isinstance(one, Unreadable)]
    assert [(Path(one.path).name, one.error.code) for one in told] == [("chest.dcm", "E102")]


def test_a_named_report_holds_no_picture() -> None:
    (found,) = scan(Path(pydicom.__file__).parent / "data/test_files/test-SR.dcm")
    assert isinstance(found, Unreadable)
    assert found.error.code == "E106"


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    (found,) = scan(tmp_path)
    assert isinstance(found, Unreadable)
    assert found.error.code == "E109"


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    (found,) = scan(tmp_path / "nothing.dcm")
    assert isinstance(found, Unreadable)
    assert found.error.code == "E102"


def test_the_scan_can_be_cancelled(tmp_path: Path) -> None:
    for number in range(5):
        writers.put(tmp_path, f"{number}.png", writers.png(PIXELS))
    seen: list[ScanProgress] = []
    with pytest.raises(Cancelled):
        scan(tmp_path, progress=seen.append, cancelled=lambda: len(seen) >= 2)
    assert len(seen) == 2


@pytest.mark.skipif(os.name != "posix", reason="needs links, pipes and sockets of POSIX")
def test_links_pipes_and_sockets_neither_loop_nor_block(tmp_path: Path) -> None:
    writers.put(tmp_path, "a/one.png", writers.png(PIXELS))
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to(tmp_path / "a/self")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.dcm")
    with socket.socket(socket.AF_UNIX) as server:
        old = Path.cwd()
        os.chdir(tmp_path)
        try:
            server.bind("socket.png")
        finally:
            os.chdir(old)
        assert "a/one.png" in shown(scan(tmp_path), tmp_path)
        assert len([one for one in scan(tmp_path) if isinstance(one, ReadingUnit)]) == 1
    (found,) = scan(tmp_path / "pipe.dcm")
    assert isinstance(found, Unreadable)
    assert found.error.code == "E101"


def test_an_unreadable_folder_is_told_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers.put(tmp_path, "locked/a.png", writers.png(PIXELS))
    writers.put(tmp_path, "open/b.png", writers.png(PIXELS))
    real = os.scandir

    def scandir(folder: Path) -> Any:
        if Path(folder).name == "locked":
            raise PermissionError(errno.EACCES, "no")
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    locked, fine = scan(tmp_path)
    assert isinstance(locked, Unreadable)
    assert (Path(locked.path).name, locked.error.code) == ("locked", "E102")
    assert isinstance(fine, ReadingUnit)


class PulledStick(io.BytesIO):
    """A file whose stick is pulled after some bytes."""

    left = 400

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, or fail as the kernel does."""
        content = super().read(size)
        self.left -= len(content)
        if self.left < 0:
            raise OSError(errno.EIO, "Input/output error")
        return content


def test_a_pulled_stick_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [
        writers.put(tmp_path, "a.dcm", single_file(1)),
        writers.put(tmp_path, "b.png", writers.png(PIXELS)),
    ]
    units = [unit for unit in scan(*paths) if isinstance(unit, ReadingUnit)]
    monkeypatch.setattr(source, "_open_regular", lambda path: PulledStick(path.read_bytes()))
    assert [one.error.code for one in scan(paths[0]) if isinstance(one, Unreadable)] == ["E103"]
    PulledStick.left = 100
    for unit in units:
        with pytest.raises(MediumGoneError):
            read_image(unit, 0)


def test_a_folder_that_vanished_with_its_medium_is_told_as_such(tmp_path: Path) -> None:
    (unit,) = scan(writers.put(tmp_path, "stick/a.png", writers.png(PIXELS)))
    assert isinstance(unit, ReadingUnit)
    shutil.rmtree(tmp_path / "stick")
    with pytest.raises(MediumGoneError):
        read_image(unit, 0)


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in (10, 2, 1):
            archive.writestr(f"ct/IM{number}", slice_file(number))
        archive.writestr("photo.png", writers.png(PIXELS))
        archive.writestr("notes.txt", "hello")
        archive.writestr("../escape.png", writers.png(PIXELS))
        archive.writestr("/root.png", writers.png(PIXELS))
    return path


def test_a_zip_file_is_read_like_a_folder_and_unpacks_nothing(zipped: Path) -> None:
    before = sorted(zipped.parent.rglob("*"))
    stack, photo = scan(zipped)
    assert isinstance(stack, ReadingUnit)
    assert isinstance(photo, ReadingUnit)
    assert stack.path == str(zipped / "ct")
    assert photo.path == str(zipped / "photo.png")
    assert np.array_equal(read_image(stack, 2).values, PIXELS + np.uint8(10))
    assert np.array_equal(read_image(photo, 0).values, PIXELS)
    assert len(unit_sha256(stack)) == 64
    assert sorted(zipped.parent.rglob("*")) == before


def test_a_locked_zip_file_says_so(zipped: Path) -> None:
    content = bytearray(zipped.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    (found,) = scan(writers.put(zipped.parent, "locked.zip", bytes(content)))
    assert isinstance(found, Unreadable)
    assert found.error.code == "E110"


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", writers.png(PIXELS)[:40] + bytes(40_000_000))
    monkeypatch.setattr("imaging.limits.image_budget_bytes", lambda: 10_000_000)
    (unit,) = scan(path)
    assert isinstance(unit, ReadingUnit)
    with pytest.raises(ImagingError) as caught:
        read_image(unit, 0)
    assert caught.value.code == "E107"


def test_a_damaged_zip_file_says_so(zipped: Path) -> None:
    (found,) = scan(writers.put(zipped.parent, "cut.zip", zipped.read_bytes()[:300]))
    assert isinstance(found, Unreadable)
    assert found.error.code == "E104"


def test_a_medium_with_a_directory_gives_what_its_files_give(tmp_path: Path) -> None:
    shutil.copytree(DICOMDIR_MEDIUM, tmp_path / "disc")
    with_directory = shown(scan(tmp_path / "disc"), tmp_path)
    by_directory = shown(scan(tmp_path / "disc/DICOMDIR"), tmp_path)
    for path in (tmp_path / "disc").glob("DICOMDIR*"):
        path.unlink()
    assert with_directory == by_directory == shown(scan(tmp_path / "disc"), tmp_path)
    assert len(with_directory) > 20


def test_files_that_the_directory_lists_and_that_are_not_there_are_counted(tmp_path: Path) -> None:
    shutil.copytree(DICOMDIR_MEDIUM, tmp_path / "disc")
    shutil.rmtree(tmp_path / "disc/98892003")
    steps: list[ScanProgress] = []
    found = scan(tmp_path / "disc", progress=steps.append)
    assert found
    assert all(isinstance(one, ReadingUnit) for one in found)
    assert steps[-1].missing > 0


def directory(series: str, places: list[str]) -> bytes:
    """Return a DICOMDIR that lists ``places`` (folder/file) as one series."""
    records = [Dataset()]
    records[0].DirectoryRecordType, records[0].SeriesInstanceUID = "SERIES", series
    for place in places:
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", place.split("/")
        records.append(record)
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.1.3.10"
    dataset.DirectoryRecordSequence = records
    return writers.file_bytes(dataset, ExplicitVRLittleEndian)


def test_a_directory_joins_a_series_whose_folders_do_not_follow_one_another(tmp_path: Path) -> None:
    for number in range(3):
        writers.put(tmp_path, f"D1/I{number}", slice_file(number))
        writers.put(tmp_path, f"D3/I{number + 3}", slice_file(number + 3))
    writers.put(tmp_path, "D2/I0", single_file(1))
    assert [one.path for one in scan(tmp_path)] == [str(tmp_path / place) for place in ("D1", "D2/I0", "D3")]
    places = [f"D{1 + 2 * (number // 3)}/I{number}" for number in range(6)]
    writers.put(tmp_path, "DICOMDIR", directory("1.2.1", places))
    stack, single = scan(tmp_path)
    assert isinstance(stack, ReadingUnit)
    assert (stack.path, stack.frames) == (str(tmp_path), 6)
    assert single.path == str(tmp_path / "D2/I0")


@pytest.mark.parametrize(
    "name", ["DICOMDIR-empty.dcm", "DICOMDIR-nopatient", "DICOMDIR-reordered", "DICOMDIR-bigEnd"]
)
def test_a_lying_directory_changes_nothing(name: str, tmp_path: Path) -> None:
    shutil.copytree(DICOMDIR_MEDIUM, tmp_path / "disc")
    expected = sorted(shown(scan(tmp_path / "disc"), tmp_path))
    shutil.copy(tmp_path / "disc" / name, tmp_path / "disc/DICOMDIR")
    assert sorted(shown(scan(tmp_path / "disc"), tmp_path)) == expected
