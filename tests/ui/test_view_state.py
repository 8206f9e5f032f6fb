"""Where image points stand in the view: zoom keeps the point under the hand, turns go round."""

import pytest
from PySide6.QtCore import QPointF, QSizeF

from core.image import Window
from ui.view_state import ViewState

IMAGE, VIEW = QSizeF(200, 100), QSizeF(400, 400)
START = ViewState(window=Window(center=128, width=255))


def test_fit_shows_the_whole_image() -> None:
    place = START.transform(IMAGE, VIEW).map(QPointF(0, 0))
    assert (place.x(), place.y()) == (0, 100)
    assert START.scale_in(IMAGE, VIEW) == 2.0


def test_a_turned_image_fits_by_its_turned_sides() -> None:
    assert START.turned(1).scale_in(IMAGE, VIEW) == 2.0
    assert START.turned(1).scale_in(IMAGE, QSizeF(100, 400)) == 1.0


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_zoom_keeps_the_point_under_the_hand(turns: int) -> None:
    state, hand = START.turned(turns), QPointF(250, 180)
    before = state.transform(IMAGE, VIEW).inverted()[0].map(hand)
    after = state.zoomed(3.0, hand, IMAGE, VIEW).transform(IMAGE, VIEW).inverted()[0].map(hand)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_a_pan_moves_the_image_with_the_hand() -> None:
    state = START.zoomed(4.0, QPointF(200, 200), IMAGE, VIEW)
    before = state.transform(IMAGE, VIEW).map(QPointF(100, 50))
    after = state.panned(QPointF(30, -20), IMAGE, VIEW).transform(IMAGE, VIEW).map(QPointF(100, 50))
    assert (after.x() - before.x(), after.y() - before.y()) == pytest.approx((30, -20))


def test_four_turns_are_none() -> None:
    assert START.turned(4) == START


def test_zoom_has_bounds() -> None:
    state = START
    for _ in range(60):
        state = state.zoomed(2.0, QPointF(200, 200), IMAGE, VIEW)
    assert state.scale == 40.0
