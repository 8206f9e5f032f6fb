"""The line of a score says its numbers: both ends, threshold, score and interval."""

from dataclasses import replace
from typing import Any

import pytest

from core.image import ImageRef
from core.result import Finding
from ui.score_line import ScoreLine
from ui.theme import Theme

pytestmark = pytest.mark.display
SCORE = Finding(
    code="tb", label="Tuberculosis", probability=0.71, interval=(0.64, 0.77), threshold=0.1,
    threshold_source="", position="above", calibrated_at_prevalence=None, image=ImageRef(file="a.png"),
)  # fmt: skip


class Painted:
    """Collects what is written."""

    def __init__(self, line: ScoreLine) -> None:
        from PySide6.QtGui import QFontMetrics

        from ui.theme import SMALL_PX, interface_font

        self.said: list[tuple[float, str]] = []
        self._metrics = QFontMetrics(interface_font(SMALL_PX))
        line._paint_words(self)  # type: ignore[arg-type]  # what it asks of a painter is here

    def setPen(self, _pen: object) -> None:  # noqa: N802 - Qt's name
        """Take a colour."""

    def fontMetrics(self) -> Any:  # noqa: N802 - Qt's name
        """Return how wide words are."""
        return self._metrics

    def drawText(self, place: Any, text: str) -> None:  # noqa: N802 - Qt's name
        """Remember words and where they end."""
        self.said.append((place.x() + self._metrics.horizontalAdvance(text), text))


@pytest.mark.parametrize("probability", [0.0, 0.71, 1.0])
def test_ends_threshold_score_and_interval_are_written_within_the_line(
    application: Any, probability: float
) -> None:
    line = ScoreLine(Theme("dark"), replace(SCORE, probability=probability))
    line.resize(320, 40)
    said = Painted(line).said
    score = f"score {round(probability * 100)} (64 to 77)"
    assert sorted(text for _, text in said) == sorted(("0", "100", "threshold 10", score))
    assert all(end <= line.width() for end, _ in said)
    assert line.accessibleName().endswith("threshold 10. Interval of the score: 64 to 77")
    line.deleteLater()
