"""Sets the one page that a batch ends with: how many images, what was said, which to look at first."""

from dataclasses import dataclass
from datetime import datetime

from core.decision import PaperSize
from core.errors import FarlightError, ReportError
from core.wording import say
from reports.flow import LEADING, Flow, lines_of
from reports.layout_head import page_head
from reports.shaping import Line, Span, set_line
from reports.sheet import (
    ACCENT,
    BAND,
    CRITICAL,
    FORMATS,
    HAIRLINE,
    INK,
    MUTED,
    WARNING,
    BoxMark,
    Colour,
    Format,
    RuleMark,
    Sheet,
    TextMark,
)
from reports.text import clean_line, in_sentence, short_moment

BINS = 20
_BARS_HEIGHT = 30.0
_NAME_SHARE = 0.36
_TONES: dict[str, Colour] = {"error": CRITICAL, "refused": WARNING, "undecided": WARNING, "above": INK}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTally:
    """How often a finding's score lay where; ``bins`` count scores in equal steps from 0 to 100."""

    label: str
    model: str
    above: int
    undecided: int
    below: int
    threshold: float
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFirst:
    """A record that somebody should look at before the others, and why."""

    name: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the page says; ``first`` is in the order in which it stands there, ``more`` how many follow.

    ``language``, ``document_title``, ``report_id`` and ``copy_mark`` are for the file itself.
    """

    created: datetime
    program: str
    records: int
    answered: int
    refused: int
    failed: int
    not_for_it: int
    tallies: tuple[FindingTally, ...]
    first: tuple[LookFirst, ...]
    more: int
    report_id: str
    language: str = "en"
    copy_mark: str = ""

    @property
    def document_title(self) -> str:
        """The file's title, which names nobody."""
        return say("reports.overview.title")


def render_overview(overview: Overview, paper: PaperSize = "A4") -> bytes:
    """Return the page as a PDF file; what does not fit is counted, never clipped.

    Raises:
        ReportError: it could not be set or written.
    """
    from reports.writer import write_pdf

    form = FORMATS[paper]
    try:
        return write_pdf([_page(overview, form)], form, overview)
    except FarlightError:
        raise
    except Exception as error:
        raise ReportError(type(error).__name__) from error


def _page(overview: Overview, paper: Format) -> Sheet:
    bottom = paper.height - paper.margin - 2 * paper.label * LEADING
    flow = Flow(paper, bottom, lambda flow: _head(flow, overview))
    _counts(flow, overview)
    for tally in overview.tallies:
        _tally(flow, tally)
    _first(flow, overview)
    _foot(flow, paper)
    return flow.sheets[0]


def _head(flow: Flow, overview: Overview) -> float:
    right = f"{short_moment(overview.created)}\n{overview.program}"
    return page_head(
        flow, (say("reports.banner.unsigned"),), say("reports.overview.title"), "", right=("", right)
    )


def _counts(flow: Flow, overview: Overview) -> None:
    """Set the numbers of the batch beside one another, large."""
    paper = flow.paper
    cells = (
        ("records", overview.records, INK),
        ("answered", overview.answered, INK),
        ("refused", overview.refused, WARNING if overview.refused else INK),
        ("not_for_it", overview.not_for_it, INK),
        ("failed", overview.failed, CRITICAL if overview.failed else INK),
    )
    width = paper.measure / len(cells)
    for number, (name, count, colour) in enumerate(cells):
        x = paper.left + number * width
        flow.line(set_line(f"{count:,}", paper.name, "bold"), x, colour)
        label = lines_of(say(f"reports.overview.{name}"), paper.label, width - 8)
        flow.lines(label, x, MUTED, dy=paper.name * LEADING)
    flow.y += paper.name * LEADING + 2 * paper.label * LEADING + 4
    flow.rule(HAIRLINE)
    flow.y += 4


def _tally(flow: Flow, tally: FindingTally) -> None:
    """Set how the scores of one finding lie, with its threshold."""
    paper = flow.paper
    height = (paper.heading + paper.small) * LEADING + _BARS_HEIGHT + paper.caption * LEADING + 12
    if height > flow.room:
        return
    flow.y += 6
    title = (Span(tally.label.upper(), "bold"), Span(f"  {tally.model}"))
    flow.text(title, paper.heading, colour=ACCENT)
    counts = say("reports.overview.counts", above=tally.above, undecided=tally.undecided, below=tally.below)
    flow.text(counts, paper.small)
    _bars(flow, tally)


def _bars(flow: Flow, tally: FindingTally) -> None:
    paper = flow.paper
    width, most = paper.measure / len(tally.bins), max(1, *tally.bins)
    base = flow.y + 4 + _BARS_HEIGHT
    for number, count in enumerate(tally.bins):
        tall = _BARS_HEIGHT * count / most
        x = paper.left + number * width
        if count:
            flow.add(BoxMark(x=x + 1, y=base - tall, width=width - 2, height=max(tall, 0.8), fill=BAND))
    flow.add(RuleMark(x1=paper.left, y1=base, x2=paper.right, y2=base, width=0.6, colour=MUTED))
    at = paper.left + paper.measure * tally.threshold
    flow.add(RuleMark(x1=at, y1=base - _BARS_HEIGHT, x2=at, y2=base + 3, width=1.2, colour=INK))
    flow.y = base + 2
    caption = set_line(say("reports.overview.threshold", value=f"{100 * tally.threshold:.0f}"), paper.caption)
    flow.line(caption, min(max(paper.left, at - caption.width / 2), paper.right - caption.width), MUTED)
    flow.line(set_line("0", paper.caption), paper.left, MUTED)
    hundred = set_line("100", paper.caption)
    flow.line(hundred, paper.right - hundred.width, MUTED)
    flow.y += paper.caption * LEADING + 2


def _first(flow: Flow, overview: Overview) -> None:
    """Set what to look at first, as far as the page has room, and how many are left for the table."""
    paper = flow.paper
    if not overview.first:
        return
    flow.y += 8
    flow.text(say("reports.overview.first").upper(), paper.heading, weight="bold", colour=ACCENT)
    labels = ", ".join(in_sentence(clean_line(tally.label)) for tally in overview.tallies)
    order = say("reports.overview.order", labels=labels or say("reports.overview.nothing"))
    flow.text(order, paper.small, colour=MUTED)
    flow.y += 2
    row = paper.small * LEADING + 2
    room = int((flow.room - row) // row)
    shown = overview.first[: max(room, 0)]
    left = overview.more + len(overview.first) - len(shown)
    for one in shown:
        _row(flow, one)
        flow.y += row
    if left > 0:
        flow.text(say("reports.overview.more", count=left), paper.small, colour=MUTED)


def _row(flow: Flow, one: LookFirst) -> None:
    paper = flow.paper
    middle = paper.measure * _NAME_SHARE
    flow.line(_cut(one.name, paper.small, middle - 8), paper.left)
    why = _cut(one.why, paper.small, paper.measure - middle)
    flow.line(why, paper.left + middle, _TONES[one.kind])
    below = flow.y + paper.small * LEADING + 0.5
    flow.add(RuleMark(x1=paper.left, y1=below, x2=paper.right, y2=below, width=0.4, colour=HAIRLINE))


def _cut(text: str, size: float, width: float) -> Line:
    """Return text on one line, cut with three dots where it is wider."""
    plain = clean_line(text)
    line = set_line(plain, size)
    if line.width <= width:
        return line
    low, high = 0, len(plain)
    while low < high:
        middle = (low + high + 1) // 2
        if set_line(f"{plain[:middle]}…", size).width <= width:
            low = middle
        else:
            high = middle - 1
    return set_line(f"{plain[:low]}…", size)


def _foot(flow: Flow, paper: Format) -> None:
    line = set_line(say("reports.footer.research"), paper.label)
    y = paper.height - paper.margin - paper.label * LEADING
    flow.sheets[0].marks.append(TextMark(x=paper.left, y=y + paper.label, line=line, colour=MUTED))
