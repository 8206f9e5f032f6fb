"""A slide in the window: how far it is, then the map of its tiles with what it is not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from inference.packs import PackLibrary
from services.analyze import AnalysisOptions, Analyzer
from tests.inference.toy_packs import FINDING_SIDE, finding_model, write_pack
from tests.services.test_tissue_map import drawn, toy_toml
from tests.ui.stage import wait_until
from tests.ui.test_two_findings import press
from training.composed_slides import write_pyramid
from ui.measure_card import MeasureCard

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def test_a_slide_tells_how_far_it_is_and_then_shows_its_map_and_no_score(
    stage: Stage, tmp_path: Path
) -> None:
    write_pack(tmp_path / "packs" / "toy-tiles", toy_toml(), finding_model(), FINDING_SIDE)
    options = AnalysisOptions(packs=("toy-tiles",), engine="onnxruntime", precision="fp32", threads=1)
    analyzer = Analyzer(options, library=PackLibrary((tmp_path / "packs",)))
    slides = tmp_path / "slides"
    slides.mkdir()
    write_pyramid(drawn(), slides / "slide.tif", 0.5)
    window = stage(slides, analyzer=analyzer)
    told: list[tuple[int, int]] = []
    window.queue.part_done.connect(lambda _key, done, total, _left: told.append((done, total)))
    wait_until(window.book.cases)
    (case,) = window.book.cases()
    window.open_case(case.key)
    wait_until(lambda: case.analysis is not None)
    assert told
    assert all(done <= total for done, total in told)
    press(window, Qt.Key.Key_2)
    wait_until(window.read.viewer.has_overlay)
    caption = window.read.viewer.overlay().caption
    assert "no score of the whole slide" in caption[0]
    assert "Tissue found by its colour" in caption[1]
    assert window.read.viewer.overlay().heat is not None
    column = window.read.column
    assert not column.findings
    (card,) = [made for made in column._cards.made if isinstance(made, MeasureCard)]
    words = " ".join(part.text() for part in card.findChildren(QLabel))
    assert "Highest tiles: " in words
    assert "the slide as a whole is not scored" in words
