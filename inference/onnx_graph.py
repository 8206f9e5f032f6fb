"""An ONNX graph that can be asked: who makes a tensor, from what, of which shape, and what stays constant.

Only for making packs, in a child process: the ONNX library is imported by the modules ``onnx_...`` alone, and
never while images are looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, shape_inference

from core.errors import UnknownModelError
from inference.onnx_file import require_plain_model

Shape = tuple[int | None, ...]
_MAP_DIMENSIONS = 4
PASSING = frozenset({"Identity", "Dropout", "Cast"})
"""Operators that hand values on as they are, when nobody trains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output: its name, its sizes (None is open), the names of the open ones, and its type."""

    name: str
    shape: Shape
    open_axes: tuple[str, ...]
    kind: str


class Network:
    """An ONNX model with its graph indexed by tensor name; ``model`` may be changed by who made a copy."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.graph = model.graph
        self.producers = {name: node for node in self.graph.node for name in node.output if name}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
        self._constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self._shapes: dict[str, Shape] | None = None

    @classmethod
    def read(cls, data: bytes) -> "Network":
        """Return the network of an ONNX file's content.

        Raises:
            ModelLoadError: the file is not safe to load (see ``onnx_file``).
            UnknownModelError: the ONNX library cannot read it.
        """
        require_plain_model(data)
        try:
            return cls(onnx.load_model_from_string(data))
        except Exception as error:
            raise UnknownModelError("the file cannot be read as ONNX") from error

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What is fed in: the graph's inputs that are not weights."""
        return tuple(_port(value) for value in self.graph.input if value.name not in self._constants)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What comes out."""
        return tuple(_port(value) for value in self.graph.output)

    @property
    def opset(self) -> int:
        """The version of the standard operators."""
        return max(
            (entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx")), default=0
        )

    @property
    def parameters(self) -> int:
        """How many numbers the weights hold."""
        return sum(int(np.prod(tensor.dims)) for tensor in self.graph.initializer)

    def constant(self, name: str) -> NDArray[np.generic] | None:
        """Return a tensor that is the same for every image, or None."""
        tensor = self._constants.get(name)
        if tensor is not None:
            return np.asarray(numpy_helper.to_array(tensor))
        node = self.producers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            value = attribute(node, "value")
            return np.asarray(numpy_helper.to_array(value)) if isinstance(value, onnx.TensorProto) else None
        return self.constant(node.input[0]) if node.op_type == "Identity" else None

    def shape(self, name: str) -> Shape | None:
        """Return what shape inference says of a tensor, or None where it says nothing."""
        if self._shapes is None:
            self._shapes = _inferred(self.model)
        return self._shapes.get(name)

    def before(self, name: str) -> tuple[str, onnx.NodeProto | None]:
        """Walk back over operators that hand values on; return the tensor there, and what makes it."""
        node = self.producers.get(name)
        while node is not None and node.op_type in PASSING:
            name = node.input[0]
            node = self.producers.get(name)
        return name, node

    def between(self, start: str, end: str) -> tuple[onnx.NodeProto, ...] | None:
        """Return the nodes that make ``end`` of ``start`` alone; None where it needs an input too."""
        needed = self._ancestors(start, end)
        if needed & {port.name for port in self.inputs}:
            return None
        return tuple(node for node in self.graph.node if needed & set(node.output))

    def is_made_of(self, end: str, name: str) -> bool:
        """Whether a tensor is made of another one."""
        return name != end and name in self._ancestors("", end)

    def feature_maps(self, end: str) -> Iterator[str]:
        """Yield the maps (batch, channel, row, column) that ``end`` is made of, last first."""
        needed = self._ancestors("", end)
        for node in reversed(self.graph.node):
            for name in needed.intersection(node.output):
                shape = self.shape(name) or ()
                if len(shape) == _MAP_DIMENSIONS and all(side is None or side > 1 for side in shape[2:]):
                    yield name

    def _ancestors(self, start: str, end: str) -> set[str]:
        """Return the tensors that ``end`` is made of, itself too, not looking beyond ``start``."""
        needed: set[str] = set()
        waiting = [end]
        while waiting:
            name = waiting.pop()
            if name and name != start and name not in needed:
                needed.add(name)
                node = self.producers.get(name)
                waiting.extend(_needs(node) if node is not None else ())
        return needed


def attribute(node: onnx.NodeProto, name: str, default: object = None) -> Any:
    """Return an attribute's value, or the default where it is not there."""
    found = next((entry for entry in node.attribute if entry.name == name), None)
    return default if found is None else onnx.helper.get_attribute_value(found)


def whole_numbers(value: object) -> tuple[int, ...]:
    """Return a list attribute, or a constant tensor, as whole numbers."""
    if value is None:
        return ()
    return tuple(int(number) for number in np.asarray(value).ravel())


def _needs(node: onnx.NodeProto) -> Sequence[str]:
    """Return what a node reads, its inner graphs' outer tensors too."""
    names = list(node.input)
    for entry in node.attribute:
        for inner in (entry.g, *entry.graphs):
            made = {name for each in inner.node for name in each.output}
            names += [name for each in inner.node for name in _needs(each) if name not in made]
    return names


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.tensor_type
    sizes = tuple(size.dim_value if size.HasField("dim_value") else None for size in kind.shape.dim)
    names = tuple(size.dim_param or "?" for size in kind.shape.dim if not size.HasField("dim_value"))
    name = onnx.TensorProto.DataType.Name(kind.elem_type).lower() if kind.elem_type else "unknown"
    return Port(name=value.name, shape=sizes, open_axes=names, kind=name)


def _inferred(model: onnx.ModelProto) -> dict[str, Shape]:
    try:
        known = shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # noqa: BLE001 - a graph that cannot be inferred is asked without shapes
        known = model.graph
    values = (*known.input, *known.output, *known.value_info)
    return {value.name: _port(value).shape for value in values if value.type.HasField("tensor_type")}
