"""The scrolled page of the column: cards below one another, and beside them the forms where it is wide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

MARGIN = 14
_BETWEEN_CARDS = 12


class ColumnPage(QScrollArea):
    """Room for cards: ``cards`` is the one side, ``forms`` the other, which is empty beside an image."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._soon: tuple[QWidget, ...] = ()
        self.inner = QWidget()
        self._sides = QHBoxLayout(self.inner)
        self._sides.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._sides.setSpacing(2 * MARGIN)
        self.forms, self.cards = QVBoxLayout(), QVBoxLayout()
        for side in (self.forms, self.cards):
            side.setSpacing(_BETWEEN_CARDS)
            self._sides.addLayout(side)
        self.setWidget(self.inner)

    @property
    def is_wide(self) -> bool:
        """Whether the forms stand on a side of their own."""
        return bool(self.forms.count())

    def move_forms(self, forms: Sequence[QWidget], *, beside: bool) -> None:
        """Take forms to a side of their own, or from there; where they stand else is for the caller."""
        for form in forms:
            (self.cards if beside else self.forms).removeWidget(form)
        if beside:
            for form in forms:
                self.forms.addWidget(form)
            self.forms.addStretch(1)
        else:
            self.forms.takeAt(0)
        for side in range(2):
            self._sides.setStretch(side, int(beside))

    def to_top(self) -> None:
        """Show the first card."""
        self.verticalScrollBar().setValue(0)

    def show_whole(self, card: QWidget) -> None:
        """Bring a card into sight, its heading above all."""
        for edge in (card.geometry().bottom(), card.y()):
            self.ensureVisible(0, edge, 0, MARGIN)

    def show_soon(self, *parts: QWidget) -> None:
        """Bring parts that have just come into sight once they have their room, the last above all."""
        self._soon = parts
        QTimer.singleShot(0, self, self._show_soon)

    @Slot()
    def _show_soon(self) -> None:
        for part in self._soon:
            self.ensureWidgetVisible(part, 0, MARGIN)

    @Slot()
    def show_focused_soon(self) -> None:
        """Bring the field that has the focus into sight once it has its room: its line may just open."""
        QTimer.singleShot(0, self, self.show_focused)

    @Slot()
    def show_focused(self) -> None:
        """Bring the field that has the focus into sight."""
        field = self.window().focusWidget()
        if field is not None and self.inner.isAncestorOf(field):
            middle = field.mapTo(self.inner, field.rect().center()).y()
            self.ensureVisible(0, middle, 0, field.height() // 2 + MARGIN)
