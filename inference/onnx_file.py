"""Judges an ONNX file from other hands before an engine loads it: what it holds, runs, and would grow to.

``docs/installing-packs.md`` lists what is refused, and why.
"""

from collections import ChainMap
from collections.abc import Iterator, MutableMapping, Sequence
from math import prod

from core.errors import ModelLoadError
from inference.onnx_records import Graph, Node, Tensor, read_graph
from inference.onnx_sizes import MOST_IMAGES, MOST_VALUES, Step, Tally, made_by
from inference.onnx_values import Value, value_of
from inference.protobuf import Budget

LARGEST_MODEL_BYTES = 256 * 1024 * 1024
"""A hundred times the 2.5 million parameters that our own packs promise; ResNet-50 in FP32 has 102 MB."""
MOST_FIELDS = 1_000_000
MOST_NODES = 20_000
MOST_COUNTING_NODES = 4_000
"""Nodes of a model whose sizes are computed for each number of images."""
LONGEST_CHAIN = 5_000
"""Nodes that wait for one another; engines walk a graph by recursion, and their stack ends."""
OPEN_SIDE = 224
"""Values along an axis that a file leaves open, other than the first, which counts images."""
DOMAINS = ("", "ai.onnx")
QUANTIZING = frozenset({"QuantizeLinear", "DequantizeLinear"})
"""What ``com.microsoft`` may be asked for: 16- and 4-bit quantization, which both engines run."""
BY_CHANCE = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
ENDLESS = frozenset({"Loop", "Scan"})
OTHER_FILES = frozenset({"ImageDecoder"})
_BITS = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
}
"""Bits of a value, by TensorProto.DataType; texts (8) are not there."""
_RAW, _FLOATS, _DOUBLES = 9, 4, 10
_VARINTS = (5, 7, 11)


def require_plain_model(model: bytes) -> None:
    """Check that a model holds all its own weights, runs known operators, and says how large it is truly.

    Raises:
        ModelLoadError: it does not; the detail says what is wrong with it.
    """
    if len(model) > LARGEST_MODEL_BYTES:
        raise ModelLoadError(f"the model has {len(model)} bytes, {LARGEST_MODEL_BYTES} are allowed")
    if not model:
        raise ModelLoadError("the model is empty")
    graph = read_graph(memoryview(model), Budget(MOST_FIELDS))
    nodes = sum(len(one.nodes) for one in _all_graphs(graph))
    if nodes > MOST_NODES:
        raise ModelLoadError(f"the model has {nodes} nodes, {MOST_NODES} are allowed")
    for one in _all_graphs(graph):
        _require_honest_sizes(one)
    tally = Tally()
    _require_bounded(graph, tally)
    if tally.counts and nodes > MOST_COUNTING_NODES:
        raise ModelLoadError("the model computes too much with the number of images; export it for one image")
    for images in range(2, MOST_IMAGES + 1) if tally.counts else ():
        _require_bounded(graph, Tally(images=images))


def _require_bounded(graph: Graph, tally: Tally) -> None:
    """Check nodes in their order, and what each makes for a number of images."""
    weights = {tensor.name for tensor in graph.tensors}
    fed = {name: _fed(name, sizes, tally.images) for name, sizes in graph.inputs if name not in weights}
    _require_sound(graph, ChainMap({"": 0}), ChainMap(fed), tally)


def _fed(name: str, sizes: Sequence[int] | None, images: int) -> Value:
    """Return an input: an open first axis counts the images, other open ones get a usual picture's size."""
    if sizes is None:
        raise ModelLoadError(f"the model does not declare the sizes of its input {name!r:.80}")
    open_sizes = (images, *(OPEN_SIDE for _ in sizes))
    taken = tuple(one or instead for one, instead in zip(sizes, open_sizes, strict=False))
    return Value(sizes=taken, counted=bool(sizes) and sizes[0] == 0)


def _all_graphs(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph.nodes:
        for attribute in node.attributes.values():
            for inner in attribute.graphs:
                yield from _all_graphs(inner)


def _require_honest_sizes(graph: Graph) -> None:
    """Check that every tensor holds as many values as it says, and that nothing declared is enormous."""
    for tensor in graph.tensors:
        _require_honest(tensor)
    for node in graph.nodes:
        for attribute in node.attributes.values():
            for tensor in attribute.tensors:
                _require_honest(tensor)
    for name, sizes in (*graph.declared, *(("sparse weights", sizes) for sizes in graph.sparse)):
        if prod(abs(size) or 1 for size in sizes) > MOST_VALUES:
            raise ModelLoadError(f"{name!r:.80} is declared with {_shape(sizes)} values")


def _require_honest(tensor: Tensor) -> None:
    if min(tensor.sizes, default=1) < 0:
        raise ModelLoadError(
            f"the tensor {tensor.name!r:.80} has the impossible shape {_shape(tensor.sizes)}"
        )
    bits = _BITS.get(tensor.kind)
    if bits is None:
        raise ModelLoadError(f"the tensor {tensor.name!r:.80} holds no numbers (type {tensor.kind})")
    values = prod(tensor.sizes)
    if values and not _holds(tensor, values, bits):
        raise ModelLoadError(
            f"the tensor {tensor.name!r:.80} claims {_shape(tensor.sizes)} values that the file does not hold"
        )


def _holds(tensor: Tensor, values: int, bits: int) -> bool:
    """Whether the fields that hold values are as long as the shape says (a varint takes one byte or more)."""
    held = tensor.held
    if isinstance(raw := held.get(_RAW), memoryview):
        return len(raw) == (values * bits + 7) // 8
    for number, size in ((_FLOATS, 4), (_DOUBLES, 8)):
        if isinstance(floats := held.get(number), memoryview):
            return len(floats) in (values * size, 2 * values * size)  # complex numbers take two
    least = (values * bits + 7) // 8 if bits < 8 else values
    return any(
        (len(packed) if isinstance(packed, memoryview) else packed) >= least
        for number in _VARINTS
        if (packed := held.get(number)) is not None
    )


def _require_sound(
    graph: Graph,
    outside: ChainMap[str, int],
    outer: ChainMap[str, Value],
    tally: Tally,
    seen: dict[str, tuple[int, ...]] | None = None,
) -> tuple[Value, ...]:
    """Check nodes in their order: known, each value made once, before it is used, and of a sane size.

    ``outside`` maps the names of the graphs around to how many nodes wait for one another up to there.
    Returns what the graph makes; ``seen`` is given the sizes of all its values.
    """
    values = outer.new_child({tensor.name: value_of(tensor) for tensor in graph.tensors})
    depth = outside.new_child(dict.fromkeys((*(name for name, _ in graph.inputs), *values.maps[0]), 0))
    made: set[str] = set()
    for node in graph.nodes:
        _require_known(node)
        unknown = next((name for name in node.inputs if name not in depth), None)
        if unknown is not None:
            raise ModelLoadError(
                f"the node {node.operator!r:.40} uses {unknown!r:.80} before it is made: the graph runs in a "
                "circle, or lacks a part"
            )
        chain = 1 + max((depth[name] for name in node.inputs), default=0)
        if chain > LONGEST_CHAIN:
            raise ModelLoadError(f"more than {LONGEST_CHAIN} nodes of the model wait for one another")
        inner = {
            name: _require_sound(one, depth, values, tally)
            for name, attribute in node.attributes.items()
            for one in attribute.graphs
        }
        step = Step(node=node, inputs=tuple(values.get(name) for name in node.inputs), inner=inner)
        _take_outputs(node, made_by(step, tally), made, values)
        depth.update(dict.fromkeys(filter(None, node.outputs), chain))
    if seen is not None:
        seen.update({name: value.sizes for name, value in values.maps[0].items()})
    return tuple(values[name] for name in graph.outputs if name in values)


def _take_outputs(
    node: Node,
    outputs: Sequence[Value],
    made: set[str],
    values: MutableMapping[str, Value],
) -> None:
    for at, name in enumerate(node.outputs):
        if not name:
            continue
        if name in made:
            raise ModelLoadError(f"the model makes {name!r:.80} twice")
        if at >= len(outputs):
            raise ModelLoadError(f"the model's operator {node.operator!r:.40} does not make {name!r:.80}")
        made.add(name)
        values[name] = outputs[at]


def _require_known(node: Node) -> None:
    name = f"{node.operator!r:.40}"
    if node.domain == "com.microsoft" and node.operator in QUANTIZING:
        return
    if node.domain not in DOMAINS:
        raise ModelLoadError(
            f"the model asks for the operator {name} of {node.domain!r:.60}, which is not ONNX's"
        )
    if node.operator in BY_CHANCE:
        raise ModelLoadError(
            f"the model's operator {name} draws by chance: it would answer differently each time"
        )
    if node.operator in ENDLESS:
        raise ModelLoadError(
            f"the model's operator {name} repeats itself, and may not end; export it unrolled"
        )
    if node.operator in OTHER_FILES:
        raise ModelLoadError(f"the model's operator {name} decodes files, which Farlight does itself")


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(str(size) for size in sizes)[:80] or "1"
