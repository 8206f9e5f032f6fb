"""Whole runs into an output folder, with real packs, checked against the published schema."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pypdfium2 import PdfDocument

from core.clock import FixedClock
from core.errors import Cancelled, OutputNotEmptyError, PatientFileError, UnknownPackError
from core.image import ReadingUnit
from inference.engine import physical_cores
from services import batch_helper
from services.analyze import AnalysisOptions
from services.batch import BatchRequest, run_batch
from services.batch_helper import Helper
from services.batch_job import Workshop
from services.batch_lanes import Lanes, helpers_worth
from services.output import OutputFolder, partial_folder
from services.places import pack_roots
from services.prevalence import Prevalence
from services.progress import IsCancelled, Progress, Report, never
from services.record_json import from_plain, to_plain
from services.scan import scan
from tests.services.conftest import CHEST_WITHOUT_GATES

pytestmark = pytest.mark.slow
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "result.schema.json").read_text(encoding="utf-8"))
CLOCK = FixedClock(instant=datetime(2027, 1, 1, tzinfo=UTC))
NO_GATES = CHEST_WITHOUT_GATES


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def _pixels(file: Path) -> NDArray[Any]:
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


def _validate(records: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for record in records:
        validator.validate(record)


@pytest.fixture
def inputs(tmp_path: Path, chest: Path) -> Path:
    """A folder with a picture, a DICOM image, a report without pixels, and a damaged file."""
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(chest, folder / "10.png")
    shutil.copy(chest, folder / "9.png")
    for name in ("CT_small.dcm", "MR_small_RLE.dcm"):
        shutil.copy(str(get_testdata_file(name, download=False)), folder / name)
    (folder / "broken.png").write_bytes(chest.read_bytes()[:500])
    (folder / "letter.txt").write_text("not an image")
    return folder


@pytest.fixture
def child(tmp_path: Path) -> Path:
    file = tmp_path / "child.json"
    file.write_text('{"name": "Nnamdi Okafor", "age_years": 3}')
    return file


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_input_has_its_record_in_natural_order_and_every_record_fits_the_schema(
    inputs: Path, tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing.dcm")
    outcome = run_batch(
        BatchRequest(paths=(str(inputs), missing), out=tmp_path / "out", with_pdf=False), clock=CLOCK
    )
    records = _records(tmp_path / "out")
    _validate(records)
    names = [Path(record["source"]["path"]).name for record in records]
    assert names == ["9.png", "10.png", "broken.png", "CT_small.dcm", "MR_small_RLE.dcm", "missing.dcm"]
    assert records[0]["source"]["path"] == f"{inputs}/9.png"
    failed = {record["dir"] for record in records if record["errors"]}
    assert failed == {"broken", "missing"}
    assert (outcome.records, outcome.failed, outcome.kept) == (6, 2, 0)
    assert [Path(path).name for path, _ in outcome.failures] == ["broken.png", "missing.dcm"]
    for record in records:
        assert json.loads((tmp_path / "out" / record["dir"] / "result.json").read_text()) == record


def test_findings_masks_maps_and_report_are_written_and_fit_the_schema(
    chest: Path, child: Path, tmp_path: Path
) -> None:
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", options=NO_GATES, patient_file=child)
    assert run_batch(request, clock=CLOCK).failed == 0
    (record,) = _records(tmp_path / "out")
    _validate([record])
    folder = tmp_path / "out" / record["dir"]
    lungs, pneumonia = record["results"]
    assert {mask["code"] for mask in lungs["masks"]} == {"left_lung", "right_lung"}
    for mask in lungs["masks"]:
        pixels = _pixels(folder / mask["file"])
        assert pixels.shape == (224, 224)
        assert set(pixels.ravel().tolist()) <= {0, 255}
    (finding,) = pneumonia["findings"]
    assert finding["positive"] == (finding["probability"] >= finding["threshold"])
    for heatmap in pneumonia["heatmaps"]:
        assert _pixels(folder / heatmap["file"]).shape == (224, 224)
    assert record["patient"]["age_years"] == {"value": 3.0, "source": "file"}
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(folder / record["report"]))
    assert "UNSIGNED" in text
    assert "Nnamdi Okafor" in text


def test_the_same_run_gives_the_same_report(chest: Path, child: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        options = replace(NO_GATES, engine="onnxruntime")
        request = BatchRequest(paths=(str(chest),), out=tmp_path / name, options=options, patient_file=child)
        run_batch(request, clock=CLOCK)
    one, two = ((tmp_path / name / "chest" / "report.pdf").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_resumed_run_keeps_what_is_unchanged_and_redoes_the_rest(
    inputs: Path, tmp_path: Path, another_chest: bytes
) -> None:
    request = BatchRequest(paths=(str(inputs),), out=tmp_path / "out", with_pdf=False)
    run_batch(request)
    before = _records(tmp_path / "out")
    (inputs / "9.png").write_bytes(another_chest)
    (inputs / "1.png").write_bytes((inputs / "10.png").read_bytes())
    outcome = run_batch(replace(request, mode="resume"))
    after = _records(tmp_path / "out")
    assert [Path(record["source"]["path"]).name for record in after][:3] == ["1.png", "9.png", "10.png"]
    assert outcome.records == len(before) + 1
    assert outcome.kept == len(before) - 1
    assert after[2] == before[1]
    assert after[1]["source"]["sha256"] != before[0]["source"]["sha256"]
    assert after[1]["dir"] == before[0]["dir"]


def cut(file: Path) -> None:
    """Leave the first half of a file."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("result.json", lambda file: file.write_bytes(b"")),
        ("result.json", cut),
        ("result.json", lambda file: file.write_bytes(bytes(file.stat().st_size))),
        ("report.pdf", cut),
        ("left_lung.png", Path.unlink),
        ("left_lung.png", cut),
        ("chest-lungs-overlay.jpg", cut),
    ],
)
def test_a_record_that_a_power_cut_left_damaged_is_made_again_in_its_place(
    two_records: Path, tmp_path: Path, file: str, spoil: Callable[[Path], object]
) -> None:
    out = Path(shutil.copytree(two_records / "out", tmp_path / "out"))
    spoil(out / "a" / file)
    request = BatchRequest(paths=(str(two_records / "in"),), out=out, options=NO_GATES, mode="resume")
    assert run_batch(request, clock=CLOCK, helpers=0).kept == 1
    records = _records(out)
    assert [record["dir"] for record in records] == ["a", "b"]
    assert json.loads((out / "a" / "result.json").read_text()) == records[0]
    assert run_batch(request, clock=CLOCK, helpers=0).kept == 2
    whole = {path.relative_to(two_records / "out") for path in (two_records / "out").rglob("*")}
    assert {path.relative_to(out) for path in out.rglob("*")} == whole


@pytest.fixture(scope="module")
def two_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder ``in`` with two pictures, and ``out`` with their records, pictures and papers."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "in").mkdir()
    for name, seed in (("a", 1), ("b", 2)):
        pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
        picture = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(folder / "in" / f"{name}.png"), picture)
    request = BatchRequest(paths=(str(folder / "in"),), out=folder / "out", options=NO_GATES)
    run_batch(request, clock=CLOCK, helpers=0)
    return folder


def test_a_resumed_run_asks_again_where_a_pack_is_another_than_before(
    chest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    run_batch(request)
    packs = tmp_path / "packs"
    shutil.copytree(pack_roots()[0] / "chest-lungs", packs / "chest-lungs")
    monkeypatch.setattr("services.analyze.pack_roots", lambda: (packs,))
    assert run_batch(replace(request, mode="resume")).kept == 0
    manifest = packs / "chest-lungs" / "pack.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n# another release\n", encoding="utf-8")
    assert run_batch(replace(request, mode="resume")).kept == 0
    assert run_batch(replace(request, mode="resume")).kept == 1


def test_models_that_should_have_looked_and_could_not_are_told(
    chest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = tmp_path / "packs"
    monkeypatch.setattr("services.analyze.pack_roots", lambda: (packs,))
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    assert run_batch(request).unusable == ("No model is installed, so nothing was looked for.",)
    (packs / "spoiled").mkdir(parents=True)
    (packs / "spoiled" / "pack.toml").write_text('schema = "x"')
    (told,) = run_batch(replace(request, out=tmp_path / "second")).unusable
    assert told.startswith("spoiled: E20")
    (record,) = _records(tmp_path / "second")
    (left_out,) = record["left_out"]
    assert told.startswith(f"spoiled: {left_out['code']} {left_out['message']}")
    assert left_out["pack"] == "spoiled"
    _validate([record])
    named = replace(request, out=tmp_path / "third", options=AnalysisOptions(packs=()))
    run_batch(named)
    assert [record["left_out"] for record in _records(tmp_path / "third")] == [[]]


def test_pictures_of_earlier_results_are_not_read_as_images(chest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    shutil.copy(chest, folder / "a.png")
    request = BatchRequest(paths=(str(folder),), out=folder / "results", with_pdf=False, options=NO_GATES)
    run_batch(request)
    assert list((folder / "results").rglob("*.png"))
    assert run_batch(replace(request, mode="resume")).records == 1
    assert run_batch(replace(request, out=tmp_path / "again")).records == 1


def test_a_resumed_run_that_asks_for_something_else_keeps_nothing(chest: Path, tmp_path: Path) -> None:
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    run_batch(request)
    other = replace(request, mode="resume", options=AnalysisOptions(precision="fp32"))
    assert run_batch(other).kept == 0
    assert run_batch(other).kept == 1


def test_a_stopped_run_leaves_whole_records_and_can_go_on(chest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(12):
        shutil.copy(chest, folder / f"{number}.png")
    request = BatchRequest(paths=(str(folder),), out=tmp_path / "out", with_pdf=False)
    looked: list[int] = []

    def listen(state: Progress) -> None:
        if state.stage == "looking":
            looked.append(state.done)

    def stop_after_five() -> bool:
        return bool(looked and looked[-1] >= 5)

    with pytest.raises(Cancelled):
        run_batch(request, progress=listen, cancelled=stop_after_five)
    records = _records(tmp_path / "out")
    assert 0 < len(records) < 12
    entries = {path.name for path in (tmp_path / "out").iterdir()}
    assert entries == {"results.jsonl", *(record["dir"] for record in records)}
    outcome = run_batch(replace(request, mode="resume"))
    assert (outcome.records, outcome.kept) == (12, len(records))
    assert [record["dir"] for record in _records(tmp_path / "out")] == [str(number) for number in range(12)]


def test_a_stopped_run_keeps_what_was_finished_behind_a_slow_input(
    chest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(12):
        shutil.copy(chest, folder / f"{number}.png")
    finished: list[str] = []
    make = Workshop.make

    def slow_first(
        self: Workshop, name: str, unit: ReadingUnit, stop: IsCancelled = never, *_progress: Report
    ) -> dict[str, Any]:
        while name == "0" and len(finished) < 5:
            time.sleep(0.01)
        if name == "0":
            raise Cancelled
        record = make(self, name, unit, stop)
        finished.append(name)
        return record

    monkeypatch.setattr(Workshop, "make", slow_first)
    request = BatchRequest(paths=(str(folder),), out=tmp_path / "out", with_pdf=False)
    with pytest.raises(Cancelled) as stopped:
        run_batch(request, cancelled=lambda: len(finished) >= 5, helpers=0)
    records = _records(tmp_path / "out")
    assert [record["dir"] for record in records] == sorted(finished, key=int)
    assert stopped.value.context == {"done": len(finished), "total": 12}
    monkeypatch.undo()
    outcome = run_batch(replace(request, mode="resume"))
    assert (outcome.records, outcome.kept) == (12, len(finished))


def test_a_resumed_run_says_what_it_makes_anew_and_why(chest: Path, tmp_path: Path) -> None:
    told: list[str] = []
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    run_batch(request, told_first=told.append)
    run_batch(replace(request, mode="resume"), told_first=told.append)
    assert told == []
    options = AnalysisOptions(prevalences=(Prevalence(finding="pneumonia", share=0.1),))
    run_batch(replace(request, mode="resume", options=options), told_first=told.append)
    (sentence,) = told
    assert sentence.startswith("1 of 1 earlier records are made anew")
    assert "another prevalence (--prevalence)" in sentence


def _without_times(record: dict[str, Any]) -> dict[str, Any]:
    results = [{**entry, "seconds": 0} for entry in record["results"]]
    return {**record, "seconds": 0, "results": results}


def _files(out: Path) -> dict[str, bytes]:
    found = (file for file in out.rglob("*") if file.is_file() and file.suffix in (".png", ".jpg"))
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in found}


def test_with_a_helper_come_the_same_records_and_pictures_in_the_same_order(camp: Path, child: Path) -> None:
    alone, helped = camp.parent / "alone", camp.parent / "helped"
    request = BatchRequest(
        paths=(str(camp),), out=alone, options=NO_GATES, patient_file=child, with_pdf=False
    )
    run_batch(request, helpers=0)
    run_batch(replace(request, out=helped), helpers=1)
    assert [_without_times(r) for r in _records(helped)] == [_without_times(r) for r in _records(alone)]
    assert [record["dir"] for record in _records(helped)] == [str(number) for number in range(12)]
    assert len(_files(alone)) > 12
    assert _files(helped) == _files(alone)
    _validate(_records(helped))


def test_a_helper_that_dies_costs_no_record(camp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[str] = []
    make = Helper.make

    def kill_and_make(self: Helper, name: str, unit: ReadingUnit) -> dict[str, Any] | None:
        self._child.kill()
        partial_folder(camp.parent / "out", name).mkdir()
        died.append(name)
        return make(self, name, unit)

    monkeypatch.setattr(Helper, "make", kill_and_make)
    monkeypatch.setattr("services.batch_lanes._OURS", 0)
    monkeypatch.setattr("services.batch_lanes._OURS_BESIDE_HELPERS", 0)
    outcome = run_batch(BatchRequest(paths=(str(camp),), out=camp.parent / "out", with_pdf=False), helpers=1)
    assert len(died) == 1
    assert (outcome.records, outcome.failed) == (12, 1)
    assert {path.name for path in (camp.parent / "out").iterdir()} == {
        "results.jsonl",
        "results.csv",
        *(str(number) for number in range(12)),
    }


def test_a_helper_that_cannot_be_started_costs_no_record(camp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_helper(*_arguments: Any, **_named: Any) -> Any:
        raise BlockingIOError

    monkeypatch.setattr(batch_helper, "start_child", no_helper)
    outcome = run_batch(BatchRequest(paths=(str(camp),), out=camp.parent / "out", with_pdf=False), helpers=2)
    assert (outcome.records, outcome.failed) == (12, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be halted there")
def test_a_helper_that_hangs_is_ended_and_costs_no_record(
    camp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted: list[str] = []
    make = Helper.make

    def halt_and_make(self: Helper, name: str, unit: ReadingUnit) -> dict[str, Any] | None:
        monkeypatch.setattr(batch_helper, "_ANSWERS_WITHIN_S", 0.5)
        os.kill(self._child.pid, signal.SIGSTOP)
        halted.append(name)
        return make(self, name, unit)

    monkeypatch.setattr(Helper, "make", halt_and_make)
    monkeypatch.setattr("services.batch_lanes._OURS", 0)
    monkeypatch.setattr("services.batch_lanes._OURS_BESIDE_HELPERS", 0)
    outcome = run_batch(BatchRequest(paths=(str(camp),), out=camp.parent / "out", with_pdf=False), helpers=1)
    assert len(halted) == 1
    assert (outcome.records, outcome.failed) == (12, 1)


def test_a_run_with_a_helper_that_is_stopped_leaves_nothing_half_written(camp: Path) -> None:
    out, told = camp.parent / "out", list[int]()

    def listen(state: Progress) -> None:
        if state.stage == "looking":
            told.append(state.done)

    with pytest.raises(Cancelled):
        run_batch(
            BatchRequest(paths=(str(camp),), out=out, with_pdf=False),
            progress=listen,
            cancelled=lambda: bool(told and told[-1] >= 3),
            helpers=1,
        )
    records = _records(out)
    assert {path.name for path in out.iterdir()} == {"results.jsonl", *(r["dir"] for r in records)}
    assert run_batch(BatchRequest(paths=(str(camp),), out=out, with_pdf=False, mode="resume")).records == 12


def test_only_a_few_inputs_are_under_way_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun and is not yet put in its place is what memory must hold."""
    begun: list[object] = []
    begin, put = Lanes.submit, OutputFolder.put
    waiting: list[int] = []

    def submit(self: Lanes, work: Any, *arguments: Any, **named: Any) -> Any:
        begun.append(work)
        return begin(self, work, *arguments, **named)

    def counted(self: OutputFolder, name: str, record: dict[str, Any]) -> None:
        waiting.append(len(begun) - len(waiting))
        put(self, name, record)

    monkeypatch.setattr(Lanes, "submit", submit)
    monkeypatch.setattr(OutputFolder, "put", counted)
    paths = tuple(str(tmp_path / f"missing-{number}.dcm") for number in range(40))
    outcome = run_batch(BatchRequest(paths=paths, out=tmp_path / "out", with_pdf=False), helpers=0)
    assert (outcome.records, len(begun)) == (40, 40)
    assert max(waiting) <= 9


def test_helpers_are_for_large_batches_only() -> None:
    assert helpers_worth(5, with_pdf=True) == 0
    assert helpers_worth(59, with_pdf=False) == 0
    assert 0 <= helpers_worth(5000, with_pdf=False) < max(1, physical_cores())


def test_a_reading_unit_reaches_the_helper_as_it_was(inputs: Path) -> None:
    units = [item for item in scan([str(inputs)]) if isinstance(item, ReadingUnit)]
    assert len(units) > 3
    assert [from_plain(ReadingUnit, json.loads(json.dumps(to_plain(unit)))) for unit in units] == units


def test_a_report_that_cannot_be_made_is_an_error_of_its_record(
    chest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise OSError

    monkeypatch.setattr("services.batch_job.render", fail)
    outcome = run_batch(BatchRequest(paths=(str(chest),), out=tmp_path / "out"))
    (record,) = _records(tmp_path / "out")
    _validate([record])
    assert outcome.failed == 1
    assert record["report"] is None
    assert [error["code"] for error in record["errors"]] == ["E000"]


def test_a_patient_file_by_itself_is_a_record(child: Path, tmp_path: Path) -> None:
    run_batch(BatchRequest(paths=(), out=tmp_path / "out", patient_file=child, with_pdf=False))
    (record,) = _records(tmp_path / "out")
    _validate([record])
    assert record["source"]["path"] == str(child)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"options": AnalysisOptions(packs=("nothing",))}, UnknownPackError),
        ({"patient_file": Path("nothing.json")}, PatientFileError),
    ],
)
def test_a_wrong_request_writes_nothing(
    chest: Path, tmp_path: Path, change: dict[str, Any], error: type[Exception]
) -> None:
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    with pytest.raises(error):
        run_batch(replace(request, **change))
    assert not (tmp_path / "out").exists()


def test_a_second_run_into_the_same_folder_is_refused(chest: Path, tmp_path: Path) -> None:
    request = BatchRequest(paths=(str(chest),), out=tmp_path / "out", with_pdf=False)
    run_batch(request)
    with pytest.raises(OutputNotEmptyError):
        run_batch(request)
