"""Sets the one page that a batch ends with: how many images, what was said, which to look at first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.decision import PaperSize
from core.errors import FarlightError, ReportError
from core.wording import say
from reports.flow import LEADING, Flow, height_of, lines_of
from reports.layout_head import page_head
from reports.shaping import Line, Span, set_line, set_lines
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
_INDENT = 12.0
_TWINS = 3
_SURELY_NAMED = 30
"""How many images above a threshold are named before any other kind has a second group or line."""
_FILLED: tuple[tuple[str, ...], ...] = (("above", "undecided"), ("doubted",), ("refused",), ("failed",))
"""Whose names take the room that is left, in this order: files that are no images come last here."""
_HARD_SPACE = "\N{NO-BREAK SPACE}"
_TONES: dict[str, Colour] = {
    "failed": CRITICAL,
    "refused": WARNING,
    "doubted": WARNING,
    "undecided": WARNING,
    "above": INK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTally:
    """How often a finding's score lay where; ``bins`` count scores in equal steps from 0 to 100.

    Above, undecided, below, refused, not for it and failed add up to all records. A model that gave no score
    has no bins: ``answered`` says how often it did its work, and ``measured`` the first numbers with the
    names of their images (``measured_more`` follow). Where it ``counted``, above, undecided and below are
    of the limit below which its false calls may be all that was counted.
    """

    label: str
    model: str
    answered: int
    refused: int
    not_for_it: int
    failed: int
    above: int = 0
    undecided: int = 0
    below: int = 0
    threshold: float = 0.0
    bins: tuple[int, ...] = ()
    counted: bool = False
    measured: tuple[str, ...] = ()
    measured_more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFirst:
    """Images that somebody should look at before the others, and all that is to be said of each of them.

    ``names`` may be fewer than ``count``.
    """

    kind: str
    reasons: tuple[str, ...]
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the page says; ``first`` is in the order in which it stands there, ``more`` how many follow.

    ``standings`` say how many images stand where, each image once. ``twins`` are names of the same
    picture. ``language``, ``document_title``,
    ``report_id`` and ``copy_mark`` are for the file itself.
    """

    created: datetime
    program: str
    records: int
    standings: tuple[tuple[str, int], ...]
    tallies: tuple[FindingTally, ...]
    first: tuple[LookFirst, ...]
    more: int
    report_id: str
    twins: tuple[tuple[str, ...], ...] = ()
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
    _twins(flow, overview)
    _first(flow, overview)
    _foot(flow, paper)
    return flow.sheets[0]


def _head(flow: Flow, overview: Overview) -> float:
    right = f"{short_moment(overview.created)}\n{overview.program}"
    return page_head(
        flow, (say("reports.banner.unsigned"),), say("reports.overview.title"), "", right=("", right)
    )


def _counts(flow: Flow, overview: Overview) -> None:
    """Set the numbers of the batch beside one another, large: the first is the sum of the others."""
    paper = flow.paper
    cells = [(say("reports.overview.records"), overview.records, INK)]
    for kind, count in overview.standings:
        colour = _TONES.get(kind, INK) if count else INK
        cells.append((say(f"reports.overview.cell_{kind}"), count, colour))
    width = paper.measure / len(cells)
    labels = [lines_of(words, paper.label, width - 8) for words, _, _ in cells]
    for number, ((_, count, colour), label) in enumerate(zip(cells, labels, strict=True)):
        x = paper.left + number * width
        flow.line(set_line(f"{count:,}", paper.name, "bold"), x, colour)
        flow.lines(label, x, MUTED, dy=paper.name * LEADING)
    flow.y += paper.name * LEADING + max(map(height_of, labels)) + 4
    flow.text(say("reports.overview.each_once"), paper.label, colour=MUTED)
    flow.y += 2
    flow.rule(HAIRLINE)
    flow.y += 4


def _tally(flow: Flow, tally: FindingTally) -> None:
    """Set how the scores of one finding lie, with its threshold."""
    paper = flow.paper
    bars = _BARS_HEIGHT + paper.caption * LEADING if tally.bins else 0.0
    if (paper.heading + 2 * paper.small) * LEADING + bars + 12 > flow.room:
        return
    flow.y += 6
    title = (Span(tally.label.upper(), "bold"), Span(f"  {tally.model}"))
    flow.text(title, paper.heading, colour=ACCENT)
    flow.text(_tally_words(tally), paper.small)
    measured = _measured_words(tally)
    if measured and height_of(lines_of(measured, paper.small, paper.measure)) <= flow.room:
        flow.text(measured, paper.small)
    if tally.bins:
        _bars(flow, tally)


def _tally_words(tally: FindingTally) -> str:
    rest = say(
        "reports.overview.counts_rest",
        refused=tally.refused,
        not_for_it=tally.not_for_it,
        failed=tally.failed,
    )
    if not tally.bins:
        return say("reports.overview.counts_other", answered=_answered_words(tally), rest=rest)
    return say(
        "reports.overview.counts",
        above=tally.above,
        undecided=tally.undecided,
        below=tally.below,
        rest=rest,
    )


def _answered_words(tally: FindingTally) -> str:
    if not tally.counted:
        return say("reports.overview.answered", count=tally.answered)
    return say(
        "reports.overview.answered_counted",
        count=tally.answered,
        above=tally.above,
        undecided=tally.undecided,
        below=tally.below,
    )


def _measured_words(tally: FindingTally) -> str:
    """Return the numbers that a model measured, each with the name of its image."""
    named = [clean_line(one) for one in tally.measured]
    if tally.measured_more:
        named.append(say("reports.overview.names_more", count=tally.measured_more))
    return say("reports.overview.measured", numbers="; ".join(named)) if named else ""


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


def _twins(flow: Flow, overview: Overview) -> None:
    """Point out pictures that lie there more than once: each is counted, and may be two patients'."""
    if not overview.twins:
        return
    pairs = [" = ".join(clean_line(name) for name in names[:_TWINS]) for names in overview.twins[:_TWINS]]
    words = say("reports.overview.twins", count=len(overview.twins), pairs="; ".join(pairs))
    more = any(len(names) > _TWINS for names in overview.twins) or len(overview.twins) > _TWINS
    flow.y += 6
    flow.text(words + (" …" if more else ""), flow.paper.small, colour=WARNING)


def _first(flow: Flow, overview: Overview) -> None:
    """Set what to look at first, as far as the page has room, and how many are left for the table."""
    paper = flow.paper
    if not overview.first:
        return
    flow.y += 8
    flow.text(say("reports.overview.first").upper(), paper.heading, weight="bold", colour=ACCENT)
    flow.text(_order_words(overview), paper.small, colour=MUTED)
    flow.y += 2
    row = paper.small * LEADING
    groups = [(one, _reason_lines(paper, one)) for one in overview.first]
    shown = _share_out(groups, int((flow.room - row) // row), paper)
    for number, lines in sorted(shown.items()):
        _group(flow, *groups[number], lines)
    left = overview.more + sum(one.count for number, (one, _) in enumerate(groups) if number not in shown)
    words = say("reports.overview.more", count=left) if left else say("reports.overview.table")
    flow.text(words, paper.small, colour=MUTED)


def _order_words(overview: Overview) -> str:
    """Return in which order images are listed, and all that was looked for or measured: nothing else was."""
    sought = [tally for tally in overview.tallies if tally.bins or tally.counted]
    others = [tally for tally in overview.tallies if tally.measured and not tally.counted]
    labels, measured = (
        ", ".join(dict.fromkeys(in_sentence(clean_line(tally.label)) for tally in tallies))
        for tallies in (sought, others)
    )
    doubted = any(kind == "doubted" for kind, _ in overview.standings)
    order = say(
        "reports.overview.order",
        labels=labels or say("reports.overview.nothing"),
        doubted=say("reports.overview.order_doubted") if doubted else "",
    )
    return f"{order} {say('reports.overview.also_measured', labels=measured)}" if measured else order


def _share_out(
    groups: Sequence[tuple[LookFirst, Sequence[Line]]], room: int, paper: Format
) -> dict[int, int]:
    """Return which groups have room, and how many lines of names each.

    The first group of every kind has a line. Then images above a threshold are named, as many as are sure to
    be; then every other group has a line, in turns of the kinds; then the names fill what room there is.
    """
    share = _Share(groups=groups, room=room, paper=paper)
    ranks: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for number, (one, _) in enumerate(groups):
        turns.append((ranks[one.kind], number))
        ranks[one.kind] += 1
    turns.sort()
    for rank, number in turns:
        if rank == 0:
            share.open(number)
    left = _SURELY_NAMED
    for _, number in turns:
        if groups[number][0].kind == "above" and left > 0:
            left -= share.name(number, left)
    for _, number in turns:
        share.open(number)
    for kinds in _FILLED:
        share.fill([number for number in sorted(share.lines) if groups[number][0].kind in kinds])
    return share.lines


@dataclass(slots=True, kw_only=True)
class _Share:
    """How the lines of the page are shared out; ``room`` is how many are left."""

    groups: Sequence[tuple[LookFirst, Sequence[Line]]]
    room: int
    paper: Format
    lines: dict[int, int] = field(default_factory=dict)

    def open(self, number: int) -> bool:
        """Give a group its reasons and a line of names, where there is room."""
        needed = len(self.groups[number][1]) + 1
        if number not in self.lines and needed <= self.room:
            self.lines[number] = 1
            self.room -= needed
        return number in self.lines

    def name(self, number: int, most: int) -> int:
        """Give a group lines until so many of its images are named; return how many are."""
        if not self.open(number):
            return 0
        one = self.groups[number][0]
        wanted = min(most, len(one.names))
        needed = len(_set_names(self.paper, one, wanted))
        more = max(0, min(self.room, needed - self.lines[number]))
        self.lines[number] += more
        self.room -= more
        return min(wanted, _fitting(self.paper, one, self.lines[number]))

    def fill(self, numbers: Sequence[int]) -> None:
        """Give some groups lines in turns, until all their names stand there or no room is left."""
        wanted = {number: len(_all_names(self.paper, self.groups[number][0])) for number in numbers}
        while self.room > 0 and any(self.lines[number] < wanted[number] for number in numbers):
            for number in numbers:
                if self.room > 0 and self.lines[number] < wanted[number]:
                    self.lines[number] += 1
                    self.room -= 1


def _group(flow: Flow, one: LookFirst, reasons: Sequence[Line], lines: int) -> None:
    paper = flow.paper
    flow.lines(reasons, paper.left, _TONES[one.kind])
    flow.y += height_of(reasons)
    names = _names(paper, one, lines)
    flow.lines(names, paper.left + _INDENT, MUTED)
    flow.y += height_of(names)


def _reason_lines(paper: Format, one: LookFirst) -> tuple[Line, ...]:
    """Return how many images, and in full all that is to be said of each of them."""
    many = "reports.overview.group_one" if one.count == 1 else "reports.overview.group"
    why = " ".join(clean_line(reason) for reason in one.reasons)
    return set_lines((Span(say(many, count=one.count), "bold"), Span(f"  {why}")), paper.small, paper.measure)


def _all_names(paper: Format, one: LookFirst) -> tuple[Line, ...]:
    return _set_names(paper, one, len(one.names))


def _names(paper: Format, one: LookFirst, lines: int) -> tuple[Line, ...]:
    """Return as many names as fit into some lines, and how many more there are."""
    return _set_names(paper, one, _fitting(paper, one, lines))[:lines]


def _fitting(paper: Format, one: LookFirst, lines: int) -> int:
    """Return how many names fit into some lines together with how many more there are."""
    low, high = 0, len(one.names)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_set_names(paper, one, middle)) <= lines:
            low = middle
        else:
            high = middle - 1
    return low


def _set_names(paper: Format, one: LookFirst, shown: int) -> tuple[Line, ...]:
    names = [clean_line(name).replace(" ", _HARD_SPACE) for name in one.names[:shown]]
    if shown < one.count:
        names.append(say("reports.overview.names_more", count=one.count - shown))
    return set_lines((Span(", ".join(names)),), paper.small, paper.measure - _INDENT)


def _foot(flow: Flow, paper: Format) -> None:
    line = set_line(say("reports.footer.research"), paper.label)
    y = paper.height - paper.margin - paper.label * LEADING
    flow.sheets[0].marks.append(TextMark(x=paper.left, y=y + paper.label, line=line, colour=MUTED))
