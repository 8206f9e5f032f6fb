"""Units brought into memory: every file's edges are read, and what fails stands in a record."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from core.errors import DamagedImageError
from core.image import ReadingUnit
from core.result import ErrorRecord
from services.load import edge_frames, error_record, load
from services.scan import scan


def _unit(path: Path) -> ReadingUnit:
    (unit,) = scan([str(path)])
    assert isinstance(unit, ReadingUnit)
    return unit


def test_the_edges_of_each_file_are_known(chest: Path) -> None:
    assert edge_frames(_unit(chest)) == (0,)
    assert edge_frames(replace(_unit(chest), frames=7, frames_per_file=(1, 4, 2))) == (0, 1, 4, 5, 6)


@pytest.mark.parametrize("claimed", [4, 2_000_000_000])
def test_a_file_that_claims_more_frames_than_it_holds_is_noticed(claimed: int, tmp_path: Path) -> None:
    dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    dataset.NumberOfFrames = claimed
    dataset.save_as(tmp_path / "cut.dcm")
    loaded = load(_unit(tmp_path / "cut.dcm"), every_file=True)
    assert loaded.image is not None
    assert loaded.error is not None
    assert loaded.error.code == "E104"


def test_an_error_of_ours_keeps_its_sentence_without_its_detail() -> None:
    record = error_record(DamagedImageError("detail"))
    assert record == ErrorRecord(code="E104", message=DamagedImageError().message)
