"""``analyze`` as people script it: statuses, stopping, going on."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Photo

pytestmark = pytest.mark.slow
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[bytes]"]
MANY = 120
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
QUICK = ("--no-pdf", "--pack", "chest-lungs")


def _records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


@pytest.fixture
def many(tmp_path: Path, picture: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        shutil.copy(picture, folder / f"{number}.png")
    return folder


def _wait_for_lines(out: Path, count: int, process: "subprocess.Popen[bytes]") -> None:
    lines = out / "results.jsonl"
    while not lines.exists() or lines.read_bytes().count(b"\n") < count:
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.fail(process.stderr.read().decode())
        time.sleep(0.01)


def test_the_main_job_ends_with_status_0_and_its_results(run: Run, picture: Path, tmp_path: Path) -> None:
    done = run("analyze", str(picture), "--out", "out", "--pack", "chest-lungs")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{Path('out') / 'results.jsonl'}\n"
    assert done.stderr.splitlines()[-1] == "1 record."
    (record,) = _records(tmp_path / "out")
    assert [entry["status"] for entry in record["results"]] == ["refused"]
    assert (tmp_path / "out" / "picture" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_path_that_is_not_there_is_a_record_and_status_1(run: Run, picture: Path, tmp_path: Path) -> None:
    done = run("analyze", "missing.dcm", str(picture), "--out", "out", "--no-pdf")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "2 records, 1 with errors."
    told = done.stderr.splitlines()
    assert any(line.startswith("missing.dcm: The file or folder cannot be opened.") for line in told)
    assert any(line.startswith("Counted as: 1 not read, 1 ") or ", 1 not read" in line for line in told)
    (off,) = [line for line in told if line.startswith("Demonstration models are off")]
    assert "Tuberculosis" in off
    assert not any("overview.pdf" in line for line in told), "--no-pdf"
    missing, good = _records(tmp_path / "out")
    assert missing["source"]["path"] == "missing.dcm"
    assert [error["code"] for error in missing["errors"]] == ["E102"]
    assert good["errors"] == []


def test_what_is_no_image_has_no_record_and_is_counted_and_named(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    shutil.copy(picture, folder)
    for number in range(7):
        (folder / f"{number}.txt").write_text("hello")
    done = run("analyze", str(folder), "--out", "out", *QUICK)
    assert done.returncode == 0
    (told,) = [line for line in done.stderr.splitlines() if "Without a record" in line]
    last = done.stderr.splitlines()[-1]
    assert last == "1 record."
    assert " no images (7): " in told
    assert told.count(".txt") == 5
    assert told.endswith(" and 2 more")


def test_an_output_folder_in_use_needs_force_or_resume(run: Run, picture: Path, tmp_path: Path) -> None:
    arguments = ("analyze", str(picture), "--out", "out", *QUICK)
    assert run(*arguments).returncode == 0
    again = run(*arguments)
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1].startswith("E601 out: ")
    assert "1 of them kept" in run(*arguments, "--resume").stderr
    assert run(*arguments, "--force").stderr.splitlines()[-1] == "1 record."
    assert len(_records(tmp_path / "out")) == 1


def test_an_output_folder_that_cannot_be_made_is_told(run: Run, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("analyze", str(picture), "--out", "file/out")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("E603 file/out: ")


@pytest.mark.parametrize(
    ("content", "named"), [('{"sex": "male"}', "sex"), ('{"age_years": "x"}', "age_years"), ("{", "JSON")]
)
def test_a_wrong_patient_file_names_its_field(
    run: Run, picture: Path, tmp_path: Path, content: str, named: str
) -> None:
    (tmp_path / "patient.json").write_text(content)
    done = run("analyze", str(picture), "--out", "out", "--patient", "patient.json")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("E602 patient.json: ")
    assert named in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_gates_is_marked_in_the_result(run: Run, picture: Path, tmp_path: Path) -> None:
    run("analyze", str(picture), "--out", "out", "--no-pdf", "--no-gates", "--pack", "chest-lungs")
    (record,) = _records(tmp_path / "out")
    assert [entry["gates_skipped"] for entry in record["results"]] == [True]


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_engine_and_precision_are_those_asked_for(
    run: Run, picture: Path, tmp_path: Path, engine: str, precision: str
) -> None:
    chosen = ("--engine", engine, "--precision", precision, "--no-gates", "--no-pdf")
    run("analyze", str(picture), "--out", "out", "--pack", "chest-lungs", *chosen)
    (record,) = _records(tmp_path / "out")
    (entry,) = record["results"]
    assert (entry["engine"], entry["precision"]) == (engine, precision)


@posix
def test_ctrl_c_leaves_whole_records_and_resume_completes_them(
    start: Start, run: Run, many: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start("analyze", str(many), "--out", str(out), *QUICK) as process:
        _wait_for_lines(out, 5, process)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()
    assert process.returncode == 1
    first, *_, stopped, last = complaint.decode().splitlines()
    assert first == "Looking for images and loading the models …"
    assert stopped.startswith("E900 ")
    records = _records(out)
    assert last == (
        f"{len(records)} of {MANY} are done and kept. The same command with --resume makes the others."
    )
    assert 5 <= len(records) < MANY
    entries = {path.name for path in out.iterdir()}
    assert entries == {"results.jsonl", *(record["dir"] for record in records)}
    done = run("analyze", str(many), "--out", str(out), *QUICK, "--resume")
    assert done.returncode == 0
    assert f"{len(records)} of them kept" in done.stderr
    assert [record["dir"] for record in _records(out)] == [str(number) for number in range(MANY)]


@posix
def test_after_kill_9_resume_completes_the_run(start: Start, run: Run, many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with start("analyze", str(many), "--out", str(out), *QUICK) as process:
        _wait_for_lines(out, 5, process)
        process.kill()
    with (out / "results.jsonl").open("a") as lines:
        lines.write('{"schema": "farlight-res')
    done = run("analyze", str(many), "--out", str(out), *QUICK, "--resume")
    assert done.returncode == 0
    assert [record["dir"] for record in _records(out)] == [str(number) for number in range(MANY)]
    assert {path.name for path in out.iterdir()} == {"results.jsonl", "results.csv", *map(str, range(MANY))}


@posix
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(picture: Path, tmp_path: Path) -> None:
    # No file may grow beyond a few blocks: as good as a full disk, without filling one.
    script = f'ulimit -f 4; exec "{sys.executable}" main.py --profile "{tmp_path}/p"'
    script += f' analyze "{picture}" --out "{tmp_path}/out"'
    done = subprocess.run(
        ["sh", "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("E603 ")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"results.jsonl"}


def test_a_prevalence_of_a_finding_that_no_model_scores_is_refused_and_the_known_ones_are_named(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    done = run("analyze", str(picture), "--out", "out", "--prevalence", "pnuemonia=12%")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("E606 ")
    assert "'pnuemonia' is not known here; known: pneumonia" in done.stderr
    done = run(
        "analyze", str(picture), "--out", "out", "--pack", "chest-lungs", "--prevalence", "pneumonia=1%"
    )
    assert done.returncode == 2, "the models that were asked for have no such score"
    assert "no finding is known" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_pack_that_is_misspelt_is_refused(run: Run, picture: Path) -> None:
    done = run(
        "analyze", str(picture), "--out", "out", "--pack", "chest-lung", "--prevalence", "pneumonia=1%"
    )
    assert (done.returncode, done.stderr.splitlines()[-1][:4]) == (2, "E201")


def test_a_device_that_is_not_here_is_told_and_the_processor_answers(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    order = ("analyze", str(picture), *QUICK, "--out")
    done = run(*order, str(tmp_path / "out"), "--device", "openvino:GPU.9")
    assert done.returncode == 0
    assert "openvino:GPU.9 is not among this computer's devices (CPU" in done.stderr
    refused = run(*order, str(tmp_path / "none"), "--device", "graphics")
    assert refused.returncode == 2
    assert "graphics is no device; write auto, CPU, or engine and device" in refused.stderr


def test_a_prevalence_that_is_given_twice_is_refused(run: Run, picture: Path) -> None:
    twice = ("--prevalence", "pneumonia=1%", "--prevalence", "pneumonia=50%")
    done = run("analyze", str(picture), "--out", "out", *twice)
    assert done.returncode == 2
    assert "--prevalence was given twice for pneumonia" in done.stderr


def test_a_model_named_says_on_the_terminal_why_it_did_not_answer_one_image(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    (tmp_path / "child.json").write_text('{"age_years": 4}', encoding="utf-8")
    named = ("--pack", "chest-tb-adult", "--pack", "chest-lungs", "--patient", "child.json", "--no-pdf")
    done = run("analyze", str(picture), "--out", "out", *named)
    told = done.stderr.splitlines()
    for record in _records(tmp_path / "out")[0]["results"]:
        assert f"{record['pack']['title']}: not answered. {record['refusal']['reason']}" in told
    assert len([line for line in told if ": not answered. " in line]) == 2


def test_demonstrations_of_another_age_could_not_have_been_asked(
    run: Run, picture: Path, tmp_path: Path
) -> None:
    for age, named in ((4, False), (40, True)):
        (tmp_path / "age.json").write_text(json.dumps({"age_years": age}), encoding="utf-8")
        asked = ("--patient", "age.json", "--no-pdf", "--force")
        told = run("analyze", str(picture), "--out", "out", *asked).stderr
        assert ("Tuberculosis on chest X-rays of adults" in told) is named
        assert "biopsies" not in told, "a grey picture is none of theirs"
    colours = np.random.default_rng(4).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    Photo.fromarray(colours).save(tmp_path / "colours.png")
    told = run("analyze", "colours.png", "--out", "out", "--no-pdf", "--force").stderr
    assert "Malignant tissue in lung biopsies" in told


def test_a_refusal_for_the_age_is_told_of_a_model_that_nobody_named(run: Run, tmp_path: Path) -> None:
    child = Path(__file__).parents[2] / "samples" / "chest-child.dcm"
    (tmp_path / "old.json").write_text('{"age_years": 40}', encoding="utf-8")
    told = run("analyze", str(child), "--out", "out", "--patient", "old.json", "--no-pdf").stderr
    why = "This model was made for 1 to 5 years; the patient's age is 40 years."
    assert f"Pneumonia on chest X-rays of children: not answered. {why}" in told.splitlines()


def test_a_patient_file_by_itself_is_enough_for_a_pack_that_reads_values(run: Run, tmp_path: Path) -> None:
    values = {"age_years": 72, "ejection_fraction": 25, "serum_creatinine": 1.9, "serum_sodium": 131}
    whole = values | {"anaemia": True, "hypertension": "no"}
    (tmp_path / "whole.json").write_text(json.dumps(whole), encoding="utf-8")
    done = run("analyze", "--patient", "whole.json", "--pack", "heart-failure-risk", "--out", "out")
    assert done.returncode == 0, done.stderr
    title = "Death within 180 days in known heart failure"
    answered = f"{title}: estimated; the estimate stands in the record and its report."
    assert done.stderr.splitlines()[-2:] == [answered, "1 record."]
    (record,) = _records(tmp_path / "out")
    assert record["source"]["path"] == "whole.json"
    (entry,) = record["results"]
    assert (entry["status"], entry["engine"]) == ("ok", None)
    assert 0 < entry["risks"][0]["interval"][0] < entry["risks"][0]["probability"] < 1
    assert (tmp_path / "out" / "whole" / "report.pdf").read_bytes().startswith(b"%PDF")
    (tmp_path / "part.json").write_text(json.dumps(values), encoding="utf-8")
    part = run("analyze", "--patient", "part.json", "--pack", "heart-failure-risk", "--out", "o2", "--no-pdf")
    assert part.returncode == 0, "a refusal is a result"
    told = part.stderr.splitlines()[-2]
    assert (
        told == f"{title}: no estimate. This model needs values that were not given: Anaemia, Hypertension."
    )
    (record,) = _records(tmp_path / "o2")
    assert record["results"][0]["refusal"]["gate"] == "inputs"
    assert "Anaemia, Hypertension" in record["results"][0]["refusal"]["reason"]
    assert record["results"][0]["refusal"]["fields"] == ["anaemia", "hypertension"]
    off = run("analyze", "--patient", "part.json", "--out", "o4", "--no-pdf")
    assert off.stderr.splitlines()[-3] == "No model was asked that estimates from values."
    (tmp_path / "wrong.json").write_text(json.dumps(whole | {"anemia": 1}), encoding="utf-8")
    wrong = run("analyze", "--patient", "wrong.json", "--pack", "heart-failure-risk", "--out", "o3")
    assert wrong.returncode == 2
    assert "E602" in wrong.stderr
    assert "anaemia" in wrong.stderr
    assert not (tmp_path / "o3").exists()
