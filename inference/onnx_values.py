"""What is known of a value in an ONNX graph without running it: its sizes, and short contents.

Networks compute many sizes (half of the rows, the tokens and one more), so short contents are followed
through the operators that such sums are made of, in the number type that the file says: an engine rounds the
same way. Where engines could differ, the content counts as unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.onnx_records import Node, Tensor
from inference.protobuf import Budget, whole_numbers

LARGEST = 1 << 40
"""No size is larger; what is computed beyond it counts as unknown."""
LONGEST = 256
"""Values of a content that is followed; a size is one value a dimension."""
_RAW, _FLOATS, _INT32S, _INT64S, _DOUBLES = 9, 4, 5, 7, 10
_KINDS = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64}
"""Number types of TensorProto.DataType that a size is computed in."""
Sizes = tuple[int, ...]
Content = NDArray[np.generic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of a graph; ``content`` is None where it is long, or comes from the image.

    ``counted`` is whether the content depends on how many images go in together. ``sizes`` that are not
    ``sure`` are the largest that an engine could take: nothing is computed from them.
    """

    sizes: Sizes
    content: Content | None = None
    counted: bool = False
    sure: bool = True


def value_of(tensor: Tensor) -> Value:
    """Return a tensor of the file, with its content where that is short."""
    return Value(sizes=tensor.sizes, content=_content(tensor))


def value_of_numbers(numbers: Sequence[float], kind: type[np.generic]) -> Value:
    """Return a list of numbers that stands in an attribute."""
    content = np.array(numbers, kind) if len(numbers) <= LONGEST else None
    return Value(sizes=(len(numbers),), content=content)


def _content(tensor: Tensor) -> Content | None:
    kind = _KINDS.get(tensor.kind)
    values = prod(tensor.sizes)
    if kind is None or not 0 <= values <= LONGEST:
        return None
    if not values:
        return np.zeros(tensor.sizes, kind)
    made: Content | None = None
    if isinstance(raw := tensor.held.get(_RAW), memoryview):
        made = np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).astype(kind)
    elif isinstance(floats := tensor.held.get(_FLOATS), memoryview) and kind is np.float32:
        made = np.frombuffer(floats, "<f4").astype(kind)
    elif isinstance(doubles := tensor.held.get(_DOUBLES), memoryview) and kind is np.float64:
        made = np.frombuffer(doubles, "<f8").astype(kind)
    else:
        made = _packed(tensor, kind)
    return made.reshape(tensor.sizes) if made is not None and made.size == values else None


def _packed(tensor: Tensor, kind: type[np.generic]) -> Content | None:
    packed = tensor.held.get(_INT64S if kind is np.int64 else _INT32S)
    if not isinstance(packed, memoryview) or len(packed) > 10 * LONGEST:
        return None
    return np.array(list(whole_numbers(packed, Budget(10 * LONGEST)))).astype(kind)


def computed(node: Node, inputs: Sequence[Value | None]) -> Content | None:
    """Return what a node computes of short contents, element by element; None where it is not followed."""
    rule = _COMPUTED.get(node.operator)
    contents = [one.content for one in inputs if one is not None and one.content is not None]
    if rule is None or not contents or len(contents) != len(inputs):
        return None
    if len(contents) != getattr(rule, "nin", len(contents)):
        return None
    try:
        with np.errstate(all="ignore"):
            made = np.asarray(rule(*contents))
    except (ValueError, TypeError, ArithmeticError):
        return None
    return _sane(made)


def cast(content: Content, kind: int) -> Content | None:
    """Return a content in another number type; None where no sizes are computed in it, or it does not fit."""
    if kind not in _KINDS:
        return None
    if _sane(content) is None:
        return None
    with np.errstate(all="ignore"):
        made: Content = content.astype(_KINDS[kind])
        if content.dtype.kind == "f" and made.dtype.kind == "i" and np.any(made != np.trunc(content)):
            return None  # it does not fit, and what comes of that differs by processor
    return made


def is_linear(node: Node) -> bool:
    """Whether an operator hands numbers on, so that twice as many images make no more than twice the size."""
    return node.operator in _HANDED_ON


def _sane(content: Content) -> Content | None:
    """Return a content that is short, and holds no number beyond any size."""
    small = np.abs(content.astype(np.float64)) < LARGEST
    return content if content.size <= LONGEST and bool(np.all(small)) else None


def _divided(one: Any, other: Any) -> Content:
    if not np.issubdtype(one.dtype, np.integer):
        return np.asarray(np.divide(one, other), one.dtype)
    if not np.all(other > 0) or not np.all(one >= 0):
        raise ArithmeticError
    return np.asarray(np.floor_divide(one, other), one.dtype)


_COMPUTED: Mapping[str, Callable[..., object]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": _divided,
    "Equal": np.equal,
    "Less": np.less,
    "Greater": np.greater,
    "LessOrEqual": np.less_equal,
    "Not": np.logical_not,
    "GreaterOrEqual": np.greater_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Where": np.where,
    "Min": np.minimum,
    "Max": np.maximum,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Neg": np.negative,
    "Abs": np.abs,
    "Identity": np.array,
}
_HANDED_ON = frozenset(
    {"Shape", "Identity", "Cast", "Gather", "Slice", "Concat", "Squeeze", "Unsqueeze", "Reshape", "Split"}
    | {"Flatten", "Transpose", "Expand"}
)
