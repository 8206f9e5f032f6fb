"""Write a pack's manifest as TOML: tables, arrays of tables and plain values, nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Value = object


def toml_text(values: Mapping[str, Value]) -> str:
    """Return nested mappings as TOML; sequences of mappings become arrays of tables."""
    return "\n".join(_lines(values, ())).strip() + "\n"


def _lines(values: Mapping[str, Value], path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(key)} = {_inline(value)}" for key, value in values.items() if not _is_table(value)]
    for key, value in values.items():
        inner = (*path, _key(key))
        if isinstance(value, Mapping) and _is_table(value):
            lines += ["", f"[{'.'.join(inner)}]", *_lines(value, inner)]
        elif _is_table(value) and isinstance(value, Sequence):
            for item in value:
                lines += ["", f"[[{'.'.join(inner)}]]", *_lines(item, inner)]
    return lines


def _is_table(value: Value) -> bool:
    if isinstance(value, Inline):
        return False
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


class Inline(dict[str, Value]):
    """A mapping that is written on one line."""


def _inline(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = f"{value:.6g}"
        return text if any(mark in text for mark in ".en") else text + ".0"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    raise TypeError(f"cannot write {type(value).__name__} as TOML")


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else f'"{key}"'
