"""Sets the tail of page 2: where the answers came from, small, in two columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.flow import Flow, lines_of
from reports.records import PackBlock, Row
from reports.shaping import Line, Span
from reports.sheet import INK, Format

_GAP = 18.0
_LEADING = 1.27
_SPACE = 2.0
_GROUP_SPACE = 6.0
_UNEVEN = 1.15  # how much longer a column may be for the sake of keeping groups whole
_LEAST = 8  # lines: fewer at the foot of a page are not worth beginning


@dataclass(frozen=True, slots=True)
class _Item:
    """One row as lines of a column, with the room below it."""

    lines: tuple[Line, ...]
    space: float

    @property
    def height(self) -> float:
        return sum(line.size * _LEADING for line in self.lines) + self.space


def tail(flow: Flow, blocks: Sequence[PackBlock]) -> None:
    """Set the small rows of some blocks, each group under its title."""
    paper = flow.paper
    width = (paper.measure - _GAP) / 2
    groups = [_group(block, paper, width) for block in blocks if block.small_rows]
    rest = [item for group in groups for item in group]
    flow.space(paper.body * 0.7)
    while rest:
        flow.need(min(_LEAST * paper.label * _LEADING, _height(rest)))
        depth = _even_depth(rest, flow.room)
        left, right = _whole_groups(groups, min(flow.room, depth * _UNEVEN))
        groups, rest = [], [] if left else rest
        if not left:
            left, rest = _filled(rest, depth)
            right, rest = _filled(rest, depth)
        _column(flow, left, paper.left, width)
        _column(flow, right, paper.left + width + _GAP, width)
        flow.y += max(_height(left), _height(right))
        if rest:
            flow.new_page()


def _group(block: PackBlock, paper: Format, width: float) -> list[_Item]:
    """Return a block's rows; its title stays with the first."""
    title = lines_of(block.small_title, paper.label, width, "bold")
    first, *others = (_Item(_row_lines(row, paper, width), _SPACE) for row in block.small_rows)
    items = [replace(first, lines=(*title, *first.lines)), *others]
    return [*items[:-1], replace(items[-1], space=_GROUP_SPACE)]


def _row_lines(row: Row, paper: Format, width: float) -> tuple[Line, ...]:
    return lines_of((Span(f"{row.label}  ", "semibold"), Span(row.text)), paper.label, width)


def _column(flow: Flow, items: Sequence[_Item], x: float, width: float) -> None:
    dy = 0.0
    for item in items:
        for number, line in enumerate(item.lines):
            shift = width - line.width if line.right_to_left else 0.0
            flow.line(line, x + shift, INK, dy=dy + number * line.size * _LEADING)
        dy += item.height


def _height(items: Sequence[_Item]) -> float:
    return sum(item.height for item in items)


def _whole_groups(groups: Sequence[list[_Item]], depth: float) -> tuple[list[_Item], list[_Item]]:
    """Return the groups in two columns without cutting one, or nothing where they do not fit so."""
    for number in range(1, len(groups)):
        left = [item for group in groups[:number] for item in group]
        right = [item for group in groups[number:] for item in group]
        if max(_height(left), _height(right)) <= depth:
            return left, right
    return [], []


def _even_depth(items: Sequence[_Item], room: float) -> float:
    """Return the least depth at which two columns hold all items, or all the room where they do not fit."""
    depth = max(_height(items) / 2, *(item.height for item in items))
    while depth < room:
        if not _filled(_filled(items, depth)[1], depth)[1]:
            return depth
        depth += 1.0
    return room


def _filled(items: Sequence[_Item], depth: float) -> tuple[list[_Item], list[_Item]]:
    """Return the items that fill a column, and the rest; an item longer than that is cut between lines."""
    column: list[_Item] = []
    used = 0.0
    for number, item in enumerate(items):
        if used + item.height > depth + item.space:
            if column:
                return column, list(items[number:])
            fitting = max(1, int(depth / (item.lines[0].size * _LEADING)))
            rest = replace(item, lines=item.lines[fitting:])
            return [replace(item, lines=item.lines[:fitting])], [rest, *items[number + 1 :]]
        column.append(item)
        used += item.height
    return column, []
