"""Choices, numbers, days and sliders that a wheel passing over them does not turn: it scrolls the page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QDate, QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDateEdit, QSlider, QSpinBox, QWidget


class StillComboBox(QComboBox):
    """A list to choose from by click or key; the wheel turns the list while it is open, never the choice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the page."""
        event.ignore()


class AskedComboBox(StillComboBox):
    """A list in a form: a letter chooses what begins with it, and Enter goes to the next field."""

    returned = Signal()

    def event(self, event: QEvent) -> bool:
        """Take letters before the window's own keys do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
            if event.text().isalnum() and not event.modifiers() & held:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go on at Enter; what is chosen stands already."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.accept()
            self.returned.emit()
        else:
            super().keyPressEvent(event)


class StillSpinBox(QSpinBox):
    """A number that the wheel turns only where it was clicked, or reached by Tab, before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn the number at hand; else leave the wheel to the page."""
        _turn_at_hand(self, super().wheelEvent, event)


class StillDateEdit(QDateEdit):
    """A day that the wheel turns only where it was clicked, or reached by Tab, before."""

    def __init__(self, day: QDate, parent: QWidget | None = None) -> None:
        super().__init__(day, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn the day at hand; else leave the wheel to the page."""
        _turn_at_hand(self, super().wheelEvent, event)


class StillSlider(QSlider):
    """A slider that the wheel moves only where it was clicked, or reached by Tab, before."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Move the slider at hand; else leave the wheel to the page."""
        _turn_at_hand(self, super().wheelEvent, event)


def _turn_at_hand(control: QWidget, turn: Callable[[QWheelEvent], None], event: QWheelEvent) -> None:
    """Turn a control that has the focus; else leave the wheel to the page."""
    if control.hasFocus():
        turn(event)
    else:
        event.ignore()
