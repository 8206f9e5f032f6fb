"""What stands over the whole window while it is locked: nothing of it can be seen, and anybody may log in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.controls import KeyButton, label
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
        self.leave = KeyButton(self.tr("Close Farlight …"))
        self.leave.clicked.connect(self._on_leave)
        page.body.addWidget(self.leave)
        page.body.addWidget(self._build_question())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(page)
        window.installEventFilter(self)
        self.hide()

    def _build_question(self) -> QWidget:
        """Closing asks first: a password that is typed beside its field may press a button."""
        self.question = QWidget()
        column = QVBoxLayout(self.question)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(
            label(
                self.tr(
                    "Close Farlight? Nothing is lost. Who forgot their password finds the way at the next "
                    "start."
                ),
                "body",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(10)
        self.stay = KeyButton(self.tr("Stay"))
        self.stay.clicked.connect(self._on_stay)
        self.close_now = KeyButton(self.tr("Close it"))
        self.close_now.clicked.connect(self.close_asked)
        row.addWidget(self.stay, 1)
        row.addWidget(self.close_now, 1)
        column.addLayout(row)
        self.question.hide()
        return self.question

    @Slot()
    def _on_leave(self) -> None:
        self.leave.hide()
        self.question.show()
        self.stay.setFocus()

    @Slot()
    def _on_stay(self) -> None:
        self.question.hide()
        self.leave.show()
        self.form.password.setFocus()

    def cover(self) -> None:
        """Stand over the window, painted before this returns."""
        self.question.hide()
        self.leave.show()
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self.repaint()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # no bar to scroll at first sight

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the window."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)
