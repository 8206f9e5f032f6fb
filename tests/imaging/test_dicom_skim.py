"""A skimmed header says what a full parse says, and gives up where it cannot."""

from pathlib import Path

import pydicom
import pytest

from core.errors import DamagedImageError
from imaging import dicom_file
from imaging.dicom_file import DicomFile, read_dicom
from imaging.dicom_header import read_patient, read_study
from imaging.dicom_scan import TAGS
from imaging.dicom_values import character_sets, contained, numbers, text

FILES = sorted((Path(pydicom.__file__).parent / "data/test_files").glob("*.dcm"))


def header_of(path: Path, monkeypatch: pytest.MonkeyPatch, *, skimmed: bool) -> DicomFile | None:
    with monkeypatch.context() as patch, path.open("rb") as stream:
        if not skimmed:
            patch.setattr(dicom_file, "_SKIMMED_SYNTAXES", frozenset())
        try:
            return read_dicom(stream, TAGS)
        except DamagedImageError:
            return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_a_skimmed_header_equals_a_full_parse(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = header_of(path, monkeypatch, skimmed=True)
    full = header_of(path, monkeypatch, skimmed=False)
    if quick is None or full is None:
        assert quick is full
        return
    assert (quick.pixel_kind, quick.pixel_offset, quick.pixel_length, quick.pixel_vr) == (
        full.pixel_kind,
        full.pixel_offset,
        full.pixel_length,
        full.pixel_vr,
    )
    with contained():
        for tag in TAGS:
            keyword = pydicom.datadict.keyword_for_tag(tag)
            assert text(quick.dataset, keyword) == text(full.dataset, keyword), keyword
            assert numbers(quick.dataset, keyword) == numbers(full.dataset, keyword), keyword
        assert character_sets(quick.dataset) == character_sets(full.dataset)
        assert read_patient(quick.dataset) == read_patient(full.dataset)
        assert read_study(quick.dataset) == read_study(full.dataset)


def test_ordinary_files_are_really_skimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object) -> None:
        raise AssertionError("parsed in full")

    monkeypatch.setattr(dicom_file, "_read_header", parse)
    for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm"):
        with (FILES[0].parent / name).open("rb") as stream:
            assert read_dicom(stream, TAGS).pixel_kind == "i", name
