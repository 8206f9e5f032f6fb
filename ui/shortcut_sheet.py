"""The sheet of keys, made from the one table."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.controls import label
from ui.shortcuts import TABLE, shown_key

COLUMNS = (("Reading", "Worklist"), ("Image", "Report"), ("Series", "Everywhere"))
_By = QAbstractSlider.SliderAction
SCROLLED_BY = {
    Qt.Key.Key_Down: _By.SliderSingleStepAdd, Qt.Key.Key_Up: _By.SliderSingleStepSub,
    Qt.Key.Key_PageDown: _By.SliderPageStepAdd, Qt.Key.Key_PageUp: _By.SliderPageStepSub,
    Qt.Key.Key_End: _By.SliderToMaximum, Qt.Key.Key_Home: _By.SliderToMinimum,
}  # fmt: skip


class ShortcutSheet(QWidget):
    """Lies over the window until Esc or a click."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Keys"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 12, 12, 10)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Keys"), "title"))
        head.addStretch(1)
        head.addWidget(label(self.tr("Esc closes this sheet"), "muted"))
        whole.addLayout(head)
        whole.addSpacing(4)
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 12, 0)
        row.setSpacing(24)
        for names in COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(3)
            for name in names:
                self._add_group(column, name)
            column.addStretch(1)
            row.addLayout(column, 1)
        self._scroll = scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole.addWidget(scroll, 1)
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Close on a click."""
        event.accept()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Scroll, where the window is too small for all keys."""
        act = SCROLLED_BY.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
        else:
            self._scroll.verticalScrollBar().triggerAction(act)

    def _add_group(self, column: QVBoxLayout, name: str) -> None:
        column.addWidget(label(self.tr(name).upper(), "heading"))
        rule = QFrame()
        rule.setProperty("rule", True)
        column.addWidget(rule)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        for number, key in enumerate(one for one in TABLE.values() if one.group == name):
            keys = QHBoxLayout()
            keys.setSpacing(4)
            for sequence in key.keys[:2]:
                if shown_key(sequence) in (shown_key(one) for one in key.keys[: key.keys.index(sequence)]):
                    continue
                chip = label(shown_key(sequence))
                chip.setProperty("part", "key")
                keys.addWidget(chip)
            keys.addStretch(1)
            grid.addLayout(keys, number, 0)
            words = label(key.translated, "body", wrap=True)
            words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            grid.addWidget(words, number, 1)
        column.addLayout(grid)
        column.addSpacing(4)
