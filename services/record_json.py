"""Records of core to plain JSON values and back, by their own type hints (drafts and signed reports)."""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Leaves = Mapping[type, Callable[[Any], Any]]
_NO_LEAVES: Leaves = types.MappingProxyType({})


def to_plain(value: Any, leaves: Leaves = _NO_LEAVES) -> Any:
    """Return a record as dicts, lists, text, numbers and None.

    ``leaves`` say how values of some types are written that JSON has no word for.

    Raises:
        TypeError: it holds something that JSON has no word for (arrays, for one).
    """
    if type(value) in leaves:
        return leaves[type(value)](value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | Path):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_plain(getattr(value, entry.name), leaves) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, leaves) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item, leaves) for item in value]
    raise TypeError(type(value).__name__)


def from_plain(kind: type[T], plain: Any, leaves: Leaves = _NO_LEAVES) -> T:
    """Return the record of type ``kind`` that ``to_plain`` made ``plain`` of.

    Keys that ``kind`` does not have are left out, so that an older program reads a newer draft.
    ``leaves`` say how values of some types are read.

    Raises:
        ValueError: it is not such a record.
    """
    try:
        return typing.cast(T, _build(kind, plain, _Context({}, leaves)))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(kind.__name__) from error


class _Context(typing.NamedTuple):
    """What type variables stand for here, and how some types are read."""

    bound: Mapping[Any, Any]
    leaves: Leaves


def _build(kind: Any, plain: Any, context: _Context) -> Any:
    kind = context.bound.get(kind, kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in context.leaves:
        built = context.leaves[kind](plain)
    elif origin in (Union, types.UnionType):
        built = _build_union(arguments, plain, context)
    elif origin is Literal:
        built = _build_literal(arguments, plain)
    elif origin is tuple:
        built = tuple(_build(arguments[0], item, context) for item in plain)
    elif origin is Mapping:
        built = types.MappingProxyType({k: _build(arguments[1], v, context) for k, v in plain.items()})
    elif is_dataclass(kind) or is_dataclass(origin):
        built = _build_record(origin or kind, plain, arguments, context)
    else:
        built = _build_simple(kind, plain)
    return built


def _build_literal(choices: tuple[Any, ...], plain: Any) -> Any:
    if plain not in choices:
        raise ValueError(choices)
    return plain


def _build_union(choices: tuple[Any, ...], plain: Any, context: _Context) -> Any:
    if plain is None and type(None) in choices:
        return None
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _build(choice, plain, context)
        except (ValueError, TypeError):
            continue
    raise ValueError(choices)


def _build_record(kind: Any, plain: Any, arguments: tuple[Any, ...], context: _Context) -> Any:
    bound = dict(zip(getattr(kind, "__parameters__", ()), arguments, strict=False))
    context = context._replace(bound=bound)
    hints = get_type_hints(kind)
    values = {}
    for entry in fields(kind):
        if entry.name in plain:
            values[entry.name] = _build(hints[entry.name], plain[entry.name], context)
        elif entry.default is MISSING and entry.default_factory is MISSING:
            raise KeyError(entry.name)
    return kind(**values)


def _build_simple(kind: Any, plain: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if kind is Path:
        return Path(plain)
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if type(plain) is not kind:
        raise ValueError(kind)
    return plain
