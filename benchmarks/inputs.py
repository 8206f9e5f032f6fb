"""What is measured on: the sample study, small JPEGs and a stick full of DICOM headers."""

import os
from pathlib import Path

import numpy as np

from core.image import ReadingUnit
from services import display
from services.places import sample_study
from services.scan import Unreadable, scan

JPEGS = 200
JPEG_SIZE = 224
HEADERS = 1000
LARGE = (3000, 2500)
LARGE_BITS = 12
PATIENT = '{"name": "Bench^Mark", "id": "B-1", "age_years": 3, "sex": "F"}\n'


def sample_unit() -> ReadingUnit:
    """Return the sample study as scanned."""
    return _unit(sample_study())


def large_plate(folder: Path) -> ReadingUnit:
    """Write an uncompressed 12-bit image as large as a plate reader's and return it as scanned."""
    import pydicom

    rows, columns = LARGE
    dataset = pydicom.dcmread(sample_study())
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) % (1 << LARGE_BITS)
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, LARGE_BITS, LARGE_BITS - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = ramp.astype("<u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    for keyword in ("WindowCenter", "WindowWidth", "VOILUTSequence"):
        if keyword in dataset:
            delattr(dataset, keyword)
    path = folder / "large.dcm"
    dataset.save_as(path)
    return _unit(path)


def small_jpegs(folder: Path) -> str:
    """Write 200 small chest X-rays as JPEG into ``folder``; return where they come from."""
    from PIL import Image

    named = os.environ.get("FARLIGHT_DATA", "")
    real = sorted((Path(named) / "chest-xray-kermany").rglob("*.jp*g"))[:JPEGS] if named else []
    if len(real) == JPEGS:
        for number, path in enumerate(real):
            (folder / f"{number:04d}.jpeg").write_bytes(path.read_bytes())
        return "real ones from the data folder"
    grey = display.presentation(display.load_image(sample_unit())).astype(np.float32)
    whole = Image.fromarray(np.rint(grey * 255).astype(np.uint8)).resize((JPEG_SIZE, JPEG_SIZE))
    generator = np.random.default_rng(0)
    for number in range(JPEGS):
        noise = generator.normal(0, 2, (JPEG_SIZE, JPEG_SIZE))
        varied = np.clip(np.asarray(whole, np.float32) * generator.uniform(0.9, 1.1) + noise, 0, 255)
        Image.fromarray(varied.astype(np.uint8)).save(folder / f"{number:04d}.jpeg", quality=90)
    return "made from the sample by noise and brightness"


def stick_of_headers(folder: Path) -> None:
    """Write 1,000 DICOM images of 50 studies into ``folder``."""
    import pydicom
    from pydicom.uid import generate_uid

    dataset = pydicom.dcmread(str(pydicom.data.get_testdata_file("MR_small.dcm")))
    for study in range(HEADERS // 20):
        below = folder / f"study {study:02d}"
        below.mkdir()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
        dataset.PatientID = f"P{study:03d}"
        for number in range(20):
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            dataset.InstanceNumber = number + 1
            dataset.save_as(below / f"IM{number:04d}.dcm")


def _unit(path: Path) -> ReadingUnit:
    (unit,) = (item for item in scan([str(path)]) if not isinstance(item, Unreadable))
    return unit
