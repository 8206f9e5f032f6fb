"""A batch ends with a table for spreadsheets and one page that says which images to look at first."""

import csv
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

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


def named(record: dict[str, object], path: str, **values: object) -> dict[str, object]:
    return changed(record, source={"path": path, "modality": None}, **values)


def two_models(record: dict[str, object], path: str, position: str) -> dict[str, object]:
    """Return a record of which one model gives a score, and the other lacks the age."""
    both: dict[str, Any] = named(record, path)
    (scored,) = both["results"]
    scored["pack"].update(id="opacity", title="Opacity")
    scored["findings"][0].update(code="opacity", label="Opacity", position=position)
    refusal = {"gate": "age", "reason": "The age is not known.", "advice": "Enter the age."}
    pack = {**scored["pack"], "id": "chest", "title": "Child pneumonia"}
    silent = {**scored, "pack": pack, "status": "refused", "refusal": refusal, "findings": []}
    return {**both, "results": [silent, scored]}


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
    undecided = named(record, "ward/doubt.dcm")
    undecided["results"][0]["findings"][0]["position"] = "undecided"  # type: ignore[index]
    below = named(record, "ward/quiet.dcm")
    below["results"][0]["findings"][0]["position"] = "below"  # type: ignore[index]
    write(
        tmp_path,
        record,
        below,
        undecided,
        named(record, "ward/dark.dcm", results=[entry]),
        named(record, "ward/torn.dcm", results=[], errors=[{"code": "E104", "message": "Damaged."}]),
    )
    assert write_overview(tmp_path, clock) == 5
    text = text_of(tmp_path / PAGE)
    listed = [text.index(name) for name in ("torn.dcm", "dark.dcm", "doubt.dcm", "Pneumonia: score above")]
    assert listed == sorted(listed)
    assert "quiet" not in text
    assert "1 above the threshold, 1 undecided, 1 below it" in text
    assert "1 refused by a check, 0 not for this model, 1 not read" in " ".join(text.split())
    assert "UNSIGNED" in text
    assert text.count("not a medical device") == 1
    assert "Looked for: pneumonia; nothing else." in " ".join(text.split())


def test_a_long_batch_stays_on_one_page_and_says_how_many_are_left(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(tmp_path, *(named(record, f"{f'image-{number}' * 9}.png") for number in range(400)))
    write_overview(tmp_path, clock)
    text = text_of(tmp_path / PAGE)
    listed = text.count(".png")
    assert text.count("Pneumonia: score above") == 1
    assert 20 < listed < 60
    assert f"and {400 - listed} more" in text
    info = subprocess.run(["pdfinfo", str(tmp_path / PAGE)], capture_output=True, check=True).stdout.decode()
    assert "Pages:           1" in info


def torn(record: dict[str, object], path: str, message: str, code: str = "E104") -> dict[str, object]:
    return named(record, path, results=[], errors=[{"code": code, "message": message}])


def listed_above(text: str, count: int) -> int:
    return sum(f"above/p{number:03}.png" in text for number in range(count))


def test_hundreds_of_different_reasons_leave_the_page_whole_and_name_every_kind(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    many = [torn(record, f"{number}.png", f"Why {number}.", f"E{number + 100}") for number in range(300)]
    write(tmp_path, *many, *(named(record, f"above/p{number:03}.png") for number in range(30)))
    write_overview(tmp_path, clock)
    text = text_of(tmp_path / PAGE)
    listed = text.count("Not read: Why")
    left = re.search(r"and (\d+) more; results.csv", text)
    assert left is not None
    assert listed > 5
    assert listed_above("".join(text.split()), 30) == 30
    assert int(left[1]) + listed == 300


def test_the_page_states_one_order_once_and_counts_in_it(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(tmp_path, record, torn(record, "torn.png", "Damaged."))
    write_overview(tmp_path, clock)
    text = text_of(tmp_path / PAGE)
    cells = next(line for line in text.splitlines() if "images or series" in line)
    order = ("images or series", "not read", "refused by", "undecided", "above a", "below every")
    assert [cells.index(cell) for cell in order] == sorted(cells.index(cell) for cell in order)
    flat = " ".join(text.split())
    assert flat.count("not read, refused, undecided, above the threshold") == 1
    assert "above, undecided, not read" not in flat


def test_what_no_picture_or_no_age_lacks_is_cut_before_images_above_the_threshold(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(
        tmp_path,
        *(torn(record, f"{'junk' * 9}/{number:03}.txt", "No image.", "E101") for number in range(150)),
        *(two_models(record, f"{'quiet' * 9}/p{number:03}.png", "below") for number in range(150)),
        *(two_models(record, f"doubt/p{number:03}.png", "undecided") for number in range(20)),
        *(two_models(record, f"above/p{number:03}.png", "above") for number in range(60)),
    )
    write_overview(tmp_path, clock)
    text = "".join(text_of(tmp_path / PAGE).split())
    assert listed_above(text, 60) == 60
    assert sum(f"doubt/p{number:03}.png" in text for number in range(20)) == 20
    junk, quiet = text.count(".txt"), text.count("quiet/p")
    assert junk > 0
    assert quiet > 0
    assert f"and{150 - junk}more:results.csv" in text
    assert f"and{150 - quiet}more:results.csv" in text


def test_images_that_differ_only_in_their_age_stand_in_one_group(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    records = [
        two_models(record, f"{place}/p{age:03}.png", position)
        for place, position in (("above", "above"), ("quiet", "below"))
        for age in range(50)
    ]
    for number, one in enumerate(records):
        silent: Any = one["results"][0]  # type: ignore[index]
        silent["refusal"]["reason"] = f"The age is {max(20, number % 50)}."
    write(tmp_path, *records)
    write_overview(tmp_path, clock)
    text = " ".join(text_of(tmp_path / PAGE).split())
    assert listed_above(text.replace(" ", ""), 50) == 50
    assert "50 images Opacity: score above the threshold. 21 of them: Child pneumonia: The age is 20." in text
    assert "50 images 21 of them: Child pneumonia: The age is 20." in text
    assert text.count("28 of them: other reasons, see results.csv.") == 2


def test_the_refusal_of_one_model_does_not_hide_the_score_of_another(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    pairs = [
        two_models(record, f"mixed/ward a/p{number:02}.jpeg", position)
        for number, position in enumerate(["above"] * 27 + ["undecided"] * 7 + ["below"] * 14)
    ]
    write(tmp_path, *pairs)
    write_overview(tmp_path, clock)
    text = " ".join(text_of(tmp_path / PAGE).split())
    assert "27 above the threshold, 7 undecided, 14 below it; 0 refused by a check" in text
    assert "0 answered; 48 refused by a check" in text
    assert "27 images Opacity: score above the threshold. Child pneumonia: The age is not known." in text
    assert "7 images Opacity: undecided, not answered. Child pneumonia: The age is not known." in text
    assert "14 images Child pneumonia: The age is not known." in text
    names = [f"ward a/p{number:02}.jpeg" for number in range(48)]
    close = "".join(text.split())
    assert [name for name in names if name.replace(" ", "") not in close] == []
    assert Counter(row["counts_as"] for row in rows(tmp_path)) == {
        "above": 54,
        "undecided": 14,
        "refused": 28,
    }


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


def test_the_same_picture_under_two_names_is_pointed_out(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(
        tmp_path,
        named(record, "in/p00.png", picture_sha256="a"),
        named(record, "in/p01.png", picture_sha256="b"),
        named(record, "in/copy of p00.dcm", picture_sha256="a"),
    )
    write_overview(tmp_path, clock)
    same = {row["path"]: row["same_picture_as"] for row in rows(tmp_path)}
    assert same == {"in/p00.png": "in/copy of p00.dcm", "in/p01.png": "", "in/copy of p00.dcm": "in/p00.png"}
    text = " ".join(text_of(tmp_path / PAGE).split())
    assert "under several names (1), and each is counted: in/p00.png = in/copy of p00.dcm" in text


def smear(record: dict[str, object], path: str, position: str, pack_class: str = "research") -> Any:
    """Return a record of a smear of which 18 of 278 cells were called."""
    counted: dict[str, Any] = named(record, path)
    (entry,) = counted["results"]
    entry["pack"].update(id="malaria", title="Parasites in red cells")
    entry["pack"]["class"] = pack_class
    share = {"code": "parasitaemia", "label": "Parasitaemia", "unit": "%", "value": 6.47}
    cells = {"label": "Cells", "unit": "cells", "interval": None, "position": None}
    measurements = [
        {**share, "interval": [4.13, 10.0], "position": position},
        {**cells, "code": "cells_counted", "value": 278.0},
        {**cells, "code": "cells_parasitized", "value": 18.0},
    ]
    entry.update(findings=[], measurements=measurements)
    return counted


def test_a_smear_with_many_called_cells_is_looked_at_first_with_its_count_and_interval(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    quiet, few = smear(record, "ward/quiet.png", "below"), smear(record, "ward/few.png", "undecided")
    write(tmp_path, quiet, smear(record, "ward/smear.png", "above"), few)
    write_overview(tmp_path, clock)
    text = " ".join(text_of(tmp_path / PAGE).split())
    first = text[text.index("TO LOOK AT FIRST") :]
    assert "ward/smear.png (Parasitaemia 6 % (4 to 10), 18 of 278 cells)" in first
    assert first.index("few.png") < first.index("more was called than the model's false calls explain")
    assert "quiet" not in first
    assert "Looked for: parasites in red cells; nothing else." in first
    assert "3 counted: 1 above what the model's false calls explain, 1 undecided, 1 below it" in text


def test_the_table_has_measured_numbers_with_interval_and_unit_but_none_of_demonstrations(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    write(tmp_path, smear(record, "a.png", "above"), smear(record, "b.png", "above", "demonstration"))
    write_overview(tmp_path, clock, with_pdf=False)
    first, *others = rows(tmp_path)
    assert [first[name] for name in ("finding", "value", "value_low", "value_high", "unit")] == [
        "parasitaemia", "6.47", "4.13", "10", "%",
    ]  # fmt: skip
    assert (first["position"], first["counts_as"], first["probability"]) == ("above", "above", "")
    assert [row["value"] for row in others if row["path"] == "b.png"] == [""]
    assert others[-1]["counts_as"] == "not_for_it"


def test_an_image_of_a_patient_in_doubt_is_looked_at_first_and_says_what_to_check(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    entry: dict[str, Any] = {"other": {"value": "A", "source": "header"}, "text": "Names disagree"}
    entry["used"] = {"value": "B", "source": "file"}
    patient = {"id": None, "sex": None, "age_years": None, "contradictions": [{**entry, "field": "name"}]}
    doubted = named(record, "ward/whose.dcm", patient=patient)
    doubted["results"][0]["findings"][0]["position"] = "below"  # type: ignore[index]
    write(tmp_path, doubted, named(record, "ward/other.dcm"))
    write_overview(tmp_path, clock)
    text = " ".join(text_of(tmp_path / PAGE).split())
    assert "Two sources disagree on the patient (name): check whose image this is. ward/whose.dcm" in text
    assert [row["counts_as"] for row in rows(tmp_path)] == ["doubted", "above"]


def test_a_refusal_beside_the_answer_of_a_demonstration_says_that_one_answered(
    tmp_path: Path, record: dict[str, object], clock: MovedClock
) -> None:
    both = two_models(record, "ward/biopsy.png", "above")
    results: Any = both["results"]
    silent, shown = results
    shown["pack"].update({"class": "demonstration", "title": "Biopsies"})
    write(tmp_path, both, {**both, "results": [silent]})
    write_overview(tmp_path, clock)
    text = " ".join(text_of(tmp_path / PAGE).split())
    assert "1 image Answered by demonstration models alone, which count for nothing here: Biopsies." in text
    assert [row["counts_as"] for row in rows(tmp_path)] == ["refused", "refused", "refused"]
