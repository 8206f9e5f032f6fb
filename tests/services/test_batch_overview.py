"""A batch ends with a table for spreadsheets and one page that says which images to look at first."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

from services.analyze import AnalysisOptions
from services.batch import BatchRequest, run_batch
from services.batch_overview import COLUMNS, write_overview
from services.output import LINES, PAGE, TABLE
from services.prevalence import Prevalence
from tests.services.conftest import MovedClock


def request(camp: Path, out: Path, **wanted: object) -> BatchRequest:
    options = AnalysisOptions(prevalences=(Prevalence(finding="pneumonia", share=0.1),))
    return BatchRequest(paths=(str(camp),), out=out, options=options, with_pdf=False, **wanted)  # type: ignore[arg-type]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / TABLE).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def text_of(page: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(page), "-"], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def record() -> dict[str, object]:
    finding = {
        "code": "pneumonia", "label": "Pneumonia", "probability": 0.93, "interval": [0.9, 0.95],
        "threshold": 0.63, "threshold_source": "x", "position": "above", "positive": True,
        "calibrated_at_prevalence": 0.6, "site": None, "image": {},
    }  # fmt: skip
    entry = {
        "pack": {"id": "chest", "version": "1.0.0", "sha256": "", "class": "research"},
        "status": "ok", "refusal": None, "seconds": 0.01, "findings": [finding],
    }  # fmt: skip
    return {
        "schema": "farlight-result/1", "dir": "a", "source": {"path": "a.png", "modality": None},
        "patient": {"id": None, "age_years": {"value": 3.0, "source": "typed"}, "sex": None},
        "results": [entry], "errors": [],
    }  # fmt: skip


def write(out: Path, *records: dict[str, object]) -> None:
    (out / LINES).write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")


def changed(record: dict[str, object], **values: object) -> dict[str, object]:
    return {**json.loads(json.dumps(record)), **values}


def test_the_table_has_a_row_for_each_answer_and_each_image_without_one(camp: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = run_batch(request(camp, out))
    table = rows(out)
    assert {row["dir"] for row in table} == {str(number) for number in range(12)}
    assert outcome.records == 12
    (damaged,) = [row for row in table if row["dir"] == "7"]
    assert damaged["error"].startswith("E104")
    assert not (out / PAGE).exists()


def test_the_page_counts_and_lists_what_is_to_be_looked_at_first(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    refusal = {"gate": "exposure", "reason": "Under-exposed.", "advice": "Repeat it."}
    entry = {**record["results"][0], "status": "refused", "refusal": refusal, "findings": []}  # type: ignore[index]
    undecided = changed(record, dir="doubt")
    undecided["results"][0]["findings"][0]["position"] = "undecided"  # type: ignore[index]
    below = changed(record, dir="quiet")
    below["results"][0]["findings"][0]["position"] = "below"  # type: ignore[index]
    write(
        tmp_path,
        record,
        below,
        undecided,
        changed(record, dir="dark", results=[entry]),
        changed(record, dir="torn", results=[], errors=[{"code": "E104", "message": "Damaged."}]),
    )
    assert write_overview(tmp_path, clock) == 5
    text = text_of(tmp_path / PAGE)
    listed = [text.index(name) for name in ("torn", "dark", "doubt", "Pneumonia: score above")]
    assert listed == sorted(listed)
    assert "quiet" not in text
    assert "1 above the threshold, 1 undecided, 1 below it" in text
    assert "UNSIGNED" in text
    assert text.count("not a medical device") == 1
    assert "Only pneumonia was looked for" in " ".join(text.split())


def test_a_long_batch_stays_on_one_page_and_says_how_many_are_left(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(tmp_path, *(changed(record, dir=f"image-{number}" * 9) for number in range(400)))
    write_overview(tmp_path, clock)
    text = text_of(tmp_path / PAGE)
    listed = text.count("Pneumonia: score above")
    assert 20 < listed < 60
    assert f"and {400 - listed} more" in text
    info = subprocess.run(["pdfinfo", str(tmp_path / PAGE)], capture_output=True, check=True).stdout.decode()
    assert "Pages:           1" in info


def test_a_demonstration_orders_nothing(tmp_path: Path, record: dict[str, object], clock: MovedClock) -> None:
    shown = changed(record)
    shown["results"][0]["pack"]["class"] = "demonstration"  # type: ignore[index]
    write(tmp_path, shown, shown)
    write_overview(tmp_path, clock)
    assert "Pneumonia" not in text_of(tmp_path / PAGE)
    assert [row["class"] for row in rows(tmp_path)] == ["demonstration"] * 2


def test_a_path_that_a_spreadsheet_would_run_is_text(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(tmp_path, changed(record, source={"path": "=cmd|' /C calc'!A0", "modality": None}))
    write_overview(tmp_path, clock)
    (row,) = rows(tmp_path)
    assert tuple(row) == COLUMNS
    assert row["path"].startswith("'=")
    assert not (tmp_path / PAGE).exists()


def test_a_run_that_goes_on_ends_with_a_table_of_all(camp: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(request(camp, out))
    before = rows(out)
    (out / LINES).write_text(
        "".join((out / LINES).read_text(encoding="utf-8").splitlines(keepends=True)[:5]), encoding="utf-8"
    )
    run_batch(request(camp, out, mode="resume"))
    again = rows(out)
    for row in (*before, *again):
        row["seconds"] = ""
    assert again == before
    run_batch(request(camp, out, mode="force"))
    assert len(rows(out)) == len(before)
