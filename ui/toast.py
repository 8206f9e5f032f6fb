"""A sentence over the image that goes by itself: what a key just did, and how it is taken back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel, QWidget

LASTS_MS = 6000
ABOVE_BOTTOM_PX = 56
BESIDE_PX = 12


class Toast(QLabel):
    """Stands over its parent for a few seconds; takes neither focus nor clicks nor room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("toast", "calm")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LASTS_MS)
        self._timer.timeout.connect(self.clear_away)
        self._room = parent
        parent.installEventFilter(self)
        self.hide()

    def stand_over(self, room: QWidget) -> None:
        """Stand over another widget from now on."""
        if room is self._room:
            return
        self.clear_away()
        self._room.removeEventFilter(self)
        self._room = room
        room.installEventFilter(self)
        self.setParent(room)

    def say(self, text: str) -> None:
        """Show a sentence in place of the last one."""
        self.setText(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    @Slot()
    def clear_away(self) -> None:
        """Take it away."""
        self._timer.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay in place when the parent changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Take one line in the middle, or as many as the width of the parent asks for."""
        room = self._room
        self.setWordWrap(False)
        size = self.sizeHint()
        if size.width() > room.width() - 2 * BESIDE_PX:
            self.setWordWrap(True)
            size.setWidth(room.width() - 2 * BESIDE_PX)
            size.setHeight(self.heightForWidth(size.width()))
        self.resize(size)
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - ABOVE_BOTTOM_PX)
