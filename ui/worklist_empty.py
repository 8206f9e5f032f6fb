"""The worklist without studies: it says how to begin, and offers the sample."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.controls import IconLabel, KeyButton, label
from ui.theme import Theme

HINT_WIDTH = 540


class EmptyWorklist(QWidget):
    """Says how to begin, and offers the sample."""

    sample_asked = Signal()
    open_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(2)
        icon = IconLabel(theme, "usb", "muted", 40)
        column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        self._title = label(self.tr("Plug in a stick with images"), "title")
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._title)
        self._hint = label(
            self.tr(
                "Its studies are listed here by themselves. Or drop files and folders on this window, "
                "or open them from the disk. Farlight reads DICOM, PNG, JPEG, TIFF, BMP, NIfTI and slide "
                "images; nothing leaves this computer."
            ),
            "muted",
            wrap=True,
        )
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._hint.setFixedWidth(HINT_WIDTH)
        self._hint.setMinimumHeight(3 * 24)
        column.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        self.open = KeyButton(self.tr("Open …"), "open")
        self.open.clicked.connect(self.open_asked)
        self.sample = KeyButton(self.tr("Try it on the sample"))
        self.sample.setToolTip(self.tr("A drawn chest X-ray of an invented patient"))
        self.sample.clicked.connect(self.sample_asked)
        row.addWidget(self.open)
        row.addWidget(self.sample)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(8)
        self.estimate = KeyButton(self.tr("Estimate without an image …"), "estimate")
        column.addWidget(self.estimate, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
