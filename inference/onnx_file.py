"""Looks into an ONNX file before an engine does: it must hold all its own weights, and be of a sane size.

Only the few fields on the way to a tensor are read, without the ONNX library.
Source: the ONNX specification, onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core.errors import ModelLoadError

LARGEST_MODEL_BYTES = 64 * 1024 * 1024
"""Far above the promised 2.5 million parameters."""
DEEPEST = 32
"""Nesting of graphs inside graphs that is followed."""
_EXTERNAL_DATA, _DATA_LOCATION, _LOCATION_EXTERNAL = 13, 14, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CHILDREN: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "training": {1: "graph", 2: "graph"},
        "function": {7: "node", 11: "attribute"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "node": {5: "attribute"},
        "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
        "sparse": {1: "tensor", 2: "tensor"},
    }
)
"""For each message, the numbers of the fields that lead to tensors, and what they hold."""


def require_plain_model(model: bytes) -> None:
    """Check that a model holds all its own weights.

    Raises:
        ModelLoadError: it is too large, malformed, or asks for another file.
    """
    if len(model) > LARGEST_MODEL_BYTES:
        raise ModelLoadError(f"the model has {len(model)} bytes, {LARGEST_MODEL_BYTES} are allowed")
    if not model:
        raise ModelLoadError("the model is empty")
    _walk(memoryview(model), "model", 0)


def _walk(data: memoryview, kind: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ModelLoadError("the model nests too deeply")
    for number, value in _fields(data):
        if kind == "tensor":
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value == _LOCATION_EXTERNAL):
                raise ModelLoadError("the model asks for weights in another file")
        elif number in _CHILDREN[kind]:
            if not isinstance(value, memoryview):
                raise ModelLoadError("the model file is not ONNX")
            _walk(value, _CHILDREN[kind][number], depth + 1)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and content of each field of a protocol buffer message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ModelLoadError("the model file is not ONNX")
        if at + size > len(data):
            raise ModelLoadError("the model file is cut short")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ModelLoadError("the model file is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ModelLoadError("the model file is not ONNX")
