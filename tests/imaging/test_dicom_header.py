"""The patient and the study as headers tell them, rightly or wrongly."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from core.image import ReadingUnit
from imaging.scan import scan_paths
from imaging.views import body_part_from, view_from
from tests.imaging import writers

PIXELS = writers.chest(8, 8)


def unit_with(folder: Path, raw: dict[str, bytes] | None = None, **header: Any) -> ReadingUnit:
    dataset = writers.with_pixels(writers.header(**header), PIXELS, bits=8)
    for keyword, (vr, content) in {k: (v[:2].decode(), v[2:]) for k, v in (raw or {}).items()}.items():
        writers.put_raw(dataset, keyword, vr, content)
    (unit,) = scan_paths([writers.put(folder, "a.dcm", writers.dicom(dataset, PIXELS))])
    assert isinstance(unit, ReadingUnit), unit
    return unit


@pytest.mark.parametrize(("status", "said"), [(1, "no"), (2, "yes"), (3, "yes"), (4, None), (None, None)])
def test_a_possible_pregnancy_counts_as_one(tmp_path: Path, status: int | None, said: str | None) -> None:
    patient = unit_with(tmp_path, PregnancyStatus=status).patient
    found = patient.further.get("pregnancy")
    assert (found.value if found else None) == said


def test_a_full_header_is_read(tmp_path: Path) -> None:
    unit = unit_with(
        tmp_path,
        PatientSex="F",
        PatientBirthDate="20200301",
        PatientAge="003Y",
        PatientSize="0.95",
        PatientWeight="14.2",
        StudyDate="20230610",
        StudyTime="101500",
        StudyDescription="Chest",
        SeriesDescription="Chest PA",
        SeriesNumber=2,
        AccessionNumber="A7",
        InstitutionName="Invented Clinic",
        BodyPartExamined="chest",
        ViewPosition="PA",
        BurnedInAnnotation="NO",
    )
    patient, study = unit.patient, unit.header
    assert patient.sex is not None
    assert patient.sex.value == "F"
    assert patient.birth_date is not None
    assert patient.birth_date.value == "2020-03-01"
    assert patient.age_years is not None
    assert patient.age_years.value == 3
    assert patient.height_cm is not None
    assert patient.height_cm.value == 95
    assert patient.weight_kg is not None
    assert patient.weight_kg.value == 14.2
    assert not patient.contradictions
    assert (study.modality, study.body_part, study.view, study.laterality) == ("DX", "CHEST", "PA", None)
    assert (study.date, study.time, study.series_number) == ("2023-06-10", "10:15:00", 2)
    assert study.burned_in_annotation is False
    assert study.institution == "Invented Clinic"


def test_an_empty_header_assumes_nothing(tmp_path: Path) -> None:
    unit = unit_with(
        tmp_path,
        PatientName=None,
        PatientID=None,
        Modality=None,
        StudyInstanceUID=None,
        SeriesInstanceUID=None,
    )
    patient, study = unit.patient, unit.header
    assert (patient.name, patient.id, patient.sex, patient.age_years, patient.birth_date) == (None,) * 5
    assert (study.modality, study.view, study.body_part, study.study_uid, study.date) == (None,) * 5
    assert study.series_uids == ()


def test_an_age_is_reckoned_where_none_is_written(tmp_path: Path) -> None:
    age = unit_with(tmp_path, PatientBirthDate="20200301", StudyDate="20230301").patient.age_years
    assert age is not None
    assert age.value == pytest.approx(3, abs=0.01)


def test_an_age_that_contradicts_the_birth_date_is_shown(tmp_path: Path) -> None:
    patient = unit_with(
        tmp_path, PatientBirthDate="19500301", PatientAge="003Y", StudyDate="20230301"
    ).patient
    (contradiction,) = patient.contradictions
    assert contradiction.field == "age_years"
    assert contradiction.used == "3"
    assert contradiction.other == "73.0"


def test_an_age_as_some_machines_write_it(tmp_path: Path) -> None:
    age = unit_with(tmp_path, raw={"PatientAge": b"AS81"}).patient.age_years
    assert age is not None
    assert age.value == 81


def test_wrong_values_are_unknown_and_do_not_raise(tmp_path: Path) -> None:
    wrong = {
        "PatientAge": b"ASvery old ",
        "PatientBirthDate": b"DAnever   ",
        "PatientSex": b"CSQ?",
        "PatientWeight": b"DSheavy ",
        "PatientSize": b"DS99999 ",
        "StudyDate": b"DA0000    ",
        "SeriesNumber": b"ISone ",
        "StudyInstanceUID": b"UInot a uid!",
    }
    unit = unit_with(tmp_path, raw=wrong)
    patient = unit.patient
    assert (patient.age_years, patient.birth_date, patient.sex, patient.weight_kg, patient.height_cm) == (
        None,
    ) * 5
    assert unit.header.date is None
    assert unit.header.series_number is None


def test_a_height_in_centimetres_is_understood(tmp_path: Path) -> None:
    height = unit_with(tmp_path, PatientSize="172").patient.height_cm
    assert height is not None
    assert height.value == 172


def test_a_view_code_is_used_where_no_position_is_written(tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "R-10206", "SRT", "antero-posterior"
    assert unit_with(tmp_path, ViewCodeSequence=[code]).header.view == "AP"


@pytest.mark.parametrize(
    ("position", "description", "view"),
    [
        ("PA", None, "PA"),
        ("pa ", None, "PA"),
        ("Postero-Anterior", None, "PA"),
        ("LATERAL", None, "LATERAL"),
        ("LL", None, "LL"),
        ("MLO", None, "MLO"),
        (None, "W034 Thorax pa", "PA"),
        (None, "Chest AP portable", "AP"),
        (None, "PA and LATERAL", None),
        (None, "Papillary", None),
        (None, None, None),
        ("see comment below", None, None),
    ],
)
def test_views_have_one_name(position: str | None, description: str | None, view: str | None) -> None:
    assert view_from(position=position, description=description) == view


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("chest", "CHEST"),
        (" Thorax ", "CHEST"),
        ("L-SPINE", "L SPINE"),
        ("", None),
        (None, None),
        ("HEART", "HEART"),
    ],
)
def test_body_parts_have_one_name(written: str | None, part: str | None) -> None:
    assert body_part_from(written) == part
