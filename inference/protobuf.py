"""Reads the fields of a protocol buffer message from other hands, without a library and within a budget.

A library forgives much: of a field that stands twice it takes the last, or *merges* the two; what comes in
another form than the field has, or with a number that it does not know, it passes over. Two readers then see
two models. So each message is read by its form, and what a form does not name is refused.

Source: Protocol Buffers, "Encoding" (wire types 0, 1, 2 and 5).
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from core.errors import ModelLoadError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TOO_MANY = "the model file has more fields than any network needs"
_CUT_SHORT = "the model file is cut short"
_NOT_ONNX = "the model file is not ONNX"
_TWICE = "the model file says something twice that it may say once: readers differ in what they take of it"
_UNKNOWN = "the model file has fields that ONNX does not have, or in another form"


class Form(Enum):
    """How a field is written: the types on the wire that it may have, and whether it may stand only once."""

    BYTES = (frozenset({_BYTES}), True)
    MANY_BYTES = (frozenset({_BYTES}), False)
    NUMBER = (frozenset({_VARINT}), True)
    NUMBERS = (frozenset({_VARINT, _BYTES}), False)
    FLOAT = (frozenset({_FIXED32}), True)
    FLOATS = (frozenset({_FIXED32, _BYTES}), False)


Forms = Mapping[int, Form]


@dataclass(slots=True)
class Budget:
    """How many more fields may be read of one file, whatever they nest in."""

    fields: int

    def take(self) -> None:
        """Count one field.

        Raises:
            ModelLoadError: there are too many.
        """
        self.fields -= 1
        if self.fields < 0:
            raise ModelLoadError(_TOO_MANY)


def fields(data: memoryview, budget: Budget, forms: Forms) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and content of each field of a message, which has these fields and no others.

    Raises:
        ModelLoadError: it is no message, cut short, has more fields than the budget allows, or a field that
            its form does not allow, or allows once, and that stands there again.
    """
    at = 0
    seen: set[int] = set()
    while at < len(data):
        budget.take()
        tag, at = _varint(data, at)
        kind = tag & 7
        _require_formed(tag >> 3, kind, forms, seen)
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ModelLoadError(_NOT_ONNX)
        if at + size > len(data):
            raise ModelLoadError(_CUT_SHORT)
        yield tag >> 3, data[at : at + size]
        at += size


def _require_formed(number: int, kind: int, forms: Forms, seen: set[int]) -> None:
    form = forms.get(number)
    if form is None or kind not in form.value[0]:
        raise ModelLoadError(_UNKNOWN)
    if number in seen and form.value[1]:
        raise ModelLoadError(_TWICE)
    seen.add(number)


def whole_numbers(value: int | memoryview, budget: Budget) -> Iterator[int]:
    """Yield the signed 64-bit numbers of a repeated field, written one by one or packed."""
    if isinstance(value, int):
        yield _signed(value)
        return
    at = 0
    while at < len(value):
        budget.take()
        number, at = _varint(value, at)
        yield _signed(number)


def floats(value: memoryview, budget: Budget) -> tuple[float, ...]:
    """Return the 32-bit floating point numbers of a field, written one by one or packed."""
    budget.fields -= len(value) // 4
    budget.take()
    if len(value) % 4:
        raise ModelLoadError(_CUT_SHORT)
    return tuple(one for (one,) in struct.iter_unpack("<f", value))


def require_message(value: int | memoryview) -> memoryview:
    """Return a field's content, which must be a message, a text or bytes.

    Raises:
        ModelLoadError: it is a number.
    """
    if not isinstance(value, memoryview):
        raise ModelLoadError(_NOT_ONNX)
    return value


def text_of(value: int | memoryview) -> str:
    """Return a field's text."""
    return bytes(require_message(value)).decode("utf-8", "replace")


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ModelLoadError(_CUT_SHORT)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ModelLoadError(_NOT_ONNX)
