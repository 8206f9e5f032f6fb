"""A moving heart is found by geometry and time: which image is which slice and which phase."""

import gzip
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled
from core.image import CineStack, ReadingUnit
from imaging.cine_read import nearest_phase, read_cine
from imaging.scan import scan_paths
from tests.imaging import writers

SHORT_AXIS = [1, 0, 0, 0, 1, 0]
LONG_AXIS = [0, 1, 0, 0, 0, -1]


def frame(
    slice_: int,
    phase: int,
    *,
    phases: int = 6,
    series: str = "1",
    distance: float = 9.0,
    orientation: Sequence[float] = SHORT_AXIS,
    size: tuple[int, int] = (12, 10),
    **header: Any,
) -> bytes:
    """One image of an invented cine; the beat is a little longer in each slice."""
    beat = 800 + 20 * slice_
    stored = np.full(size, 10 * slice_ + phase, np.uint16)
    stored[0, 0] = 900
    dataset = writers.header(
        **{
            "Modality": "MR",
            "SOPInstanceUID": f"1.2.{series}.{slice_}.{phase}",
            "SeriesInstanceUID": f"1.2.{series}",
            "FrameOfReferenceUID": f"1.9.{slice_}.{phase}",
            "ImageOrientationPatient": orientation,
            "ImagePositionPatient": [0, 0, slice_ * distance],
            "PixelSpacing": [1.5, 1.25],
            "TriggerTime": 5 + phase * beat / phases,
            "SliceLocation": slice_ * 3,
            **header,
        }
    )
    return writers.dicom(writers.with_pixels(dataset, stored, bits=16), stored)


def units(folder: Path) -> list[ReadingUnit]:
    found = list(scan_paths([folder]))
    assert all(isinstance(one, ReadingUnit) for one in found)
    return [one for one in found if isinstance(one, ReadingUnit)]


def stack_of(unit: ReadingUnit) -> CineStack:
    assert unit.cine is not None
    return unit.cine


def names(unit: ReadingUnit, slice_: int) -> list[str | None]:
    return [
        None if image is None else unit.files[image].name for image in stack_of(unit).slices[slice_].images
    ]


def write(folder: Path, name: str, **given: Any) -> None:
    writers.put(folder, name, frame(**given))


def test_slices_in_series_of_their_own_are_one_cine_and_another_view_is_another(tmp_path: Path) -> None:
    for slice_ in (2, 0, 3, 1):
        for phase in (3, 0, 5, 1, 4, 2):
            write(tmp_path, f"s{slice_}/{phase}", slice_=slice_, phase=phase, series=f"7{slice_}")
    for phase in range(6):
        write(tmp_path, f"long/{phase}", slice_=0, phase=phase, series="8", orientation=LONG_AXIS)
    long, short = sorted(units(tmp_path), key=lambda unit: unit.frames)
    stack = stack_of(short)
    assert (len(stack.slices), stack.phases, stack.slice_distance_mm) == (4, 6, 9.0)
    assert stack.pixel_spacing_mm == (1.5, 1.25)
    assert stack.notes == ()
    assert [names(short, slice_) for slice_ in range(4)] == [[str(phase) for phase in range(6)]] * 4
    assert len(short.header.series_uids) == 4
    assert (len(stack_of(long).slices), long.frames) == (1, 6)


def test_what_is_missing_or_there_twice_is_told_and_put_in_its_place(tmp_path: Path) -> None:
    for slice_ in (0, 1, 2, 4, 5):
        for phase in range(6):
            if (slice_, phase) != (1, 2):
                write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase)
    write(tmp_path, "5-3-again", slice_=5, phase=3, SOPInstanceUID="1.2.3", AcquisitionNumber=2)
    write(tmp_path, "6-0", slice_=6, phase=0)
    write(tmp_path, "6-1", slice_=6, phase=1)
    (unit,) = units(tmp_path)
    stack = stack_of(unit)
    assert dict(stack.notes) == {
        "phases_missing": 1,
        "repeated_images": 1,
        "slices_missing": 1,
        "slices_left_out": 1,
    }
    assert names(unit, 1) == ["1-0", "1-1", None, "1-3", "1-4", "1-5"]
    assert names(unit, 4)[3] == "5-3-again"
    assert [slice_.position_mm for slice_ in stack.slices] == [0, 9, 18, 36, 45]
    volume = read_cine(unit)
    assert volume.frames.shape == (5, 6, 12, 10)
    assert volume.refs[1][2] is None
    assert np.array_equal(volume.frames[1, 2], volume.frames[1, nearest_phase(stack.slices[1].images, 2)])


@pytest.mark.parametrize("beat", [808, 860, 640])
@pytest.mark.parametrize("aside", [0.0, 0.4])
@pytest.mark.parametrize(
    "taken",
    [
        {"series": "2", "SeriesNumber": 2},
        {"AcquisitionNumber": 2},
        {"series": "2", "SeriesNumber": 2, "phases": 5},
    ],
)
def test_of_a_slice_that_was_taken_again_in_another_beat_the_last_time_counts(
    tmp_path: Path, taken: dict[str, Any], aside: float, beat: float
) -> None:
    phases = taken.get("phases", 6)
    for slice_ in range(4):
        for phase in range(6):
            first = {"SeriesNumber": 1, "AcquisitionNumber": 1}
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, **first)
    for phase in range(phases):
        again = {
            "SOPInstanceUID": f"1.5.{phase}",
            "ImagePositionPatient": [0, 0, 18 + aside],
            "TriggerTime": 5 + phase * beat / phases,
            "SeriesNumber": 1,
            "AcquisitionNumber": 1,
        }
        write(tmp_path, f"again-{phase}", slice_=2, phase=phase, **{**again, **taken})
    (unit,) = units(tmp_path)
    stack = stack_of(unit)
    gone = {"phases_missing": 1} if phases == 5 else {}
    assert dict(stack.notes) == {"repeated_images": 6, **gone}
    want = [f"again-{phase}" for phase in range(phases)] + [None] * (6 - phases)
    assert [names(unit, slice_) for slice_ in (1, 2)] == [[f"1-{phase}" for phase in range(6)], want]


def test_halves_of_a_beat_that_were_taken_apart_are_one_slice(tmp_path: Path) -> None:
    for slice_ in range(3):
        for phase in range(6):
            half = {"AcquisitionNumber": 1 + phase // 3}
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, **half)
    (unit,) = units(tmp_path)
    assert (stack_of(unit).phases, stack_of(unit).notes) == (6, ())


@pytest.mark.parametrize("first", [1, 5])
@pytest.mark.parametrize("missing", [0, 2, 5])
def test_phases_told_by_the_numbers_of_images_stay_in_place_where_one_is_missing(
    tmp_path: Path, missing: int, first: int
) -> None:
    for slice_ in range(4):
        for phase in range(6):
            told = {
                "TriggerTime": None,
                "CardiacNumberOfImages": 6,
                "InstanceNumber": first + slice_ * 6 + phase,
            }
            if (slice_, phase) != (2, missing):
                write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, **told)
    (unit,) = units(tmp_path)
    assert dict(stack_of(unit).notes) == {"phases_missing": 1}
    want: list[str | None] = [f"2-{phase}" for phase in range(6)]
    want[missing] = None
    assert names(unit, 2) == want


def test_a_slice_whose_times_are_of_another_kind_is_measured_from_its_own_first_image(tmp_path: Path) -> None:
    for slice_ in range(4):
        for phase in range(6):
            told = {"TriggerTime": None, "TemporalPositionIdentifier": phase + 1} if slice_ == 2 else {}
            if (slice_, phase) != (2, 5):
                write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, **told)
    (unit,) = units(tmp_path)
    assert names(unit, 2) == ["2-0", "2-1", "2-2", "2-3", "2-4", None]


def test_slices_of_another_size_are_a_unit_of_their_own(tmp_path: Path) -> None:
    for slice_ in range(4):
        size = (12, 10) if slice_ < 3 else (20, 10)
        for phase in range(6):
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, size=size)
    assert sorted(len(stack_of(unit).slices) for unit in units(tmp_path)) == [1, 3]


def test_a_cine_scanned_twice_is_two_units(tmp_path: Path) -> None:
    for series in ("1", "2"):
        for slice_ in range(3):
            for phase in range(6):
                write(tmp_path, f"{series}/{slice_}-{phase}", slice_=slice_, phase=phase, series=series)
    assert [len(stack_of(unit).slices) for unit in units(tmp_path)] == [3, 3]


CINE = MappingProxyType(
    {
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "ScanningSequence": "GR",
        "SequenceVariant": ["SS", "OSP"],
        "EchoTime": 1.5,
        "FlipAngle": 60,
        "InversionTime": 0,
    }
)


@pytest.mark.parametrize(
    "other",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "P"]},
        {"ImageType": ["DERIVED", "PRIMARY", "VELOCITY MAP"]},
        {"ScanningSequence": ["GR", "IR"]},
        {"InversionTime": 280},
        {"SequenceVariant": ["SK", "SP"]},
        {"SequenceVariant": ["SS", "MP"]},
        {"EchoTime": 3.2},
        {"FlipAngle": 15},
    ],
)
def test_a_slice_of_another_contrast_is_a_unit_of_its_own(tmp_path: Path, other: dict[str, Any]) -> None:
    for slice_ in range(4):
        made = {**CINE, **(other if slice_ == 3 else {})}
        for phase in range(6):
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, series=str(slice_), **made)
    assert sorted(len(stack_of(unit).slices) for unit in units(tmp_path)) == [1, 3]


def test_a_tagged_slice_is_a_unit_of_its_own(tmp_path: Path) -> None:
    for slice_ in range(4):
        for phase in range(6):
            made = {"series": str(slice_), "Tagging": "GRID" if slice_ == 3 else "NONE"}
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, **made)
    assert sorted(len(stack_of(unit).slices) for unit in units(tmp_path)) == [1, 3]


@pytest.mark.parametrize(
    "other",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"]},
        {"SequenceVariant": ["SK", "SS"]},
        {"EchoTime": 1.62},
        {"FlipAngle": 45},
        {"EchoTime": 0, "FlipAngle": None, "ScanningSequence": None, "InversionTime": None},
        dict.fromkeys(CINE),
    ],
)
def test_what_scanners_change_from_slice_to_slice_does_not_part_a_cine(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    for slice_ in range(4):
        made = {**CINE, **(other if slice_ == 3 else {})}
        for phase in range(6):
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase, series=str(slice_), **made)
    (unit,) = units(tmp_path)
    assert len(stack_of(unit).slices) == 4


def test_flow_and_its_magnitude_in_one_series_are_two_units(tmp_path: Path) -> None:
    for slice_ in range(2):
        for phase in range(6):
            for part in ("M", "P"):
                made: dict[str, Any] = {
                    "ImageType": ["ORIGINAL", "PRIMARY", part],
                    "SOPInstanceUID": f"1.3.{phase}.{slice_}.{ord(part)}",
                }
                write(tmp_path, f"{slice_}-{phase}-{part}", slice_=slice_, phase=phase, **made)
    found = [stack_of(unit) for unit in units(tmp_path)]
    assert [(len(stack.slices), stack.phases, stack.notes) for stack in found] == [(2, 6, ())] * 2


def test_still_slices_with_a_trigger_time_stay_a_series(tmp_path: Path) -> None:
    for slice_ in range(4):
        write(tmp_path, str(slice_), slice_=slice_, phase=0)
    (unit,) = units(tmp_path)
    assert unit.cine is None
    assert unit.frames == 4


def test_images_are_read_once_and_a_cancelled_reading_ends(tmp_path: Path) -> None:
    for slice_ in range(2):
        for phase in range(6):
            write(tmp_path, f"{slice_}-{phase}", slice_=slice_, phase=phase)
    (unit,) = units(tmp_path)
    heard: list[tuple[int, int]] = []
    volume = read_cine(unit, on_image=lambda done, total: heard.append((done, total)))
    assert heard == [(number + 1, 12) for number in range(12)]
    ref = volume.refs[1][4]
    assert ref is not None
    assert ref.sop_instance_uid == "1.2.1.1.4"
    with pytest.raises(Cancelled):
        read_cine(unit, cancelled=lambda: True)


@pytest.mark.parametrize("packed", [False, True])
def test_a_volume_over_time_is_a_cine_with_two_phases_too(tmp_path: Path, packed: bool) -> None:
    nibabel: Any = import_module("nibabel")
    stored = np.arange(8 * 6 * 3 * 2, dtype=np.int16).reshape(8, 6, 3, 2)
    image = nibabel.Nifti1Image(stored, np.diag([1.4, 1.3, 10.0, 1.0]))
    content = image.to_bytes()
    name = "a.nii.gz" if packed else "a.nii"
    writers.put(tmp_path, name, gzip.compress(content) if packed else content)
    (unit,) = units(tmp_path)
    stack = stack_of(unit)
    assert (len(stack.slices), stack.phases) == (3, 2)
    assert stack.pixel_spacing_mm == pytest.approx((1.3, 1.4))
    assert stack.slice_distance_mm == pytest.approx(10.0)
    assert read_cine(unit).frames.shape == (3, 2, 6, 8)


def test_a_volume_without_a_spacing_says_so(tmp_path: Path) -> None:
    nibabel: Any = import_module("nibabel")
    image = nibabel.Nifti1Image(np.zeros((8, 6, 3, 2), np.int16), None)
    writers.put(tmp_path, "a.nii", image.to_bytes())
    stack = stack_of(units(tmp_path)[0])
    assert stack.pixel_spacing_mm is None
    assert stack.slice_distance_mm is None


@pytest.mark.data
def test_real_studies_have_their_slices_at_the_distance_of_their_positions() -> None:
    folder = os.environ.get("FARLIGHT_DATA")
    if not folder:
        pytest.skip("FARLIGHT_DATA does not name the data folder")
    first, second = units(Path(folder) / "dicom/cardiac-cine-sunnybrook")
    for unit, slices, distance in ((first, 12, 10.0), (second, 10, 8.0)):
        stack = stack_of(unit)
        assert (len(stack.slices), stack.phases, stack.notes) == (slices, 20, ())
        assert stack.slice_distance_mm == pytest.approx(distance, abs=0.001)
        numbers = [int(unit.files[image or 0].stem[-4:]) for image in stack.slices[3].images]
        assert numbers == list(range(numbers[0], numbers[0] + 20))
