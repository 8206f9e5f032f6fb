"""Find how a classifier ends: its last feature map, and whether its logits are a mean of a map of them.

Where a network averages its last feature map over all places and weights the averages (global average
pooling and one linear layer), weighting the places first and averaging then is the same: that map is exact
(class activation map: Zhou et al., CVPR 2016, arXiv:1512.04150). Elsewhere a reason is given, and a method
that asks again is chosen.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from inference.manifest import Method
from inference.onnx_graph import Network, attribute, whole_numbers

Why = Literal[
    "exact",
    "dense_layers",
    "flattened",
    "maximum",
    "attention",
    "not_linear",
    "scattered",
    "no_places",
    "not_proven",
]
_FLATTENING = frozenset({"Flatten", "Reshape", "Squeeze"})
_ATTENTION = frozenset({"Attention", "MultiHeadAttention"})
_MOST_CANDIDATES = 64
Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearHead:
    """Logits as ``weights @ mean(features) + bias``: (label, channel), None where features are the map."""

    features: str
    weights: Weights | None
    bias: Weights | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How maps of a classifier can be made, and why so. ``linear`` is for ``activation_map`` alone."""

    method: Method
    why: Why
    features: str = ""
    linear: LinearHead | None = None


def find_head(network: Network, logits: str) -> Head:
    """Return how the maps of a network that ends in ``logits`` can be made; still to be proven."""
    linear = _linear_head(network, logits)
    if isinstance(linear, LinearHead):
        return Head(method="activation_map", why="exact", features=linear.features, linear=linear)
    features, nodes = _last_features(network, logits)
    if _mixes_places(nodes or tuple(network.graph.node), network):
        return Head(method="rise", why="attention")
    if not features:
        has_maps = next(network.feature_maps(logits), None) is not None
        return Head(method="rise", why="scattered" if has_maps else "no_places")
    return Head(method="reciprocam", why=linear, features=features)


def _linear_head(network: Network, logits: str) -> LinearHead | Why:
    name, node = network.before(logits)
    name, node, weights, bias = _dense(network, name, node)
    while node is not None and node.op_type in _FLATTENING:
        name, node = network.before(node.input[0])
    if weights is None and node is not None and node.op_type == "Conv":
        after = _pointwise(network, node)
        if after is not None:
            weights, bias = after
            name, node = network.before(node.input[0])
    if node is None:
        return "not_linear"
    if _averages_all_places(network, node):
        features = network.before(node.input[0])[0]
        return LinearHead(features=features, weights=weights, bias=bias)
    if node.op_type in ("GlobalMaxPool", "ReduceMax"):
        return "maximum"
    if weights is None:
        return "not_linear"
    shape = network.shape(name)
    return "flattened" if shape is not None and len(shape) == 4 else "dense_layers"


def _dense(
    network: Network, name: str, node: onnx.NodeProto | None
) -> tuple[str, onnx.NodeProto | None, Weights | None, Weights | float]:
    """Walk over the last linear layer; return what lies before, weights (label, channel) and bias."""
    bias: Weights | float = 0.0
    if node is not None and node.op_type == "Add":
        for place in (0, 1):
            constant = network.constant(node.input[place])
            inner, before = network.before(node.input[1 - place])
            if constant is not None and before is not None and before.op_type == "MatMul":
                name, node, bias = inner, before, _floats(constant).ravel()
                break
    if node is None or node.op_type not in ("Gemm", "MatMul"):
        return name, node, None, bias
    weights = network.constant(node.input[1])
    if weights is None or weights.ndim != 2 or attribute(node, "transA", 0):
        return name, node, None, bias
    rows = _floats(weights if attribute(node, "transB", 0) else weights.T) * _factor(node, "alpha")
    if node.op_type == "Gemm" and len(node.input) > 2 and node.input[2]:
        constant = network.constant(node.input[2])
        if constant is None:
            return name, node, None, bias
        bias = _floats(constant).ravel() * _factor(node, "beta")
    before_name, before_node = network.before(node.input[0])
    return before_name, before_node, rows, bias


def _pointwise(network: Network, node: onnx.NodeProto) -> tuple[Weights, Weights | float] | None:
    """Return weights and bias of a 1 x 1 convolution over what was averaged; None where it is another."""
    weights = network.constant(node.input[1])
    if (
        weights is None
        or weights.ndim != 4
        or weights.shape[2:] != (1, 1)
        or attribute(node, "group", 1) != 1
    ):
        return None
    _, before = network.before(node.input[0])
    if before is None or not _averages_all_places(network, before):
        return None
    bias = network.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    return _floats(weights[:, :, 0, 0]), 0.0 if bias is None else _floats(bias).ravel()


def _averages_all_places(network: Network, node: onnx.NodeProto) -> bool:
    """Whether a node averages (batch, channel, row, column) over all rows and columns."""
    if node.op_type == "GlobalAveragePool":
        return True
    shape = network.shape(node.input[0])
    if node.op_type == "ReduceMean":
        axes = whole_numbers(attribute(node, "axes"))
        if not axes and len(node.input) > 1:
            axes = whole_numbers(network.constant(node.input[1]))
        known = shape is not None and len(shape) == 4
        return known and sorted(axis % 4 for axis in axes) == [2, 3]
    if node.op_type == "AveragePool" and shape is not None and len(shape) == 4:
        pads = whole_numbers(attribute(node, "pads"))
        return whole_numbers(attribute(node, "kernel_shape")) == shape[2:] and not any(pads)
    return False


def _last_features(network: Network, logits: str) -> tuple[str, tuple[onnx.NodeProto, ...]]:
    """Return the last feature map that everything goes through, and the nodes after it; else ""."""
    for number, name in enumerate(network.feature_maps(logits)):
        if number == _MOST_CANDIDATES:
            break
        nodes = network.between(name, logits)
        if nodes:
            return name, nodes
    return "", ()


def _mixes_places(nodes: tuple[onnx.NodeProto, ...], network: Network) -> bool:
    """Whether what follows a feature map is attention: a softmax whose answer weights something."""
    for node in nodes:
        if node.op_type in _ATTENTION:
            return True
        if node.op_type == "Softmax":
            after = (user.op_type for name in node.output for user in network.consumers.get(name, ()))
            if any(operator in ("MatMul", "Einsum", "Dropout", "Mul") for operator in after):
                return True
    return False


def _factor(node: onnx.NodeProto, name: str) -> np.float32:
    return np.float32(attribute(node, name, 1.0))


def _floats(values: NDArray[np.generic]) -> Weights:
    return np.asarray(values, dtype=np.float32)
