"""What stands over the whole window while it is locked: nothing of it can be seen, and anybody may log in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.controls import KeyButton
from ui.door_page import DoorPage
from ui.log_in_form import LogInForm
from ui.theme import Theme

WIDTH = 420


class LockCover(QWidget):
    """An opaque cover as large as the window, with the form of logging in."""

    close_asked = Signal()

    def __init__(self, theme: Theme, wait_seconds: Callable[[str], float], window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAutoFillBackground(True)
        self._window = window
        page = DoorPage(theme, self.tr("Locked"), width=WIDTH)
        page.say(
            self.tr(
                "Everything is kept, and work in the background goes on. Anybody entered here may log in."
            )
        )
        self.form = LogInForm(self.tr("Log in"), wait_seconds)
        page.body.addWidget(self.form)
        leave = KeyButton(self.tr("Close Farlight"))
        leave.setToolTip(
            self.tr("Nothing is lost. Who forgot their password finds the way at the next start.")
        )
        leave.clicked.connect(self.close_asked)
        page.body.addWidget(leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(page)
        window.installEventFilter(self)
        self.hide()

    def cover(self) -> None:
        """Stand over the window, painted before this returns."""
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self.repaint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the window."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)
