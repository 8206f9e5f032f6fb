"""A beating heart goes from its files to numbers, outlines and a report."""

import gzip
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pydicom
import pytest

from core.errors import Cancelled
from core.image import ReadingUnit
from core.patient import Contradiction, Patient, Sex, Sourced
from core.result import PackResult
from core.wording import say
from imaging import dicom_image
from imaging.scan import scan_paths
from inference.packs import PackLibrary
from services.analyze import Analysis, AnalysisOptions, Analyzer
from services.cine_pictures import cine_pictures
from services.load import load
from services.patient import patient_from_mapping
from services.pictures import write_pictures
from services.result_json import result_to_dict
from services.words import cautions, range_words
from tests.imaging import writers
from tests.inference.toy_packs import write_outline_pack
from tests.services import cine_toys as toys

SCHEMA = Path(__file__).parents[2] / "docs/result.schema.json"
EF = 100 * (1 - 14**2 / 20**2)
EDV_ML = np.pi * 20**2 * toys.DISTANCE_MM * (toys.SLICES - 2) / 1000


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory: pytest.TempPathFactory) -> Analyzer:
    root = tmp_path_factory.mktemp("packs")
    toys.build_toy_cine(root)
    options = AnalysisOptions(packs=("toy-cine",), engine="onnxruntime", precision="fp32", threads=1)
    return Analyzer(options, library=PackLibrary((root,)))


def unit_in(path: Path) -> ReadingUnit:
    (unit,) = scan_paths([path])
    assert isinstance(unit, ReadingUnit)
    return unit


def said(analysis: Analysis) -> PackResult:
    assert not analysis.result.errors
    return analysis.result.results[0]


def values(result: PackResult) -> dict[str, float]:
    return {one.code: one.value for one in result.measurements}


def test_a_volume_is_measured_and_outlined_in_its_own_shape_and_place(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    labels = toys.drawn_heart()
    affine = np.array([[0, 1.5, 0, 3], [1.5, 0, 0, -7], [0, 0, 9, 1], [0, 0, 0, 1.0]])
    toys.write_nifti(tmp_path / "heart.nii.gz", labels, affine)
    analysis = analyzer.analyze(unit_in(tmp_path / "heart.nii.gz"))
    result = said(analysis)
    assert result.status == "ok"
    found = values(result)
    assert found["lv_ef"] == pytest.approx(EF, abs=2)
    assert found["rv_ef"] == pytest.approx(EF, abs=2)
    assert found["lv_edv"] == pytest.approx(EDV_ML, rel=0.08)
    assert found["lv_wall_max"] == pytest.approx(8, abs=1.5)
    assert 0 < found["lv_wall_spread"] < 25
    assert dict(result.curves[0].marks) == {"ed": 0, "es": 1}
    (tmp_path / "out").mkdir()
    files = write_pictures(tmp_path / "out", analysis)
    record = result_to_dict(analysis.result, folder="out", files=files)
    pack = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(record["results"][0], {**pack["$defs"]["pack_result"], "$defs": pack["$defs"]})
    nibabel: Any = import_module("nibabel")
    for mask, value in zip(record["results"][0]["masks"], (1, 2, 3), strict=True):
        image = nibabel.Nifti1Image.from_bytes(
            gzip.decompress((tmp_path / "out" / mask["file"]).read_bytes())
        )
        written = np.asarray(image.dataobj).transpose(2, 3, 1, 0) > 0
        assert np.allclose(image.affine, affine)
        truth = labels == value
        assert 2 * (written & truth).sum() / (written.sum() + truth.sum()) > 0.9


def test_two_phases_are_enough_and_the_order_of_the_beat_does_not_matter(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    toys.write_nifti(tmp_path / "two.nii", toys.drawn_heart()[:, [1, 0]], np.diag([-1.5, -1.5, 9, 1]))
    result = said(analyzer.analyze(unit_in(tmp_path / "two.nii")))
    assert values(result)["lv_ef"] == pytest.approx(EF, abs=2)
    assert dict(result.curves[0].marks) == {"ed": 1, "es": 0}


def test_a_folder_of_dicom_is_read_once_and_gives_the_same_numbers(
    tmp_path: Path, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.write_dicom(tmp_path, toys.drawn_heart())
    read: list[Path] = []
    plain = dicom_image.read_dicom_image

    def counted(path: Path, *rest: Any) -> Any:
        read.append(path)
        return plain(path, *rest)

    monkeypatch.setattr(dicom_image, "read_dicom_image", counted)
    unit = unit_in(tmp_path)
    loaded = load(unit, every_file=True)
    analysis = analyzer.look(loaded)
    result = said(analysis)
    assert values(result)["lv_ef"] == pytest.approx(EF, abs=2)
    assert result.curves[0].times_ms == (0, 200, 400, 600)
    assert len(read) == len(set(read)) + 1 == toys.SLICES * toys.PHASES + 1  # the first is shown before
    assert result.volumes[2].labels.shape == (toys.SLICES, toys.PHASES, toys.SIDE, toys.SIDE)
    ref = result.volumes[2].refs[3][0]
    assert ref is not None
    outline = result.volumes[2].on(ref.file, ref.frame)
    assert outline is not None
    assert outline.pixels.sum() * toys.PIXEL_MM**2 == pytest.approx(np.pi * 20**2, rel=0.08)
    assert set(cine_pictures(analysis)) == {"key", "toy-cine/cine", "toy-cine/curve"}


def test_without_a_spacing_it_is_refused_in_words_also_with_gates_off(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    toys.write_dicom(tmp_path, toys.drawn_heart(), PixelSpacing=None)
    result = said(analyzer.analyze(unit_in(tmp_path)))
    assert result.status == "refused"
    assert result.refusal is not None
    assert result.refusal.gate == "geometry"
    assert "millimetres" not in result.refusal.reason
    assert not result.measurements
    assert not result.volumes
    options = AnalysisOptions(packs=("toy-cine",), engine="onnxruntime", precision="fp32", use_gates=False)
    bold = Analyzer(options, library=analyzer.library)
    assert said(bold.analyze(unit_in(tmp_path))).status == "refused"


@pytest.mark.parametrize(("left_out", "status"), [((5,), "ok"), ((5, 6), "refused")])
def test_two_missing_slices_refuse_and_one_is_told(
    tmp_path: Path, analyzer: Analyzer, left_out: tuple[int, ...], status: str
) -> None:
    toys.write_dicom(tmp_path, np.repeat(toys.drawn_heart(), 2, axis=0), SeriesInstanceUID="1.2.9")
    for file in sorted(tmp_path.rglob("*.dcm")):
        if round(pydicom.dcmread(file).ImagePositionPatient[2] / toys.DISTANCE_MM) in left_out:
            file.unlink()
    result = said(analyzer.analyze(unit_in(tmp_path)))
    assert result.status == status
    assert any(str(len(left_out)) in check.text and "missing" in check.text for check in result.quality)
    assert bool(result.measurements) is (status == "ok")


def test_half_a_heart_is_refused(tmp_path: Path, analyzer: Analyzer) -> None:
    toys.write_dicom(tmp_path, toys.drawn_heart()[:4])  # its lower slices were not copied
    result = said(analyzer.analyze(unit_in(tmp_path)))
    assert result.status == "refused"
    assert result.refusal is not None
    assert "only a short part" in result.refusal.reason
    assert not result.volumes


def test_a_right_ventricle_that_was_not_found_is_neither_measured_nor_drawn(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    labels = toys.drawn_heart()
    labels[labels == 1] = 0
    toys.write_dicom(tmp_path, labels)
    result = said(analyzer.analyze(unit_in(tmp_path)))
    assert result.status == "ok"
    assert [one.code for one in result.curves] == ["lv_volume"]
    assert not any(one.code.startswith("rv_") for one in result.measurements)


@pytest.mark.parametrize("kept", [slice(0, 3), slice(0, 1)])
def test_too_few_slices_are_not_what_the_pack_is_for(tmp_path: Path, analyzer: Analyzer, kept: slice) -> None:
    toys.write_nifti(tmp_path / "few.nii", toys.drawn_heart()[kept], np.diag([1.5, 1.5, 9, 1]))
    assert said(analyzer.analyze(unit_in(tmp_path / "few.nii"))).status == "not_applicable"


def test_a_single_image_and_a_stack_without_a_heart_are_not_what_the_pack_is_for(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    writers.put(tmp_path, "a.png", writers.png(writers.chest(32, 32)))
    assert said(analyzer.analyze(unit_in(tmp_path / "a.png"))).status == "not_applicable"
    toys.write_nifti(tmp_path / "b.nii", np.zeros((7, 3, 96, 96), np.uint8), np.diag([1.5, 1.5, 9, 1]))
    assert said(analyzer.analyze(unit_in(tmp_path / "b.nii"))).status == "not_applicable"


def test_ranges_of_reference_stand_only_where_sex_and_age_are_known(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    unit = unit_in(tmp_path / "a.nii")
    unknown = {one.code: one for one in said(analyzer.analyze(unit)).measurements}
    assert all(one.reference is None for one in unknown.values())
    why = "No range of reference: it is for 45 to 74 years"
    assert unknown["lv_ef"].no_reference == f"{why}, and the age is not known."
    assert unknown["lv_edv"].no_reference == "", "nobody has a range for it"

    def asked(age: float) -> dict[str, Any]:
        patient = Patient(
            sex=Sourced(value="F", source="typed"),
            age_years=Sourced(value=age, source="typed"),
            height_cm=Sourced(value=165.0, source="typed"),
            weight_kg=Sourced(value=60.0, source="typed"),
        )
        return {one.code: one for one in said(analyzer.analyze(unit, patient=patient)).measurements}

    grown = asked(50)
    assert (grown["lv_ef"].reference.low, grown["lv_ef"].reference.high) == (51, 71)
    assert grown["lv_mass_index"].reference.high == 56
    assert grown["lv_mass_index"].value == pytest.approx(grown["lv_mass"].value / 1.66, rel=0.01)
    assert grown["lv_edv_index"].reference is None
    assert not any(one.no_reference for one in grown.values())
    for age in (30, 80):  # the table's people were older, and younger
        other = asked(age)
        assert other["lv_ef"].reference is None
        told = [code for code, one in other.items() if one.no_reference == f"{why}."]
        assert told == ["lv_ef", "lv_mass_index"]
        assert range_words(other["lv_ef"]) == (f"{why}.", False)


@pytest.mark.parametrize(("told", "stands"), [("yes", False), (True, False), ("no", True), (False, True)])
def test_no_range_stands_in_pregnancy(
    tmp_path: Path, analyzer: Analyzer, told: str | bool, stands: bool
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    patient = Patient(
        sex=Sourced(value="F", source="typed"),
        age_years=Sourced(value=48.0, source="typed"),
        further={"pregnancy": Sourced(value=told, source="file")},
    )
    analysis = analyzer.analyze(unit_in(tmp_path / "a.nii"), patient=patient)
    (fraction,) = (one for one in said(analysis).measurements if one.code == "lv_ef")
    assert (fraction.reference is not None) is stands
    left_out = "" if stands else "No range of reference: it is not for pregnancy."
    assert fraction.no_reference == left_out


def test_a_pregnancy_of_the_header_is_not_overruled_by_a_patient_file(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    header = Patient(further={"pregnancy": Sourced(value="yes", source="header")})
    unit = replace(unit_in(tmp_path / "a.nii"), patient=header)
    patient = patient_from_mapping({"sex": "F", "age_years": 48, "pregnancy": False})
    analysis = analyzer.analyze(unit, patient=patient)
    (fraction,) = (one for one in said(analysis).measurements if one.code == "lv_ef")
    assert fraction.reference is None
    assert [one.field for one in analysis.result.patient.contradictions] == ["pregnancy"]


@pytest.mark.parametrize(
    ("sex", "age", "warned"), [("F", 48.0, True), ("F", 70.0, False), ("M", 48.0, False)]
)
def test_where_nobody_said_it_a_woman_s_range_says_that_it_leaves_pregnancy_out(
    tmp_path: Path, analyzer: Analyzer, sex: Sex, age: float, warned: bool
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    patient = Patient(sex=Sourced(value=sex, source="typed"), age_years=Sourced(value=age, source="typed"))
    analysis = analyzer.analyze(unit_in(tmp_path / "a.nii"), patient=patient)
    (fraction,) = (one for one in said(analysis).measurements if one.code == "lv_ef")
    assert fraction.reference is not None
    assert fraction.reference.source.endswith("not in pregnancy") is warned


@pytest.mark.parametrize(("age", "status"), [(None, "ok"), (40.0, "ok"), (8.0, "refused")])
def test_the_heart_of_a_known_child_is_not_measured(
    tmp_path: Path, analyzer: Analyzer, age: float | None, status: str
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    patient = Patient(age_years=None if age is None else Sourced(value=age, source="header"))
    result = said(analyzer.analyze(unit_in(tmp_path / "a.nii"), patient=patient))
    assert result.status == status
    assert bool(result.measurements) == (status == "ok")
    if result.refusal is not None:
        assert result.refusal.reason.endswith("trained on adults alone; the patient's age is 8 years.")


def test_a_child_s_age_by_another_source_stands_above_the_numbers_and_in_the_result(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    doubt = Contradiction(
        field="age_years", used="40", used_source="file", other="8.0", other_source="header"
    )
    patient = Patient(age_years=Sourced(value=40.0, source="file"), contradictions=(doubt,))
    unit = replace(unit_in(tmp_path / "a.nii"), patient=patient)
    analysis = analyzer.analyze(unit)
    result = said(analysis)
    assert result.measurements
    (caution,) = [one for one in cautions(result) if "8 years" in one]
    assert caution.endswith("This model was trained on adults; children were left out.")
    (tmp_path / "out").mkdir()
    record = result_to_dict(analysis.result, folder="out", files=write_pictures(tmp_path / "out", analysis))
    checks = [one["outcome"] for one in record["results"][0]["quality"] if one["text"] == caution]
    assert checks == ["note"]


def test_intervals_are_as_wide_as_the_pack_was_wrong(tmp_path: Path, analyzer: Analyzer) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    found = {one.code: one for one in said(analyzer.analyze(unit_in(tmp_path / "a.nii"))).measurements}
    low, high = found["lv_ef"].interval or (0, 0)
    assert high - low == pytest.approx(10, abs=0.2)
    low, high = found["lv_edv"].interval or (0, 0)
    assert high - low == pytest.approx(0.2 * found["lv_edv"].value, rel=0.01)


def test_measuring_can_be_stopped(tmp_path: Path, analyzer: Analyzer) -> None:
    toys.write_nifti(tmp_path / "a.nii", toys.drawn_heart(), np.diag([1.5, 1.5, 9, 1]))
    unit = unit_in(tmp_path / "a.nii")
    stages: list[str] = []
    with pytest.raises(Cancelled):
        analyzer.analyze(
            unit,
            progress=lambda told: stages.append(told.stage),
            cancelled=lambda: "measuring" in stages,
        )


def test_other_packs_are_asked_after_it_as_ever(tmp_path: Path, analyzer: Analyzer) -> None:
    root = tmp_path / "packs"
    toys.build_toy_cine(root)
    write_outline_pack(root)
    both = AnalysisOptions(packs=("toy-cine", "toy-outline"), engine="onnxruntime", precision="fp32")
    toys.write_dicom(tmp_path / "study", toys.drawn_heart())
    analysis = Analyzer(both, library=PackLibrary((root,))).analyze(unit_in(tmp_path / "study"))
    assert not analysis.result.errors
    assert [one.status for one in analysis.result.results] == ["ok", "not_applicable"]


def test_beside_a_heart_stands_what_its_numbers_and_intervals_rest_on() -> None:
    note = say("reports.pack_notes.cardiac-cine")
    assert "the numbers are only as good as the outlines" in note
    figures = Path(__file__).parents[2] / "models/cardiac-cine/figures.json"
    rows = json.loads(figures.read_text(encoding="utf-8"))["coverage"]
    counts = sorted(row["set_by"] for row in rows)
    assert f"errors on {counts[0]} to {counts[-1]} patients by networks that had not seen them" in note
