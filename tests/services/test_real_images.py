"""The main job on real images of the data folder."""

import json
from pathlib import Path

import pytest

from services.batch import BatchRequest, run_batch

pytestmark = pytest.mark.data
REFERENCE_EF = 26.2  # percent, from the contours that come with the study


def test_a_cine_study_is_one_record_with_the_volumes_of_the_heart(data_folder: Path, tmp_path: Path) -> None:
    study = data_folder / "dicom" / "cardiac-cine-sunnybrook" / "SC-HF-I-1"
    run_batch(BatchRequest(paths=(str(study),), out=tmp_path / "out", with_pdf=False))
    (record,) = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert record["source"]["frames"] == record["source"]["files"] == 240
    assert record["errors"] == []
    (heart,) = [one for one in record["results"] if one["pack"]["id"] == "cardiac-cine"]
    measured = {one["code"]: one["value"] for one in heart["measurements"]}
    assert abs(measured["lv_ef"] - REFERENCE_EF) <= 6.0


def test_children_s_lungs_are_outlined_on_most_of_their_x_rays(data_folder: Path, tmp_path: Path) -> None:
    kermany = data_folder / "chest-xray-kermany"
    files = sorted((kermany / "images").rglob("*.jp*g"))[::300]
    outcome = run_batch(BatchRequest(paths=tuple(map(str, files)), out=tmp_path / "out", with_pdf=False))
    records = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert outcome.failed == 0
    assert [record["source"]["path"] for record in records] == [str(file) for file in files]
    statuses = [record["results"][0]["status"] for record in records]
    assert statuses.count("ok") >= 0.8 * len(files)
    assert all(
        record["results"][1]["refusal"]["gate"] == "age"
        for record in records
        if record["results"][0]["status"] == "ok"
    )
