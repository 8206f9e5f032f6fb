"""The tail of page 2: two columns that hold every row, whatever its length."""

import pytest

from core.decision import PaperSize
from reports.flow import Flow
from reports.layout_tail import tail
from reports.records import PackBlock, Row
from reports.sheet import FORMATS, TextMark


def _block(name: str, *texts: str) -> PackBlock:
    rows = tuple(Row(label=f"{name}{number}", text=text) for number, text in enumerate(texts))
    return PackBlock(small_title=f"Title {name}", small_rows=rows)


def _set(*blocks: PackBlock, paper: PaperSize = "A4", start: float = 100.0) -> list[list[TextMark]]:
    """Set the tail from ``start`` down, and return the lines of each page."""
    sheet = FORMATS[paper]
    flow = Flow(sheet, sheet.height - 80, lambda _: 60.0)
    flow.y = start
    tail(flow, blocks)
    return [[mark for mark in page.marks if isinstance(mark, TextMark)] for page in flow.sheets]


def _text(mark: TextMark) -> str:
    return "".join(glyph.text for run in mark.line.runs for glyph in run.glyphs)


def _columns(marks: list[TextMark]) -> tuple[list[str], list[str]]:
    middle = FORMATS["A4"].width / 2
    left = [_text(mark) for mark in marks if mark.x < middle]
    return left, [_text(mark) for mark in marks if mark.x >= middle]


def test_groups_of_like_length_stand_side_by_side_uncut() -> None:
    (page,) = _set(_block("a", "one", "two"), _block("b", "three", "four"))
    assert _columns(page) == (["Title a", "a0  one", "a1  two"], ["Title b", "b0  three", "b1  four"])


def test_a_group_alone_is_spread_over_both_columns() -> None:
    (page,) = _set(_block("a", *["word"] * 9))
    left, right = _columns(page)
    assert abs(len(left) - len(right)) <= 1
    assert [*left, *right] == ["Title a", *(f"a{number}  word" for number in range(9))]


def test_few_lines_at_the_foot_of_a_page_are_not_begun() -> None:
    bottom = FORMATS["A4"].height - 80
    first, second = _set(_block("a", *["word"] * 40), start=bottom - 40)
    assert first == []
    assert len(second) == 41


@pytest.mark.parametrize("paper", ["A4", "Letter", "A5"])
def test_rows_longer_than_pages_are_set_to_the_last_word(paper: PaperSize) -> None:
    words = [f"w{number}" for number in range(4000)]
    pages = _set(_block("a", "short", " ".join(words), "end"), _block("b", "last"), paper=paper)
    assert len(pages) > 1
    said = " ".join(_text(mark) for page in pages for mark in page).split()
    assert [word for word in said if word in set(words)] == words
    assert said[-2:] == ["b0", "last"]
    bottom = FORMATS[paper].height - 80
    assert max(mark.y for page in pages for mark in page) <= bottom + 0.1


def test_no_rows_set_nothing() -> None:
    assert _set(PackBlock(small_title="Title")) == [[]]
