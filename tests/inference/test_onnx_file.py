"""Looking into ONNX files before an engine does."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import ModelLoadError
from inference import onnx_file
from inference.onnx_file import require_plain_model
from tests.inference import toy_packs


def _external(tensor: TensorProto) -> TensorProto:
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return tensor


def _weights() -> TensorProto:
    return numpy_helper.from_array(np.zeros(3, dtype=np.float32), "weights")


def _model_with(graph: onnx.GraphProto) -> bytes:
    return bytes(helper.make_model(graph).SerializeToString())


def _in_initializer() -> bytes:
    return _model_with(helper.make_graph([], "g", [], [], [_external(_weights())]))


def _in_constant() -> bytes:
    node = helper.make_node("Constant", [], ["c"], value=_external(_weights()))
    return _model_with(helper.make_graph([node], "g", [], []))


def _in_subgraph() -> bytes:
    inner = helper.make_graph([], "inner", [], [], [_external(_weights())])
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    return _model_with(helper.make_graph([node], "g", [], []))


def _in_sparse_tensor() -> bytes:
    sparse = helper.make_sparse_tensor(_weights(), numpy_helper.from_array(np.arange(3)), [9])
    _external(sparse.values)
    return _model_with(helper.make_graph([], "g", [], [], sparse_initializer=[sparse]))


def _in_function() -> bytes:
    node = helper.make_node("Constant", [], ["y"], value=_external(_weights()))
    function = helper.make_function("d", "f", [], ["y"], [node], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "make",
    [_in_initializer, _in_constant, _in_subgraph, _in_sparse_tensor, _in_function],
    ids=lambda f: f.__name__,
)
def test_weights_in_another_file_are_refused_wherever_they_are_named(make: Callable[[], bytes]) -> None:
    with pytest.raises(ModelLoadError, match="another file"):
        require_plain_model(make())


def test_a_model_with_its_own_weights_is_let_through() -> None:
    require_plain_model(toy_packs.outline_model())
    require_plain_model(toy_packs.finding_model())


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 20, b"\x3a\x7f", b"\x3b\x00", b"\x08" + b"\x80" * 12, b"\x38\x01"]
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelLoadError):
        require_plain_model(data)


def test_a_truncated_model_is_refused_at_any_length() -> None:
    model = toy_packs.finding_model()
    for length in range(1, len(model) - 1, 7):
        try:
            require_plain_model(model[:length])
        except ModelLoadError:
            continue
        assert model[length] >> 3 in (1, 2, 5, 7, 8, 20, 25), (
            "cut between two fields, which only an engine can tell"
        )


def test_a_giant_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST_MODEL_BYTES", 100)
    with pytest.raises(ModelLoadError, match="bytes"):
        require_plain_model(toy_packs.finding_model())


def test_graphs_nested_without_end_are_refused() -> None:
    graph = b""
    for _ in range(60):
        attribute = b"\x32" + _length(graph) + graph
        node = b"\x2a" + _length(attribute) + attribute
        graph = b"\x0a" + _length(node) + node
    with pytest.raises(ModelLoadError, match="too deeply"):
        require_plain_model(b"\x3a" + _length(graph) + graph)


def _length(data: bytes) -> bytes:
    size, out = len(data), bytearray()
    while True:
        out.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes(out)
