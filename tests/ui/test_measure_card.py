"""The card of numbers: the range beside each, amber where it lies outside; sources below them all."""

import pytest
from PySide6.QtWidgets import QLabel

from core.result import Measurement, PackResult, Reference
from tests.ui.stage import stamp
from ui.measure_card import MeasureCard
from ui.theme import Theme

pytestmark = pytest.mark.display


def test_sources_and_what_a_guideline_says_stand_below_all_numbers(clean: None) -> None:
    source = "Petersen et al., J Cardiovasc Magn Reson 19:18, 2017"
    usual = Reference(low=51.0, high=71.0, source=source)
    fraction = Measurement(
        code="lv_ef", label="LV ejection fraction", value=23.0, unit="%", interval=(15.0, 31.0),
        reference=usual, meaning="The number alone is not heart failure.",
    )  # fmt: skip
    mass = Measurement(code="lv_mass", label="LV mass", value=128.0, unit="g")
    pack = PackResult(
        stamp=stamp("cardiac-cine", "research"), title="Ventricles", status="ok", seconds=0.1,
        measurements=(fraction, mass),
    )  # fmt: skip
    card = MeasureCard(Theme("dark"), pack, None)
    card.resize(376, 400)
    card.grab()
    lines = {one.text(): one for one in card.findChildren(QLabel)}
    outside = lines["Below the reference, 51 to 71."]
    assert outside.property("role") == "warning"
    last = lines["LV mass"]
    told = lines["LV ejection fraction: The number alone is not heart failure."]
    named = lines[f"Reference of LV ejection fraction: {source}."]
    tops = [one.mapTo(card, one.rect().topLeft()).y() for one in (outside, last, told, named)]
    assert tops == sorted(tops)
    card.deleteLater()
