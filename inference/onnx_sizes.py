"""What a node of an ONNX graph would grow to, where the file itself says it.

A graph of a hundred bytes can ask for gigabytes: a constant of a given shape, a tile, a resize, an edge, a
product of a long column with a long row. Where the sizes stand in the file they are judged here; where they
come from the image, the memory limit of the child process judges (``inference.trial``).
"""

import struct
from collections.abc import Iterator, Mapping
from math import prod

from core.errors import ModelLoadError
from inference.onnx_records import Node, Tensor
from inference.protobuf import Budget, whole_numbers

MOST_VALUES = 1 << 28
"""Values of one tensor: a gigabyte of float32."""
MOST_GROWTH = 1 << 16
"""How many times larger one resize, tile or transposed convolution may make its input."""
_LONGEST = 64
_INT32, _INT64, _FLOAT, _DOUBLE = 6, 7, 1, 11
_RAW = 9
_UNPACKED = {_INT64: ("q", 8), _INT32: ("i", 4), _FLOAT: ("f", 4), _DOUBLE: ("d", 8)}
_BROADCAST = frozenset(
    {"Add", "Sub", "Mul", "Div", "Pow", "Mod", "And", "Or", "Xor", "Equal", "Less", "Greater", "LessOrEqual"}
    | {"GreaterOrEqual", "Where", "Max", "Min", "Sum", "Mean", "PRelu", "BitShift"}
)
Numbers = tuple[float, ...]


def require_bounded_node(node: Node, constants: Mapping[str, Tensor]) -> None:
    """Check that what a node makes stays within bounds, as far as constants and attributes say.

    Raises:
        ModelLoadError: it does not.
    """
    for values in _made_values(node, constants):
        if values > MOST_VALUES:
            raise ModelLoadError(f"the model's operator {node.operator!r:.40} would make {values:.2g} values")
    for growth in _growths(node, constants):
        if growth > MOST_GROWTH:
            raise ModelLoadError(
                f"the model's operator {node.operator!r:.40} would make its input {growth:.2g} times larger"
            )


def _made_values(node: Node, constants: Mapping[str, Tensor]) -> Iterator[float]:
    """Yield how many values the node makes at least."""
    kind = node.operator
    if kind == "ConstantOfShape":
        yield _product(_values(node, 0, constants))
    elif kind == "Expand":
        yield _product(_values(node, 1, constants))
    elif kind in ("Resize", "Upsample"):
        yield _product(_values(node, 3, constants))
    elif kind == "OneHot":
        yield _product(_values(node, 1, constants))
    elif kind == "Range":
        yield _range(*(_values(node, place, constants) for place in range(3)))
    elif kind == "ConvTranspose":
        yield _product(_attribute(node, "output_shape"))
    elif kind == "Reshape":
        yield _product(_values(node, 1, constants))
    elif kind in ("MatMul", "Gemm") or kind in _BROADCAST:
        yield _joined(node, constants)


def _growths(node: Node, constants: Mapping[str, Tensor]) -> Iterator[float]:
    """Yield how many times larger the output is than the input, at least."""
    kind = node.operator
    if kind == "Tile":
        yield _product(_values(node, 1, constants))
    elif kind in ("Resize", "Upsample"):
        yield _product(_values(node, 2 if kind == "Resize" else 1, constants))
    elif kind == "ConvTranspose":
        yield _product(_attribute(node, "strides"))
    if kind == "Pad":
        yield _edges(_values(node, 1, constants) or _attribute(node, "pads"))
    elif "pads" in node.attributes:
        yield _edges(_attribute(node, "pads"))


def _edges(pads: Numbers) -> float:
    """Return what edges make of the smallest picture: each side is one value longer than both its edges."""
    half = len(pads) // 2
    sides = zip(pads[:half], pads[half:], strict=False)
    return float(prod(1 + max(0.0, begin) + max(0.0, end) for begin, end in sides))


def _range(start: Numbers, limit: Numbers, step: Numbers) -> float:
    if not (start and limit and step) or not step[0]:
        return 0
    return float((limit[0] - start[0]) / step[0])


def _joined(node: Node, constants: Mapping[str, Tensor]) -> float:
    """Return the values of a product or sum of two constants, which broadcast to more than either."""
    sizes = [constants[name].sizes for name in node.inputs[:3] if name in constants]
    if len(sizes) < 2:
        return 0
    if node.operator in ("MatMul", "Gemm"):
        return float(prod(max(1, prod(one) // max(1, min(one, default=1))) for one in sizes[:2]))
    longest = max(len(one) for one in sizes)
    padded = [(1,) * (longest - len(one)) + one for one in sizes]
    return float(prod(max(column) for column in zip(*padded, strict=True)))


def _product(numbers: Numbers) -> float:
    return float(prod(max(1.0, abs(number)) for number in numbers))


def _attribute(node: Node, name: str) -> Numbers:
    return node.attributes[name].numbers[:_LONGEST] if name in node.attributes else ()


def _values(node: Node, place: int, constants: Mapping[str, Tensor]) -> Numbers:
    """Return the numbers of a constant input; () where it is none, or long."""
    tensor = constants.get(node.inputs[place]) if place < len(node.inputs) else None
    if tensor is None or not 0 < prod(tensor.sizes) <= _LONGEST:
        return ()
    raw = tensor.held.get(_RAW)
    if isinstance(raw, memoryview):
        letter, size = _UNPACKED.get(tensor.kind, ("", 0))
        return tuple(one[0] for one in struct.iter_unpack(f"<{letter}", raw)) if size else ()
    if isinstance(floats := tensor.held.get(4), memoryview):
        return tuple(one[0] for one in struct.iter_unpack("<f", floats))
    packed = next((tensor.held[number] for number in (7, 5) if number in tensor.held), None)
    if isinstance(packed, memoryview):
        return tuple(float(one) for one in whole_numbers(packed, Budget(_LONGEST * 2)))
    return ()
