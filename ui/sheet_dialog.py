"""What the dialogs of signing share: a sheet with a title and two buttons, and a field for a PIN."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.controls import KeyButton, label

LEAST_PIN, MOST_PIN = 4, 12
WIDTH = 520


class PinField(QLineEdit):
    """Takes digits and shows dots."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setValidator(QRegularExpressionValidator(QRegularExpression(f"[0-9]{{0,{MOST_PIN}}}"), self))
        self.setAccessibleName(name)
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)


class Sheet(QDialog):
    """A dialog over the window with a title, a body and two buttons at its ``foot``."""

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
        self.no.setAutoDefault(False)
        self.no.clicked.connect(self.reject)
        self.yes = KeyButton(act, kind="primary")
        self.yes.setDefault(True)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        self.column.addLayout(row)

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

    def tell(self, text: str) -> None:
        """Show what is wrong."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        self.adjustSize()
