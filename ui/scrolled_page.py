"""A page that is a column of cards in the middle and scrolls."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget


class ScrolledPage(QWidget):
    """Holds ``column``, at most ``width`` wide."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        inner = QWidget()
        side = QHBoxLayout(inner)
        side.setContentsMargins(18, 16, 18, 18)
        holder = QWidget()
        holder.setMaximumWidth(width)
        self.column = QVBoxLayout(holder)
        self.column.setSpacing(12)
        side.addStretch(1)
        side.addWidget(holder, 20)
        side.addStretch(1)
        area.setWidget(inner)
        whole.addWidget(area)
