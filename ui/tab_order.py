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
    return [part for part in card.findChildren(QWidget) if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
