"""Whole slide microscopy as DICOM, one file a level, as pathology archives hold it."""

from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, generate_uid

from imaging.slide_kinds import WHOLE_SLIDE_CLASS

TILE = 256


def write_series(folder: Path, page: NDArray[np.uint8], um_per_pixel: float) -> None:
    """Write two levels of a slide, the smaller one first by name.

    Source: DICOM PS3.3 A.32.8 and C.8.12.4.
    """
    uids = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")}
    for name, number, step in (("a.dcm", 2, 2), ("b.dcm", 1, 1)):
        level = page[::step, ::step]
        dataset = _level(level, um_per_pixel * step, number)
        for keyword, uid in uids.items():
            setattr(dataset, keyword, uid)
        dataset.save_as(folder / name, enforce_file_format=True)


def _level(pixels: NDArray[np.uint8], um: float, number: int) -> Dataset:
    rows, columns = pixels.shape[:2]
    dataset, meta = Dataset(), FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID(WHOLE_SLIDE_CLASS)
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.file_meta = meta
    frames = [
        _coded(pixels[top : top + TILE, left : left + TILE])
        for top in range(0, rows, TILE)
        for left in range(0, columns, TILE)
    ]
    spacing, shared, path = Dataset(), Dataset(), Dataset()
    spacing.PixelSpacing = [um / 1000, um / 1000]
    shared.PixelMeasuresSequence = [spacing]
    path.OpticalPathIdentifier = "1"
    values = {
        "Modality": "SM",
        "PatientName": "Doe^Slide",
        "PatientID": "7",
        "InstanceNumber": number,
        "ImageType": ["ORIGINAL" if number == 1 else "DERIVED", "PRIMARY", "VOLUME", "NONE"],
        "Rows": TILE,
        "Columns": TILE,
        "NumberOfFrames": len(frames),
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "YBR_FULL_422",
        "PlanarConfiguration": 0,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "TotalPixelMatrixRows": rows,
        "TotalPixelMatrixColumns": columns,
        "DimensionOrganizationType": "TILED_FULL",
        "NumberOfOpticalPaths": 1,
        "SharedFunctionalGroupsSequence": [shared],
        "OpticalPathSequence": [path],
        "PixelData": encapsulate(frames),
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset["PixelData"].is_undefined_length = True
    return dataset


def _coded(part: NDArray[np.uint8]) -> bytes:
    tile = np.full((TILE, TILE, 3), 255, np.uint8)
    tile[: part.shape[0], : part.shape[1]] = part
    return bytes(imagecodecs.jpeg8_encode(tile, level=90))
