"""Reads a medium's DICOMDIR as a hint of which files belong together; the files themselves are what counts.

Source: DICOM PS3.3 Annex F.
"""

from pathlib import Path

from core.errors import FarlightError
from imaging.dicom_file import open_dicom
from imaging.dicom_values import contained, items, text, value

NAME = "DICOMDIR"


def is_dicomdir(path: Path) -> bool:
    """Return whether the file has the name that a medium's directory must have."""
    return path.name.casefold() == NAME.casefold()


def read_expected(path: Path) -> dict[str, str]:
    """Return the series of each image that the directory lists, by ``place_of`` its path.

    Empty where it cannot be read. Directories are often wrong in their offsets and their case, so records are
    taken in the order in which they stand and names are compared without case.
    """
    try:
        with open_dicom(path) as dicom, contained():
            records = items(dicom.dataset, "DirectoryRecordSequence")
            expected: dict[str, str] = {}
            series = ""
            for number, record in enumerate(records):
                kind = text(record, "DirectoryRecordType")
                if kind in ("PATIENT", "STUDY", "SERIES"):
                    series = text(record, "SeriesInstanceUID") or str(number)
                place = _referenced(value(record, "ReferencedFileID"))
                if place:
                    expected[place] = series
            return expected
    except FarlightError:
        return {}


def place_of(path: Path, root: Path) -> str:
    """Return where ``path`` lies below the medium's ``root``, as directories are compared."""
    return path.relative_to(root).as_posix().casefold() if path.is_relative_to(root) else ""


def _referenced(file_id: object) -> str:
    if file_id is None:
        return ""
    parts = [file_id] if isinstance(file_id, str) else list(file_id) if hasattr(file_id, "__iter__") else []
    return "/".join(str(part).strip() for part in parts).casefold()
