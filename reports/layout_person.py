"""Sets page 1: clinic, patient, the clinician's words, key picture, signature lines."""

from reports.flow import LEADING, Flow, height_of, lines_of
from reports.layout_tail import tail
from reports.records import Choice, Field, Figure, PackBlock, ReportContent, Section
from reports.shaping import Line, Span
from reports.sheet import ACCENT, HAIRLINE, INK, MUTED, WARNING, BoxMark, Format, RuleMark
from reports.typefaces import Weight

_COLUMN_SHARES = (0.37, 0.27, 0.36)
_COLUMN_GAP = 14.0
_CELL_GAP = 1.0
_LINES_IN_COLUMN = 5
_IDENTITY_FIELDS = 2  # name and ID, which come first however long they are
_KEY_PICTURE_SHARE = 0.36
_KEY_PICTURE_LEAST = 0.13
_HAND_LINE = 2.1


def person_pages(flow: Flow, content: ReportContent, closing: tuple[PackBlock, ...] = ()) -> None:
    """Set all of the part for people; ``closing`` stands here where no page of the computer follows."""
    _patient_block(flow, content.fields)
    for section in content.sections:
        headed_section(flow, section)
    if closing:
        tail(flow, closing)
    _foot(flow, content)


def _patient_block(flow: Flow, fields: tuple[Field, ...]) -> None:
    paper = flow.paper
    columns = len(_COLUMN_SHARES)
    widths = [(paper.measure - (columns - 1) * _COLUMN_GAP) * share for share in _COLUMN_SHARES]
    flow.space(paper.body * 0.9)
    narrow = [field for field in fields if _fits_a_column(field, paper, min(widths))]
    wide_identity = [field for field in fields[:_IDENTITY_FIELDS] if field not in narrow]
    wide = [field for field in fields[_IDENTITY_FIELDS:] if field not in narrow]
    for field in wide_identity:
        _wide_field(flow, field, "semibold")
    for first in range(0, len(narrow), columns):
        _field_row(flow, narrow[first : first + columns], widths)
    for field in wide:
        _wide_field(flow, field, "regular")
    flow.space(paper.body * 0.4)
    flow.rule(HAIRLINE)


def _fits_a_column(field: Field, paper: Format, width: float) -> bool:
    return len(_value_lines(field, paper, width)) <= _LINES_IN_COLUMN


def _field_row(flow: Flow, fields: list[Field], widths: list[float]) -> None:
    paper = flow.paper
    cells = [_cell(field, paper, width) for field, width in zip(fields, widths, strict=False)]
    height = max(sum(height_of(lines) + _CELL_GAP for lines, _ in cell) for cell in cells)
    flow.need(height)
    x = paper.left
    for cell, width in zip(cells, widths, strict=False):
        dy = 0.0
        for lines, colour in cell:
            dy += flow.lines(lines, x, colour, dy=dy) + _CELL_GAP
        x += width + _COLUMN_GAP
    flow.y += height + paper.body * 0.7


def _cell(field: Field, paper: Format, width: float) -> list[tuple[tuple[Line, ...], tuple[int, int, int]]]:
    cell = [
        (lines_of(_label_spans(field), paper.label, width), MUTED),
        (_value_lines(field, paper, width), INK),
    ]
    if field.warning:
        cell.append((lines_of(field.warning, paper.label, width, "semibold"), WARNING))
    return cell


def _wide_field(flow: Flow, field: Field, weight: Weight) -> None:
    paper = flow.paper
    flow.need(paper.label * LEADING + 2 * paper.body * LEADING)
    flow.text(_label_spans(field), paper.label, colour=MUTED)
    flow.text(field.value, paper.body, weight=weight)
    if field.warning:
        flow.text(field.warning, paper.label, weight="semibold", colour=WARNING)
    flow.y += paper.body * 0.7


def _label_spans(field: Field) -> tuple[Span, ...]:
    source = (Span(f" · {field.source}"),) if field.source else ()
    return (Span(field.label, "semibold"), *source)


def _value_lines(field: Field, paper: Format, width: float) -> tuple[Line, ...]:
    return lines_of(field.value, paper.body, width, "semibold")


def headed_section(flow: Flow, section: Section) -> None:
    """Set one section under its heading."""
    paper = flow.paper
    size = paper.body * (1.15 if section.strong else 1.0)
    heading = paper.heading * LEADING + 2.0
    flow.space(paper.body * 1.25)
    lines_kept = section.ruled * _HAND_LINE * paper.body if section.ruled else 2 * size * LEADING
    flow.need(heading + lines_kept)
    flow.text(section.title.upper(), paper.heading, weight="bold", colour=ACCENT)
    flow.y += 2.0
    if section.text:
        flow.text(section.text, size, weight="semibold" if section.strong else "regular")
    if section.choices:
        _choices(flow, section.choices)
    for _ in range(section.ruled):
        flow.y += _HAND_LINE * paper.body * 0.86
        flow.rule(HAIRLINE, 0.7)


def _choices(flow: Flow, choices: tuple[Choice, ...]) -> None:
    paper = flow.paper
    box = paper.body * 0.82
    x = paper.left
    for choice in choices:
        room = paper.right - x - box * 1.6
        lines = lines_of(choice.label, paper.body, room)
        if x > paper.left and len(lines) > 1:
            flow.y += paper.body * LEADING
            x, room = paper.left, paper.measure - box * 1.6
            lines = lines_of(choice.label, paper.body, room)
        _tick_box(flow, x, box, ticked=choice.ticked)
        left = x + box * 1.6
        if len(lines) > 1:
            flow.text(choice.label, paper.body, x=left, width=room)
            x = paper.left
            continue
        flow.lines(lines, left)
        x = left + lines[0].width + paper.body * 1.4
        if choice.line:
            under = flow.y + paper.body * LEADING * 0.86
            flow.add(
                RuleMark(x1=x - paper.body, y1=under, x2=paper.right, y2=under, width=0.7, colour=HAIRLINE)
            )
    if x > paper.left:
        flow.y += paper.body * LEADING


def _tick_box(flow: Flow, x: float, size: float, *, ticked: bool) -> None:
    top = flow.y + (flow.paper.body * LEADING - size) / 2 + 0.4
    flow.add(BoxMark(x=x, y=top, width=size, height=size, stroke=INK, stroke_width=0.8))
    if ticked:
        inset = size * 0.22
        low, high = x + inset, x + size - inset
        flow.add(
            RuleMark(x1=low, y1=top + inset, x2=high, y2=top + size - inset, width=1.1, colour=INK),
            RuleMark(x1=low, y1=top + size - inset, x2=high, y2=top + inset, width=1.1, colour=INK),
        )


def _foot(flow: Flow, content: ReportContent) -> None:
    paper = flow.paper
    columns, height = _signature_lines(content, paper)
    signature_height = paper.body * 4.6 + height
    caption = paper.caption * LEADING + 4
    if content.key_figure is not None:
        flow.space(paper.body * 1.4)
        most, least = paper.height * _KEY_PICTURE_SHARE, paper.height * _KEY_PICTURE_LEAST
        if flow.room - signature_height - caption < least:
            flow.new_page()
            flow.y += paper.body * 0.9
        _key_picture(flow, content.key_figure, min(most, flow.room - signature_height - caption))
    flow.need(signature_height)
    flow.y = max(flow.y + paper.body * 3.4, flow.bottom - height - 4)
    _draw_signature(flow, columns)
    flow.y += height + 4


def _key_picture(flow: Flow, figure: Figure, most: float) -> None:
    paper = flow.paper
    rows, columns = figure.picture.pixels.shape[:2]
    aspect = rows * figure.picture.pixel_aspect / columns
    width = min(paper.measure * 0.62, most / aspect)
    flow.picture(figure.picture, x=paper.left, width=width, height=width * aspect, description=figure.caption)
    flow.y += width * aspect + 3
    flow.text(figure.caption, paper.caption, colour=MUTED)


def _signature_lines(
    content: ReportContent, paper: Format
) -> tuple[list[tuple[float, float, tuple[Line, ...]]], float]:
    gap = 16.0
    wide = (paper.measure - 2 * gap) * 0.42
    slim = (paper.measure - 2 * gap - wide) / 2
    block = content.signature
    texts = (
        f"{block.name}\n{block.below}" if block.below else block.name,
        block.signature_label,
        block.stamp_label,
    )
    columns = []
    x = paper.left
    for text, width in zip(texts, (wide, slim, slim), strict=True):
        columns.append((x, width, lines_of(text, paper.caption, width)))
        x += width + gap
    return columns, max(height_of(lines) for _, _, lines in columns)


def _draw_signature(flow: Flow, columns: list[tuple[float, float, tuple[Line, ...]]]) -> None:
    for x, width, lines in columns:
        flow.add(RuleMark(x1=x, y1=flow.y, x2=x + width, y2=flow.y, width=0.9, colour=INK))
        flow.lines(lines, x, MUTED, dy=3)
