"""Trying packs in a child process: what passes, what fails, and what ends the child alone."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import Cancelled, PackTrialError
from inference import trial
from inference.build import write_checksums
from inference.trial import TrialLimits, require_tried, try_pack
from inference.verify import VerifyCheck, verify_pack


@pytest.fixture
def pack(toy_root: Path, tmp_path: Path) -> Path:
    """Return a copy of a toy pack that a test may spoil."""
    return Path(shutil.copytree(toy_root / "toy-outline", tmp_path / "toy-outline"))


def _with_model(pack: Path, model: bytes) -> Path:
    for name in ("model.fp32.onnx", "model.int8.onnx"):
        (pack / name).write_bytes(model)
    write_checksums(pack)
    return pack


def test_a_sound_pack_passes_with_the_very_checks_of_verify(pack: Path) -> None:
    checks = try_pack(pack, threads=1)
    require_tried(checks)
    assert [(one.name, one.passed, one.engine, one.precision) for one in checks] == [
        (one.name, one.passed, one.engine, one.precision) for one in verify_pack(pack, threads=1)
    ]


def test_a_model_that_fills_the_memory_while_it_looks_fails_and_ends_nothing_else(pack: Path) -> None:
    """The size comes from the image, so that the file does not tell it."""
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Mul", ["shape", "times"], ["large"]),
        helper.make_node("ConstantOfShape", ["large"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["masks"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 32, 32])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("masks",)],
        [numpy_helper.from_array(np.array([1, 1, 2000, 2000]), "times")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checks = try_pack(_with_model(pack, model.SerializeToString()), threads=1)
    assert not checks[-1].passed
    with pytest.raises(PackTrialError):
        require_tried(checks)


def test_a_child_that_may_take_no_memory_ends_with_a_sentence(pack: Path) -> None:
    checks = try_pack(pack, threads=1, limits=TrialLimits(memory_bytes=64 << 20))
    assert [(one.passed, one.code) for one in checks][-1] == (False, "E255")
    with pytest.raises(PackTrialError, match="ended the process"):
        require_tried(checks)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end no process there")
def test_a_child_that_crashes_says_how_and_keeps_what_it_said_before(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = '{"name": "Files", "passed": true, "text": "All."}'
    program = f"import os, signal; print({said!r}, flush=True); os.kill(os.getpid(), signal.SIGSEGV)"

    def crash(*_arguments: Any, **_named: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1)

    monkeypatch.setattr(trial, "start_child", crash)
    first, last = try_pack(pack)
    assert first == VerifyCheck(name="Files", passed=True, text="All.")
    assert "SIGSEGV" in last.text


def test_a_model_that_does_not_end_is_stopped(pack: Path) -> None:
    (check,) = try_pack(pack, limits=TrialLimits(seconds=0.0))
    assert not check.passed
    assert "stopped" in check.text


def test_a_trial_can_be_cancelled(pack: Path) -> None:
    with pytest.raises(Cancelled):
        try_pack(pack, cancelled=lambda: True)


def test_what_a_hostile_child_says_is_no_more_than_a_failed_check(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in ("[]", '{"name": 1}', "x" * 100, '{"evil": true}'):
        monkeypatch.setattr(
            trial,
            "start_child",
            lambda *_a, _said=said, **_n: subprocess.Popen(
                [sys.executable, "-c", f"print({_said!r})"], stdin=-1, stdout=-1
            ),
        )
        assert [one.passed for one in try_pack(pack)] == [False]


def test_no_checks_are_no_proof() -> None:
    with pytest.raises(PackTrialError):
        require_tried(())


def test_the_program_is_its_own_trial_when_frozen() -> None:
    assert trial.ARGUMENT in Path("main.py").read_text(encoding="utf-8")
