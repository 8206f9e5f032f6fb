"""Analysing one unit with the installed packs and real engines."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import Cancelled, DamagedImageError, UnknownPackError
from core.image import ReadingUnit
from core.patient import Patient, Sourced
from services.analyze import AnalysisOptions, Analyzer
from services.load import load, table_unit
from services.scan import scan
from tests.services.conftest import CHEST_WITHOUT_GATES

CHILD = Patient(age_years=Sourced(value=3.0, source="typed"))


def _unit(path: Path) -> ReadingUnit:
    (unit,) = scan([str(path)])
    assert isinstance(unit, ReadingUnit)
    return unit


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture(scope="module")
def without_gates() -> Analyzer:
    return Analyzer(CHEST_WITHOUT_GATES)


def test_a_named_pack_runs_after_what_it_depends_on_and_both_appear(
    without_gates: Analyzer, chest: Path
) -> None:
    analysis = without_gates.analyze(_unit(chest), patient=CHILD, packs=["chest-pneumonia-child"])
    results = analysis.result.results
    assert [entry.stamp.pack_id for entry in results] == ["chest-lungs", "chest-pneumonia-child"]
    assert [entry.status for entry in results] == ["ok", "ok"]
    assert all(entry.gates_skipped for entry in results)
    assert analysis.grey is not None
    assert {mask.pixels.shape for mask in results[0].masks} == {analysis.grey.shape}
    assert results[1].findings[0].image == results[0].masks[0].image


def test_a_named_pack_appears_also_where_it_does_not_apply(analyzer: Analyzer, ct_slice: Path) -> None:
    analysis = analyzer.analyze(_unit(ct_slice), packs=["chest-lungs"])
    (entry,) = analysis.result.results
    assert entry.status == "not_applicable"
    assert entry.refusal is not None
    assert entry.refusal.reason


def test_without_names_only_what_applies_appears(analyzer: Analyzer, ct_slice: Path) -> None:
    analysis = analyzer.analyze(_unit(ct_slice))
    assert analysis.result.results == ()
    assert analysis.result.errors == ()
    assert analysis.result.source.modality == "CT"
    assert analysis.result.source.sha256 is not None


def test_an_unknown_pack_is_told_before_any_work() -> None:
    with pytest.raises(UnknownPackError):
        Analyzer(AnalysisOptions(packs=("nothing",)))


def test_a_damaged_image_has_its_error_and_the_named_packs_say_so(analyzer: Analyzer, chest: Path) -> None:
    chest.write_bytes(chest.read_bytes()[:400])
    unit = _unit(chest)
    result = analyzer.analyze(unit, packs=["chest-lungs"]).result
    assert [error.code for error in result.errors] == [DamagedImageError.code]
    assert [entry.status for entry in result.results] == ["not_applicable"]


def test_a_failing_pack_is_recorded_and_the_rest_still_speaks(
    chest: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    analyzer = Analyzer(AnalysisOptions(use_gates=False))
    real, name = analyzer._runner.run, "Doe^Jane"

    def run(pack_id: str, *rest: Any, **named: Any) -> Any:
        if pack_id == "chest-pneumonia-child":
            raise ZeroDivisionError(name)
        return real(pack_id, *rest, **named)

    monkeypatch.setattr(analyzer._runner, "run", run)
    result = analyzer.analyze(_unit(chest), patient=CHILD, packs=["chest-pneumonia-child"]).result
    assert [(entry.stamp.pack_id, entry.status) for entry in result.results] == [
        ("chest-lungs", "ok"),
        ("chest-pneumonia-child", "refused"),
    ]
    assert [error.code for error in result.errors] == ["E000"]
    assert "ZeroDivisionError" in caplog.text
    assert "Doe" not in caplog.text + result.errors[0].message


def test_what_depends_on_a_failed_pack_is_refused_not_answered(
    chest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = Analyzer(AnalysisOptions(use_gates=False))

    def run(*rest: Any, **named: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(analyzer._runner, "run", run)
    asked = analyzer.analyze(_unit(chest), patient=CHILD, packs=["chest-pneumonia-child"])
    results = asked.result.results
    assert [entry.refusal.gate for entry in results if entry.refusal] == ["failed", "upstream"]


def test_being_stopped_is_not_an_error_of_the_image(analyzer: Analyzer, chest: Path) -> None:
    with pytest.raises(Cancelled):
        analyzer.analyze(_unit(chest), cancelled=lambda: True)


def test_a_patient_file_by_itself_has_a_record_without_an_image(analyzer: Analyzer, tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text("{}")
    result = analyzer.look(load(table_unit(file)), packs=["chest-lungs"]).result
    assert (result.source.path, result.source.frames, result.errors) == (str(file), 0, ())
    assert [entry.status for entry in result.results] == ["not_applicable"]


def test_facts_come_from_the_manifest(analyzer: Analyzer) -> None:
    facts = analyzer.facts("chest-pneumonia-child")
    assert facts.pack_class == "research"
    assert facts.intended_use
    assert set(facts.operating_points) == {"pneumonia"}
