"""What a graph is and how it ends is found, and every exact map is proven by running it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.errors import UnknownModelError
from inference import onnx_inspection
from inference.draft_facts import InputFacts
from inference.draft_pictures import pictures
from inference.engine import ENGINES, open_engine
from inference.onnx_graph import Network
from inference.onnx_head import Head, LinearHead, find_head
from inference.onnx_hints import class_names, inner_steps, largest_value, metadata, value_hints
from inference.onnx_inspection import Prepared, prepare_onnx
from inference.privacy import forbid_telemetry
from tests.inference.foreign_networks import CLASSES, Writer, densenet, transformer, unet

CHANNELS, LABELS = 6, 3
Ending = Callable[[Writer, str], str]


def _features(net: Writer) -> str:
    return net.node("Relu", net.conv(net.node("Relu", net.conv("x", 1, 4, 3, 2)), 4, CHANNELS, 3, 2))


def _dense(net: Writer, x: str, read: int = CHANNELS, made: int = LABELS, **gemm: Any) -> str:
    return net.node(
        "Gemm", x, net.normal(made, read, scale=0.5), net.normal(made, scale=0.5), transB=1, **gemm
    )


def _average(net: Writer, x: str) -> str:
    return net.node("Flatten", net.node("GlobalAveragePool", x))


def _reduced(net: Writer, x: str) -> str:
    mean = net.node("ReduceMean", x, axes=[-1, -2], keepdims=0)
    product = net.node("MatMul", mean, net.normal(CHANNELS, LABELS, scale=0.5))
    return net.node("Add", net.normal(LABELS, scale=0.5), product)


def _pointwise_after(net: Writer, x: str) -> str:
    pooled = net.node("AveragePool", x, kernel_shape=[8, 8])
    weights, bias = net.normal(LABELS, CHANNELS, 1, 1, scale=0.5), net.normal(LABELS, scale=0.5)
    return net.node("Flatten", net.node("Conv", pooled, weights, bias))


def _pointwise_before(net: Writer, x: str) -> str:
    return _average(net, net.node("Relu", net.conv(x, CHANNELS, LABELS, 1)))


def _with_dropout(net: Writer, x: str) -> str:
    pooled = net.node("Squeeze", net.node("GlobalAveragePool", x), net.constant(np.array([2, 3], np.int64)))
    return _dense(net, net.node("Identity", net.node("Dropout", pooled)), alpha=0.5, beta=2.0)


def _two_dense(net: Writer, x: str) -> str:
    return _dense(net, net.node("Relu", _dense(net, _average(net, x), CHANNELS, 5)), 5)


def _maximum(net: Writer, x: str) -> str:
    return _dense(net, net.node("Flatten", net.node("GlobalMaxPool", x)))


def _flattened(net: Writer, x: str) -> str:
    return _dense(net, net.node("Flatten", x), CHANNELS * 64)


EXACT: dict[str, Ending] = {
    "average": lambda net, x: _dense(net, _average(net, x)),
    "reduced mean": _reduced,
    "pointwise after": _pointwise_after,
    "pointwise before": _pointwise_before,
    "dropout, alpha and beta": _with_dropout,
}
INEXACT: dict[str, tuple[Ending, str]] = {
    "two dense layers": (_two_dense, "dense_layers"),
    "maximum": (_maximum, "maximum"),
    "flattened": (_flattened, "flattened"),
}


def _model(ending: Ending, last: str = "", batch: int | str = "n", seed: int = 4) -> bytes:
    net = Writer(seed)
    out = ending(net, _features(net))
    net.node(last or "Identity", out, output="scores")
    return net.write([batch, 1, 32, 32], {"scores": [batch, LABELS]})


def _prepared(data: bytes, size: tuple[int, int] | None = None) -> Prepared:
    return prepare_onnx(Network.read(data), size)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("last", ["", "Sigmoid", "Softmax"])
def test_an_exact_map_gives_the_logit_in_both_engines(name: str, last: str) -> None:
    prepared = _prepared(_model(EXACT[name], last))
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("activation_map", "exact")
    assert prepared.scores == {"": None, "Sigmoid": "logits", "Softmax": "softmax"}[last]
    found = find_head(Network.read(prepared.model), prepared.outputs["logits"])
    assert found.linear is not None
    batch = np.random.default_rng(8).random((3, 1, 32, 32), dtype=np.float32)
    for engine in ENGINES:
        outputs = open_engine(engine, prepared.model, threads=1).run(batch)
        maps, logits = outputs[prepared.outputs["activation_map"]], outputs[prepared.outputs["logits"]]
        assert maps.shape == (3, LABELS, 8, 8)
        np.testing.assert_allclose(maps.mean(axis=(2, 3)) + found.linear.bias, logits, atol=1e-4)


@pytest.mark.parametrize("name", INEXACT)
def test_where_no_map_is_exact_it_says_why_and_takes_the_head_apart(name: str) -> None:
    ending, why = INEXACT[name]
    prepared = _prepared(_model(ending))
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("reciprocam", why)
    assert "activation_map" not in prepared.outputs
    assert prepared.head is not None
    batch = np.random.default_rng(8).random((2, 1, 32, 32), dtype=np.float32)
    for engine in ENGINES:
        whole = open_engine(engine, prepared.model, threads=1).run(batch)
        features = whole[prepared.maps.features]
        assert features.shape == (2, CHANNELS, 8, 8)
        logits = prepared.outputs["logits"]
        head = open_engine(engine, prepared.head, threads=1).run(features)[logits]
        np.testing.assert_allclose(head, whole[logits], atol=1e-5)


def test_a_map_that_does_not_give_the_logit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(network: Network, logits: str) -> Head:
        found = find_head(network, logits)
        assert found.linear is not None
        assert found.linear.weights is not None
        linear = LinearHead(
            features=found.features, weights=found.linear.weights * 1.001, bias=found.linear.bias
        )
        return Head(method="activation_map", why="exact", features=found.features, linear=linear)

    monkeypatch.setattr(onnx_inspection, "find_head", wrong)
    prepared = _prepared(_model(EXACT["average"]))
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("reciprocam", "not_proven")
    assert "activation_map" not in prepared.outputs


def _claiming(change: Callable[[LinearHead], LinearHead]) -> Callable[[Network, str], Head]:
    """Return a search for heads that claims something else of the map than what holds."""

    def find(network: Network, logits: str) -> Head:
        found = find_head(network, logits)
        assert found.linear is not None
        return Head(
            method="activation_map", why="exact", features=found.features, linear=change(found.linear)
        )

    return find


def test_a_wrong_map_of_small_scores_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(net: Writer, x: str) -> str:
        return net.node("Mul", EXACT["average"](net, x), net.constant(np.float32(1e-5)))

    network = Network.read(_model(small))
    whole = find_head(Network.read(_model(EXACT["average"])), "scores").linear
    assert whole is not None
    assert whole.weights is not None
    features = find_head(Network.read(_model(EXACT["average"])), "scores").features
    for factor, method in ((1e-5, "activation_map"), (1.5e-5, "reciprocam")):
        linear = LinearHead(
            features=features,
            weights=whole.weights * factor,
            bias=np.asarray(whole.bias, np.float32) * np.float32(1e-5),
        )
        head = Head(method="activation_map", why="exact", features=features, linear=linear)
        monkeypatch.setattr(onnx_inspection, "find_head", lambda *_, head=head: head)
        prepared = prepare_onnx(network, None)
        assert prepared.maps is not None
        assert prepared.maps.method == method


def test_a_map_that_gives_the_logit_of_one_picture_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _model(EXACT["average"])
    right = _prepared(data)
    said = open_engine("onnxruntime", right.model).run(pictures(right.input, 1))
    means = said[right.outputs["activation_map"]].mean(axis=(2, 3))[0]

    def fitted(linear: LinearHead) -> LinearHead:
        assert linear.weights is not None
        return LinearHead(
            features=linear.features, weights=linear.weights * 1.5, bias=linear.bias - 0.5 * means
        )

    monkeypatch.setattr(onnx_inspection, "find_head", _claiming(fitted))
    prepared = _prepared(data)
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("reciprocam", "not_proven")


def test_features_that_do_not_hold_everything_have_no_map_of_their_own() -> None:
    net = Writer(2)
    joined = net.node("Concat", _average(net, _features(net)), _average(net, _features(net)), axis=1)
    net.node("Identity", _dense(net, joined, 2 * CHANNELS), output="scores")
    prepared = _prepared(net.write(["n", 1, 32, 32], {"scores": ["n", LABELS]}))
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("rise", "scattered")


def test_a_network_without_places_is_asked_with_random_masks() -> None:
    net = Writer(2)
    net.node("Identity", _dense(net, net.node("Flatten", "x"), 1024), output="scores")
    prepared = _prepared(net.write(["n", 1, 32, 32], {"scores": ["n", LABELS]}))
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why) == ("rise", "no_places")


def test_attention_mixes_the_places() -> None:
    prepared = _prepared(transformer())
    assert prepared.maps is not None
    assert (prepared.maps.method, prepared.maps.why, prepared.scores) == ("rise", "attention", None)


def test_a_densenet_with_a_sigmoid_hands_its_logits_out() -> None:
    prepared = _prepared(densenet(growth=2, blocks=(2, 2), side=64))
    assert (prepared.task, prepared.scores, prepared.columns) == ("classify", "logits", 14)
    assert prepared.maps is not None
    assert prepared.maps.error is not None
    assert prepared.maps.error < 1e-5


@pytest.mark.parametrize("size", [(64, 48), None])
def test_open_sides_are_closed_at_the_size_that_was_asked_for(size: tuple[int, int] | None) -> None:
    prepared = _prepared(unet(), size)
    assert (prepared.task, prepared.scores, prepared.columns) == ("segment", "logits", 1)
    assert prepared.input.size == (size or (224, 224))
    assert prepared.input.size_open is (size is None)
    for engine in ENGINES:
        (port,) = open_engine(engine, prepared.model, threads=1).inputs
        assert port.shape == (None, 1, *prepared.input.size)


def test_a_picture_with_its_channels_last_and_in_bytes_is_turned_and_cast() -> None:
    net = Writer(6)
    start = net.node("Cast", "bytes", to=TensorProto.FLOAT)
    turned = net.node("Transpose", start, perm=[0, 3, 1, 2])
    seen = net.node("Div", turned, net.constant(np.float32(255)))
    x = net.node("Relu", net.conv(seen, 3, CHANNELS, 3, 4))
    net.node("Identity", _dense(net, _average(net, x)), output="scores")
    graph = helper.make_graph(
        net.nodes,
        "bytes",
        [helper.make_tensor_value_info("bytes", TensorProto.UINT8, ["n", 32, 40, 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", LABELS])],
        net.weights,
    )
    data = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    prepared = _prepared(data)
    assert (prepared.input.channels, prepared.input.size, prepared.input.largest) == (3, (32, 40), 255.0)
    batch = np.random.default_rng(3).integers(0, 256, (2, 3, 32, 40)).astype(np.float32)
    forbid_telemetry()
    import onnxruntime  # the maker's own way, in bytes

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    wanted = session.run(["scores"], {"bytes": batch.transpose(0, 2, 3, 1).astype(np.uint8)})[0]
    for engine in ENGINES:
        said = open_engine(engine, prepared.model, threads=1).run(batch)[prepared.outputs["logits"]]
        np.testing.assert_allclose(said, wanted, atol=1e-4)


def test_masks_with_their_channels_last_are_turned() -> None:
    net = Writer(6)
    made = net.node("Transpose", net.conv("x", 1, 3), perm=[0, 2, 3, 1])
    net.node("Softmax", made, axis=-1, output="classes")
    prepared = _prepared(net.write(["n", 1, 32, 40], {"classes": ["n", 32, 40, 3]}))
    assert (prepared.task, prepared.scores, prepared.columns) == ("segment", "probabilities", 3)
    facts = InputFacts(name="x", channels=1, size=(32, 40))
    masks = open_engine("onnxruntime", prepared.model).run(pictures(facts, 1))[prepared.outputs["masks"]]
    assert masks.shape == (1, 3, 32, 40)
    np.testing.assert_allclose(masks.sum(axis=1), 1.0, atol=1e-5)


def test_a_picture_of_classes_gives_what_the_classes_were_chosen_from() -> None:
    net = Writer(6)
    net.node("ArgMax", net.conv("x", 1, 4), axis=1, keepdims=0, output="best")
    graph = net.write(["n", 1, 32, 32], {"best": ["n", 32, 32]})
    model = onnx.load_model_from_string(graph)
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    prepared = _prepared(model.SerializeToString())
    assert (prepared.task, prepared.columns, prepared.scores) == ("segment", 4, None)


def test_a_batch_that_is_open_in_name_only_is_closed() -> None:
    net = Writer(9)
    flat = net.node("Reshape", _features(net), net.constant(np.array([1, CHANNELS * 64], np.int64)))
    net.node("Identity", _dense(net, flat, CHANNELS * 64), output="scores")
    prepared = _prepared(net.write(["n", 1, 32, 32], {"scores": ["n", LABELS]}))
    (port,) = open_engine("onnxruntime", prepared.model).inputs
    assert port.shape == (1, 1, 32, 32)


def test_scores_with_a_row_and_a_column_are_flattened() -> None:
    net = Writer(9)
    pooled = net.node("GlobalAveragePool", _features(net))
    net.node("Conv", pooled, net.normal(LABELS, CHANNELS, 1, 1, scale=0.5), output="scores")
    prepared = _prepared(net.write(["n", 1, 32, 32], {"scores": ["n", LABELS, 1, 1]}))
    assert (prepared.outputs["logits"], prepared.columns) == ("logits_flat", LABELS)
    assert prepared.maps is not None
    assert prepared.maps.method == "activation_map"


@pytest.mark.parametrize(
    ("steps", "words", "largest"),
    [
        ([("Sub", [123.7, 116.3, 103.5]), ("Div", [58.4, 57.1, 57.4])], "Sub 123.7 116.3 103.5", 255.0),
        ([("Mul", [1 / 255])], "Mul 0.003922", 255.0),
        ([("Sub", [0.485, 0.456, 0.406]), ("Div", [0.229, 0.224, 0.225])], "Sub 0.485 0.456 0.406", 1.0),
        ([], None, None),
    ],
)
def test_normalisation_inside_the_network_tells_what_it_reads(
    steps: list[tuple[str, list[float]]], words: str | None, largest: float | None
) -> None:
    net = Writer(1)
    x = "x"
    for kind, numbers in steps:
        values = np.array(numbers, np.float32).reshape((1, -1, 1, 1) if len(numbers) > 1 else ())
        x = net.node(kind, x, net.constant(values))
    x = net.node("Relu", net.conv(x, 3, CHANNELS, 3, 4))
    net.node("Identity", _dense(net, _average(net, x)), output="scores")
    network = Network.read(net.write(["n", 3, 32, 32], {"scores": ["n", LABELS]}))
    assert inner_steps(network)[:1] == ((words,) if words else ())
    assert largest_value(network) == largest
    assert prepare_onnx(network, None).input.largest == largest


@pytest.mark.parametrize(
    "names",
    [
        "['Upper half', 'Lower half', 'Neither']",
        '{"0": "Upper half", "2": "Neither", "1": "Lower half"}',
        "{0: 'Upper half', 1: 'Lower half', 2: 'Neither'}",
        "Upper half,Lower half,Neither",
    ],
)
def test_the_makers_names_of_the_classes_are_read(names: str) -> None:
    model = onnx.load_model_from_string(transformer())
    helper.set_model_props(model, {"names": names, "mean_values": "123 117 104"})
    notes = metadata(Network.read(model.SerializeToString()))
    assert class_names(notes, 3) == CLASSES
    assert class_names(notes, 4) == ()
    assert value_hints(notes) == ("mean_values = 123 117 104",)


def _with_shape(inputs: list[int | str], channels: int = 1) -> bytes:
    net = Writer(1)
    x = net.node("Relu", net.conv("x", channels, CHANNELS, 3, 4))
    net.node("Identity", _dense(net, _average(net, x)), output="scores")
    return net.write(inputs, {"scores": [inputs[0], LABELS]})


@pytest.mark.parametrize(
    ("data", "size", "words"),
    [
        (_with_shape(["n", 4, 32, 32], 4), None, "it reads 4 channels, and must read 1 or 3"),
        (_with_shape([8, 1, 32, 32]), None, "it reads 8 pictures at once"),
        (_with_shape(["n", 1, 32, 32]), (64, 64), "it reads 32 x 32 pixels, not 64 x 64"),
    ],
)
def test_what_no_pack_can_be_made_of_is_said(data: bytes, size: tuple[int, int] | None, words: str) -> None:
    with pytest.raises(UnknownModelError, match=words):
        _prepared(data, size)


def test_an_open_number_of_channels_is_read_from_the_first_convolution() -> None:
    assert _prepared(_with_shape(["n", "c", 32, 32], 3)).input.channels == 3


def test_two_inputs_and_sounds_are_no_pictures() -> None:
    net = Writer(1)
    net.node("Add", "x", "y", output="scores")
    sides: list[int | str] = ["n", 1, 8, 8]
    graph = helper.make_graph(
        net.nodes,
        "two",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name in ("x", "y")],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, sides)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(UnknownModelError, match="its inputs are: x, y"):
        _prepared(model.SerializeToString())
    sound = Writer(1)
    sound.node("Relu", "x", output="scores")
    with pytest.raises(UnknownModelError, match="of 2 dimensions"):
        _prepared(sound.write(["n", 16000], {"scores": ["n", 16000]}))


def test_made_pictures_are_the_same_each_time() -> None:
    facts = InputFacts(name="x", channels=3, size=(40, 56), largest=255.0)
    batch = pictures(facts, 2)
    assert batch.shape == (2, 3, 40, 56)
    assert 0.0 <= batch.min() < 60.0
    assert 150.0 < batch.max() <= 255.0
    np.testing.assert_array_equal(batch, pictures(facts, 2))
    assert (batch[0] != batch[1]).any()


def test_of_several_outputs_the_one_that_the_others_lead_to_holds_the_scores() -> None:
    net = Writer(3)
    pooled = net.node("Identity", _average(net, _features(net)), output="embedding")
    net.node("Sigmoid", _dense(net, pooled, made=CHANNELS + 3), output="scores")
    data = net.write(["n", 1, 32, 32], {"embedding": ["n", CHANNELS], "scores": ["n", CHANNELS + 3]})
    assert _prepared(data).columns == CHANNELS + 3
    assert prepare_onnx(Network.read(data), None, output="embedding").columns == CHANNELS
    with pytest.raises(UnknownModelError, match="it has no output 'gone', only embedding, scores"):
        prepare_onnx(Network.read(data), None, output="gone")
