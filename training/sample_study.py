"""Write the bundled sample: a drawn chest X-ray as DICOM, of a patient who was invented.

python -m training.sample_study write samples/chest-child.dcm
python -m training.sample_study nearest      # how like any training image it is
"""

from __future__ import annotations

import argparse
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from training import data
from training.sample_xray import SAMPLE_SEED, SAMPLE_SIZE, draw_chest

PIXEL_MM = 0.35
COMPARED_SIDE = 64
"""Pixels a side at which the sample is compared with the training images."""


def write(path: Path) -> None:
    """Write the sample as an uncompressed DX image; the same bytes each time."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = _uid("image")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("implementation")
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SpecificCharacterSet = "ISO_IR 192"
    _describe_study(file)
    _describe_image(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save_as(path, enforce_file_format=True)


def nearest() -> tuple[float, str]:
    """Return the highest correlation of the sample with any chest image of the data folder.

    And whose it is.
    """
    sample = draw_chest(SAMPLE_SEED, size=SAMPLE_SIZE)
    pictures = [
        *data.children(),
        *data.chests_with_true_aspect("cohen-ccby-adult"),
        *data.adults_without_masks(),
    ]
    images = data.load_images(pictures, COMPARED_SIDE).reshape(len(pictures), -1).astype(np.float64)
    asked = data.stretched_bytes((sample * 255).astype(np.uint8), COMPARED_SIDE).ravel().astype(np.float64)
    values = _standardised(images) @ _standardised(asked[None])[0] / asked.size
    best = int(values.argmax())
    return float(values[best]), pictures[best].path.name


def nearest_among_patients(count: int = 300) -> NDArray[np.float64]:
    """Return, for some training images, the highest correlation with an image of any other patient."""
    pictures = list(data.children())
    images = _standardised(
        data.load_images(pictures, COMPARED_SIDE).reshape(len(pictures), -1).astype(np.float64)
    )
    owners = np.array([picture.patient for picture in pictures])
    chosen = np.linspace(0, len(pictures) - 1, count).astype(int)
    values = images[chosen] @ images.T / images.shape[1]
    values[owners[chosen][:, None] == owners[None]] = -1
    return np.asarray(values.max(axis=1))


def _describe_study(file: FileDataset) -> None:
    file.PatientName, file.PatientID = "SAMPLE^Amina", "SAMPLE-0001"
    file.PatientBirthDate, file.PatientSex, file.PatientAge = "20230114", "F", "003Y"
    file.StudyDate = file.SeriesDate = file.ContentDate = file.AcquisitionDate = "20260301"
    file.StudyTime = file.SeriesTime = file.ContentTime = file.AcquisitionTime = "101500"
    file.StudyInstanceUID, file.SeriesInstanceUID = _uid("study"), _uid("series")
    file.StudyID, file.SeriesNumber, file.InstanceNumber, file.AccessionNumber = "1", 1, 1, "SAMPLE"
    file.StudyDescription = "Drawn chest X-ray, no real patient"
    file.InstitutionName, file.Manufacturer, file.ReferringPhysicianName = "Farlight sample", "Farlight", ""
    file.Modality, file.BodyPartExamined, file.ViewPosition = "DX", "CHEST", "AP"
    file.PresentationIntentType = "FOR PRESENTATION"


def _describe_image(file: FileDataset) -> None:
    pixels = np.asarray(draw_chest(SAMPLE_SEED, size=SAMPLE_SIZE) * 4095 + 0.5, dtype=np.uint16)
    file.SOPClassUID, file.SOPInstanceUID = DigitalXRayImageStorageForPresentation, _uid("image")
    file.Rows, file.Columns = pixels.shape
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PresentationLUTShape = (
        1,
        "MONOCHROME2",
        "IDENTITY",
    )
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelIntensityRelationship, file.PixelIntensityRelationshipSign = "LOG", -1
    file.RescaleIntercept, file.RescaleSlope, file.RescaleType = 0, 1, "US"
    file.WindowCenter, file.WindowWidth = 2048, 4096
    file.ImagerPixelSpacing = [PIXEL_MM, PIXEL_MM]
    file.ImageType = ["DERIVED", "PRIMARY"]
    file.PatientOrientation = ["L", "F"]
    file.ImageLaterality, file.BurnedInAnnotation = "U", "NO"
    file.LossyImageCompression = "00"
    file.PixelData = pixels.astype("<u2").tobytes()


def _uid(what: str) -> UID:
    """Return a fixed UID under the root 2.25 (from a UUID: DICOM PS3.5 B.2)."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'farlight sample chest {what}').int}")


def _standardised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(1, keepdims=True)
    return np.asarray(centred / centred.std(1, keepdims=True))


def main() -> None:
    """Write the sample, or say how like the training images it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("write", "nearest"))
    parser.add_argument("path", type=Path, nargs="?", default=Path("samples/chest-child.dcm"))
    arguments = parser.parse_args()
    if arguments.what == "write":
        write(arguments.path)
        return
    value, name = nearest()
    others = nearest_among_patients()
    print(f"nearest training image: correlation {value:.3f} ({name})")
    print(f"between different children: median {np.median(others):.3f}, lowest {others.min():.3f}")


if __name__ == "__main__":
    main()
