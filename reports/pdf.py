"""Set a report on paper: the same content and paper size give the same bytes."""

from collections.abc import Callable

from core.decision import PaperSize
from core.errors import FarlightError, ReportError
from core.wording import say
from reports.flow import LEADING, Flow, baseline, height_of, lines_of
from reports.layout_head import page_head
from reports.layout_machine import machine_block
from reports.layout_person import headed_section, person_pages
from reports.layout_tail import tail
from reports.records import PackBlock, ReportContent
from reports.shaping import Line, set_line
from reports.sheet import (
    CRITICAL,
    FORMATS,
    HAIRLINE,
    INK,
    MUTED,
    WATERMARK,
    WHITE,
    BoxMark,
    Format,
    Mark,
    RuleMark,
    Sheet,
    TextMark,
)

__all__ = ["render_pdf", "warm_up"]

_FOOT_CLEARANCE = 5.0
_COPY_MARK_PADDING = 8.0
_COPY_MARK_LOWER = 3.0  # printers leave the sheet's edge white
_WATERMARK_DEGREES = 52.0


def render_pdf(content: ReportContent, paper: PaperSize = "A4") -> bytes:
    """Return the report as a PDF file.

    Raises:
        ReportError: it could not be set or written.
    """
    try:
        from reports.writer import write_pdf

        return write_pdf(compose(content, FORMATS[paper]), FORMATS[paper], content)
    except FarlightError:
        raise
    except Exception as error:
        raise ReportError(type(error).__name__) from error


def warm_up() -> None:
    """Load the libraries and the house's typefaces now, so that the first report does not wait."""
    from reports import writer  # noqa: F401

    for weight in ("regular", "semibold", "bold"):
        set_line("0", 10.0, weight)


def compose(content: ReportContent, paper: Format) -> list[Sheet]:
    """Return the pages of a report as marks, with heads, banners and feet."""
    bottom = paper.height - paper.margin - _foot_height(content, paper) - _FOOT_CLEARANCE
    person = _fitted(paper, lambda fitted: _person_sheets(content, fitted, bottom))
    sheets = list(person)
    if content.blocks:
        sheets += _fitted(paper, lambda fitted: _machine_sheets(content, fitted, bottom))
    if content.demonstration:
        sheets += _demonstration_sheets(content, paper, bottom)
    copy_mark = content.copy_mark.format(page=len(sheets) + 1)
    if content.addenda:
        sheets += _addenda_sheets(content, paper, bottom)
    for number, sheet in enumerate(sheets, start=1):
        see = len(person) + 1 if number <= len(person) else None
        sheet.marks.extend(_foot(content, paper, number, len(sheets), see))
        if copy_mark:
            sheet.marks.extend(_copy_mark(copy_mark, paper))
    return sheets


def _fitted(paper: Format, set_part: Callable[[Format], list[Sheet]]) -> list[Sheet]:
    """Return a part's pages, set no smaller than it takes to save as many as can be saved."""
    best = set_part(paper)
    pages = len(best)
    if pages == 1:
        return best
    for factor in reversed(paper.tighter):
        tighter = set_part(paper.scaled(factor))
        if len(tighter) >= pages:
            break
        best, pages = tighter, len(tighter) + 1
    return best


def _person_sheets(content: ReportContent, paper: Format, bottom: float) -> list[Sheet]:
    flow = Flow(paper, bottom, _person_head(content))
    person_pages(flow, content, () if content.has_machine_part else (_closing(content),))
    return flow.sheets


def _machine_sheets(content: ReportContent, paper: Format, bottom: float) -> list[Sheet]:
    flow = Flow(paper, bottom, _machine_head(content, content.assistance_title))
    for block in content.blocks:
        machine_block(flow, block)
    tail(flow, (*content.blocks[:1], _closing(content), *content.blocks[1:]))
    return flow.sheets


def _closing(content: ReportContent) -> PackBlock:
    return PackBlock(small_title=content.closing_title, small_rows=content.closing_rows)


def _demonstration_sheets(content: ReportContent, paper: Format, bottom: float) -> list[Sheet]:
    flow = Flow(paper, bottom, _machine_head(content, content.demonstration_title, watermark=True))
    flow.text(content.demonstration_note, paper.body, weight="semibold", colour=CRITICAL)
    for block in content.demonstration:
        machine_block(flow, block)
    closing = () if content.blocks else (_closing(content),)  # else it stands on the page before
    tail(flow, (*content.demonstration, *closing))
    return flow.sheets


def _addenda_sheets(content: ReportContent, paper: Format, bottom: float) -> list[Sheet]:
    flow = Flow(paper, bottom, _machine_head(content, content.addenda_title))
    flow.text(content.addenda_note, paper.small, colour=MUTED)
    for section in content.addenda:
        headed_section(flow, section)
    return flow.sheets


def _person_head(content: ReportContent) -> Callable[[Flow], float]:
    def head(flow: Flow) -> float:
        first = len(flow.sheets) == 1
        if first and not content.clinic.name:
            return page_head(flow, content.banners, content.title, "", right=("", content.date))
        if not first:
            return page_head(
                flow, content.banners, content.title, content.patient_line, right=("", content.date)
            )
        subtitle = " · ".join(content.clinic.address)
        return page_head(
            flow, content.banners, content.clinic.name, subtitle, right=(content.title, content.date)
        )

    return head


def _machine_head(content: ReportContent, title: str, *, watermark: bool = False) -> Callable[[Flow], float]:
    def head(flow: Flow) -> float:
        if watermark:
            _watermark(flow, content.demonstration_watermark)
        identity = say("reports.footer.report", id=content.short_id)
        return page_head(
            flow, content.banners, title, content.patient_line, right=("", f"{content.program}\n{identity}")
        )

    return head


def _copy_mark(text: str, paper: Format) -> list[Mark]:
    """Mark a copy in the head margin, where it moves nothing of the page that was signed."""
    room = paper.measure - 2 * _COPY_MARK_PADDING
    size = paper.small * min(1.0, room / set_line(text, paper.small, "bold").width)
    line = set_line(text, size, "bold")
    height = size * LEADING + 4
    top = (paper.margin - height) / 2 + _COPY_MARK_LOWER
    x = paper.left + (paper.measure - line.width) / 2
    return [
        BoxMark(
            x=x - _COPY_MARK_PADDING,
            y=top,
            width=line.width + 2 * _COPY_MARK_PADDING,
            height=height,
            fill=WHITE,
            stroke=INK,
            stroke_width=0.9,
        ),
        TextMark(x=x, y=top + 2 + baseline(size), line=line, colour=INK),
    ]


def _watermark(flow: Flow, text: str) -> None:
    paper = flow.paper
    size = paper.width * 0.105
    line = set_line(text, size, "bold")
    reach = line.width / 2
    flow.add(
        TextMark(
            x=paper.width / 2 - reach * 0.616,
            y=paper.height / 2 + reach * 0.788,
            line=line,
            colour=WATERMARK,
            degrees=_WATERMARK_DEGREES,
        )
    )


def _foot_height(content: ReportContent, paper: Format) -> float:
    return height_of(_foot_lines(content, paper, 99, 99, see=99)[0]) + 12


def _foot_lines(
    content: ReportContent, paper: Format, number: int, count: int, *, see: int | None
) -> tuple[tuple[Line, ...], Line]:
    """Return what stands left and, on the last line, right: the identity beside the page's number."""
    identity = say("reports.footer.report", id=content.short_id)
    page = say("reports.footer.page", page=number, pages=count)
    right = set_line(f"{identity} · {page}", paper.caption)
    see_also = content.see_assistance.format(page=see) if see else ""
    text = f"{see_also} {content.notice}".strip()
    longest = f"{content.see_assistance.format(page=99)} {content.notice}"
    room = paper.measure - right.width - 16
    if set_line(longest, paper.caption).width <= room:
        return lines_of(text, paper.caption, room), right
    return (*lines_of(text, paper.caption, paper.measure), Line((), paper.caption)), right


def _foot(content: ReportContent, paper: Format, number: int, count: int, see: int | None) -> list[Mark]:
    lines, right = _foot_lines(content, paper, number, count, see=see)
    rule = paper.height - paper.margin - _foot_height(content, paper) + 5
    top = rule + 3 + baseline(paper.caption)
    last = top + (len(lines) - 1) * paper.caption * LEADING
    marks: list[Mark] = [
        RuleMark(x1=paper.left, y1=rule, x2=paper.right, y2=rule, width=0.6, colour=HAIRLINE),
        TextMark(x=paper.right - right.width, y=last, line=right, colour=MUTED),
    ]
    for row, line in enumerate(lines):
        y = top + row * paper.caption * LEADING
        if line.runs:
            marks.append(TextMark(x=paper.left, y=y, line=line, colour=MUTED))
    return marks
