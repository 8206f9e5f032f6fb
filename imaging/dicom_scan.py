"""Reads from a DICOM header what a scan needs, as fast as it can."""

from typing import BinaryIO

from pydicom.datadict import tag_for_keyword

from core.errors import NoPixelsError
from imaging import contrast, dicom_header
from imaging.dicom_file import read_dicom, require_pixels
from imaging.dicom_values import contained, integer, number, numbers, text
from imaging.series import Instance
from imaging.slide_kinds import WHOLE_SLIDE_CLASS
from imaging.source import mark_of, state_of
from imaging.tree import Found

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_PLACE_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "TriggerTime",
    "TemporalPositionIdentifier",
    "AcquisitionNumber",
    "InstanceNumber",
    "PixelSpacing",
    "CardiacNumberOfImages",
)
TAGS = tuple(
    tag for tag in map(tag_for_keyword, (*dicom_header.TAGS, *_PLACE_TAGS, *contrast.TAGS)) if tag is not None
)


def read_instance(stream: BinaryIO, found: Found) -> Instance:
    """Return the place of the image in ``stream``.

    Raises:
        NoPixelsError: the object holds no picture.
        DamagedImageError: the header cannot be read.
    """
    dicom = read_dicom(stream, TAGS)
    with contained():
        if text(dicom.dataset.file_meta, "MediaStorageSOPClassUID") == _DIRECTORY_CLASS:
            raise NoPixelsError("DICOMDIR")
        require_pixels(dicom)
        dataset = dicom.dataset
        modality, uid = text(dataset, "Modality"), text(dataset, "SOPInstanceUID")
        return Instance(
            path=found.path,
            shown=found.shown,
            file_state=state_of(found.path),
            patient=tuple(text(dataset, name) for name in ("PatientName", "PatientID", "PatientBirthDate")),
            mark="" if uid else mark_of(found.path),
            sop_instance_uid=uid,
            study_uid=text(dataset, "StudyInstanceUID"),
            series_uid=text(dataset, "SeriesInstanceUID"),
            modality=modality,
            frames=max(1, integer(dataset, "NumberOfFrames") or 1),
            rows=integer(dataset, "Rows") or 0,
            columns=integer(dataset, "Columns") or 0,
            orientation=numbers(dataset, "ImageOrientationPatient"),
            position=numbers(dataset, "ImagePositionPatient"),
            trigger_time=number(dataset, "TriggerTime"),
            temporal_position=number(dataset, "TemporalPositionIdentifier"),
            acquisition_number=number(dataset, "AcquisitionNumber"),
            instance_number=number(dataset, "InstanceNumber"),
            series_number=number(dataset, "SeriesNumber"),
            spacing=numbers(dataset, "PixelSpacing"),
            cardiac_images=integer(dataset, "CardiacNumberOfImages"),
            contrast=contrast.contrast_of(dataset) if modality == "MR" else contrast.Contrast(),
            header=dataset,
            slide=text(dataset, "SOPClassUID") == WHOLE_SLIDE_CLASS,
        )
