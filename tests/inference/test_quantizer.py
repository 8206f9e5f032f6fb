"""The quantizer makes models that both engines run, close to what they were made of."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from core.errors import ModelLoadError, QuantizeError
from inference.engine import ENGINES, open_engine
from inference.quantizer import METHODS, quantized
from inference.shuffled_weights import shuffled_weights
from tests.inference import toy_packs

SIDE = toy_packs.FINDING_SIDE


def _samples(count: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random((1, 1, SIDE, SIDE), dtype=np.float32) for _ in range(count)]


@pytest.mark.parametrize("method", METHODS)
def test_an_int8_model_says_nearly_the_same_in_both_engines(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    full = toy_packs.finding_model()
    small = quantized(full, _samples(), method=method)  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
    kinds = {node.op_type for node in onnx.load_model_from_string(small).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    for name in ENGINES:
        before = open_engine(name, full, threads=1).run(_samples(1)[0])["logit"]
        after = open_engine(name, small, threads=1).run(_samples(1)[0])["logit"]
        assert np.abs(before - after).max() < 0.2


def test_a_model_that_the_quantizer_cannot_read_is_an_error_of_ours() -> None:
    with pytest.raises(ModelLoadError):
        quantized(b"no model at all", _samples())
    with pytest.raises(QuantizeError):
        quantized(toy_packs.finding_model(), [np.zeros((1, 3, 8, 8), np.float32)])


def test_shuffling_keeps_the_filters_values_and_moves_them() -> None:
    values = np.random.default_rng(1).normal(size=(4, 1, 24, 24)).astype(np.float32)
    model = toy_packs._model(
        nodes=[
            onnx.helper.make_node("Conv", ["image", "kernel"], ["features"]),
            onnx.helper.make_node("Flatten", ["features"], ["logit"]),
        ],
        constants={"kernel": values},
        side=SIDE,
        outputs={"logit": (4,)},
    )
    shuffled = onnx.load_model_from_string(shuffled_weights(model)).graph.initializer[0]
    moved = onnx.numpy_helper.to_array(shuffled)
    assert not np.array_equal(moved, values)
    assert np.array_equal(np.sort(moved.ravel()), np.sort(values.ravel()))


def test_where_onnx_is_missing_the_verb_says_so() -> None:
    program = (
        "import sys; sys.modules['onnx'] = None\n"
        "from core.errors import QuantizerMissingError\n"
        "from inference.quantizer import require_quantizer\n"
        "from inference.shuffled_weights import shuffled_weights\n"
        "from pathlib import Path\n"
        "model = Path(sys.argv[1]).read_bytes()\n"
        "for ask in (require_quantizer, lambda: shuffled_weights(model)):\n"
        "    try:\n"
        "        ask()\n"
        "        raise SystemExit('nothing said')\n"
        "    except QuantizerMissingError as error:\n"
        "        assert error.code == 'E266'\n"
    )
    model = Path(__file__).parents[2] / "models" / "chest-lungs" / "model.fp32.onnx"
    subprocess.run([sys.executable, "-c", program, str(model)], check=True, cwd=Path.cwd())


def test_linear_layers_are_quantized_where_most_of_the_weights_are_theirs() -> None:
    values = np.random.default_rng(2).normal(size=(SIDE * SIDE, 2)).astype(np.float32)
    model = toy_packs._model(
        nodes=[
            onnx.helper.make_node("Conv", ["image", "kernel"], ["features"], pads=[1, 1, 1, 1]),
            onnx.helper.make_node("Flatten", ["features"], ["flat"]),
            onnx.helper.make_node("MatMul", ["flat", "linear"], ["logit"]),
        ],
        constants={"kernel": np.full((1, 1, 3, 3), 0.1, np.float32), "linear": values},
        side=SIDE,
        outputs={"logit": (2,)},
    )
    graph = onnx.load_model_from_string(quantized(model, _samples())).graph
    made = {name: node.op_type for node in graph.node for name in node.output}
    linear = next(node for node in graph.node if node.op_type == "MatMul")
    assert [made[name] for name in linear.input] == ["DequantizeLinear", "DequantizeLinear"]


def test_convolutional_networks_keep_their_linear_layers_in_floating_point() -> None:
    values = np.random.default_rng(2).normal(size=(8, 1, SIDE, SIDE)).astype(np.float32)
    model = toy_packs._model(
        nodes=[
            onnx.helper.make_node("Conv", ["image", "kernel"], ["features"]),
            onnx.helper.make_node("Flatten", ["features"], ["flat"]),
            onnx.helper.make_node("MatMul", ["flat", "linear"], ["logit"]),
        ],
        constants={"kernel": values, "linear": np.ones((8, 2), np.float32)},
        side=SIDE,
        outputs={"logit": (2,)},
    )
    graph = onnx.load_model_from_string(quantized(model, _samples())).graph
    linear = next(node for node in graph.node if node.op_type == "MatMul")
    assert "linear" in linear.input
