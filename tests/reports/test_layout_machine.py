"""What is drawn stands on one page with the heading that says what it is of."""

import pytest

from reports.flow import Flow
from reports.layout_machine import machine_block
from reports.records import Bar, BarChart, Curve, FindingBlock, PackBlock
from reports.sheet import FORMATS, Sheet, TextMark

CURVE = Curve(title="Alive", points=((0.0, 1.0), (90.0, 0.8), (180.0, 0.7)), mark=180.0, unit="days")
BARS = tuple(Bar(label=f"Value {number}", text="1", length=0.5) for number in range(3))
CHART = BarChart(title="Counts", bars=BARS, ends=None)


def _texts(page: Sheet) -> list[str]:
    lines = [mark.line for mark in page.marks if isinstance(mark, TextMark)]
    return ["".join(glyph.text for run in line.runs for glyph in run.glyphs) for line in lines]


@pytest.mark.parametrize(("curve", "charts", "drawn"), [(CURVE, (), "Alive"), (None, (CHART,), "Counts")])
@pytest.mark.parametrize("left", [40.0, 60.0, 90.0, 120.0, 160.0, 220.0])
def test_a_heading_and_what_is_drawn_below_it_stand_on_one_page(
    left: float, curve: Curve | None, charts: tuple[BarChart, ...], drawn: str
) -> None:
    paper = FORMATS["A4"]
    flow = Flow(paper, paper.height - 80, lambda _: 60.0)
    flow.y = flow.bottom - left
    finding = FindingBlock(
        title="Estimate", words="It is 20 in 100.", further="More is told. " * 20, curve=curve, charts=charts
    )
    machine_block(flow, PackBlock(findings=(finding,)))
    (page,) = [texts for texts in map(_texts, flow.sheets) if "ESTIMATE" in texts]
    assert drawn in page
