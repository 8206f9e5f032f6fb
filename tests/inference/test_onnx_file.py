"""Looking into ONNX files before an engine does."""

import random
from collections import ChainMap
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import ModelLoadError
from inference import onnx_file
from inference.onnx_file import require_plain_model
from inference.onnx_records import read_graph
from inference.onnx_sizes import Tally
from inference.protobuf import Budget
from tests.inference import foreign_networks, toy_packs


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


@pytest.mark.parametrize(
    "make",
    [_in_initializer, _in_constant, _in_subgraph, _in_sparse_tensor],
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


def _graph(
    *nodes: onnx.NodeProto,
    tensors: list[TensorProto] | None = None,
    inputs: list[onnx.ValueInfoProto] | None = None,
) -> bytes:
    return _model_with(helper.make_graph(list(nodes), "g", inputs or [_image()], [], tensors or []))


def _image(*sizes: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info("image", TensorProto.FLOAT, sizes or ("batch", 1, 8, 8))


def _numbers(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def _scales(name: str, *values: float) -> TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=np.float32), name)


def _column(name: str, *sizes: int) -> TensorProto:
    return numpy_helper.from_array(np.zeros(sizes, dtype=np.int8), name)


HUGE = 100_000
BLOW_UPS = {
    "a constant of a given shape": _graph(
        helper.make_node("ConstantOfShape", ["s"], ["y"]), tensors=[_numbers("s", HUGE, HUGE)]
    ),
    "the same with the shape in a node": _graph(
        helper.make_node("Constant", [], ["s"], value=_numbers("s", HUGE, HUGE)),
        helper.make_node("ConstantOfShape", ["s"], ["y"]),
    ),
    "expand": _graph(helper.make_node("Expand", ["image", "s"], ["y"]), tensors=[_numbers("s", HUGE, HUGE)]),
    "tile": _graph(
        helper.make_node("Tile", ["image", "s"], ["y"]), tensors=[_numbers("s", 1, 1, HUGE, HUGE)]
    ),
    "resize to sizes": _graph(
        helper.make_node("Resize", ["image", "", "", "s"], ["y"]), tensors=[_numbers("s", 1, 1, HUGE, HUGE)]
    ),
    "resize by scales": _graph(
        helper.make_node("Resize", ["image", "", "s"], ["y"]), tensors=[_scales("s", 1, 1, 1e6, 1e6)]
    ),
    "edges": _graph(
        helper.make_node("Pad", ["image", "s"], ["y"]), tensors=[_numbers("s", 0, 0, HUGE, HUGE, 0, 0, 0, 0)]
    ),
    "edges of a convolution": _graph(
        helper.make_node("Conv", ["image", "w"], ["y"], pads=[HUGE, HUGE, 0, 0]),
        tensors=[_column("w", 1, 1, 1, 1)],
    ),
    "strides of a transposed convolution": _graph(
        helper.make_node("ConvTranspose", ["image", "w"], ["y"], strides=[HUGE, HUGE]),
        tensors=[_column("w", 1, 1, 1, 1)],
    ),
    "a range": _graph(
        helper.make_node("Range", ["a", "b", "c"], ["y"]),
        tensors=[_numbers("a", 0), _numbers("b", 10**12), _numbers("c", 1)],
    ),
    "one-hot": _graph(
        helper.make_node("OneHot", ["image", "s", "v"], ["y"]),
        tensors=[_numbers("s", 10**12), _numbers("v", 0, 1)],
    ),
    "a column plus a row": _graph(
        helper.make_node("Add", ["a", "b"], ["y"]), tensors=[_column("a", HUGE, 1), _column("b", 1, HUGE)]
    ),
    "a column by a row": _graph(
        helper.make_node("MatMul", ["a", "b"], ["y"]), tensors=[_column("a", HUGE, 1), _column("b", 1, HUGE)]
    ),
    "a list of numbers in a constant": _graph(
        helper.make_node("Constant", [], ["s"], value_ints=[HUGE, HUGE]),
        helper.make_node("ConstantOfShape", ["s"], ["y"]),
    ),
    "a shape that was handed on": _graph(
        helper.make_node("Identity", ["s"], ["t"]),
        helper.make_node("ConstantOfShape", ["t"], ["y"]),
        tensors=[_numbers("s", HUGE, HUGE)],
    ),
    "a shape that was cast": _graph(
        helper.make_node("Cast", ["s"], ["t"], to=TensorProto.INT64),
        helper.make_node("ConstantOfShape", ["t"], ["y"]),
        tensors=[_scales("s", HUGE, HUGE)],
    ),
    "a shape that was computed": _graph(
        helper.make_node("Shape", ["image"], ["h"]),
        helper.make_node("Mul", ["h", "s"], ["t"]),
        helper.make_node("ConstantOfShape", ["t"], ["y"]),
        tensors=[_numbers("s", 1, 1, HUGE, HUGE)],
    ),
    "joined to itself again and again": _graph(
        *(
            helper.make_node("Concat", [a, a], [b], axis=1)
            for a, b in pairwise(["image", *map(str, range(30))])
        )
    ),
    "a picture by itself": _graph(
        helper.make_node("Reshape", ["image", "s"], ["c"]),
        helper.make_node("Transpose", ["c"], ["r"]),
        helper.make_node("MatMul", ["c", "r"], ["y"]),
        tensors=[_numbers("s", -1, 1)],
        inputs=[_image(1, 1, 400, 400)],
    ),
    "many large steps": _graph(
        *(helper.make_node("Resize", ["image", "", "", "s"], [f"y{at}"]) for at in range(5)),
        tensors=[_numbers("s", 1, 1, 16000, 16000)],
        inputs=[_image(1, 1, 1000, 1000)],
    ),
    "many images": _graph(
        helper.make_node("Shape", ["image"], ["h"]),
        helper.make_node("Sub", ["h", "a"], ["d"]),
        helper.make_node("Mul", ["d", "s"], ["t"]),
        helper.make_node("ConstantOfShape", ["t"], ["y"]),
        tensors=[_numbers("a", 1, 0, 0, 0), _numbers("s", 10**9, 1, 1, 1)],
    ),
    "the declared input": _graph(inputs=[_image(1, 1, HUGE, HUGE)]),
}


@pytest.mark.parametrize("model", BLOW_UPS.values(), ids=BLOW_UPS.keys())
def test_a_small_file_that_grows_to_gigabytes_is_refused(model: bytes) -> None:
    assert len(model) < 3 * HUGE
    with pytest.raises(ModelLoadError, match=r"would make|declared with"):
        require_plain_model(model)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("RoiAlign", ["image", "w", "n"], {"output_height": 60000, "output_width": 60000}),
        ("AffineGrid", ["w", "n"], {}),
        ("MaxUnpool", ["image", "n", "n"], {"kernel_shape": [2, 2]}),
        ("Col2Im", ["image", "n", "n"], {}),
        ("HannWindow", ["n"], {}),
        ("MelWeightMatrix", ["n", "n", "n", "w", "w"], {}),
        ("NonZero", ["image"], {}),
        ("Scan", ["image"], {}),
        ("GRU", ["image", "w", "w"], {}),
    ],
)
def test_an_operator_whose_size_is_not_known_here_is_refused(
    operator: str, inputs: list[str], attributes: dict[str, Any]
) -> None:
    tensors = [_numbers("n", HUGE, HUGE), _scales("w", 1.0)]
    with pytest.raises(ModelLoadError, match=r"not among those|may not end"):
        require_plain_model(_graph(helper.make_node(operator, inputs, ["y"], **attributes), tensors=tensors))


SIZES_OF_THE_IMAGE = {
    "fill": [helper.make_node("ConstantOfShape", ["n"], ["y"])],
    "expand": [helper.make_node("Expand", ["w", "n"], ["y"])],
    "tile": [helper.make_node("Tile", ["w", "n"], ["y"])],
    "range": [helper.make_node("Range", ["z", "n0", "z"], ["y"])],
    "resize": [helper.make_node("Resize", ["image", "", "", "n"], ["y"])],
    "edges": [helper.make_node("Pad", ["image", "n"], ["y"])],
    "reshape": [helper.make_node("Reshape", ["w", "n"], ["y"])],
    "slice": [helper.make_node("Slice", ["image", "n", "n"], ["y"])],
    "top": [helper.make_node("TopK", ["image", "n"], ["y", "i"])],
    "one-hot": [helper.make_node("OneHot", ["one", "n0", "w"], ["y"])],
}


@pytest.mark.parametrize("nodes", SIZES_OF_THE_IMAGE.values(), ids=SIZES_OF_THE_IMAGE.keys())
def test_sizes_that_come_from_what_is_in_the_image_are_refused(nodes: list[onnx.NodeProto]) -> None:
    before = [
        helper.make_node("ReduceMean", ["image"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["n0"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["n0", "one"], ["n"]),
    ]
    tensors = [_numbers("one", 1), _scales("w", 1.0), numpy_helper.from_array(np.array(0), "z")]
    with pytest.raises(ModelLoadError, match="from the image"):
        require_plain_model(_graph(*before, *nodes, tensors=tensors))


def test_a_layer_that_is_left_in_training_is_refused_because_it_draws_by_chance() -> None:
    for on, said in ((True, "set to train"), (False, "")):
        tensors = [
            numpy_helper.from_array(np.array(0.5, dtype=np.float32), "r"),
            numpy_helper.from_array(np.array(on), "t"),
        ]
        model = _graph(helper.make_node("Dropout", ["image", "r", "t"], ["y"]), tensors=tensors)
        if not said:
            require_plain_model(model)
            continue
        with pytest.raises(ModelLoadError, match=said):
            require_plain_model(model)
    computed = [
        helper.make_node("ReduceMax", ["image"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["t"], to=TensorProto.BOOL),
        helper.make_node("Dropout", ["image", "r", "t"], ["y"]),
    ]
    for nodes in (
        computed,
        [helper.make_node("BatchNormalization", ["image", *"rrrr"], ["y"], training_mode=1)],
    ):
        with pytest.raises(ModelLoadError, match="set to train"):
            require_plain_model(
                _graph(*nodes, tensors=[numpy_helper.from_array(np.array(0.5, dtype=np.float32), "r")])
            )


@pytest.mark.parametrize(
    "make", [foreign_networks.densenet, foreign_networks.unet, foreign_networks.transformer]
)
def test_networks_of_other_plans_are_let_through(make: Callable[[], bytes]) -> None:
    require_plain_model(make())


def test_sizes_that_a_framework_computes_from_the_shape_of_the_image_are_followed() -> None:
    """Half of each side and one more, tokens for each image, and ``expand`` as PyTorch writes it."""
    nodes = [
        helper.make_node("Shape", ["image"], ["h"]),
        helper.make_node("Slice", ["h", "two", "four"], ["sides"]),
        helper.make_node("Div", ["sides", "two"], ["half"]),
        helper.make_node("Add", ["half", "one"], ["more"]),
        helper.make_node("Gather", ["h", "zero"], ["count"], axis=0),
        helper.make_node("Concat", ["count", "one", "more"], ["wanted"], axis=0),
        helper.make_node("Resize", ["image", "", "", "wanted"], ["small"]),
        helper.make_node("Concat", ["count", "less", "less"], ["token"], axis=0),
        helper.make_node("Equal", ["token", "less"], ["open"]),
        helper.make_node("ConstantOfShape", ["three"], ["ones"], value=_numbers("v", 1)),
        helper.make_node("Where", ["open", "ones", "token"], ["by"]),
        helper.make_node("Expand", ["w", "by"], ["y"]),
    ]
    tensors = [_numbers("zero", 0), _numbers("one", 1), _numbers("two", 2), _numbers("three", 3)]
    tensors += [_numbers("four", 4), _numbers("less", -1), _scales("w", *range(7))]
    require_plain_model(_graph(*nodes, tensors=tensors))


def test_sizes_are_those_that_an_engine_makes() -> None:
    """Every value of three networks of other plans, against the shapes that ONNX Runtime returns."""
    import onnxruntime

    for model in (foreign_networks.densenet(), foreign_networks.unet(), foreign_networks.transformer()):
        network = onnx.load_model_from_string(model)
        made: dict[str, tuple[int, ...]] = {}
        graph = read_graph(memoryview(model), Budget(1_000_000))
        values = ChainMap({name: onnx_file._fed(name, sizes, 2) for name, sizes in graph.inputs})
        onnx_file._require_sound(graph, ChainMap({"": 0}), values, Tally(images=2), made)
        del network.graph.output[:]
        names = [name for node in network.graph.node for name in node.output]
        network.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        session = onnxruntime.InferenceSession(
            network.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        one = session.get_inputs()[0]
        batch = np.zeros(
            [2, one.shape[1], *(side if isinstance(side, int) else 224 for side in one.shape[2:])]
        )
        said = session.run(names, {one.name: batch.astype(np.float32)})
        assert {name: made[name] for name in names} == {
            name: array.shape for name, array in zip(names, said, strict=True)
        }


def test_a_tensor_that_claims_more_than_it_holds_is_refused() -> None:
    tensor = _weights()
    tensor.dims[0] = 4
    with pytest.raises(ModelLoadError, match="claims 4 values"):
        require_plain_model(_graph(tensors=[tensor]))
    tensor.dims[0] = -1
    with pytest.raises(ModelLoadError, match="impossible"):
        require_plain_model(_graph(tensors=[tensor]))


@pytest.mark.parametrize(
    "kind",
    ["FLOAT", "DOUBLE", "INT8", "UINT8", "INT16", "FLOAT16", "BFLOAT16", "INT32", "INT64", "BOOL", "INT4"],
)
@pytest.mark.parametrize("raw", [True, False])
def test_tensors_of_every_kind_that_hold_what_they_claim_are_let_through(kind: str, raw: bool) -> None:
    number = getattr(TensorProto, kind)
    values = np.array([0, 1, 1, 0, 1])
    tensor = helper.make_tensor("w", number, [5], values)
    if raw:
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor), "w")
        assert tensor.raw_data
    require_plain_model(_graph(tensors=[tensor]))


def test_a_tensor_of_texts_is_refused() -> None:
    with pytest.raises(ModelLoadError, match="holds no numbers"):
        require_plain_model(_graph(tensors=[numpy_helper.from_array(np.array(["x"], dtype=object), "t")]))


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (helper.make_node("Evil", ["image"], ["y"], domain="org.evil"), "org.evil"),
        (helper.make_node("Attention", ["image"], ["y"], domain="com.microsoft"), "Attention"),
        (helper.make_node("ATen", ["image"], ["y"], domain="org.pytorch.aten"), "ATen"),
        (helper.make_node("RandomNormalLike", ["image"], ["y"]), "by chance"),
        (helper.make_node("ImageDecoder", ["image"], ["y"]), "decodes files"),
        (helper.make_node("Loop", ["image"], ["y"], body=helper.make_graph([], "b", [], [])), "may not end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operators_that_are_not_run_are_refused_by_name(node: onnx.NodeProto, said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        require_plain_model(_graph(node))


def test_quantization_of_microsoft_and_domains_that_nobody_uses_are_let_through() -> None:
    nodes = [helper.make_node("QuantizeLinear", ["image", "s", "z"], ["y"], domain="com.microsoft")]
    tensors = [_scales("s", 1.0), helper.make_tensor("z", TensorProto.UINT16, [], [0])]
    graph = helper.make_graph(nodes, "g", [_image()], [], tensors)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("org.pytorch.aten", 1)]
    require_plain_model(helper.make_model(graph, opset_imports=opsets).SerializeToString())


def test_functions_of_the_model_s_own_are_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    function = helper.make_function("d", "f", ["x"], ["y"], [node], [helper.make_opsetid("", 17)])
    model = helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    with pytest.raises(ModelLoadError, match="inlined"):
        require_plain_model(model.SerializeToString())


def test_a_graph_that_runs_in_a_circle_is_refused() -> None:
    with pytest.raises(ModelLoadError, match="circle"):
        require_plain_model(
            _graph(helper.make_node("Add", ["image", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]))
        )


def test_a_value_that_is_made_twice_is_refused() -> None:
    with pytest.raises(ModelLoadError, match="twice"):
        require_plain_model(_graph(*[helper.make_node("Relu", ["image"], ["y"])] * 2))


def test_too_many_nodes_and_too_long_a_chain_are_refused() -> None:
    many = [helper.make_node("Relu", ["image"], [f"y{number}"]) for number in range(onnx_file.MOST_NODES + 1)]
    with pytest.raises(ModelLoadError, match="nodes"):
        require_plain_model(_graph(*many))
    names = ["image", *(f"y{number}" for number in range(onnx_file.LONGEST_CHAIN + 1))]
    chain = [helper.make_node("Relu", [one], [next_]) for one, next_ in pairwise(names)]
    with pytest.raises(ModelLoadError, match="wait for one another"):
        require_plain_model(_graph(*chain))


def test_a_file_of_countless_fields_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "MOST_FIELDS", 1000)
    with pytest.raises(ModelLoadError, match="more fields"):
        require_plain_model(b"\x42\x00" * 1001)


def test_a_changed_model_is_refused_or_let_through_but_never_breaks_the_reader() -> None:
    model, chance = toy_packs.finding_model(), random.Random(20270401)
    refused = 0
    for _ in range(400):
        changed = bytearray(model)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.choice(
                (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
            )
        try:
            require_plain_model(bytes(changed))
        except ModelLoadError:
            refused += 1
    assert refused > 100


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


def _field(number: int, content: bytes) -> bytes:
    return _tag(number << 3 | 2) + _length(content) + content


def _tag(tag: int) -> bytes:
    return _length(b"\0" * tag) if tag < 0x80 else bytes([tag & 0x7F | 0x80, tag >> 7])


def _harmless() -> bytes:
    return _graph(helper.make_node("Relu", ["image"], ["y"]))


def test_a_second_graph_which_an_engine_would_merge_is_refused() -> None:
    hidden = helper.make_graph([helper.make_node("RandomUniformLike", ["image"], ["r"])], "g", [], [])
    merged = onnx.load_model_from_string(_field(7, hidden.SerializeToString()) + _harmless())
    assert {node.op_type for node in merged.graph.node} == {"RandomUniformLike", "Relu"}
    for model in (
        _field(7, hidden.SerializeToString()) + _harmless(),
        _harmless() + _field(7, hidden.SerializeToString()),
    ):
        with pytest.raises(ModelLoadError, match="twice"):
            require_plain_model(model)


def _in_graph(content: bytes) -> bytes:
    return b"\x08\x08" + _field(7, content)


def _node_of(content: bytes) -> bytes:
    return _in_graph(_field(1, content))


def _attribute_of(content: bytes) -> bytes:
    return _node_of(_field(4, b"Constant") + _field(2, b"y") + _field(5, content))


NUMBER_SEVEN = numpy_helper.from_array(np.array([7], dtype=np.int64)).SerializeToString()
INNER = helper.make_graph([], "inner", [], []).SerializeToString()
SAID_TWICE = {
    "name of the graph": _in_graph(_field(2, b"a") + _field(2, b"b")),
    "operator": _node_of(_field(4, b"RandomNormal") + _field(4, b"Relu")),
    "domain": _node_of(_field(4, b"Relu") + _field(7, b"org.evil") + _field(7, b"")),
    "name of an attribute": _attribute_of(_field(1, b"a") + _field(1, b"b")),
    "a number": _attribute_of(_field(1, b"a") + b"\x18\x01\x18\x02"),
    "a tensor in an attribute": _attribute_of(_field(1, b"value") + _field(5, NUMBER_SEVEN) * 2),
    "a graph in an attribute": _attribute_of(_field(1, b"body") + _field(6, INNER) * 2),
    "an attribute": _node_of(
        _field(4, b"Conv") + _field(5, _field(1, b"pads") + b"\x40\x01") + _field(5, _field(1, b"pads"))
    ),
    "the type of a tensor": _in_graph(_field(5, b"\x10\x01\x10\x07")),
    "raw values": _in_graph(_field(5, b"\x08\x01\x10\x03" + _field(9, b"1") * 2)),
    "packed values": _in_graph(_field(5, b"\x08\x02\x10\x07" + _field(7, b"\x01") * 2)),
    "values in two fields": _in_graph(
        _field(5, b"\x08\x01\x10\x07" + _field(7, b"\x01") + _field(9, bytes(8)))
    ),
    "the type of an input": _in_graph(_field(11, _field(1, b"x") + _field(2, _field(1, b"\x08\x01")) * 2)),
    "the shape of an input": _in_graph(_field(11, _field(2, _field(1, _field(2, b"") * 2)))),
    "a size": _in_graph(_field(11, _field(2, _field(1, _field(2, _field(1, b"\x08\x01\x08\x02")))))),
    "a size that is open too": _in_graph(
        _field(11, _field(2, _field(1, _field(2, _field(1, b"\x08\x01" + _field(2, b"n"))))))
    ),
    "an attribute of two kinds": _attribute_of(_field(1, b"a") + b"\x18\x01" + _field(8, b"\x01")),
    "an attribute of another kind than it says": _attribute_of(_field(1, b"a") + b"\x18\x01\xa0\x01\x07"),
}


@pytest.mark.parametrize("model", SAID_TWICE.values(), ids=SAID_TWICE.keys())
def test_what_stands_twice_where_it_may_stand_once_is_refused(model: bytes) -> None:
    with pytest.raises(ModelLoadError, match=r"twice|at once|several places"):
        require_plain_model(model)


def test_a_field_in_another_form_which_an_engine_passes_over_is_refused() -> None:
    """The library takes no operator from eight fixed bytes, and keeps the one that it read before."""
    node = onnx.NodeProto(op_type="RandomUniformLike", input=["image"], output=["r"])
    other = node.SerializeToString() + b"\x21Identity"
    assert onnx.NodeProto.FromString(other).op_type == "RandomUniformLike"
    with pytest.raises(ModelLoadError, match="another form"):
        require_plain_model(_node_of(other))
    with pytest.raises(ModelLoadError, match="another form"):
        require_plain_model(_harmless() + _tag(99 << 3 | 2) + b"\0")


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (helper.make_node("RandomNormalLike", ["image"], ["z"]), "by chance"),
        (helper.make_node("Evil", ["image"], ["z"], domain="org.evil"), "org.evil"),
        (helper.make_node("Relu", ["nowhere"], ["z"]), "before it is made"),
        (helper.make_node("ConstantOfShape", ["s"], ["z"]), "would make"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_graph_inside_a_graph_is_judged_too(inner: onnx.NodeProto, said: str) -> None:
    good = helper.make_graph([helper.make_node("Relu", ["image"], ["z"])], "a", [], [_image()])
    good.output[0].name = "z"
    bad = helper.make_graph([inner], "b", [], [_image()], [_numbers("s", HUGE, HUGE)])
    bad.output[0].name = "z"
    for branches in ((good, bad), (bad, good)):
        node = helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])
        with pytest.raises(ModelLoadError, match=said):
            require_plain_model(_graph(node, tensors=[_column("c")]))
