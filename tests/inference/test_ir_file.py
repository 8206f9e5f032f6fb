"""OpenVINO IR is looked into before the engine is, and runs in OpenVINO alone."""

import io
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelLoadError
from inference import ir_file
from inference.engine import open_engine
from inference.ir_file import require_plain_ir
from inference.privacy import forbid_telemetry
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
