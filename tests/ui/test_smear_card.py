"""A counted smear in the window: numbers, a legend in two colours, circles on the picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint

from inference.packs import PackLibrary
from services.analyze import AnalysisOptions, Analyzer
from tests.measure.smear_toys import drawn_smear
from tests.ui.stage import wait_until

pytestmark = pytest.mark.display
MODELS = Path(__file__).parents[2] / "models"


def test_counts_intervals_and_circles_are_shown_after_the_first_impression(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QLabel

    from ui.measure_card import MeasureCard

    grey = drawn_smear(across=8, down=6, pairs=4, dots=6).grey
    assert cv2.imwrite(str(tmp_path / "field.png"), (grey * 255).astype(np.uint8))
    options = AnalysisOptions(packs=("malaria-cell",), engine="onnxruntime", precision="int8", threads=1)
    window = stage(tmp_path / "field.png", analyzer=Analyzer(options, library=PackLibrary((MODELS,))))
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    assert not window.read.column.findChildren(MeasureCard)
    window.desk.give_impression("unsure")
    wait_until(window.read.viewer.has_overlay)
    (card,) = window.read.column.findChildren(MeasureCard)
    texts = [one.text() for one in card.findChildren(QLabel)]
    assert any("Parasitaemia, as counted" in text for text in texts)
    assert any(" % (" in text and " to " in text for text in texts)
    plain = [text.replace("&nbsp;", " ") for text in texts]
    assert any("Cells called parasitized: 6" in text and "Other cells counted" in text for text in plain)
    assert not window.read.column.signs.isVisible()  # no breaths are counted beside a smear
    (few,) = [one for one in card.findChildren(QLabel) if "Count more fields" in one.text()]
    assert few.property("role") == "warning"
    (number,) = [one for one in card.findChildren(QLabel) if "Parasitaemia, as counted" in one.text()]
    corner = QPoint()
    wait_until(lambda: few.mapTo(card, corner).y() < number.mapTo(card, corner).y())
    assert not window.read.image.pair._corners.side_note, "no side under a microscope"
    (pack,) = window.desk.case.analysis.result.results
    overlay = window.read.viewer.overlay()
    circles = {colour: len(edges) for colour, edges in overlay.coloured}
    assert min(circles.values()) == sum(place.above for place in pack.places)
    assert len(circles) == 2
    assert overlay.caption == ("Outlined by malaria-cell 1.1.0",)


def test_a_smear_of_too_few_cells_without_a_parasite_is_undecided(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    grey = drawn_smear(across=8, down=6, pairs=4, dots=0).grey
    assert cv2.imwrite(str(tmp_path / "field.png"), (grey * 255).astype(np.uint8))
    options = AnalysisOptions(packs=("malaria-cell",), engine="onnxruntime", precision="int8", threads=1)
    window = stage(tmp_path / "field.png", analyzer=Analyzer(options, library=PackLibrary((MODELS,))))
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    assert window.desk.case.undecided
