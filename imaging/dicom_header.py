"""Turns a DICOM header into the patient and the study, leniently and without assuming anything."""

from types import MappingProxyType

from pydicom.dataset import Dataset

from core.form import PREGNANCY
from core.image import StudyHeader
from core.patient import Contradiction, Patient, Sex, Sourced
from imaging import lenient
from imaging.dicom_values import character_sets, integer, items, number, raw, text
from imaging.person_names import read_person_name
from imaging.views import body_part_from, laterality_from, view_from

AGE_TOLERANCE_YEARS = 1.5
"""How far a written age may lie from birth date and study date: ages are written in whole years."""

TAGS = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientSex",
    "PatientBirthDate",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PregnancyStatus",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "StudyTime",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "SeriesNumber",
    "AccessionNumber",
    "InstitutionName",
    "Modality",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "ViewPosition",
    "ViewCodeSequence",
    "PatientOrientation",
    "Laterality",
    "ImageLaterality",
    "BurnedInAnnotation",
)


def read_patient(dataset: Dataset) -> Patient:
    """Return what the header says of the patient."""
    birth = _date(dataset, "PatientBirthDate")
    day = _study_date(dataset)
    written = lenient.read_age_years(text(dataset, "PatientAge") or "")
    reckoned = lenient.age_between(birth, day) if birth and day else None
    contradictions: list[Contradiction] = []
    if written is not None and reckoned is not None and abs(written - reckoned) > AGE_TOLERANCE_YEARS:
        contradictions.append(
            Contradiction(
                field="age_years",
                used=f"{written:g}",
                used_source="header",
                other=f"{reckoned:.1f}",
                other_source="header",
            )
        )
    height_m = number(dataset, "PatientSize")
    return Patient(
        name=_sourced(read_person_name(raw(dataset, "PatientName") or b"", character_sets(dataset))),
        id=_sourced(text(dataset, "PatientID")),
        sex=_sourced_sex(lenient.read_sex(text(dataset, "PatientSex") or "")),
        birth_date=_sourced(birth),
        age_years=_sourced_number(written if written is not None else reckoned),
        height_cm=_sourced_number(_height_cm(height_m)),
        weight_kg=_sourced_number(_within(number(dataset, "PatientWeight"), 0.2, 700)),
        contradictions=tuple(contradictions),
        further=MappingProxyType(_pregnancy(dataset)),
    )


def _pregnancy(dataset: Dataset) -> dict[str, Sourced[float | str | bool]]:
    """Return whether the patient is pregnant, a possible pregnancy counted as one; nothing where unknown.

    Source: DICOM PS3.3 C.7.2.2 (Pregnancy Status: 1 not pregnant, 2 possibly, 3 definitely, 4 unknown).
    """
    said = {1: "no", 2: "yes", 3: "yes"}.get(integer(dataset, "PregnancyStatus") or 0)
    return {} if said is None else {PREGNANCY: Sourced(value=said, source="header")}


def read_study(dataset: Dataset) -> StudyHeader:
    """Return what the header says of the study and the series."""
    series_uid = text(dataset, "SeriesInstanceUID")
    burned = (text(dataset, "BurnedInAnnotation") or "").upper()
    modality = text(dataset, "Modality")
    series_description = text(dataset, "SeriesDescription")
    return StudyHeader(
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uids=(series_uid,) if series_uid else (),
        date=_study_date(dataset),
        time=lenient.read_time(text(dataset, "StudyTime") or ""),
        description=text(dataset, "StudyDescription"),
        series_description=series_description or text(dataset, "ProtocolName"),
        series_number=integer(dataset, "SeriesNumber"),
        accession_number=text(dataset, "AccessionNumber"),
        institution=text(dataset, "InstitutionName"),
        modality=modality.upper() if modality else None,
        body_part=body_part_from(
            text(dataset, "BodyPartExamined"), _code_meanings(dataset, "AnatomicRegionSequence")
        ),
        view=view_from(
            position=text(dataset, "ViewPosition"),
            code_meanings=_code_meanings(dataset, "ViewCodeSequence"),
            orientation=text(dataset, "PatientOrientation"),
            description=series_description,
        ),
        laterality=laterality_from(text(dataset, "ImageLaterality") or text(dataset, "Laterality")),
        burned_in_annotation={"YES": True, "NO": False}.get(burned),
    )


def _code_meanings(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    found = (text(item, "CodeMeaning") for item in items(dataset, keyword))
    return tuple(meaning for meaning in found if meaning)


def _study_date(dataset: Dataset) -> str | None:
    dates = (_date(dataset, name) for name in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"))
    return next((day for day in dates if day), None)


def _date(dataset: Dataset, keyword: str) -> str | None:
    return lenient.read_date(text(dataset, keyword) or "")


def _height_cm(height_m: float | None) -> float | None:
    """Return centimetres from metres, or from what can only have been centimetres."""
    if height_m is None:
        return None
    return _within(height_m * 100 if height_m <= 3 else height_m, 20, 260)


def _within(value: float | None, low: float, high: float) -> float | None:
    return round(value, 3) if value is not None and low <= value <= high else None


def _sourced(value: str | None) -> Sourced[str] | None:
    return Sourced(value=value, source="header") if value else None


def _sourced_sex(value: Sex | None) -> Sourced[Sex] | None:
    return Sourced(value=value, source="header") if value else None


def _sourced_number(value: float | None) -> Sourced[float] | None:
    return Sourced(value=value, source="header") if value is not None else None
