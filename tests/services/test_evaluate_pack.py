"""Packs are measured as the application runs them; what calibrates never measures."""

import csv
import json
import logging
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from core.errors import (
    Cancelled,
    LeakedSplitError,
    OutputNotWritableError,
    PackNotChangedError,
    PackTrialError,
    TooFewPatientsError,
)
from evaluation.card import BEGIN, by_hand
from evaluation.split import Part
from inference.packs import load_pack
from inference.verify import VerifyCheck, verify_pack
from services.evaluate_ask import SLOW_MAP_IMAGES, Answer, Asking
from services.evaluate_pack import Evaluation, EvaluationRequest, calibrating, evaluate_pack
from services.labelled import LabelledImage
from services.progress import Progress
from tests.inference import toy_packs
from tests.services import labelled_toys

pytestmark = pytest.mark.slow
SHARP = 1.0


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy pack that scores the bright part; do not change it."""
    return labelled_toys.write_whole_pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture
def own_pack(tmp_path: Path) -> Path:
    """The same, to be changed."""
    return labelled_toys.write_whole_pack(tmp_path / "own")


def _request(pack: Path, tmp_path: Path, *, patients: int = 40, told: float = SHARP) -> EvaluationRequest:
    images = tmp_path / "images"
    labels = tmp_path / "images.csv"
    if not images.exists():
        labelled_toys.write_pictures(images, patients, told=told)
    return EvaluationRequest(
        pack=str(pack),
        images=images,
        labels=labels,
        out=tmp_path / "out",
        asking=Asking(map_images=4, threads=1),
    )


def _figure(done: Evaluation, metric: str, population: str = "labelled images, all") -> dict[str, Any]:
    figures: list[dict[str, Any]] = done.measured["figures"]
    return next(f for f in figures if f["metric"] == metric and f["population"] == population)


def test_a_pack_that_tells_is_measured_so_and_everything_is_written(pack: Path, tmp_path: Path) -> None:
    done = evaluate_pack(_request(pack, tmp_path))
    assert _figure(done, "AUC")["value"] > 0.8
    assert {path.name for path in done.out.iterdir()} == {
        "card.md",
        "figures.json",
        "images.csv",
        "reliability-brightness.png",
    }
    assert json.loads((done.out / "figures.json").read_text())["figures"] == done.measured["figures"]
    with (done.out / "images.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert all(0 <= float(row["brightness_probability"]) <= 1 for row in rows)
    assert {row["brightness_position"] for row in rows} <= {"above", "below", "undecided"}
    assert done.changed is None


def test_a_random_model_has_an_interval_across_one_half(pack: Path, tmp_path: Path) -> None:
    done = evaluate_pack(_request(pack, tmp_path, patients=60, told=0.0))
    low, high = _figure(done, "AUC")["interval"]
    assert low < 0.5 < high


def test_precisions_subgroups_baseline_and_map_stand_beside_the_figures(pack: Path, tmp_path: Path) -> None:
    measured = evaluate_pack(_request(pack, tmp_path, patients=80)).measured
    assert [row["precision"] for row in measured["precisions"]] == ["fp32", "int8"]
    assert measured["precisions"][0]["largest_difference"] == 0
    assert 0 < measured["precisions"][1]["largest_difference"] < 0.2
    populations = {figure["population"] for figure in measured["figures"]}
    assert {"labelled images, site north", "labelled images, site south"} <= populations
    label = measured["labels"][0]
    assert [row["population"] for row in label["baselines"]] == [
        "linear model, border only",
        "linear model, whole image",
    ]
    quality = label["map_quality"]
    assert quality["deletion_area"]["map"] < quality["deletion_area"]["random"]
    assert quality["hottest_spot_in_box"] == 1.0  # the toy's map is the brightness itself
    assert quality["boxed_images"] == 40


def test_what_a_gate_refuses_is_counted_beside_the_figures(own_pack: Path, tmp_path: Path) -> None:
    from inference.build import write_checksums

    manifest = own_pack / "pack.toml"
    text = manifest.read_text().replace('colour = "grey"', 'colour = "colour"')
    manifest.write_text(text)
    write_checksums(own_pack)
    request = _request(own_pack, tmp_path)
    gated = evaluate_pack(request).measured
    assert gated["refused"] == {"images": 40, "refused": 1.0, "by_gate": {"colour": 40}}
    assert {f["population"] for f in gated["figures"] if f["rate"] == "Brier score"} == {
        "labelled images, all"
    }
    assert any("answered" in note for note in gated["notes"])
    free = evaluate_pack(replace(request, asking=replace(request.asking, use_gates=False))).measured
    assert free["refused"]["refused"] == 0
    assert free["figures"][0] == gated["figures"][0]


def test_calibrating_writes_what_the_other_patients_then_measure(own_pack: Path, tmp_path: Path) -> None:
    request = replace(_request(own_pack, tmp_path, patients=100), calibrate=True, name="Two hospitals")
    done = evaluate_pack(request)
    with (done.out / "images.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    parts = {
        part: {row["patient"] for row in rows if row["part"] == part} for part in ("calibration", "test")
    }
    assert len(parts["calibration"]) == len(parts["test"]) == 50
    assert not parts["calibration"] & parts["test"]
    assert done.measured["set"]["patients"] == 50
    assert _figure(done, "AUC", "Two hospitals, all")["patients"] == 50
    manifest = tomllib.loads((own_pack / "pack.toml").read_text())
    label = manifest["labels"][0]
    assert label["operating_point"] == "sensitivity-95"
    assert [p["name"] for p in label["operating_points"]] == ["sensitivity-95", "sensitivity-90"]
    assert label["operating_points"][0]["threshold"] <= label["operating_points"][1]["threshold"]
    assert "sensitivity" in label["operating_points"][0]
    assert label["calibration"]["prevalence"] == 0.5
    assert len(label["calibration"]["logits"]) > 10
    assert {figure["population"] for figure in manifest["figures"]} == {"Two hospitals, all"}
    assert all(check.passed for check in verify_pack(own_pack))
    assert load_pack(own_pack).manifest.labels[0].scoring is not None


def test_at_its_threshold_the_calibrated_pack_finds_what_it_promises(own_pack: Path, tmp_path: Path) -> None:
    done = evaluate_pack(replace(_request(own_pack, tmp_path, patients=100), calibrate=True))
    with (done.out / "images.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "calibration"]
    threshold = done.measured["calibrated"]["labels"][0]["thresholds"]["sensitivity-95"]
    ill = [float(row["brightness_probability"]) for row in rows if row["brightness_truth"] == "1"]
    assert sum(score >= threshold for score in ill) / len(ill) >= 0.95


def test_a_table_that_splits_is_followed(own_pack: Path, tmp_path: Path) -> None:
    request = _request(own_pack, tmp_path, patients=80)
    rows = labelled_toys.read_rows(request.labels)
    parts = ["calibration" if n % 4 < 2 else "test" for n in range(80)]
    labelled_toys.write_table(
        request.labels,
        [*rows[0], "split"],
        [[*row, part] for row, part in zip(rows[1:], parts, strict=True)],
    )
    done = evaluate_pack(request)  # not asked to calibrate: the test part alone is measured
    assert done.measured["set"]["images"] == 40
    assert done.measured["calibrated"] is None


def test_a_leaked_split_is_refused_and_nothing_changes(own_pack: Path, tmp_path: Path) -> None:
    request = replace(_request(own_pack, tmp_path, patients=80), calibrate=True)
    rows = labelled_toys.read_rows(request.labels)
    spoiled = [
        [row[0], f"P{n // 2}", *row[2:], ("test", "calibration")[n % 2]] for n, row in enumerate(rows[1:])
    ]
    labelled_toys.write_table(request.labels, [*rows[0], "split"], spoiled)
    before = (own_pack / "pack.toml").read_bytes()
    with pytest.raises(LeakedSplitError):
        evaluate_pack(request)
    assert (own_pack / "pack.toml").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_one_picture_under_two_patients_in_both_parts_is_refused(own_pack: Path, tmp_path: Path) -> None:
    request = replace(_request(own_pack, tmp_path, patients=80), calibrate=True)
    rows = labelled_toys.read_rows(request.labels)
    parts = [("test", "calibration")[n % 4 // 2] for n in range(80)]
    (request.images / "0-0.png").write_bytes((request.images / "2-0.png").read_bytes())
    labelled_toys.write_table(
        request.labels,
        [*rows[0], "split"],
        [[*row, part] for row, part in zip(rows[1:], parts, strict=True)],
    )
    with pytest.raises(LeakedSplitError, match="one picture"):
        evaluate_pack(request)


def test_too_few_patients_are_told_with_how_many_are_needed(own_pack: Path, tmp_path: Path) -> None:
    request = _request(own_pack, tmp_path, patients=12)
    with pytest.raises(TooFewPatientsError, match="6 patients without it and 6 with it; 10 of each"):
        evaluate_pack(request)
    more = replace(_request(own_pack, tmp_path / "more", patients=60), calibrate=True)
    with pytest.raises(TooFewPatientsError, match="15 patients without it and 15 with it can calibrate; 20"):
        evaluate_pack(more)


def test_an_installed_pack_is_never_changed(tmp_path: Path) -> None:
    request = replace(_request(tmp_path, tmp_path), pack="chest-pneumonia-child", calibrate=True)
    with pytest.raises(PackNotChangedError, match="installed"):
        evaluate_pack(request)


def test_words_by_hand_and_comments_survive_two_calibrations(own_pack: Path, tmp_path: Path) -> None:
    (own_pack / "card.md").write_text("# Ours\n\nIt fails on film.\n")
    from inference.build import write_checksums

    write_checksums(own_pack)
    request = replace(_request(own_pack, tmp_path, patients=100), calibrate=True)
    evaluate_pack(request)
    evaluate_pack(request)
    text = (own_pack / "card.md").read_text()
    assert text.count(BEGIN) == 1
    assert by_hand(text) == "# Ours\n\nIt fails on film."


def test_outlines_are_compared_with_masks(tmp_path: Path) -> None:
    folder = toy_packs.write_outline_pack(tmp_path / "packs")
    labels = labelled_toys.write_outlined(tmp_path / "images", tmp_path / "masks", 12)
    done = evaluate_pack(
        EvaluationRequest(
            pack=str(folder),
            images=tmp_path / "images",
            labels=labels,
            masks=tmp_path / "masks",
            out=tmp_path / "out",
        )
    )
    assert _figure(done, "median Dice, Left")["value"] > 0.9
    assert _figure(done, "median Dice, Right")["value"] > 0.9


def test_an_image_that_cannot_be_read_is_counted(pack: Path, tmp_path: Path) -> None:
    request = _request(pack, tmp_path)
    (request.images / "3-0.png").write_bytes(b"no picture")
    done = evaluate_pack(request)
    assert done.unread == 1
    assert done.measured["set"]["images"] == 39


def test_no_patient_stands_in_log_figures_or_card(
    pack: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = _request(pack, tmp_path)
    text = request.labels.read_text().replace("P7,", "Nnamdi Okafor,")
    request.labels.write_text(text)
    with caplog.at_level(logging.DEBUG):
        done = evaluate_pack(request)
    written = "".join((done.out / name).read_text() for name in ("card.md", "figures.json"))
    assert "Okafor" not in written + caplog.text
    assert "Okafor" in (done.out / "images.csv").read_text(encoding="utf-8-sig")


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(pack: Path, tmp_path: Path) -> None:
    request = _request(pack, tmp_path)
    request.labels.write_text(request.labels.read_text().replace("P7,", "=1+1,"))
    done = evaluate_pack(request)
    assert ",'=1+1," in (done.out / "images.csv").read_text(encoding="utf-8-sig")


def test_it_can_be_stopped_and_tells_how_far_it_is(pack: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    request = _request(pack, tmp_path)
    with pytest.raises(Cancelled):
        evaluate_pack(request, progress=seen.append, cancelled=lambda: len(seen) > 1)
    assert seen[0].stage == "looking"
    assert seen[0].total == 40
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_told(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputNotWritableError):
        evaluate_pack(replace(_request(pack, tmp_path), out=tmp_path / "taken"))


@pytest.mark.data
def test_our_own_pack_gives_the_figures_of_its_card_on_real_children(
    data_folder: Path, tmp_path: Path
) -> None:
    root = data_folder / "chest-xray-kermany"
    with (root / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"][::10]
    labels = labelled_toys.write_table(
        tmp_path / "labels.csv",
        ["file", "patient", "pneumonia", "age_years"],
        [[r["image"], r["patient_id"], int(r["label"] != "normal"), 3] for r in rows],
    )
    done = evaluate_pack(
        EvaluationRequest(
            pack="chest-pneumonia-child",
            images=root,
            labels=labels,
            out=tmp_path / "out",
            asking=Asking(modality="DX", map_images=0, threads=1),
        )
    )
    low, high = _figure(done, "AUC")["interval"]
    assert low <= 0.986 <= high


def test_maps_that_take_many_runs_are_measured_on_a_few_images(own_pack: Path, tmp_path: Path) -> None:
    from inference.build import write_checksums
    from inference.golden import write_golden
    from inference.manifest_reader import parse_manifest

    text = (own_pack / "pack.toml").read_text().replace('activation_map = "cam"\n', "")
    text = text.replace("activation_map = 0.5\n", "")
    text += '\n[explanation]\nmethod = "occlusion"\nwindow = 8\nstride = 4\n'
    (own_pack / "pack.toml").write_text(text)
    golden = np.random.default_rng(7).random((2, 1, 24, 24), dtype=np.float32)
    write_golden(own_pack, parse_manifest(text, with_files=False), golden)
    write_checksums(own_pack)
    request = _request(own_pack, tmp_path)
    asking = replace(request.asking, map_images=20)
    quality = evaluate_pack(replace(request, asking=asking)).measured["labels"][0]["map_quality"]
    assert quality["images"] == SLOW_MAP_IMAGES
    assert quality["deletion_area"]["map"] < quality["deletion_area"]["random"]
    assert quality["boxed_images"] == SLOW_MAP_IMAGES


def test_a_pack_that_kills_its_process_is_told_before_it_is_run_here(
    own_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> tuple[VerifyCheck, ...]:
        return (VerifyCheck(name="trial", passed=False, text="it ended", code=PackTrialError.code),)

    monkeypatch.setattr("inference.trial.try_pack", killed)
    monkeypatch.setattr("services.evaluate_pack.ask_all", None)
    with pytest.raises(PackTrialError):
        evaluate_pack(_request(own_pack, tmp_path))


def test_labels_that_nobody_labelled_are_named_once(tmp_path: Path) -> None:
    label = labelled_toys.WHOLE_TOML
    label = label[label.index("[[labels]]") : label.index("[tolerance]")]
    other = label.replace("brightness", "darkness").replace("Brightness", "Darkness")
    text = labelled_toys.WHOLE_TOML.replace(label, label + other)
    text = text.replace('scores = "logits"\n', "").replace('logits = "logit"\n', 'logits = "both"\n')
    text = text.replace('activation_map = "cam"\n', "").replace("activation_map = 0.5\n", "")
    text = text.replace("map_shown = true\n", "")
    pack = toy_packs.write_pack(tmp_path / "toy-whole", text, _two_findings(), toy_packs.FINDING_SIDE)
    request = replace(_request(pack, tmp_path, patients=100), calibrate=True)
    done = evaluate_pack(request)
    assert _figure(done, "AUC, Brightness")["patients"] == 50
    assert done.notes == ("nobody says what is true, so not measured: Darkness",)
    assert "## Darkness" not in (done.out / "card.md").read_text()
    labels = tomllib.loads((pack / "pack.toml").read_text())["labels"]
    assert labels[1]["calibration"]["logits"] == [-8.0, 0.0, 8.0]  # left as it was


def _two_findings() -> bytes:
    """Return the toy's network with its logit and that logit's opposite."""
    network = onnx.load_model_from_string(toy_packs.finding_model())
    network.graph.node.extend(
        [
            onnx.helper.make_node("Neg", ["logit"], ["opposite"]),
            onnx.helper.make_node("Concat", ["logit", "opposite"], ["both"], axis=1),
        ]
    )
    both = onnx.helper.make_tensor_value_info("both", onnx.TensorProto.FLOAT, ["batch", 2])
    network.graph.output.append(both)
    return bytes(network.SerializeToString())


def test_what_the_pack_refuses_calibrates_it_only_where_its_gates_are_off() -> None:
    def answer(line: int, part: Part, gate: str | None) -> Answer:
        image = LabelledImage(line=line, name=f"{line}", path=Path(f"{line}"), patient=f"P{line}", part=part)
        return Answer(image=image, gate=gate)

    answers = [
        answer(1, "calibration", None),
        answer(2, "calibration", "exposure"),
        answer(3, "test", None),
        answer(4, "test", "exposure"),
    ]
    assert [one.image.line for one in calibrating(answers, use_gates=True)] == [1]
    assert [one.image.line for one in calibrating(answers, use_gates=False)] == [1, 2]
