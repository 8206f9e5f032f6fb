"""What an ONNX file says of its graph, read with care: nodes, tensors without their values, declared sizes.

Only what is needed to judge a file from other hands is read, without the ONNX library.
Source: the ONNX specification, onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import ModelLoadError
from inference.protobuf import Budget, fields, require_message, text_of, whole_numbers

DEEPEST = 8
"""Graphs inside graphs that are followed; exported networks have none, or one."""
_EXTERNAL_DATA, _DATA_LOCATION, _LOCATION_EXTERNAL = 13, 14, 1
_LONGEST_SHAPE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A tensor that stands in the file: how large it says it is, and the fields that hold its values.

    ``kind`` is TensorProto.DataType; ``held`` is keyed by the number of the field.
    """

    name: str
    sizes: tuple[int, ...]
    kind: int
    held: Mapping[int, memoryview | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a node, as far as it can say a size or hold a tensor or a graph."""

    number: int | None = None
    numbers: tuple[int, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    graphs: tuple["Graph", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a graph; an input that is left out is ""."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in their order, weights, and declared sizes by name; a size that is open is 0."""

    nodes: tuple[Node, ...]
    tensors: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    declared: tuple[tuple[str, tuple[int, ...]], ...]
    sparse: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class _Draft:
    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    declared: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    sparse: list[tuple[int, ...]] = field(default_factory=list)


def read_graph(model: memoryview, budget: Budget) -> Graph:
    """Return the graph of a model file.

    Raises:
        ModelLoadError: it is no model, asks for another file, brings functions of its own, or is too large a
            thicket.
    """
    graph: Graph | None = None
    for number, value in fields(model, budget):
        if number == 7:
            graph = _graph(require_message(value), budget, 0)
        elif number == 25:
            raise ModelLoadError(
                "the model brings functions of its own; export it with its functions inlined"
            )
        elif number == 20:
            raise ModelLoadError("the model brings instructions for training; export it for inference")
    if graph is None:
        raise ModelLoadError("the model file holds no graph")
    return graph


def _graph(data: memoryview, budget: Budget, depth: int) -> Graph:
    if depth > DEEPEST:
        raise ModelLoadError("the model nests too deeply")
    draft = _Draft()
    for number, value in fields(data, budget):
        _take_graph_field(draft, number, value, budget, depth)
    return Graph(
        nodes=tuple(draft.nodes),
        tensors=tuple(draft.tensors),
        inputs=tuple(draft.inputs),
        declared=tuple(draft.declared),
        sparse=tuple(draft.sparse),
    )


def _take_graph_field(
    draft: _Draft, number: int, value: int | memoryview, budget: Budget, depth: int
) -> None:
    if number == 1:
        draft.nodes.append(_node(require_message(value), budget, depth))
    elif number == 5:
        draft.tensors.append(_tensor(require_message(value), budget))
    elif number == 15:
        sizes, parts = _sparse(require_message(value), budget)
        draft.sparse.append(sizes)
        draft.tensors.extend(parts)
    elif number in (11, 12, 13):
        declared = _declared(require_message(value), budget)
        draft.declared.append(declared)
        if number == 11:
            draft.inputs.append(declared[0])


def _node(data: memoryview, budget: Budget, depth: int) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 4: [], 7: []}
    attributes: dict[str, Attribute] = {}
    for number, value in fields(data, budget):
        if number in texts:
            texts[number].append(text_of(value))
        elif number == 5:
            name, attribute = _attribute(require_message(value), budget, depth)
            attributes[name] = attribute
    return Node(
        operator=(texts[4] or [""])[-1],
        domain=(texts[7] or [""])[-1],
        inputs=tuple(texts[1]),
        outputs=tuple(texts[2]),
        attributes=attributes,
    )


def _attribute(data: memoryview, budget: Budget, depth: int) -> tuple[str, Attribute]:
    name, whole = "", None
    numbers: list[int] = []
    tensors: list[Tensor] = []
    graphs: list[Graph] = []
    for number, value in fields(data, budget):
        if number == 1:
            name = text_of(value)
        elif number == 3:
            whole = next(whole_numbers(value, budget), None)
        elif number == 8:
            numbers.extend(whole_numbers(value, budget))
        elif number in (5, 10):
            tensors.append(_tensor(require_message(value), budget))
        elif number in (6, 11):
            graphs.append(_graph(require_message(value), budget, depth + 1))
        elif number in (22, 23):
            raise ModelLoadError("the model has an attribute with sparse values, which Farlight does not run")
    return name, Attribute(number=whole, numbers=tuple(numbers), tensors=tuple(tensors), graphs=tuple(graphs))


def _tensor(data: memoryview, budget: Budget) -> Tensor:
    name, kind = "", 0
    sizes: list[int] = []
    held: dict[int, memoryview | int] = {}
    for number, value in fields(data, budget):
        if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value == _LOCATION_EXTERNAL):
            raise ModelLoadError("the model asks for weights in another file")
        if number == 1:
            sizes.extend(whole_numbers(value, budget))
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8:
            name = text_of(value)
        elif isinstance(value, memoryview):
            held[number] = value
        else:
            before = held.get(number, 0)
            held[number] = (before if isinstance(before, int) else 0) + 1
        _require_short(sizes)
    return Tensor(name=name, sizes=tuple(sizes), kind=kind, held=held)


def _sparse(data: memoryview, budget: Budget) -> tuple[tuple[int, ...], tuple[Tensor, ...]]:
    sizes: list[int] = []
    parts: list[Tensor] = []
    for number, value in fields(data, budget):
        if number in (1, 2):
            parts.append(_tensor(require_message(value), budget))
        elif number == 3:
            sizes.extend(whole_numbers(value, budget))
        _require_short(sizes)
    return tuple(sizes), tuple(parts)


def _declared(data: memoryview, budget: Budget) -> tuple[str, tuple[int, ...]]:
    """Return the name and the sizes of a ValueInfoProto: type (2), tensor_type (1), shape (2), dim (1)."""
    name, inside = "", [data]
    for number, value in fields(data, budget):
        if number == 1:
            name = text_of(value)
    for wanted in (2, 1, 2, 1):
        inside = [
            require_message(value)
            for message in inside
            for number, value in fields(message, budget)
            if number == wanted and isinstance(value, memoryview)
        ]
        _require_short(inside)
    sizes: list[int] = []
    for dimension in inside:
        known = [value for number, value in fields(dimension, budget) if number == 1]
        sizes.extend(next(whole_numbers(value, budget), 0) for value in known[-1:] or (0,))
    return name, tuple(sizes)


def _require_short(sizes: "list[int] | list[memoryview]") -> None:
    if len(sizes) > _LONGEST_SHAPE:
        raise ModelLoadError(f"the model has a tensor of more than {_LONGEST_SHAPE} dimensions")
