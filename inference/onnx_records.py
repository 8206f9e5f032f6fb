"""What an ONNX file says of its graph, read with care: nodes, tensors without their values, declared sizes.

Only what is needed to judge a file from other hands is read, without the ONNX library.
Source: the ONNX specification, onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import ModelLoadError
from inference.protobuf import Budget, Form, Forms, fields, floats, require_message, text_of, whole_numbers

DEEPEST = 8
"""Graphs inside graphs that are followed; exported networks have none, or one."""
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_SEGMENT, _TENSOR_DOC, _TENSOR_METADATA = 3, 12, 16
_LONGEST_SHAPE = 16


def _forms(**named: tuple[int, ...]) -> Forms:
    return {number: Form[name.upper()] for name, numbers in named.items() for number in numbers}


_MODEL = _forms(bytes=(2, 3, 4, 6, 7), number=(1, 5), many_bytes=(8, 14, 20, 25, 26))
_GRAPH = _forms(bytes=(2, 10), many_bytes=(1, 5, 11, 12, 13, 14, 15, 16))
_NODE = _forms(bytes=(3, 4, 6, 7, 8), many_bytes=(1, 2, 5, 9, 10))
_ATTRIBUTE = _forms(
    bytes=(1, 4, 5, 6, 13, 14, 21, 22),
    number=(3, 20),
    float=(2,),
    floats=(7,),
    numbers=(8,),
    many_bytes=(9, 10, 11, 15, 23),
)
_TENSOR = _forms(bytes=(3, 4, 8, 9, 10, 12), number=(2, 14), numbers=(1, 5, 7, 11), many_bytes=(6, 13, 16))
_SPARSE = _forms(bytes=(1, 2), numbers=(3,))
_VALUE = _forms(bytes=(1, 2, 3), many_bytes=(4,))
_TYPE = _forms(bytes=(1, 4, 5, 6, 7, 8, 9))
_TENSOR_TYPE = _forms(bytes=(2,), number=(1,))
_SHAPE = _forms(many_bytes=(1,))
_DIMENSION = _forms(number=(1,), bytes=(2, 3))
_SAYS = {2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9, 11: 10, 22: 11, 23: 12, 14: 13, 15: 14}
"""Which AttributeProto.AttributeType each field of an attribute is for."""


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
    real: float = 0.0
    reals: tuple[float, ...] = ()
    text: str = ""
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
    """Nodes in their order, weights, and declared sizes by name; a size that is open is 0.

    ``inputs`` go with their declared sizes, None where nothing is declared.
    """

    nodes: tuple[Node, ...]
    tensors: tuple[Tensor, ...]
    inputs: tuple[tuple[str, tuple[int, ...] | None], ...]
    outputs: tuple[str, ...]
    declared: tuple[tuple[str, tuple[int, ...]], ...]
    sparse: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class _Draft:
    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    inputs: list[tuple[str, tuple[int, ...] | None]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    declared: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    sparse: list[tuple[int, ...]] = field(default_factory=list)


def read_graph(model: memoryview, budget: Budget) -> Graph:
    """Return the graph of a model file.

    Raises:
        ModelLoadError: it is no model, asks for another file, brings functions of its own, or is too large a
            thicket.
    """
    graph: Graph | None = None
    for number, value in fields(model, budget, _MODEL):
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
    for number, value in fields(data, budget, _GRAPH):
        _take_graph_field(draft, number, value, budget, depth)
    return Graph(
        nodes=tuple(draft.nodes),
        tensors=tuple(draft.tensors),
        inputs=tuple(draft.inputs),
        outputs=tuple(draft.outputs),
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
        name, declared = _declared(require_message(value), budget)
        draft.declared.append((name, declared or ()))
        if number == 11:
            draft.inputs.append((name, declared))
        elif number == 12:
            draft.outputs.append(name)


def _node(data: memoryview, budget: Budget, depth: int) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 4: [], 7: []}
    attributes: dict[str, Attribute] = {}
    for number, value in fields(data, budget, _NODE):
        if number in texts:
            texts[number].append(text_of(value))
        elif number == 5:
            name, attribute = _attribute(require_message(value), budget, depth)
            if name in attributes:
                raise ModelLoadError(f"a node of the model has the attribute {name!r:.40} twice")
            attributes[name] = attribute
    return Node(
        operator=(texts[4] or [""])[-1],
        domain=(texts[7] or [""])[-1],
        inputs=tuple(texts[1]),
        outputs=tuple(texts[2]),
        attributes=attributes,
    )


def _attribute(data: memoryview, budget: Budget, depth: int) -> tuple[str, Attribute]:  # noqa: C901  one a field
    name, whole = "", None
    real, text = 0.0, ""
    numbers: list[int] = []
    reals: list[float] = []
    tensors: list[Tensor] = []
    graphs: list[Graph] = []
    kind, said = 0, set[int]()
    for number, value in fields(data, budget, _ATTRIBUTE):
        said.add(_SAYS.get(number, 0))
        if number == 1:
            name = text_of(value)
        elif number == 3:
            whole = next(whole_numbers(value, budget), None)
        elif number == 2:
            real = floats(require_message(value), budget)[0]
        elif number == 4:
            text = text_of(value)
        elif number == 7:
            reals.extend(floats(require_message(value), budget))
        elif number == 8:
            numbers.extend(whole_numbers(value, budget))
        elif number in (5, 10):
            tensors.append(_tensor(require_message(value), budget))
        elif number in (6, 11):
            graphs.append(_graph(require_message(value), budget, depth + 1))
        elif number == 20:
            kind = int(value) if isinstance(value, int) else 0
        elif number in (14, 15, 21, 22, 23):
            raise ModelLoadError("the model has an attribute of a kind that Farlight does not run")
    said.discard(0)
    if len(said) > 1 or (kind and said - {kind}):
        raise ModelLoadError(f"the attribute {name!r:.40} says two things at once")
    return name, Attribute(
        number=whole,
        numbers=tuple(numbers),
        real=real,
        reals=tuple(reals),
        text=text,
        tensors=tuple(tensors),
        graphs=tuple(graphs),
    )


def _tensor(data: memoryview, budget: Budget) -> Tensor:
    name, kind = "", 0
    sizes: list[int] = []
    held: dict[int, memoryview | int] = {}
    for number, value in fields(data, budget, _TENSOR):
        if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value):
            raise ModelLoadError("the model asks for weights in another file")
        if number in (_SEGMENT, _TENSOR_DOC, _TENSOR_METADATA, _DATA_LOCATION):
            if number == _SEGMENT:
                raise ModelLoadError("the model has a tensor in pieces, which Farlight does not run")
        elif number == 1:
            sizes.extend(whole_numbers(value, budget))
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8:
            name = text_of(value)
        elif isinstance(value, memoryview) and number not in held:
            held[number] = value
        elif isinstance(value, int) and isinstance(before := held.get(number, 0), int):
            held[number] = before + 1
        else:
            raise ModelLoadError("the values of a tensor of the model stand in several places")
        _require_short(sizes)
    if len(held) > 1:
        raise ModelLoadError(f"the values of the tensor {name!r:.80} stand in several places")
    return Tensor(name=name, sizes=tuple(sizes), kind=kind, held=held)


def _sparse(data: memoryview, budget: Budget) -> tuple[tuple[int, ...], tuple[Tensor, ...]]:
    sizes: list[int] = []
    parts: list[Tensor] = []
    for number, value in fields(data, budget, _SPARSE):
        if number in (1, 2):
            parts.append(_tensor(require_message(value), budget))
        elif number == 3:
            sizes.extend(whole_numbers(value, budget))
        _require_short(sizes)
    return tuple(sizes), tuple(parts)


def _declared(data: memoryview, budget: Budget) -> tuple[str, tuple[int, ...] | None]:
    """Return the name and the sizes of a ValueInfoProto; None where it says none."""
    name, sizes = "", None
    for number, value in fields(data, budget, _VALUE):
        if number == 1:
            name = text_of(value)
        elif number == 2:
            sizes = _sizes_of_type(require_message(value), budget)
    return name, sizes


def _sizes_of_type(data: memoryview, budget: Budget) -> tuple[int, ...] | None:
    sizes: tuple[int, ...] | None = None
    for number, value in fields(data, budget, _TYPE):
        if number == 1:
            for inner, shape in fields(require_message(value), budget, _TENSOR_TYPE):
                if inner == 2:
                    sizes = tuple(
                        _dimension(require_message(one), budget)
                        for _, one in fields(require_message(shape), budget, _SHAPE)
                    )
                    _require_short(sizes)
        elif number != 6:
            raise ModelLoadError("the model has a value that is no plain tensor")
    return sizes


def _dimension(data: memoryview, budget: Budget) -> int:
    """Return a declared size, 0 where it is open."""
    said = [(number, value) for number, value in fields(data, budget, _DIMENSION) if number in (1, 2)]
    if len(said) > 1:
        raise ModelLoadError("the model declares a size that is open and fixed at once")
    return next((next(whole_numbers(value, budget), 0) for number, value in said if number == 1), 0)


def _require_short(sizes: Sequence[int]) -> None:
    if len(sizes) > _LONGEST_SHAPE:
        raise ModelLoadError(f"the model has a tensor of more than {_LONGEST_SHAPE} dimensions")
