"""OpenVINO IR is looked into before the engine is, and runs in OpenVINO alone."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelLoadError
from inference import ir_file
from inference.engine import open_engine
from inference.ir_file import require_plain_ir
from inference.privacy import forbid_telemetry
from tests.inference import foreign_networks
from tests.inference.toy_packs import finding_model

NETWORK = b"""<?xml version="1.0"?><net name="n" version="11"><layers>
<layer id="0" name="w" type="Const" version="opset1"><data element_type="f32" offset="0" size="16"/></layer>
</layers></net>"""
WEIGHTS = bytes(16)


def as_ir(model: bytes, folder: Path) -> tuple[bytes, bytes]:
    """Return an ONNX model as OpenVINO IR."""
    forbid_telemetry()
    import openvino

    network = openvino.Core().read_model(io.BytesIO(model))
    openvino.save_model(network, folder / "ir.xml", compress_to_fp16=False)
    return (folder / "ir.xml").read_bytes(), (folder / "ir.bin").read_bytes()


def test_a_plain_network_passes() -> None:
    require_plain_ir(NETWORK, WEIGHTS)


@pytest.mark.parametrize(
    ("network", "weights", "words"),
    [
        (NETWORK, WEIGHTS[:15], "weights that are not in the file"),
        (NETWORK.replace(b'"16"', b'"-16"'), WEIGHTS, "is not OpenVINO IR"),
        (NETWORK.replace(b'"opset1"', b'"extension"'), WEIGHTS, "an operator of its maker: Const"),
        (NETWORK.replace(b'version="11"', b'version="7"'), WEIGHTS, "too old"),
        (NETWORK.replace(b"net ", b"nett "), WEIGHTS, "is not OpenVINO IR"),
        (NETWORK[:-9], WEIGHTS, "is not OpenVINO IR"),
        (b"\x08\x07\x12\x00", WEIGHTS, "is not OpenVINO IR"),
        (b"<?xml version='1.0'?><!DOCTYPE net [<!ENTITY a 'b'>]><net/>", b"", "is not plain XML"),
        (bytes(17 << 20), b"", "the network has"),
    ],
)
def test_what_is_no_plain_network_is_refused_before_it_is_loaded(
    network: bytes, weights: bytes, words: str
) -> None:
    with pytest.raises(ModelLoadError, match=words):
        require_plain_ir(network, weights)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (b"ReadValue", "keeps something of one image for the next"),
        (b"assign", "keeps something"),
        (b"RandomUniform", "draws by chance"),
        (b"Multinomial", "draws by chance"),
        (b"TensorIterator", "repeats itself"),
        (b"Loop", "repeats itself"),
        (b"If", "not among those"),
        (b"NonZero", "not among those"),
        (b"Evil", "not among those"),
        (b"Proposal", "not among those"),
    ],
)
def test_a_layer_that_is_not_run_is_refused_by_name(layer: bytes, said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        require_plain_ir(NETWORK.replace(b"Const", layer), WEIGHTS)


@pytest.mark.parametrize("version", [b"opset17", b"ops_math", b"", b"opset1 "])
def test_a_layer_of_an_unknown_set_is_refused(version: bytes) -> None:
    with pytest.raises(ModelLoadError, match="of its maker"):
        require_plain_ir(NETWORK.replace(b'"opset1"', b'"' + version + b'"'), WEIGHTS)


def test_a_network_in_another_encoding_is_refused() -> None:
    network = NETWORK.replace(b'version="1.0"', b'version="1.0" encoding="latin1"')
    with pytest.raises(ModelLoadError, match="plain XML"):
        require_plain_ir(network, WEIGHTS)


def _saved(make: Callable[[Any, Any], Any], folder: Path) -> tuple[bytes, bytes]:
    """Return a network of ``make(operators, picture)`` as IR."""
    forbid_telemetry()
    import openvino
    from openvino import opset13

    picture = opset13.parameter([1, 1, 8, 8], np.float32, name="x")
    openvino.save_model(openvino.Model([make(opset13, picture)], [picture], "n"), folder / "n.xml", False)
    return (folder / "n.xml").read_bytes(), (folder / "n.bin").read_bytes()


def _filled(op: Any, x: Any) -> Any:
    return op.add(x, op.reduce_max(op.broadcast(np.float32(1), np.array([20000, 20000])), np.array([0, 1])))


def _joined(op: Any, x: Any) -> Any:
    for _ in range(26):
        x = op.concat([x, x], 1)
    return op.reduce_max(x, np.array([1]), True)


def _by_brightness(op: Any, x: Any) -> Any:
    side = op.convert(op.reduce_sum(x, np.array([0, 1, 2, 3]), True), "i64")
    return op.broadcast(np.float32(1), op.reshape(side, np.array([1]), False))


BIG_SIZES = np.full(1 << 14, 64, np.int64)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_filled, "too many values"),
        (_joined, "too many values"),
        (_by_brightness, "from the image"),
        (
            lambda op, x: op.tile(x, op.convert(op.reduce_max(x, np.array([0, 1, 2])), "i64")),
            "from the image",
        ),
        (
            lambda op, x: op.reshape(x, op.gather(BIG_SIZES, np.array([0]), np.array(0)), False),
            "any shape has",
        ),
    ],
    ids=["filled", "joined", "by brightness", "tiled by itself", "a long size"],
)
def test_sizes_of_gigabytes_or_of_the_image_are_refused(
    make: Callable[[Any, Any], Any], said: str, tmp_path: Path
) -> None:
    network, weights = _saved(make, tmp_path)
    with pytest.raises(ModelLoadError, match=said):
        require_plain_ir(network, weights)


def test_declared_sizes_that_lie_are_found_before_it_is_compiled(tmp_path: Path) -> None:
    """OpenVINO does not believe what an output declares, and computes its own."""
    network, weights = _saved(_filled, tmp_path)
    lied = network.replace(b"<dim>20000</dim>", b"<dim>2</dim>")
    require_plain_ir(lied, weights)
    with pytest.raises(ModelLoadError, match="would make 4e"):
        open_engine("openvino", lied, weights=weights)


@pytest.mark.parametrize("make", [foreign_networks.densenet, foreign_networks.transformer])
def test_networks_of_other_plans_pass_as_ir(make: Callable[[], bytes], tmp_path: Path) -> None:
    require_plain_ir(*as_ir(make(), tmp_path))


def test_weights_of_an_insane_size_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ir_file, "LARGEST_MODEL_BYTES", 15)
    with pytest.raises(ModelLoadError, match="the weights have 16 bytes, 15 are allowed"):
        require_plain_ir(NETWORK, WEIGHTS)


def test_ir_says_what_the_same_network_says_as_onnx(tmp_path: Path) -> None:
    network, weights = as_ir(finding_model(), tmp_path)
    batch = np.random.default_rng(1).random((2, 1, 24, 24), dtype=np.float32)
    ir = open_engine("openvino", network, weights=weights).run(batch)
    onnx = open_engine("openvino", finding_model()).run(batch)
    for name in onnx:
        np.testing.assert_allclose(ir[name], onnx[name], atol=1e-5)
    with pytest.raises(ModelLoadError, match="does not read OpenVINO IR"):
        open_engine("onnxruntime", network, weights=weights)
