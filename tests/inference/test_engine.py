"""Both engines behind one interface, on the same inputs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from core.errors import DeviceMissingError, EngineMissingError, InferenceError, ModelLoadError
from core.result import EngineName, Precision
from inference.engine import ENGINES, open_engine, physical_cores
from tests.inference import toy_packs

PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")
each_engine = pytest.mark.parametrize("name", ENGINES)


def _batch(count: int = 3) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.random.default_rng(11).random((count, 1, 32, 32), dtype=np.float32)


def _model_of(kind: str, *, batch: str | int = "batch") -> bytes:
    graph = helper.make_graph(
        [helper.make_node(kind, ["x"], ["y"])],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 1, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 1, 4, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("precision", PRECISIONS)
def test_both_engines_say_the_same(toy_root: Path, precision: Precision) -> None:
    model = (toy_root / "toy-outline" / f"model.{precision}.onnx").read_bytes()
    first, second = (open_engine(name, model, threads=1).run(_batch()) for name in ENGINES)
    assert set(first) == set(second) == {"masks", "sense", "familiarity"}
    for name in first:
        np.testing.assert_allclose(first[name], second[name], atol=0.02 if precision == "int8" else 1e-4)


@each_engine
def test_the_same_input_gives_the_same_bits_each_time_and_in_any_batch(
    name: EngineName, toy_root: Path
) -> None:
    opened = open_engine(name, (toy_root / "toy-outline" / "model.int8.onnx").read_bytes(), threads=2)
    together = opened.run(_batch())
    again = opened.run(_batch())
    alone = opened.run(_batch()[1:2])
    for role, values in together.items():
        np.testing.assert_array_equal(values, again[role])
        np.testing.assert_array_equal(values[1:2], alone[role])


@each_engine
def test_outputs_are_kept_when_the_engine_runs_again(name: EngineName) -> None:
    opened = open_engine(name, toy_packs.outline_model(), threads=1)
    first = opened.run(_batch(1))
    kept = first["masks"].copy()
    opened.run(1 - _batch(1))
    np.testing.assert_array_equal(first["masks"], kept)


@each_engine
def test_says_what_it_is_and_what_it_reads(name: EngineName) -> None:
    opened = open_engine(name, toy_packs.outline_model(), threads=1)
    assert (opened.name, opened.device) == (name, "CPU")
    assert [(tensor.name, tensor.shape) for tensor in opened.inputs] == [("image", (None, 1, 32, 32))]
    assert {tensor.name: tensor.shape for tensor in opened.outputs} == {
        "masks": (None, 2, 32, 32),
        "sense": (None, 9),
        "familiarity": (None, 1),
    }


@each_engine
def test_a_network_for_one_image_takes_a_batch(name: EngineName) -> None:
    opened = open_engine(name, _model_of("Neg", batch=1), threads=1)
    batch = np.arange(48, dtype=np.float32).reshape(3, 1, 4, 4)
    np.testing.assert_array_equal(opened.run(batch)["y"], -batch)


@each_engine
@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (np.zeros((1, 1, 4, 4), dtype=np.float64), "float64"),
        (np.zeros((1, 1, 4, 5), dtype=np.float32), "shape"),
        (np.zeros((1, 4, 4), dtype=np.float32), "shape"),
        (np.full((1, 1, 4, 4), np.nan, dtype=np.float32), "not numbers"),
        (np.full((1, 1, 4, 4), np.inf, dtype=np.float32), "not numbers"),
    ],
)
def test_refuses_an_input_that_is_not_what_the_network_reads(
    name: EngineName, batch: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", said: str
) -> None:
    with pytest.raises(InferenceError, match=said):
        open_engine(name, _model_of("Neg"), threads=1).run(batch)


@each_engine
def test_refuses_an_output_that_is_not_a_number(name: EngineName) -> None:
    opened = open_engine(name, _model_of("Log"), threads=1)
    with pytest.raises(InferenceError, match="'y' has values that are not numbers"):
        opened.run(np.full((1, 1, 4, 4), -1, dtype=np.float32))


@each_engine
def test_a_model_that_the_engine_does_not_accept_is_an_error_of_loading(name: EngineName) -> None:
    with pytest.raises(ModelLoadError, match=name):
        open_engine(name, _model_of("LRN"), threads=1)


def test_an_engine_that_is_not_installed_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inference.engine_openvino", None)
    with pytest.raises(EngineMissingError, match="openvino"):
        open_engine("openvino", toy_packs.finding_model())


@each_engine
def test_a_device_that_is_not_there_is_told_as_such(name: EngineName) -> None:
    for device in ("NPU", "CUDA", "GPU.7", "no such thing"):
        with pytest.raises(DeviceMissingError):
            open_engine(name, toy_packs.finding_model(), device=device)


def test_uses_no_more_cores_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert physical_cores() >= 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert physical_cores() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@each_engine
def test_a_signal_is_heard_after_two_networks_were_opened_and_given_up(
    name: EngineName, toy_root: Path
) -> None:
    program = """
import signal, sys, numpy
from pathlib import Path
from inference.engine import open_engine
model = Path(sys.argv[2]).read_bytes()
opened = [open_engine(sys.argv[1], model, threads=1) for _ in range(2)]
while opened:
    opened.pop(0).run(numpy.zeros((1, 1, 32, 32), numpy.float32))
signal.signal(signal.SIGTERM, lambda number, _frame: print("heard", number))
signal.raise_signal(signal.SIGTERM)
"""
    model = toy_root / "toy-outline" / "model.int8.onnx"
    done = subprocess.run(
        [sys.executable, "-c", program, name, str(model)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"heard {signal.SIGTERM}\n")


def test_both_engines_are_silent_and_write_nothing(toy_root: Path, tmp_path: Path) -> None:
    program = """
import sys, numpy
from pathlib import Path
from core.errors import EngineError
from inference.engine import ENGINES, open_engine
for name in ENGINES:
    opened = open_engine(name, Path(sys.argv[1]).read_bytes())
    opened.run(numpy.zeros((2, 1, 32, 32), numpy.float32))
    try:
        open_engine(name, b"\\x0a\\x03abc")
    except EngineError:
        pass
    else:
        raise AssertionError(name)
"""
    model = toy_root / "toy-outline" / "model.int8.onnx"
    done = subprocess.run(
        [sys.executable, "-c", program, str(model)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path.cwd()), "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path for path in tmp_path.rglob("*") if path.suffix != ".pyc"] == []
