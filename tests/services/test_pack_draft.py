"""From a model of other hands to a pack that looks at an image: three shapes of network, and OpenVINO IR."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import (
    Cancelled,
    DraftFolderError,
    ManifestError,
    ModelInspectionError,
    ModelLoadError,
    NewerSchemaError,
    PrecisionMissingError,
    UnknownModelError,
)
from core.image import Image, ImageRef
from core.result import EngineName
from inference.engine import ENGINES
from inference.packs import PackLibrary
from inference.requests import PackRun
from inference.runner import PackRunner
from inference.subject import Subject
from services import pack_draft
from services.pack_draft import DraftWishes, PackDraft, draft_pack, id_from
from services.packs import build
from services.selftest import try_folder
from tests.inference import foreign_networks
from tests.inference.drafts import fill_in
from tests.inference.test_ir_file import as_ir

SUBJECT = Subject(modality="DX")
Grey = NDArray[np.float32]


def x_ray(rows: int = 300, columns: int = 260) -> Grey:
    """Return a picture like a chest: two dark lungs, one with a bright square in it."""
    down, right = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    picture = 0.55 + 0.1 * np.cos(3 * down)
    for side in (-0.45, 0.45):
        lung = ((right - side) / 0.32) ** 2 + (down / 0.7) ** 2 < 1
        picture[lung] = 0.22
    picture[160:200, 170:210] = 0.95
    noise = np.random.default_rng(3).normal(0, 0.01, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 1), dtype=np.float32)


def _look(root: Path, pack_id: str, engine: EngineName, grey: Grey) -> PackRun:
    runner = PackRunner(PackLibrary([root]), engine, threads=1)
    return runner.run(pack_id, Image(ref=ImageRef(file="a.png"), values=grey), grey, SUBJECT)


def _both(root: Path, pack_id: str, grey: Grey) -> tuple[PackRun, PackRun]:
    first, second = (_look(root, pack_id, engine, grey) for engine in ENGINES)
    for run in (first, second):
        assert run.result.status == "ok"
        assert run.result.stamp.precision == "fp32"
    return first, second


def _same_scores(first: PackRun, second: PackRun) -> None:
    one, other = ([finding.probability for finding in run.result.findings] for run in (first, second))
    np.testing.assert_allclose(one, other, atol=1e-3)


def _proven(root: Path, draft: PackDraft) -> None:
    """Build the pack, and prove it in every engine that reads it."""
    target = build(draft.folder, root / "out")
    assert target.name == f"{draft.pack_id}-1.0.0.farpack"
    checks = try_folder(draft.folder)
    assert [check for check in checks if not check.passed] == []
    assert {check.engine for check in checks if check.engine} == set(ENGINES)


@pytest.fixture(scope="module")
def densenet(tmp_path_factory: pytest.TempPathFactory) -> PackDraft:
    """Return the draft made of the DenseNet, filled in and built."""
    root = tmp_path_factory.mktemp("densenet")
    model = root / "Ministry DenseNet-121.onnx"
    model.write_bytes(foreign_networks.densenet())
    labels = root / "labels.txt"
    labels.write_text("\n".join(foreign_networks.FINDINGS), encoding="utf-8")
    draft = draft_pack(model, root / "packs", DraftWishes(labels=labels))
    fill_in(draft.folder, {"mean": "[0.485, 0.456, 0.406]", "std": "[0.229, 0.224, 0.225]"})
    return draft


def test_a_classifier_with_fourteen_findings_becomes_a_pack_with_exact_maps(
    densenet: PackDraft, tmp_path: Path
) -> None:
    assert densenet.pack_id == "ministry-densenet-121"
    assert " ".join(densenet.files) == "card.md golden.npz model.fp32.onnx pack.toml"
    _proven(tmp_path, densenet)
    first, second = _both(densenet.folder.parent, densenet.pack_id, x_ray())
    assert [finding.label for finding in first.result.findings] == list(foreign_networks.FINDINGS)
    _same_scores(first, second)
    for one, other in zip(first.result.heatmaps, second.result.heatmaps, strict=True):
        assert one.shown
        assert one.values.shape == (300, 260)
        np.testing.assert_allclose(one.values, other.values, atol=0.02)
    assert any(heat.values.max() > 0.5 for heat in first.result.heatmaps)


def test_the_table_names_what_was_found_and_each_field_that_is_missing(densenet: PackDraft) -> None:
    found = dict(densenet.found)
    assert found["input"] == "x float ? x 3 x 224 x 224"
    assert found["scores"] == "14 (logits)"
    assert found["map"].startswith("activation map, exact")
    missing = dict(densenet.missing)
    assert {"title", "not_for", "licence.spdx", "input.resize", "input.normalise.mean", "LICENSE"} <= set(
        missing
    )
    assert "labels[0..13].operating_points[0].threshold" in missing
    assert "labels[0..13].code" not in missing
    assert all("is missing" not in need for need in missing.values())


def test_a_pack_without_int8_says_so_when_int8_is_asked_for(densenet: PackDraft, tmp_path: Path) -> None:
    build(densenet.folder, tmp_path)
    runner = PackRunner(PackLibrary([densenet.folder.parent]), precision="int8")
    grey = x_ray()
    with pytest.raises(PrecisionMissingError):
        runner.run(densenet.pack_id, Image(ref=ImageRef(file="a"), values=grey), grey, SUBJECT)


def test_a_u_net_with_open_sides_becomes_a_pack_that_outlines(tmp_path: Path) -> None:
    (tmp_path / "unet.onnx").write_bytes(foreign_networks.unet())
    draft = draft_pack(tmp_path / "unet.onnx", tmp_path, DraftWishes(size=(64, 64)))
    fill_in(draft.folder, {"resize": '"fit"\npad = 0.0', "mean": "[0.0]", "std": "[1.0]"})
    _proven(tmp_path, draft)
    grey = x_ray()
    truth = grey > 0.85
    grey[~truth] *= 0.5
    for run in _both(tmp_path, draft.pack_id, grey):
        (mask,) = run.result.masks
        assert mask.pixels.shape == grey.shape
        overlap = 2 * (mask.pixels & truth).sum() / (mask.pixels.sum() + truth.sum())
        assert overlap > 0.75


def test_a_transformer_becomes_a_pack_whose_maps_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "vit.onnx").write_bytes(foreign_networks.transformer())
    draft = draft_pack(tmp_path / "vit.onnx", tmp_path)
    assert "attention" in dict(draft.found)["map"]
    assert "output.scores" in dict(draft.missing)
    fill_in(draft.folder, {"mean": "[0.5]", "std": "[0.5]"})
    manifest = draft.folder / "pack.toml"
    text = manifest.read_text().replace('scores = ""  # FILL IN', 'scores = "softmax"')
    manifest.write_text(text.replace('method = "rise"', 'method = "rise"\nmasks = 64'))
    _proven(tmp_path, draft)
    first, second = _both(tmp_path, draft.pack_id, x_ray())
    _same_scores(first, second)
    assert len(first.result.heatmaps) == 3
    for one, other in zip(first.result.heatmaps, second.result.heatmaps, strict=True):
        assert one.shown
        assert one.values.max() > 0.5
        np.testing.assert_allclose(one.values, other.values, atol=0.02)


def test_openvino_ir_becomes_a_pack_that_runs_in_openvino_alone(tmp_path: Path) -> None:
    as_ir(foreign_networks.transformer(), tmp_path)
    draft = draft_pack(tmp_path / "ir.xml", tmp_path, DraftWishes(pack_id="vit-ir"))
    assert draft.files == ("card.md", "golden.npz", "model.fp32.bin", "model.fp32.xml", "pack.toml")
    fill_in(draft.folder, {"mean": "[0.5]", "std": "[0.5]"})
    manifest = draft.folder / "pack.toml"
    manifest.write_text(
        manifest.read_text()
        .replace('scores = ""  # FILL IN', 'scores = "softmax"')
        .replace('method = "rise"', 'method = "occlusion"\nwindow = 16\nstride = 16')
    )
    build(draft.folder, tmp_path / "out")
    checks = try_folder(draft.folder)
    assert all(check.passed for check in checks)
    assert {check.engine for check in checks if check.engine} == {"openvino"}
    run = PackRunner(PackLibrary([tmp_path]), threads=1).run(
        "vit-ir", Image(ref=ImageRef(file="a"), values=x_ray()), x_ray(), SUBJECT
    )
    assert (run.result.stamp.engine, run.result.stamp.precision) == ("openvino", "fp32")
    assert len(run.result.heatmaps) == 3
    with pytest.raises(ModelLoadError, match=r"model.fp32.xml runs in openvino only"):
        _look(tmp_path, "vit-ir", "onnxruntime", x_ray())


def test_what_is_left_as_it_was_drafted_is_named_field_by_field(tmp_path: Path) -> None:
    (tmp_path / "vit.onnx").write_bytes(foreign_networks.transformer())
    draft = draft_pack(tmp_path / "vit.onnx", tmp_path)
    with pytest.raises(ManifestError) as caught:
        build(draft.folder)
    problems = caught.value.context["problems"]
    assert isinstance(problems, tuple)
    for field in ("title", "licence.spdx", "input.resize", "labels[2].operating_points[0].threshold"):
        assert f"{field}: is missing" in problems
    assert "output.scores: is empty" in problems[0] or "output.scores: is empty, " in " ".join(problems)
    (check,) = try_folder(draft.folder)
    assert not check.passed
    assert "training_data.population: is missing" in check.detail


def test_without_calibration_a_pack_answers_nothing_and_shows_no_map(tmp_path: Path) -> None:
    (tmp_path / "vit.onnx").write_bytes(foreign_networks.transformer())
    draft = draft_pack(tmp_path / "vit.onnx", tmp_path)
    fill_in(draft.folder, {"mean": "[0.5]", "std": "[0.5]"}, calibrated=False)
    manifest = draft.folder / "pack.toml"
    manifest.write_text(manifest.read_text().replace('scores = ""  # FILL IN', 'scores = "softmax"'))
    build(draft.folder, tmp_path / "out")
    run = _look(tmp_path, "vit", "onnxruntime", x_ray())
    assert [finding.position for finding in run.result.findings] == ["undecided"] * 3
    assert [finding.interval for finding in run.result.findings] == [(0.0, 1.0)] * 3
    assert all(finding.calibrated_at_prevalence is None for finding in run.result.findings)
    assert sum(finding.probability for finding in run.result.findings) == pytest.approx(1.0, abs=1e-4)
    assert run.result.heatmaps == ()


def test_a_detector_is_drafted_for_a_farlight_that_can_run_it(tmp_path: Path) -> None:
    net = foreign_networks.Writer(3)
    x = net.conv("x", 3, 8, 3, 16)
    shape = net.constant(np.array([0, 8, -1], np.int64))
    net.node("Reshape", x, shape, output="output0")
    (tmp_path / "yolo.onnx").write_bytes(net.write(["n", 3, 256, 256], {"output0": ["n", 8, 256]}))
    draft = draft_pack(tmp_path / "yolo.onnx", tmp_path)
    assert (draft.task, draft.runs) == ("detect", False)
    with pytest.raises(NewerSchemaError):
        build(draft.folder)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "vit.onnx").write_bytes(b"x")
    (tmp_path / "vit").mkdir()
    with pytest.raises(DraftFolderError):
        draft_pack(tmp_path / "vit.onnx", tmp_path)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x08\x07\x12", bytes(1000)])
def test_what_is_no_model_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(content)
    with pytest.raises((ModelLoadError, UnknownModelError)):
        draft_pack(model, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_ir_without_its_weights_and_a_wrong_number_of_labels_are_said(tmp_path: Path) -> None:
    as_ir(foreign_networks.transformer(), tmp_path)
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    with pytest.raises(UnknownModelError, match="2 labels were given, the model returns 3"):
        draft_pack(tmp_path / "ir.xml", tmp_path, DraftWishes(labels=tmp_path / "labels.txt"))
    (tmp_path / "ir.bin").unlink()
    with pytest.raises(UnknownModelError, match="do not lie beside it"):
        draft_pack(tmp_path / "ir.xml", tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ministry DenseNet-121.onnx", "ministry-densenet-121"),
        ("3class.onnx", "pack-3class"),
        ("Ä.onnx", "pack"),
    ],
)
def test_an_id_is_made_of_the_files_name(name: str, expected: str) -> None:
    assert id_from(Path(name)) == expected


@pytest.mark.parametrize(("name", "value"), [("MEMORY_BYTES", 60 << 20), ("SECONDS", -1.0)])
def test_a_child_that_dies_or_hangs_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: float
) -> None:
    (tmp_path / "vit.onnx").write_bytes(foreign_networks.transformer())
    monkeypatch.setattr(pack_draft, name, value)
    with pytest.raises(ModelInspectionError):
        draft_pack(tmp_path / "vit.onnx", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_looking_into_a_model_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "vit.onnx").write_bytes(foreign_networks.transformer())
    with pytest.raises(Cancelled):
        draft_pack(tmp_path / "vit.onnx", tmp_path / "out", cancelled=lambda: True)
    assert list((tmp_path / "out").iterdir()) == []
