"""What the screens before the window share: a narrow column in the middle, with the name above."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from ui.controls import Card, KeyButton, label
from ui.theme import Theme

WIDTH = 520


class Brand(QWidget):
    """The name of the program."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._words = label("", "brand")
        self._words.setTextFormat(Qt.TextFormat.RichText)
        row.addWidget(self._words)
        row.addStretch(1)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @Slot()
    def _on_theme_changed(self) -> None:
        accent = self._theme.color("accent").name()
        self._words.setText(f'Far<span style="color:{accent}">light</span>')


class DoorPage(QScrollArea):
    """One screen: a title, a body that scrolls where the screen is low, and a line for what is wrong."""

    def __init__(
        self, theme: Theme, title: str, parent: QWidget | None = None, *, width: int = WIDTH
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        outer = QVBoxLayout(inner)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.addStretch(1)
        self._column = QVBoxLayout()
        self._column.setSpacing(10)
        holder = QWidget()
        holder.setFixedWidth(width)
        holder.setLayout(self._column)
        self._column.setContentsMargins(0, 0, 0, 0)
        middle = QHBoxLayout()  # no alignment: it would take the labels' height for their width away
        middle.addStretch(1)
        middle.addWidget(holder)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(1)
        self._column.addWidget(Brand(theme))
        card = Card()
        card.body.setContentsMargins(24, 20, 24, 22)
        card.body.setSpacing(10)
        self.title = label(title, "title", wrap=True)
        card.body.addWidget(self.title)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        card.body.addLayout(self.body)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        card.body.addWidget(self.wrong)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(10)
        card.body.addLayout(self.foot)
        self._column.addWidget(card)
        self.setWidget(inner)

    def say(self, text: str, role: str = "muted") -> None:
        """Add a sentence."""
        self.body.addWidget(label(text, role, wrap=True))

    def grid(self) -> QGridLayout:
        """Return a fresh grid of names and fields in the body."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 150)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        return grid

    def act(self, text: str, *, primary: bool = False) -> KeyButton:
        """Add a button to the foot, from left to right."""
        button = KeyButton(text, kind="primary" if primary else "")
        self.foot.addWidget(button)
        return button

    def tell(self, text: str) -> None:
        """Show what is wrong."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        if text:
            self.ensureWidgetVisible(self.wrong)


def field_in(grid: QGridLayout, row: int, name: str, field: QLineEdit, hint: str = "") -> None:
    """Place a field with its name before it."""
    field.setPlaceholderText(hint)
    field.setAccessibleName(name)
    grid.addWidget(label(name, "muted"), row, 0)
    grid.addWidget(field, row, 1)
