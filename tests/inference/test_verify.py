"""Proving a pack on this computer."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from core.errors import InferenceError
from inference.build import write_checksums
from inference.engine import Batch, Outputs
from inference.engine_onnxruntime import OnnxRuntimeEngine
from inference.verify import VerifyCheck, verify_pack
from tests.inference import toy_packs


@pytest.fixture
def folder(toy_root: Path, tmp_path: Path) -> Path:
    """Return a copy of ``toy-finding`` that a test may spoil."""
    return Path(shutil.copytree(toy_root / "toy-finding", tmp_path / "toy-finding"))


def _failed(folder: Path) -> list[VerifyCheck]:
    return [check for check in verify_pack(folder, threads=1) if not check.passed]


def test_a_sound_pack_passes_in_both_engines_and_precisions(toy_root: Path) -> None:
    for name in ("toy-outline", "toy-finding"):
        checks = verify_pack(toy_root / name, threads=1)
        assert all(check.passed for check in checks), checks
        proven = {(check.engine, check.precision) for check in checks if check.name == "Known answers"}
        assert proven == {(e, p) for e in ("openvino", "onnxruntime") for p in ("int8", "fp32")}


def test_a_broken_manifest_ends_it(folder: Path) -> None:
    (folder / "pack.toml").write_text("schema = 1")
    checks = verify_pack(folder)
    assert [(check.passed, check.code) for check in checks] == [(False, "E202")]


def test_a_changed_file_ends_it_before_a_model_is_loaded(folder: Path) -> None:
    (folder / "card.md").write_text("changed")
    checks = verify_pack(folder)
    assert [(check.passed, check.code) for check in checks] == [(True, None), (False, "E203")]


def test_a_golden_file_without_an_output_is_refused(folder: Path) -> None:
    np.savez(folder / "golden.npz", input=np.zeros((1, 1, 24, 24), dtype=np.float32))
    write_checksums(folder)
    assert [check.code for check in _failed(folder)] == ["E202"]


def test_a_golden_file_with_pickled_objects_is_refused(folder: Path) -> None:
    np.savez(folder / "golden.npz", allow_pickle=True, input=np.array([{"a": 1}], dtype=object))
    write_checksums(folder)
    assert [check.code for check in _failed(folder)] == ["E202"]


def test_other_answers_are_found_in_every_engine(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        arrays = dict(golden)
    arrays["logits"] = arrays["logits"] + 1.0
    np.savez(folder / "golden.npz", **arrays)
    write_checksums(folder)
    failed = _failed(folder)
    assert {check.name for check in failed} == {"Known answers"}
    assert len(failed) == 4
    assert "logits 1" in failed[0].text


def test_full_precision_is_held_to_a_tenth_of_the_tolerance(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        arrays = dict(golden)
    arrays["logits"] = arrays["logits"] + 0.1
    np.savez(folder / "golden.npz", **arrays)
    write_checksums(folder)
    assert {check.precision for check in _failed(folder)} == {"fp32"}


def test_a_model_of_another_pack_is_refused_by_its_inputs_and_outputs(folder: Path) -> None:
    (folder / "model.fp32.onnx").write_bytes(toy_packs.outline_model())
    write_checksums(folder)
    failed = _failed(folder)
    assert {(check.name, check.precision) for check in failed} == {("Inputs and outputs", "fp32")}
    assert "the input has the shape" in failed[0].text
    assert "'logit' is missing" in failed[0].text


def test_a_model_that_the_careful_engine_refuses_is_not_shown_to_the_other(folder: Path) -> None:
    node = helper.make_node("Conv", ["image"], ["logit"])
    value = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 24, 24])
    out = helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch", 1, 24, 24])
    model = helper.make_model(helper.make_graph([node], "g", [value], [out]), ir_version=8)
    for content in (b"not a model at all", model.SerializeToString()):
        (folder / "model.fp32.onnx").write_bytes(content)
        write_checksums(folder)
        failed = [(check.code, check.engine, check.precision) for check in _failed(folder)]
        assert failed == [("E302", "onnxruntime", "fp32")]


def test_a_network_that_remembers_the_picture_before_is_found(
    toy_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the judge let through: an engine that keeps the brightest picture so far."""
    run = OnnxRuntimeEngine.run
    brightest = [0.6]

    def remembered(engine: OnnxRuntimeEngine, batch: Batch) -> Outputs:
        brightest.append(max(brightest[-1], float(batch.mean())))
        return {name: said + brightest[-1] - 0.6 for name, said in run(engine, batch).items()}

    monkeypatch.setattr(OnnxRuntimeEngine, "run", remembered)
    checks = verify_pack(toy_root / "toy-finding", threads=1)
    assert {check.name for check in checks if not check.passed and "after it saw" in check.text} == {
        "Other pictures"
    }


def test_a_network_that_fails_on_a_white_picture_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does whose memory grows with what is in the picture, in a child with a limit."""
    run = OnnxRuntimeEngine.run

    def failing(engine: OnnxRuntimeEngine, batch: Batch) -> Outputs:
        if batch.min() == batch.max() and batch.max() > 0.9:
            raise InferenceError("onnxruntime: bad allocation")
        return run(engine, batch)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", failing)
    assert {(check.name, check.engine) for check in _failed(folder)} == {("Other pictures", "onnxruntime")}
