"""What a graph gives away of how its pictures were prepared, and of its classes: hints, never proofs."""

import ast
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import onnx

from inference.onnx_graph import PASSING, Network

_STEPS = frozenset({"Sub", "Add", "Div", "Mul", "BatchNormalization"})
_PASSED = PASSING | {"Transpose"}
_MOST_STEPS = 12
_LARGEST_BYTE = 255.0
_SURELY_BYTES = 16.0
"""A mean or a divisor above that is of values up to 255."""
_NAME_KEYS = ("names", "labels", "classes", "class_names", "label_names")
_VALUE_KEYS = (
    "mean",
    "std",
    "mean_values",
    "scale_values",
    "input_mean",
    "input_std",
    "reverse_input_channels",
)
_LONGEST = 200


def inner_steps(network: Network) -> tuple[str, ...]:
    """Return the steps of normalisation at the head of the graph, such as ``Sub 123.7 116.3 103.5``."""
    return tuple(words for words, _ in _steps(network))


def largest_value(network: Network) -> float | None:
    """Return what white seems to be for the network: 255 or 1; None where nothing tells."""
    for words, numbers in _steps(network):
        kind = words.partition(" ")[0]
        most = max((abs(number) for number in numbers), default=0.0)
        if kind in ("Sub", "Add", "Div"):
            return _LARGEST_BYTE if most > _SURELY_BYTES else 1.0
        if kind == "Mul" and most:
            return _LARGEST_BYTE if most < 1 / _SURELY_BYTES else 1.0
    return None


def metadata(network: Network) -> Mapping[str, str]:
    """Return what the maker wrote beside the graph."""
    return {entry.key: entry.value for entry in network.model.metadata_props}


def value_hints(notes: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the maker wrote of means and scales."""
    return tuple(f"{key} = {notes[key][:_LONGEST]}" for key in _VALUE_KEYS if notes.get(key))


def class_names(notes: Mapping[str, str], columns: int) -> tuple[str, ...]:
    """Return the maker's names of the classes, where there is one for each column; else nothing."""
    for key in _NAME_KEYS:
        names = _names(notes.get(key, ""))
        if len(names) == columns:
            return names
    return ()


def _names(text: str) -> tuple[str, ...]:
    """Return names written as JSON, as Python, or with commas or spaces between them."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text[: 1 << 16])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict):
            value = [value[key] for key in sorted(value, key=_as_number)]
        if isinstance(value, list | tuple):
            return tuple(str(item).strip()[:_LONGEST] for item in value)
    parts = text.split(",") if "," in text else text.split()
    return tuple(part.strip()[:_LONGEST] for part in parts if part.strip())


def _as_number(key: object) -> tuple[int, str]:
    text = str(key)
    return (int(text), text) if text.isdecimal() else (1 << 31, text)


def _steps(network: Network) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield the steps from the input on, each in words and with its numbers, while there is one way alone."""
    name = network.inputs[0].name
    for _ in range(_MOST_STEPS):
        users = network.consumers.get(name, [])
        if len(users) != 1 or not users[0].output:
            return
        node = users[0]
        if node.op_type in _STEPS:
            numbers = _numbers(network, node, name)
            if numbers is None:
                return
            yield f"{node.op_type} {' '.join(f'{number:.4g}' for number in numbers)}".strip(), numbers
        elif node.op_type not in _PASSED:
            return
        name = node.output[0]


def _numbers(network: Network, node: onnx.NodeProto, read: str) -> tuple[float, ...] | None:
    """Return the constants of a step, three at most; a BatchNormalization has none that tell."""
    if node.op_type == "BatchNormalization":
        return ()
    other = next((name for name in node.input if name != read), "")
    constant = network.constant(other)
    if constant is None or constant.size > 3 or (node.input[0] != read and node.op_type in ("Sub", "Div")):
        return None
    values = np.asarray(constant, dtype=np.float64).ravel()
    same = all(one == other for one, other in pairwise(values))
    return tuple(float(value) for value in (values[:1] if same else values))
