"""The way that Tab goes."""

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def order_stops(cards: Iterable[QWidget]) -> None:
    """Have Tab go through the cards in this order, and within a card in the order in which it was built."""
    stops = [stop for card in cards for stop in _stops(card)]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _stops(card: QWidget) -> list[QWidget]:
    """Return what Tab stops at in a card; the list that a box drops down is a window of its own."""
    parts = [card, *card.findChildren(QWidget)]
    window = card.window()
    return [
        part for part in parts if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.window() is window
    ]
