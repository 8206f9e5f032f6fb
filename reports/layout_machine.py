"""Sets page 2: pictures side by side, the words, the score on its line, and tables."""

from reports.flow import LEADING, Flow, height_of, lines_of
from reports.layout_risk import bar_chart, curve, height_of_curve, least_of_chart
from reports.records import Figure, FindingBlock, PackBlock, Row, ScoreLine
from reports.shaping import Line, Span, set_line
from reports.sheet import (
    ACCENT,
    BAND,
    CRITICAL,
    HAIRLINE,
    INK,
    MUTED,
    TRACK,
    BoxMark,
    DotMark,
    Format,
    RuleMark,
)

_PICTURE_GAP = 12.0
_PICTURES_IN_A_ROW = 3
_LABEL_SHARE = 0.18
_ROW_PADDING = 2.3


def machine_block(flow: Flow, block: PackBlock) -> None:
    """Set what one pack said, without its tail."""
    for first in range(0, len(block.figures), _PICTURES_IN_A_ROW):
        _pictures(flow, block.figures[first : first + _PICTURES_IN_A_ROW])
    if block.warning:
        _warning(flow, block.warning)
    for finding in block.findings:
        _finding(flow, finding)
    rows(flow, block.rows)


def rows(flow: Flow, table: tuple[Row, ...]) -> None:
    """Set a table; a row stays on one page unless no page could hold it."""
    paper = flow.paper
    size = paper.small
    label_width = paper.measure * _LABEL_SHARE
    left, width = paper.left + label_width, paper.measure - label_width
    for row in table:
        label = lines_of(row.label, size, label_width - 8)
        lines = lines_of(row.text, size, width)
        height = max(height_of(label), height_of(lines)) + 2 * _ROW_PADDING
        if height <= flow.page_room:
            flow.need(height)
            flow.lines(label, paper.left, MUTED, dy=_ROW_PADDING)
            _cell(flow, lines, left, width)
            flow.y += height
        else:
            flow.lines(label, paper.left, MUTED, dy=_ROW_PADDING)
            flow.y += _ROW_PADDING
            flow.text(row.text, size, x=left, width=width)
            flow.y += _ROW_PADDING
        flow.rule(HAIRLINE, 0.5)


def _cell(flow: Flow, lines: tuple[Line, ...], left: float, width: float) -> None:
    for number, line in enumerate(lines):
        shift = width - line.width if line.right_to_left else 0.0
        flow.line(line, left + shift, INK, dy=_ROW_PADDING + number * line.size * LEADING)


def _pictures(flow: Flow, figures: tuple[Figure, ...]) -> None:
    paper = flow.paper
    columns = max(2, len(figures))
    width = (paper.measure - (columns - 1) * _PICTURE_GAP) / columns
    aspects = [_aspect(figure) for figure in figures]
    height = min(width * max(aspects), paper.picture)
    captions = [lines_of(figure.caption, paper.caption, width) for figure in figures]
    flow.space(paper.body * 0.5)
    flow.need(height + 3 + max(height_of(lines) for lines in captions) + paper.body)
    for column, (figure, aspect, caption) in enumerate(zip(figures, aspects, captions, strict=True)):
        x = paper.left + column * (width + _PICTURE_GAP)
        drawn = min(width, height / aspect)
        flow.picture(figure.picture, x=x, width=drawn, height=drawn * aspect, description=figure.caption)
        flow.lines(caption, x, MUTED, dy=drawn * aspect + 3)
    flow.y += height + 3 + max(height_of(lines) for lines in captions)


def _aspect(figure: Figure) -> float:
    picture = figure.picture
    return float(picture.pixels.shape[0] * picture.pixel_aspect / picture.pixels.shape[1])


def _warning(flow: Flow, text: str) -> None:
    flow.space(flow.paper.body * 0.6)
    flow.text(text, flow.paper.small, weight="bold", colour=CRITICAL)


def _finding(flow: Flow, finding: FindingBlock) -> None:
    paper = flow.paper
    flow.space(paper.body * 1.1)
    line_height = 4.6 * paper.caption if finding.line else 0.0
    words = (Span(f"{finding.words} ", "semibold"),) if finding.words else ()
    said = (*words, Span(finding.further)) if finding.words or finding.further else ()
    height = height_of(lines_of(said, paper.body, paper.measure)) if said else 0.0
    height = max(height + _drawn_below(paper, finding), 2 * paper.body * LEADING + line_height)
    flow.need(min(paper.heading * LEADING + height, flow.page_room))
    flow.text(finding.title.upper(), paper.heading, weight="bold", colour=ACCENT)
    flow.y += 1.5
    if said:
        flow.text(said, paper.body)
    if finding.curve:
        curve(flow, finding.curve)
    for chart in finding.charts:
        bar_chart(flow, chart)
    if finding.line:
        _score_line(flow, finding.line)
    else:
        flow.y += 3
    rows(flow, finding.rows)


def _drawn_below(paper: Format, finding: FindingBlock) -> float:
    """Return the height of what is drawn first: apart from its heading nobody would know what it is of."""
    if finding.curve:
        return paper.body + height_of_curve(paper, finding.curve)
    return paper.body + least_of_chart(paper, finding.charts[0]) if finding.charts else 0.0


def _score_line(flow: Flow, line: ScoreLine) -> None:
    """Draw 0 to 100: the interval as a band, the threshold as a tick, the score as a disc."""
    paper = flow.paper
    flow.need(4.6 * paper.caption)
    label = paper.caption * LEADING
    flow.y += 1.5
    y = flow.y + label + 6
    scale = paper.measure / 100.0
    at_score, at_threshold = (paper.left + _bounded(value) * scale for value in (line.score, line.threshold))
    flow.add(BoxMark(x=paper.left, y=y - 1.6, width=paper.measure, height=3.2, fill=TRACK))
    if line.interval is not None:
        low, high = (_bounded(value) * scale for value in line.interval)
        flow.add(BoxMark(x=paper.left + low, y=y - 3.4, width=max(high - low, 1.0), height=6.8, fill=BAND))
    flow.add(
        RuleMark(x1=at_threshold, y1=y - 7.5, x2=at_threshold, y2=y + 7.5, width=1.6, colour=INK),
        DotMark(x=at_score, y=y, radius=4.6, fill=(255, 255, 255)),
        DotMark(x=at_score, y=y, radius=3.9, fill=INK),
    )
    _mark_label(flow, line.score_label, at_score, 0.0, strong=True)
    taken = _mark_label(flow, line.threshold_label, at_threshold, label + 14.5, strong=False)
    for text, x in (("0", paper.left), ("100", paper.right)):
        end = set_line(text, paper.caption)
        left = x if x == paper.left else x - end.width
        if left + end.width + 4 < taken[0] or left - 4 > taken[1]:
            flow.line(end, left, MUTED, dy=label + 14.5)
    flow.y += 2 * label + 18


def _mark_label(flow: Flow, text: str, x: float, dy: float, *, strong: bool) -> tuple[float, float]:
    paper = flow.paper
    line = set_line(text, paper.caption, "semibold" if strong else "regular")
    left = min(max(x - line.width / 2, paper.left), paper.right - line.width)
    flow.line(line, left, INK if strong else MUTED, dy=dy)
    return left, left + line.width


def _bounded(value: float) -> float:
    return min(max(value, 0.0), 100.0)
