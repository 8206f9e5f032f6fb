"""Change values of a ``pack.toml`` in its text: comments, order and layout stay as somebody wrote them.

What cannot be changed safely is not changed: the text must then say exactly what was asked for, or an error
is raised.
"""

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import PackNotChangedError
from core.wording import say

_KEY = re.compile(r"""^\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_WIDE = 100
_PER_LINE = 8
_LABELS = "labels"


@dataclass(slots=True)
class _Block:
    """A table's header and what stands under it, a list of lines each; ``path`` is ``labels.calibration``."""

    path: str
    is_array: bool
    head: list[str]
    statements: list[tuple[str | None, list[str]]]
    """Key and lines; None for comments and empty lines."""

    def lines(self) -> list[str]:
        return [*self.head, *(line for _, lines in self.statements for line in lines)]


def with_scoring(text: str, code: str, scoring: Mapping[str, Any]) -> str:
    """Return the text with values of one label replaced.

    ``scoring`` may hold ``operating_point``, ``map_shown``, ``operating_points`` (all of them: others are
    taken out) and ``calibration``.

    Raises:
        PackNotChangedError: the text has no such label, or is laid out in a way that cannot be edited.
    """
    wanted = _parsed(text)
    labels = wanted.get(_LABELS, [])
    place = next((i for i, label in enumerate(labels) if label.get("code") == code), None)
    if place is None:
        raise PackNotChangedError(say("evaluation.change.label", code=code))
    points = {str(point["name"]): point for point in labels[place].get("operating_points", ())}
    merged = dict(scoring)
    if "operating_points" in merged:
        merged["operating_points"] = [
            {**points.get(point["name"], {}), **point} for point in merged["operating_points"]
        ]
    labels[place].update(copy.deepcopy(merged))
    blocks = _blocks(text)
    _edit_label(blocks, place, merged)
    return _checked(blocks, wanted)


def with_tables(text: str, name: str, tables: Sequence[Mapping[str, Any]]) -> str:
    """Return the text with an array of tables, such as ``figures``, replaced by other ones.

    Raises:
        PackNotChangedError: the text is laid out in a way that cannot be edited.
    """
    wanted = _parsed(text)
    wanted.pop(name, None)
    if tables:
        wanted[name] = [dict(table) for table in tables]
    blocks = _blocks(text)
    at = _without(blocks, name)
    blocks[at:at] = [_new_block(name, table, is_array=True) for table in tables]
    return _checked(blocks, wanted)


def with_table(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the text with values of one table, such as ``tolerance``, replaced or added.

    Raises:
        PackNotChangedError: the text is laid out in a way that cannot be edited.
    """
    wanted = _parsed(text)
    wanted[name] = {**wanted.get(name, {}), **values}
    blocks = _blocks(text)
    block = next((each for each in blocks if each.path == name and not each.is_array), None)
    if block is None:
        block = _new_block(name, {}, is_array=False)
        blocks.insert(_end(blocks), block)
    for key, value in values.items():
        _put(block, key, value)
    return _checked(blocks, wanted)


def toml_value(value: Any) -> str:
    """Return a value as TOML: texts, truths, numbers, lists and, on one line, tables of these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_value(each)}" for key, each in value.items()) + " }"
    items = [toml_value(each) for each in value]
    line = f"[{', '.join(items)}]"
    if len(line) <= _WIDE:
        return line
    rows = [", ".join(items[at : at + _PER_LINE]) for at in range(0, len(items), _PER_LINE)]
    return "[\n" + "".join(f"  {row},\n" for row in rows) + "]"


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise PackNotChangedError(say("evaluation.change.layout")) from error


def _checked(blocks: Sequence[_Block], wanted: Mapping[str, Any]) -> str:
    text = "\n".join(line for block in blocks for line in block.lines()).rstrip("\n") + "\n"
    if _parsed(text) != wanted:
        raise PackNotChangedError(say("evaluation.change.layout"))
    return text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in escaped) + '"'


def _blocks(text: str) -> list[_Block]:
    """Take a text apart; whatever it is, its lines joined again are the text."""
    blocks = [_Block(path="", is_array=False, head=[], statements=[])]
    open_lines: list[str] = []
    key: str | None = None
    for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        if open_lines:
            open_lines.append(line)
        else:
            header = _HEADER.match(line)
            if header:
                path = re.sub(r"\s*\.\s*", ".", header[2])
                blocks.append(_Block(path=path, is_array=header[1] == "[[", head=[line], statements=[]))
                continue
            found = _KEY.match(line)
            key = next((part for part in found.groups() if part is not None), None) if found else None
            if key is None:
                blocks[-1].statements.append((None, [line]))
                continue
            open_lines = [line]
        if _is_whole(open_lines):
            blocks[-1].statements.append((key, open_lines))
            open_lines = []
    if open_lines:
        blocks[-1].statements.append((key, open_lines))
    return blocks


def _is_whole(lines: Sequence[str]) -> bool:
    """Whether ``key = value`` on these lines is complete: TOML itself says so."""
    try:
        tomllib.loads("\n".join(lines))
    except ValueError:
        return False
    return True


def _edit_label(blocks: list[_Block], place: int, scoring: Mapping[str, Any]) -> None:
    first, last = _label_span(blocks, place)
    for key, value in scoring.items():
        if key == "operating_points" and not _has(blocks[first], key):
            last = _edit_points(blocks, first, last, value)
        elif key == "calibration" and not _has(blocks[first], key):
            last = _edit_calibration(blocks, first, last, value)
        else:
            _put(blocks[first], key, value)


def _edit_points(blocks: list[_Block], first: int, last: int, points: Sequence[Mapping[str, Any]]) -> int:
    path = f"{_LABELS}.operating_points"
    old = {_name_of(block): block for block in blocks[first:last] if block.path == path}
    place = next((i for i in range(first + 1, last) if blocks[i].path == path), first + 1)
    new = []
    for point in points:
        block = old.get(str(point["name"])) or _new_block(path, {}, is_array=True)
        for key, value in point.items():
            _put(block, key, value)
        new.append(block)
    rest = [block for block in blocks[first + 1 : last] if block.path != path]
    blocks[first + 1 : last] = rest
    at = min(place, first + 1 + len(rest))
    blocks[at:at] = new
    return first + 1 + len(rest) + len(new)


def _edit_calibration(blocks: list[_Block], first: int, last: int, table: Mapping[str, Any]) -> int:
    path = f"{_LABELS}.calibration"
    block = next((each for each in blocks[first:last] if each.path == path), None)
    if block is None:
        block = _new_block(path, {}, is_array=False)
        blocks.insert(last, block)
        last += 1
    block.statements = [each for each in block.statements if each[0] is None or each[0] in table]
    for key, value in table.items():
        _put(block, key, value)
    return last


def _label_span(blocks: Sequence[_Block], place: int) -> tuple[int, int]:
    """Return the label's own block, and the first one after all that belongs to it."""
    heads = [i for i, block in enumerate(blocks) if block.path == _LABELS and block.is_array]
    if place >= len(heads):
        raise PackNotChangedError(say("evaluation.change.layout"))
    first = heads[place]
    last = first + 1
    while last < len(blocks) and blocks[last].path.startswith(f"{_LABELS}."):
        last += 1
    return first, last


def _has(block: _Block, key: str) -> bool:
    return any(name == key for name, _ in block.statements)


def _name_of(block: _Block) -> str | None:
    lines = next((lines for name, lines in block.statements if name == "name"), None)
    return None if lines is None else str(tomllib.loads("\n".join(lines))["name"])


def _put(block: _Block, key: str, value: Any) -> None:
    """Replace a value in its place with the comment behind it, or add it after the block's last one."""
    written = f"{key} = {toml_value(value)}"
    for index, (name, lines) in enumerate(block.statements):
        if name == key:
            if tomllib.loads("\n".join(lines))[key] != value:
                comment = _comment_behind(lines[-1])
                block.statements[index] = (key, f"{written}{comment}".split("\n"))
            return
    at = max((i + 1 for i, (name, _) in enumerate(block.statements) if name is not None), default=0)
    block.statements.insert(at, (key, written.split("\n")))


def _comment_behind(line: str) -> str:
    """Return the comment at the end of a statement's last line, with two spaces before it."""
    for place, sign in enumerate(line):
        if sign == "#":
            try:
                tomllib.loads("x = 1 " + line[place:])
            except ValueError:
                continue
            head = line[:place].rstrip()
            if head.count('"') % 2 == 0 and head.count("'") % 2 == 0:
                return f"  {line[place:]}"
    return ""


def _without(blocks: list[_Block], name: str) -> int:
    """Take the tables of a name out, leaving their comments; return where new ones belong."""
    found = [i for i, block in enumerate(blocks) if block.path == name]
    if not found:
        return _end(blocks)
    for place in reversed(found):
        kept = [
            line for key, lines in blocks[place].statements if key is None for line in lines if line.strip()
        ]
        del blocks[place]
        blocks[place - 1].statements += [(None, [line]) for line in kept]
    return found[0]


def _end(blocks: Sequence[_Block]) -> int:
    """Return the place before ``[files]``, which is written last."""
    return next((i for i, block in enumerate(blocks) if block.path == "files"), len(blocks))


def _new_block(path: str, values: Mapping[str, Any], *, is_array: bool) -> _Block:
    head = f"[[{path}]]" if is_array else f"[{path}]"
    block = _Block(path=path, is_array=is_array, head=[head], statements=[(None, [""])])
    block.statements = []
    for key, value in values.items():
        _put(block, key, value)
    block.statements.append((None, [""]))
    return block
