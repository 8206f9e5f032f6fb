"""Packs that read values in the main job: with and without an image, sources, patient files, records."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.clock import FixedClock
from core.errors import NoNetworkError, PatientFileError
from core.image import ReadingUnit
from core.patient import Patient
from core.result import Measurement
from inference.packs import PackLibrary
from inference.requests import PackRun
from inference.runner import PackRunner
from services.analyze import AnalysisOptions, Analyzer
from services.batch import BatchRequest, run_batch
from services.bench import run_bench
from services.evaluate_ask import library_for
from services.load import table_unit
from services.patient import patient_from_mapping
from services.patient_form import require_known_fields
from services.result_json import WrittenFiles, result_to_dict
from services.scan import scan
from services.selftest import run_self_test, verdicts
from tests.inference import toy_packs
from tests.inference.toy_tables import make_groups, make_odds, make_risk
from tests.services.conftest import START

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "result.schema.json").read_text(encoding="utf-8"))
VALUES = {"age_years": 72, "ejection_fraction": 25, "smoking": True}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    make_risk(folder / "toy-risk")
    make_odds(folder / "toy-odds")
    make_groups(folder / "toy-groups")
    toml = toy_packs.OUTLINE_TOML.replace("toy-outline", "cardiac-cine").replace("1.2.0", "1.0.0")
    toy_packs.write_pack(folder / "cardiac-cine", toml, toy_packs.outline_model(), toy_packs.OUTLINE_SIDE)
    return folder


@pytest.fixture
def cine_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the pack ``cardiac-cine`` of these tests measure an ejection fraction, until one can be had."""
    run = PackRunner.run

    def measuring(self: PackRunner, pack_id: str, *arguments: Any, **named: Any) -> PackRun:
        done = run(self, pack_id, *arguments, **{**named, "use_gates": False})
        measured = Measurement(code="lv_ef", label="LV ejection fraction", value=31.2, unit="%")
        return replace(done, result=replace(done.result, status="ok", refusal=None, measurements=(measured,)))

    monkeypatch.setattr(PackRunner, "run", measuring)


def _unit(file: Path) -> ReadingUnit:
    (unit,) = scan([str(file)])
    assert isinstance(unit, ReadingUnit)
    return unit


def _patient(**values: Any) -> Patient:
    return patient_from_mapping(values)


def _statuses(analyzer: Analyzer, unit: ReadingUnit, patient: Patient) -> Mapping[str, str]:
    results = analyzer.analyze(unit, patient=patient).result.results
    return {entry.stamp.pack_id: entry.status for entry in results}


def test_a_measurement_of_this_image_feeds_the_pack_that_asks_for_it(
    root: Path, chest: Path, cine_measures: None
) -> None:
    analyzer = Analyzer(AnalysisOptions(packs=("toy-risk",)), pack_folders=[root])
    results = analyzer.analyze(_unit(chest), patient=_patient(age_years=70)).result.results
    assert [entry.stamp.pack_id for entry in results] == ["cardiac-cine", "toy-risk"]
    parts = {part.code: part for part in results[1].risks[0].contributions}
    assert (parts["ejection_fraction"].value, parts["ejection_fraction"].source) == (31.2, "measured")
    assert results[1].stamp.engine is None


def test_without_a_measurement_the_typed_value_counts_and_the_silent_measurer_is_not_told_of(
    root: Path, tmp_path: Path
) -> None:
    analyzer = Analyzer(AnalysisOptions(packs=("toy-risk",)), pack_folders=[root])
    file = tmp_path / "p.json"
    file.write_text("{}", encoding="utf-8")
    results = analyzer.analyze(table_unit(file), patient=_patient(**VALUES)).result.results
    assert [(entry.stamp.pack_id, entry.status) for entry in results] == [("toy-risk", "ok")]
    assert results[0].risks[0].contributions[0].source == "file"


def test_a_birth_date_makes_the_age_where_there_is_no_examination(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text("{}", encoding="utf-8")
    analyzer = Analyzer(AnalysisOptions(packs=("toy-risk",)), pack_folders=[root])
    patient = _patient(birth_date="1970-01-01", ejection_fraction=30)
    result = analyzer.analyze(table_unit(file), patient=patient).result
    assert result.patient.age_years is not None
    assert 55 < result.patient.age_years.value < 95
    assert result.results[0].status == "ok"


def test_without_names_packs_of_values_speak_only_where_their_values_are_known(
    root: Path, chest: Path
) -> None:
    plain = Analyzer(AnalysisOptions(), pack_folders=[root])
    assert "toy-odds" not in _statuses(plain, _unit(chest), _patient(age_years=70))
    given = _statuses(plain, _unit(chest), _patient(**VALUES))
    assert given["toy-odds"] == "ok"
    assert "toy-risk" not in given, "a demonstration pack is off until it is enabled"
    enabled = Analyzer(AnalysisOptions(demonstration=True), pack_folders=[root])
    assert _statuses(enabled, _unit(chest), _patient(**VALUES))["toy-risk"] == "ok"


def test_the_record_is_what_the_schema_says(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(VALUES), encoding="utf-8")
    analyzer = Analyzer(AnalysisOptions(packs=("toy-risk", "toy-groups")), pack_folders=[root])
    result = analyzer.analyze(table_unit(file), patient=_patient(**VALUES)).result
    record = result_to_dict(result, folder="p", files=WrittenFiles())
    jsonschema.validate(record, SCHEMA)
    assert record["source"]["path"] == str(file)
    risk = record["results"][0]["risks"][0]
    assert risk["horizon_days"] == 180
    assert sum(part["effect"] for part in risk["contributions"]) == pytest.approx(risk["score"])
    assert {one["kind"] for one in record["results"][1]["risks"]} == {"group"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"ejection_fracton": 25},
            "ejection_fracton: no installed model asks for it. Is ejection_fraction meant?",
        ),
        ({"Age": 25}, "field Age: no installed model asks for it."),
        ({"ejection_fraction": "25"}, "field ejection_fraction: a number (%) is expected"),
        ({"ejection_fraction": True}, "field ejection_fraction: a number"),
        ({"smoking": "often"}, "field smoking: one of no, yes is expected"),
        ({"smoking": 2}, "field smoking: one of no, yes is expected"),
    ],
)
def test_a_patient_file_with_a_field_that_nobody_asks_for_or_of_a_wrong_kind_is_refused(
    root: Path, values: dict[str, Any], words: str
) -> None:
    with pytest.raises(PatientFileError) as caught:
        require_known_fields(patient_from_mapping(values), PackLibrary([root]))
    assert words in caught.value.detail


def test_yes_and_no_may_be_written_in_four_ways(root: Path) -> None:
    for value in (True, 1, "yes"):
        require_known_fields(_patient(smoking=value), PackLibrary([root]))


def test_a_wrong_patient_file_ends_a_batch_before_anything_is_done(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"weigth": 70}), encoding="utf-8")
    out = tmp_path / "out"
    with pytest.raises(PatientFileError, match="weight_kg"):
        run_batch(BatchRequest(paths=(), out=out, patient_file=file), clock=FixedClock(instant=START))
    assert not out.exists()


def test_the_self_test_proves_packs_of_values_and_trusts_them(root: Path) -> None:
    checks = run_self_test(["toy-risk"], pack_folders=[root])
    assert checks
    assert all(check.passed for check in checks), checks
    (verdict,) = verdicts(checks, pack_folders=[root])
    assert verdict.state == "trusted"


def test_what_needs_a_network_is_refused_for_packs_of_values(root: Path) -> None:
    with pytest.raises(NoNetworkError):
        run_bench(["toy-risk"], pack_folders=[root])
    with pytest.raises(NoNetworkError):
        library_for(str(root / "toy-risk"))


def test_nothing_is_measured_or_loaded_into_an_engine_for_packs_of_values(root: Path) -> None:
    analyzer = Analyzer(AnalysisOptions(packs=("toy-risk", "toy-odds")), pack_folders=[root])
    assert [pack.id for pack in analyzer.to_tune()] == ["cardiac-cine"]
