"""Sets the head of a page: banners, a title on the left, a line or two on the right, a rule."""

from collections.abc import Sequence

from reports.flow import LEADING, Flow, height_of, lines_of
from reports.shaping import Line, set_line
from reports.sheet import CRITICAL, INK, MUTED, BoxMark, Format

_HEAD_SHARE = 0.62
_HEAD_GAP = 12.0


def page_head(
    flow: Flow, banners: Sequence[str], title: str, subtitle: str, *, right: tuple[str, str]
) -> float:
    """Draw banners, title left and right, and a rule; return where content begins."""
    paper = flow.paper
    y = paper.margin
    for banner in banners:
        y += _banner(flow, banner, y) + 4
    y += 4 if banners else 0
    natural = max(set_line(text, paper.small).width for text in right[1].split("\n"))
    if right[0]:
        natural = max(natural, set_line(right[0], paper.title, "bold").width)
    slim = min(natural, paper.measure * (1 - _HEAD_SHARE))
    wide = paper.measure - slim - _HEAD_GAP
    left_lines = (
        *lines_of(title, paper.name, wide, "bold"),
        *(lines_of(subtitle, paper.small, wide) if subtitle else ()),
    )
    right_lines = (
        *(lines_of(right[0], paper.title, slim + 0.1, "bold") if right[0] else ()),
        *lines_of(right[1], paper.small, slim + 0.1),
    )
    flow.y = y
    _column(flow, left_lines, paper, align_right=False)
    _column(flow, right_lines, paper, align_right=True)
    flow.y = y + max(height_of(left_lines), height_of(right_lines)) + 5
    flow.rule(INK, 0.9)
    return flow.y + 10


def _column(flow: Flow, lines: tuple[Line, ...], paper: Format, *, align_right: bool) -> None:
    dy = 0.0
    for line in lines:
        x = paper.right - line.width if align_right else paper.left
        strong = line.size > paper.small
        flow.line(line, x, INK if strong else MUTED, dy=dy)
        dy += line.size * LEADING


def _banner(flow: Flow, text: str, y: float) -> float:
    paper = flow.paper
    lines = lines_of(text, paper.small, paper.measure - 16, "bold")
    height = height_of(lines) + 5
    flow.add(
        BoxMark(
            x=paper.left,
            y=y,
            width=paper.measure,
            height=height,
            fill=(252, 241, 238),
            stroke=CRITICAL,
            stroke_width=0.9,
        )
    )
    flow.y = y
    for number, line in enumerate(lines):
        x = paper.left + (paper.measure - line.width) / 2
        flow.line(line, x, CRITICAL, dy=2.5 + number * paper.small * LEADING)
    return height
