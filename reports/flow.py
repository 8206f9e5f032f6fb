"""Text and pictures flowing down pages: nothing is clipped, what belongs together stays together."""

from collections.abc import Callable, Sequence

from reports.records import Picture
from reports.shaping import Line, Span, set_lines
from reports.sheet import INK, BoxMark, Colour, Format, Mark, PictureMark, RuleMark, Sheet, TextMark
from reports.typefaces import Weight

LEADING = 1.36
_ASCENT = 1.069
_SLACK = 0.01


class Flow:
    """Places marks from the top of a page to its bottom, and starts the next page when one is full.

    ``start_page(flow)`` draws a page's head and returns where its content begins.
    """

    def __init__(self, paper: Format, bottom: float, start_page: Callable[["Flow"], float]) -> None:
        self.paper = paper
        self.bottom = bottom
        self.sheets: list[Sheet] = []
        self.y = 0.0
        self._start_page = start_page
        self._top = 0.0
        self.new_page()

    @property
    def room(self) -> float:
        """Points left on this page."""
        return self.bottom - self.y

    @property
    def page_room(self) -> float:
        """Points that an empty page gives."""
        return self.bottom - self._top

    @property
    def at_top(self) -> bool:
        """Whether nothing stands on this page yet."""
        return self.y <= self._top + _SLACK

    def new_page(self) -> None:
        """Start the next page."""
        self.sheets.append(Sheet())
        self._top = self.y = self._start_page(self)

    def need(self, height: float) -> None:
        """Start the next page unless ``height`` points are left (or no page could hold them)."""
        if height > self.room + _SLACK and not self.at_top:
            self.new_page()

    def space(self, height: float) -> None:
        """Leave room, but none at the top of a page."""
        if not self.at_top:
            self.y += height

    def add(self, *marks: Mark) -> None:
        """Put marks on this page."""
        self.sheets[-1].marks.extend(marks)

    def rule(self, colour: Colour, width: float = 0.6) -> None:
        """Draw a line over the type area here."""
        self.add(
            RuleMark(
                x1=self.paper.left, y1=self.y, x2=self.paper.right, y2=self.y, width=width, colour=colour
            )
        )

    def text(
        self,
        spans: Sequence[Span] | str,
        size: float,
        *,
        weight: Weight = "regular",
        colour: Colour = INK,
        x: float | None = None,
        width: float | None = None,
        align_rtl: bool = True,
    ) -> None:
        """Set text in the type area (or a column of it), from page to page as long as it lasts."""
        left = self.paper.left if x is None else x
        measure = self.paper.right - left if width is None else width
        lines = lines_of(spans, size, measure, weight)
        self.need(min(2, len(lines)) * size * LEADING)
        for line in lines:
            self.need(size * LEADING)
            shift = measure - line.width if line.right_to_left and align_rtl else 0.0
            self.line(line, left + shift, colour)
            self.y += size * LEADING

    def line(self, line: Line, x: float, colour: Colour = INK, *, dy: float = 0.0) -> None:
        """Put one set line here (``dy`` points lower) without moving on."""
        if line.runs:
            self.add(TextMark(x=x, y=self.y + dy + baseline(line.size), line=line, colour=colour))

    def lines(self, lines: Sequence[Line], x: float, colour: Colour = INK, *, dy: float = 0.0) -> float:
        """Put set lines below one another without moving on; return the height they take."""
        for number, line in enumerate(lines):
            self.line(line, x, colour, dy=dy + number * line.size * LEADING)
        return height_of(lines)

    def picture(self, picture: Picture, *, x: float, width: float, height: float, description: str) -> None:
        """Put a framed picture here without moving on."""
        self.add(
            PictureMark(x=x, y=self.y, width=width, height=height, picture=picture, description=description),
            BoxMark(x=x, y=self.y, width=width, height=height, stroke=(120, 130, 138), stroke_width=0.4),
        )


def lines_of(
    spans: Sequence[Span] | str, size: float, width: float, weight: Weight = "regular"
) -> tuple[Line, ...]:
    """Return text set to a width; a plain text takes the weight."""
    return set_lines((Span(spans, weight),) if isinstance(spans, str) else spans, size, width)


def height_of(lines: Sequence[Line]) -> float:
    """Return the height of lines below one another."""
    return sum(line.size * LEADING for line in lines)


def baseline(size: float) -> float:
    """Return how far below the top of a line its baseline lies."""
    return size * (_ASCENT + (LEADING - _ASCENT - 0.293) / 2)
