"""Bars with long names: the names go on in further lines, and the chart is as high as they need."""

from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QApplication

from ui.risk_charts import BarRow, BarsView
from ui.theme import SMALL_PX, Theme, interface_font

pytestmark = pytest.mark.display
NAME = "Left ventricle, unevenness of the wall at end-systole"
VALUE = "18.25 % (typed)"


@pytest.mark.parametrize("width", [180, 308, 480])
def test_no_name_of_a_bar_is_cut_and_its_value_has_room(application: Any, width: int) -> None:
    row = BarRow(name=NAME, text=VALUE, length=0.5)
    bars = BarsView(Theme("dark"), [row, row], two_sided=True)
    metrics = QFontMetrics(interface_font(SMALL_PX))
    lines = bars.name_lines(row, width)
    assert " ".join(line for line in lines if line) == NAME
    assert all(metrics.horizontalAdvance(line) <= width for line in lines)
    assert metrics.horizontalAdvance(lines[-1]) + metrics.horizontalAdvance(VALUE) < width
    plain = BarsView(Theme("dark"), [BarRow(name="Age", text="67", length=0.5)] * 2, two_sided=True)
    wanted = bars.height_at(width) - plain.height_at(width)
    assert wanted == 2 * (len(lines) - 1) * 18
    bars.deleteLater()
    plain.deleteLater()


def test_the_chart_takes_the_height_of_its_rows_at_the_width_that_it_is_given(application: Any) -> None:
    rows = [BarRow(name=NAME, text=VALUE, length=0.5)] * 7
    bars = BarsView(Theme("dark"), rows, two_sided=True)
    for width in (480, 200, 320):
        bars.resize(width, 10)
        QApplication.sendEvent(bars, QResizeEvent(QSize(width, 10), QSize()))
        assert bars.height() == bars.height_at(width)
    bars.deleteLater()
