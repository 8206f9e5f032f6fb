"""What speaks against an answer stands on its card, above the score, and is not said again below."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.result import ModelStamp, PackResult, QualityCheck, Refusal
from services.analyze import Analysis
from tests.ui.stage import StandInAnalyzer, wait_until, write_chest

pytestmark = pytest.mark.display
CHILD = "The patient is 8 years old. This model was trained on adults; children were left out."


class OfAdults(StandInAnalyzer):
    """The model that scores never saw a child."""

    def analyze(self, *args: Any, **kwargs: Any) -> Analysis:
        """Return what was said, with the age against it."""
        made = super().analyze(*args, **kwargs)
        told = QualityCheck(name="Age", outcome="note", text=CHILD, gate="age")
        results = tuple(
            replace(one, quality=(*one.quality, told)) if one.findings else one for one in made.result.results
        )
        return replace(made, result=replace(made.result, results=results))


def test_an_age_that_a_model_never_learned_from_stands_above_its_score_alone(
    stage: Callable[..., Any], tmp_path: Path
) -> None:
    from PySide6.QtWidgets import QLabel

    from ui.finding_card import FindingCard
    from ui.score_line import ScoreLine

    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=OfAdults())
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("unsure")
    wait_until(lambda: window.read.column.findChildren(FindingCard))
    (card,) = window.read.column.findChildren(FindingCard)
    (line,) = card.findChildren(ScoreLine)
    (said,) = [one for one in window.read.column.findChildren(QLabel) if one.text() == CHILD]
    wait_until(lambda: said.isVisible() and line.isVisible())
    assert card.isAncestorOf(said)
    assert said.property("role") == "warning"
    wait_until(lambda: said.geometry().bottom() < line.geometry().top())


class BesideOthers(StandInAnalyzer):
    """Beside the model that scores stand some that are for coloured pictures."""

    def __init__(self, others: int) -> None:
        super().__init__()
        self.others = others

    def analyze(self, *args: Any, **kwargs: Any) -> Analysis:
        """Return what was said, with the refusals of the others."""
        made = super().analyze(*args, **kwargs)
        refusal = Refusal(gate="colour", reason="This is grey.", advice="Take another.", case="grey")
        others = tuple(
            PackResult(
                stamp=ModelStamp(pack_id=f"toy-{n}", version="1.0.0", sha256="0" * 64, pack_class="research"),
                title=f"Toy {n}",
                status="refused",
                seconds=0.0,
                refusal=refusal,
            )
            for n in range(self.others)
        )
        return replace(made, result=replace(made.result, results=(*made.result.results, *others)))


@pytest.mark.parametrize(("others", "lines"), [(1, 0), (3, 3)])
def test_several_models_for_other_images_have_one_card_and_a_line_each(
    stage: Callable[..., Any], tmp_path: Path, others: int, lines: int
) -> None:
    from PySide6.QtWidgets import QLabel

    from ui.computer_card import OthersCard, RefusalCard

    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=BesideOthers(others))
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    window.desk.give_impression("unsure")
    column = window.read.column
    wait_until(lambda: column.findings)
    cards = column.findChildren(OthersCard)
    said = [one.text() for card in cards for one in card.findChildren(QLabel)]
    assert [text for text in said if text.endswith(": This is grey.")] == [
        f"Toy {number}: This is grey." for number in range(lines)
    ]
    assert len(column.findChildren(RefusalCard)) == (others if not lines else 0)
