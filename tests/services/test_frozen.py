"""What a report says, frozen and thawed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.decision import PaperSize
from core.errors import StoreDamagedError
from reports.content import as_copy
from reports.pdf import render_pdf
from reports.records import Figure, Picture, ReportContent
from services.frozen import freeze, thaw
from tests.reports import studies
from tests.reports.conftest import Printed, poppler

# Signed reports are kept for good: this file stays as the first schema wrote it, whatever is changed later.
GOLDEN = Path(__file__).with_name("golden") / "signed-report-schema-1.zip"
GOLDEN_IDENTITY = "72f085b5aae389e58a4fcf9ab2ae29f697c5197ada95b5cabf5be039ea5335da"


def _words(value: Any) -> Any:
    """Return a record without its pixels."""
    if isinstance(value, Picture):
        return "picture"
    if isinstance(value, tuple):
        return tuple(_words(item) for item in value)
    if hasattr(value, "__slots__") and hasattr(type(value), "__dataclass_fields__"):
        return {name: _words(getattr(value, name)) for name in type(value).__dataclass_fields__}
    return value


def _figures(content: ReportContent) -> list[Figure]:
    figures = [figure for block in content.blocks for figure in block.figures]
    return [content.key_figure, *figures] if content.key_figure else figures


def test_every_word_comes_back() -> None:
    content = studies.report(studies.result(studies.lungs(), studies.pneumonia(), studies.refused()))
    assert _words(thaw(freeze(content))) == _words(content)


def test_pictures_come_back_as_they_look_and_those_shown_twice_are_kept_once() -> None:
    content = studies.report()
    again = thaw(freeze(content))
    pairs = list(zip(_figures(content), _figures(again), strict=True))
    assert len(pairs) == 3
    for before, after in pairs:
        difference = np.abs(before.picture.pixels.astype(float) - after.picture.pixels)
        assert after.picture.pixels.shape == before.picture.pixels.shape
        assert difference.mean() < 2
    assert _figures(again)[0].picture is _figures(again)[1].picture


def test_a_large_picture_is_kept_no_finer_than_paper_shows_and_in_its_shape() -> None:
    tall = Picture(pixels=np.zeros((3001, 1500), dtype=np.uint8), pixel_aspect=1.25)
    content = studies.report(pictures={"key": tall})
    kept = _figures(thaw(freeze(content)))[0].picture
    assert max(kept.pixels.shape) == 1000
    rows, columns = kept.pixels.shape
    assert rows * kept.pixel_aspect / columns == pytest.approx(3001 * 1.25 / 1500)


def test_the_same_content_freezes_to_the_same_bytes() -> None:
    assert freeze(studies.report()) == freeze(studies.report())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", None])
def test_what_is_damaged_is_told_as_damage(damage: bytes | None) -> None:
    frozen = freeze(studies.report())
    with pytest.raises(StoreDamagedError):
        thaw(frozen[: len(frozen) // 2] if damage is None else damage)


@pytest.mark.parametrize("paper", ["A4", "Letter", "A5"])
def test_a_report_that_was_frozen_by_the_first_schema_is_still_set_as_it_was_signed(
    tmp_path: Path, paper: PaperSize
) -> None:
    content = thaw(GOLDEN.read_bytes())
    assert content.report_id == GOLDEN_IDENTITY
    later = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
    copy = Printed(tmp_path / "copy.pdf")
    marked = as_copy(content, number=3, made_at=later, paper=paper, original_on="A4")
    copy.path.write_bytes(render_pdf(marked, paper))
    first, whole = copy.words(1), copy.words()
    assert first.startswith(f"COPY 3 · made 6 May 2031 07:08 on {paper}")
    for said in (
        "SAMPLE Amina",
        "2041-77",
        "Female",
        "3 years",
        "Findings fit pneumonia.",
        "N. Otieno, clinical officer, reg. 11872",
        "signed 14 Mar 2026 10:21",
    ):
        assert said in first
    for said in (
        "first impression: abnormal (before the result was shown) · agrees",
        "Score above the threshold for pneumonia. Needs clinical confirmation.",
        "score 91",
        "threshold 41",
        "Not answered. The patient is 9 years old",
    ):
        assert said in whole
    assert poppler("pdfimages", "-list", str(copy.path)).count("jpeg") == 3
