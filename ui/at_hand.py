"""Which finding the answer keys act on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from ui.desk import Desk
from ui.finding_card import FindingCard


def at_hand(findings: Sequence[FindingCard], desk: Desk, focused: QWidget) -> FindingCard | None:
    """Return the finding at hand: the open one that has the focus, else the next open one.

    Where all are answered it is the one that has the focus, or the only one.
    """
    answerable = [card for card in findings if card.is_answerable]
    open_ones = [card for card in answerable if desk.decision(*card.key) is None]
    held = next((card for card in answerable if card.isAncestorOf(focused)), None)
    if held is None or held in open_ones:
        alone = answerable if len(answerable) == 1 else []
        return held or next(iter(open_ones or alone), None)
    behind = answerable[answerable.index(held) + 1 :]
    following = [card for card in behind if card in open_ones]
    return next(iter(following or open_ones or [held]))
