"""The small window that says why Farlight does not start."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from ui.controls import IconLabel, KeyButton, label
from ui.theme import Theme


class RefusedStart(QWidget):
    """One sentence, what to do, and a button."""

    LASTS_MS = 30_000

    def __init__(self, theme: Theme, error: FarlightError) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Farlight")
        self.setFixedWidth(460)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(IconLabel(theme, "info", "warning", 22), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(error.title, "title", wrap=True), 1)
        column.addLayout(row)
        column.addWidget(label(error.hint, "muted", wrap=True))
        close = KeyButton(self.tr("Close"))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column.addLayout(foot)
        self.adjustSize()
        middle = self.screen().availableGeometry().center()
        self.move(middle - self.rect().center())
