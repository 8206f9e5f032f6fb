"""Sets curves and bars of page 2: right of the middle dark, left of it light, with words at both ends."""

from itertools import pairwise

from reports.flow import LEADING, Flow, height_of, lines_of
from reports.records import Bar, BarChart, Curve
from reports.shaping import set_line
from reports.sheet import BAND, HAIRLINE, INK, MUTED, TRACK, BoxMark, DotMark, Format, RuleMark

_LABEL_SHARE, _TEXT_SHARE = 0.34, 0.24
_PADDING = 1.6
_BAR_HEIGHT = 6.2
_CURVE_HEIGHT, _CURVE_SHARE = 96.0, 0.62
_TICKS = (0, 25, 50, 75, 100)
_DASH = 3.0
_DAY_STEPS = (7, 14, 30, 60, 90, 180, 365, 730, 1825)
_MOST_DAY_TICKS = 8


def least_of_chart(paper: Format, chart: BarChart) -> float:
    """Return the height that a chart's title and its first bars take together."""
    row = paper.caption * LEADING + 2 * _PADDING
    return 2 * paper.small * LEADING + row * min(len(chart.bars), 6)


def height_of_curve(paper: Format, drawn: Curve) -> float:
    """Return the height that a curve takes with its title."""
    title = lines_of(drawn.title, paper.small, paper.measure, "semibold")
    return height_of(title) + _CURVE_HEIGHT + 3 * paper.caption * LEADING


def bar_chart(flow: Flow, chart: BarChart) -> None:
    """Set bars below one another, from a middle line where the chart has two ends, else from the left."""
    paper = flow.paper
    flow.space(paper.body * 0.5)
    flow.need(least_of_chart(paper, chart))
    flow.text(chart.title, paper.small, weight="semibold")
    left = paper.left + paper.measure * (_LABEL_SHARE + _TEXT_SHARE)
    if chart.ends is not None:
        _end_words(flow, chart.ends, left)
    for bar in chart.bars:
        _bar(flow, bar, left, two_sided=chart.ends is not None)
    flow.y += 2


def _end_words(flow: Flow, ends: tuple[str, str], left: float) -> None:
    paper = flow.paper
    low, high = (set_line(text, paper.caption) for text in (f"‹ {ends[0]}", f"{ends[1]} ›"))
    flow.line(low, left, MUTED)
    flow.line(high, paper.right - high.width, MUTED)
    flow.y += paper.caption * LEADING


def _bar(flow: Flow, bar: Bar, left: float, *, two_sided: bool) -> None:
    paper = flow.paper
    size, measure = paper.caption, paper.measure
    label = lines_of(bar.label, size, measure * _LABEL_SHARE - 6)
    text = lines_of(bar.text, size, measure * _TEXT_SHARE - 6)
    height = max(height_of(label), height_of(text)) + 2 * _PADDING
    flow.need(height)
    flow.lines(label, paper.left, MUTED, dy=_PADDING)
    flow.lines(text, paper.left + measure * _LABEL_SHARE, INK, dy=_PADDING)
    middle_y = flow.y + height / 2
    width = paper.right - left
    zero = left + width / 2 if two_sided else left
    reach = width / 2 if two_sided else width
    flow.add(BoxMark(x=left, y=middle_y - 0.6, width=width, height=1.2, fill=TRACK))
    if bar.interval is not None:
        low, high = (zero + reach * bound for bound in bar.interval)
        flow.add(BoxMark(x=low, y=middle_y - 1.6, width=max(high - low, 0.8), height=3.2, fill=BAND))
    length = reach * max(-1.0, min(1.0, bar.length))
    flow.add(
        BoxMark(
            x=min(zero, zero + length),
            y=middle_y - _BAR_HEIGHT / 2 if bar.interval is None else middle_y - 0.8,
            width=max(abs(length), 0.6),
            height=_BAR_HEIGHT if bar.interval is None else 1.6,
            fill=INK if length >= 0 else BAND,
        )
    )
    if bar.interval is not None:
        flow.add(DotMark(x=zero + length, y=middle_y, radius=2.8, fill=INK))
    if two_sided:
        flow.add(RuleMark(x1=zero, y1=flow.y, x2=zero, y2=flow.y + height, width=0.6, colour=MUTED))
    flow.y += height
    flow.rule(HAIRLINE, 0.4)


def curve(flow: Flow, drawn: Curve) -> None:
    """Set a curve of shares over days as steps, with its mark."""
    paper = flow.paper
    title = lines_of(drawn.title, paper.small, paper.measure, "semibold")
    gutter = set_line("100", paper.caption).width + 4
    flow.space(paper.body * 0.5)
    flow.need(height_of_curve(paper, drawn))
    flow.y += flow.lines(title, paper.left) + 4
    left, top = paper.left + gutter, flow.y + 2
    width = paper.measure * _CURVE_SHARE
    last = max(drawn.points[-1][0], drawn.mark, 1.0)
    _grid(flow, drawn, (left, top, width), last, gutter)
    places = [(left + width * day / last, top + _CURVE_HEIGHT * (1 - share)) for day, share in drawn.points]
    for (x1, y1), (x2, y2) in pairwise(places):
        flow.add(RuleMark(x1=x1, y1=y1, x2=x2, y2=y1, width=1.3, colour=INK))
        flow.add(RuleMark(x1=x2, y1=y1, x2=x2, y2=y2, width=1.3, colour=INK))
    _mark(flow, left + width * drawn.mark / last, top)
    flow.y = top + _CURVE_HEIGHT + paper.caption * LEADING + 4


def _grid(flow: Flow, drawn: Curve, place: tuple[float, float, float], last: float, gutter: float) -> None:
    paper = flow.paper
    left, top, width = place
    for tick in _TICKS:
        y = top + _CURVE_HEIGHT * (1 - tick / 100)
        flow.add(RuleMark(x1=left, y1=y, x2=left + width, y2=y, width=0.4, colour=HAIRLINE))
        line = set_line(str(tick), paper.caption)
        flow.line(line, left - 4 - line.width, MUTED, dy=y - flow.y - paper.caption * LEADING / 2)
    step = next((days for days in _DAY_STEPS if last / days <= _MOST_DAY_TICKS), _DAY_STEPS[-1])
    for day in range(0, int(last) + 1, step):
        line = set_line(str(day), paper.caption)
        x = left + width * day / last
        flow.line(line, x - line.width / 2, MUTED, dy=top + _CURVE_HEIGHT + 2 - flow.y)
    flow.line(
        set_line(drawn.unit, paper.caption), left + width + 8, MUTED, dy=top + _CURVE_HEIGHT + 2 - flow.y
    )


def _mark(flow: Flow, x: float, top: float) -> None:
    y = top
    while y < top + _CURVE_HEIGHT:
        end = min(y + _DASH, top + _CURVE_HEIGHT)
        flow.add(RuleMark(x1=x, y1=y, x2=x, y2=end, width=0.9, colour=MUTED))
        y += 2 * _DASH
