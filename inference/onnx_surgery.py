"""Change an ONNX network as a pack needs it: one input of a known size, logits, a map, a head of its own.

The weights stay as they are. Every change is proven by running before and after (``inference.inspect``).
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from core.errors import UnknownModelError
from inference.onnx_graph import Network
from inference.onnx_head import LinearHead

MAP_NAME = "activation_map"
_PREFIX = "farlight_"


def copy_of(network: Network) -> Network:
    """Return a network that may be changed."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    return Network(model)


def bytes_of(network: Network) -> bytes:
    """Return a network as an ONNX file's content, checked.

    Raises:
        UnknownModelError: the ONNX library finds fault with it.
    """
    try:
        onnx.checker.check_model(network.model)
    except Exception as error:
        raise UnknownModelError(f"ONNX finds fault with it: {str(error).splitlines()[0][:160]}") from error
    return bytes(network.model.SerializeToString())


def with_input(
    network: Network, channels: int, size: tuple[int, int], *, batch: bool, rows_first: bool
) -> Network:
    """Return the network with one input float32 (batch, channel, row, column) of a fixed size.

    ``batch`` leaves the batch open. ``rows_first`` says that the network reads (batch, row, column, channel):
    then a Transpose is put before it, and a Cast where it reads another type.
    """
    changed = copy_of(network)
    port = network.inputs[0]
    value = next(value for value in changed.graph.input if value.name == port.name)
    sizes = [1 if not batch else "batch", channels, *size]
    reads_float = port.kind == "float"
    if rows_first or not reads_float:
        _put_before(changed, value, port.kind, rows_first=rows_first)
    value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.FLOAT, sizes))
    for old in changed.graph.output:
        kind = old.type.tensor_type
        if batch and kind.shape.dim and not kind.shape.dim[0].HasField("dim_value"):
            kind.shape.dim[0].dim_param = "batch"
        elif not batch and kind.shape.dim and not kind.shape.dim[0].HasField("dim_value"):
            kind.shape.dim[0].dim_value = 1
    del changed.graph.value_info[:]
    return Network(changed.model)


def with_output(network: Network, name: str) -> Network:
    """Return the network with a tensor of it as a further output."""
    if name in {port.name for port in network.outputs}:
        return network
    changed = copy_of(network)
    shape = network.shape(name)
    sizes = None if shape is None else _sizes(shape)
    changed.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes))
    return Network(changed.model)


def with_flat_output(network: Network, name: str, flat: str) -> Network:
    """Return the network with an output (batch, column, ...) flattened to (batch, column)."""
    changed = copy_of(network)
    changed.graph.node.append(helper.make_node("Flatten", [name], [flat], axis=1))
    return _with_made_output(changed, flat, 2)


def with_channels_first(network: Network, name: str, turned: str) -> Network:
    """Return the network with an output (batch, row, column, channel) as (batch, channel, row, column)."""
    changed = copy_of(network)
    changed.graph.node.append(helper.make_node("Transpose", [name], [turned], perm=[0, 3, 1, 2]))
    return _with_made_output(changed, turned, 4)


def with_map(network: Network, head: LinearHead) -> Network:
    """Return the network with the output ``activation_map``: the head's weights on each place."""
    changed = copy_of(network)
    if head.weights is None:
        node = helper.make_node("Identity", [head.features], [MAP_NAME])
    else:
        name = f"{_PREFIX}map_weights"
        weights = head.weights[:, :, None, None]
        changed.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(weights), name))
        node = helper.make_node("Conv", [head.features, name], [MAP_NAME], kernel_shape=[1, 1])
    changed.graph.node.append(node)
    return _with_made_output(changed, MAP_NAME, 4)


def head_of(network: Network, features: str, logits: str, shape: Sequence[int], *, batch: bool) -> Network:
    """Return what makes ``logits`` of ``features`` (channel, row, column) as a network of its own.

    Raises:
        UnknownModelError: the logits need more than the features.
    """
    nodes = network.between(features, logits)
    if not nodes:
        raise UnknownModelError(f"{logits!r:.60} is not made of {features!r:.60} alone")
    used = {name for node in nodes for name in node.input}
    columns = (network.shape(logits) or (None, None))[-1]
    sizes = ["batch" if batch else 1, *shape]
    graph = helper.make_graph(
        list(nodes),
        "head",
        [helper.make_tensor_value_info(features, TensorProto.FLOAT, sizes)],
        [helper.make_tensor_value_info(logits, TensorProto.FLOAT, [sizes[0], columns])],
        [tensor for tensor in network.graph.initializer if tensor.name in used],
    )
    model = helper.make_model(
        graph, opset_imports=list(network.model.opset_import), ir_version=network.model.ir_version
    )
    model.functions.extend(network.model.functions)
    return Network(model)


def probe_of(network: Network, names: Sequence[str]) -> bytes:
    """Return the network with some tensors as its only outputs, to look at what they hold."""
    changed = copy_of(network)
    del changed.graph.output[:]
    changed.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return bytes(changed.model.SerializeToString())


def _put_before(changed: Network, value: onnx.ValueInfoProto, kind: str, *, rows_first: bool) -> None:
    """Put a Transpose and a Cast before all that reads the input."""
    name, steps = value.name, []
    readers = changed.consumers.get(name, [])
    current = name
    if rows_first:
        steps.append(helper.make_node("Transpose", [current], [f"{_PREFIX}turned"], perm=[0, 2, 3, 1]))
        current = f"{_PREFIX}turned"
    if kind != "float":
        to = TensorProto.DataType.Value(kind.upper())
        steps.append(helper.make_node("Cast", [current], [f"{_PREFIX}cast"], to=to))
        current = f"{_PREFIX}cast"
    for node in readers:
        for place, used in enumerate(node.input):
            if used == name:
                node.input[place] = current
    for step in reversed(steps):
        changed.graph.node.insert(0, step)


def _with_made_output(changed: Network, name: str, dimensions: int) -> Network:
    shape = Network(changed.model).shape(name)
    sizes = _sizes(shape) if shape is not None and len(shape) == dimensions else [None] * dimensions
    changed.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes))
    return Network(changed.model)


def _sizes(shape: Sequence[int | None]) -> list[int | str | None]:
    return [("batch" if place == 0 else None) if size is None else size for place, size in enumerate(shape)]


def largest_difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest difference of two arrays, infinite where their shapes differ."""
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")
