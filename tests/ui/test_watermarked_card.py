"""Every card of a demonstration is watermarked, under words that stay readable."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

from core.image import ImageRef
from core.result import Finding, Measurement, PackResult, Risk
from core.wording import say
from tests.ui.stage import stamp
from tests.ui.test_viewer_words import contrast
from ui.finding_card import FindingCard
from ui.measure_card import MeasureCard
from ui.risk_card import RiskCard
from ui.theme import Theme

pytestmark = pytest.mark.display
Make = Callable[[Theme, str], QWidget]
SCORE = Finding(
    code="malignant", label="Malignant lung tissue", probability=0.9, interval=(0.8, 0.95),
    threshold=0.4, threshold_source="", position="above", calibrated_at_prevalence=None,
    image=ImageRef(file="a.png"),
)  # fmt: skip


def _pack(kind: str, **said: Any) -> PackResult:
    return PackResult(stamp=stamp("toy", kind), title="Toy", status="ok", seconds=0.1, **said)


def _score(theme: Theme, kind: str) -> QWidget:
    return FindingCard(theme, _pack(kind, findings=(SCORE,)), SCORE, map_shown=False)


def _numbers(theme: Theme, kind: str) -> QWidget:
    share = Measurement(code="share", label="Share of tiles", value=40.0, unit="%")
    return MeasureCard(theme, _pack(kind, measurements=(share,)), None)


def _estimate(theme: Theme, kind: str) -> QWidget:
    risk = Risk(code="death", label="Death", probability=0.4, interval=None, horizon_days=180)
    return RiskCard(theme, _pack(kind, risks=(risk,)), None)


def _colours(card: QWidget) -> set[str]:
    card.resize(376, 400)
    image = card.grab().toImage()
    return {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
    }


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("make", [_score, _numbers, _estimate])
def test_a_demonstration_is_watermarked_and_says_whom_it_is_for(clean: None, make: Make, look: Any) -> None:
    theme = Theme(look)
    theme.apply()
    trial, other = make(theme, "demonstration"), make(theme, "research")
    mark = theme.color("watermark").name()
    assert mark in _colours(trial)
    assert mark not in _colours(other)
    note = say("reports.say.demonstration_note")
    assert note in [one.text() for one in trial.findChildren(QLabel)]
    assert note not in [one.text() for one in other.findChildren(QLabel)]
    trial.deleteLater()
    other.deleteLater()


@pytest.mark.parametrize("look", ["dark", "light"])
def test_words_that_the_watermark_crosses_keep_their_contrast(application: Any, look: Any) -> None:
    theme = Theme(look)
    ground = theme.color("watermark")
    assert QColor(ground) != theme.color("card")
    for ink in ("ink", "muted", "critical"):
        assert contrast(theme.color(ink), ground) >= 4.5, ink


def test_what_a_demonstration_does_not_notice_stands_in_amber_before_its_score(clean: None) -> None:
    note, licence = say("reports.pack_notes.biopsy-lung"), say("packs.licence.non_commercial")
    for kind, role in (("demonstration", "warning"), ("research", "muted")):
        card = FindingCard(
            Theme("dark"), _pack(kind, findings=(SCORE,)), SCORE, map_shown=False, always_say=(note, licence)
        )
        lines = card.findChildren(QLabel)
        (told,) = [one for one in lines if note in one.text()]
        (score,) = [one for one in lines if "Score above" in one.text()]
        assert told.property("role") == role
        before = card.body.indexOf(told) < card.body.indexOf(score)
        assert before == (kind == "demonstration")
        (terms,) = [one for one in lines if licence in one.text()]
        assert terms.property("role") == "muted"
        card.deleteLater()
