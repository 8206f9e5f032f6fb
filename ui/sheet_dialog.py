"""What the dialogs of signing share: a sheet with a title and two buttons, and a field for a PIN."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent, QRegularExpressionValidator, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui.controls import KeyButton, is_enter, label, line_in

LEAST_PIN, MOST_PIN = 4, 12
WIDTH = 520
LEAST_HEIGHT, LEAST_BODY, FRAME, BAR = 380, 120, 40, 12


class PinField(QLineEdit):
    """Takes digits and shows dots."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setValidator(QRegularExpressionValidator(QRegularExpression(f"[0-9]{{0,{MOST_PIN}}}"), self))
        self.setAccessibleName(name)
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)


class PlainDialog(QDialog):
    """A dialog in which Enter presses the button that has the focus, and no other."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take what no button and no field took: Enter goes on where that is harmless."""
        if not is_enter(event):
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.on_enter()

    def on_enter(self) -> None:
        """Do nothing: Enter was pressed where no button has the focus."""


class Scrolled(QScrollArea):
    """Scrolls up and down, never sideways; what it holds keeps its own height where there is room."""

    def __init__(self, held: QWidget) -> None:
        super().__init__()
        self._held = held
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(held)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least size: the dialog gives what is wanted, where it has it."""
        return QSize(LEAST_BODY, LEAST_BODY)

    def wanted(self, width: int) -> int:
        """Return the height of what is held at a width."""
        tall = self._held.heightForWidth(width)
        return tall if tall > 0 else self._held.sizeHint().height()


class Sheet(PlainDialog):
    """A dialog over the window with a title, a body and two buttons at its ``foot``.

    ``enter_acts`` is whether Enter in a field does what the dialog is for. It is off unless that is harmless:
    what deletes, moves, merges, replaces or records goes by its own button.
    """

    enter_acts = False

    def __init__(self, title: str, act: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setMinimumWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(22, 20, 22, 20)
        self.column.setSpacing(12)
        self._title = label(title, "title")
        self.column.addWidget(self._title)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.column.addLayout(self.body)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        self.column.addWidget(self.wrong)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.foot = row
        row.addStretch(1)
        self.no = KeyButton(self.tr("Back"))
        self.no.clicked.connect(self.reject)
        self.yes = KeyButton(act, kind="primary")
        row.addWidget(self.no)
        row.addWidget(self.yes)
        self.column.addLayout(row)
        self._scrolled: Scrolled | None = None

    def scroll_body(self) -> None:
        """Scroll the body where the window is lower than it; title and buttons stay in sight."""
        holder = QWidget()
        holder.setObjectName("page")
        self.column.removeItem(self.body)
        self.body.setParent(None)
        self.body.setContentsMargins(2, 2, 10, 2)
        holder.setLayout(self.body)
        self._scrolled = Scrolled(holder)
        self.column.insertWidget(1, self._scrolled, 1)

    def ask_below(self, name: str, hint: str) -> QLineEdit:
        """Return a line that is asked for in any case, in sight also while the body is scrolled."""
        holder = QWidget()
        holder.setObjectName("page")
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        field = line_in(grid, 0, name, hint)
        self.stand_below(holder)
        return field

    def stand_below(self, told: QWidget) -> None:
        """Have what will happen stand in sight, also while the body is scrolled."""
        self.column.insertWidget(self.column.indexOf(self.wrong), told)

    def adjustSize(self) -> None:  # noqa: N802 - Qt's name
        """Be as tall as the body wants, and no taller than the window that the dialog stands over."""
        if self._scrolled is None:
            super().adjustSize()
            return
        self.column.activate()
        margins = self.column.contentsMargins()
        inner = self.width() - margins.left() - margins.right()
        whole = self.column.totalHeightForWidth(self.width())
        rest = (whole if whole > 0 else self.column.totalSizeHint().height()) - LEAST_BODY
        self.resize(self.width(), min(rest + self._scrolled.wanted(inner - BAR), self._most_height()))

    def fit(self) -> None:
        """Be as tall as is wanted now, where the dialog is in sight."""
        if self.isVisible():
            self.adjustSize()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Fit before it is seen."""
        if self._scrolled is not None:
            self.adjustSize()
        super().showEvent(event)
        if self._scrolled is not None:
            QTimer.singleShot(0, self, self._grow)

    @Slot()
    def _grow(self) -> None:
        """Take what the body still lacks, now that the style has given every part its font."""
        if self._scrolled is not None:
            lacking = self._scrolled.verticalScrollBar().maximum()
            self.resize(self.width(), min(self.height() + lacking, self._most_height()))

    def _most_height(self) -> int:
        over = self.parentWidget()
        room = self.screen().availableGeometry().height()
        if over is not None:
            room = min(room, over.window().height())
        return max(LEAST_HEIGHT, room - FRAME)

    def on_enter(self) -> None:
        """Go on where that is harmless."""
        if self.enter_acts:
            self.yes.click()

    def set_title(self, title: str) -> None:
        """Say what the dialog asks, where that is not known before it is built."""
        self.setWindowTitle(title)
        self._title.setText(title)

    def grid(self) -> QGridLayout:
        """Return a fresh grid in the body."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        return grid

    def reserve_complaint(self) -> None:
        """Keep the room of one line for what may be wrong: fields stay where they are when it comes."""
        room = self.wrong.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.wrong.setSizePolicy(room)
        self.wrong.setMinimumHeight(self.wrong.fontMetrics().height() + 4)

    def tell(self, text: str) -> None:
        """Show what is wrong."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        self.adjustSize()
