"""A page that is a column of cards in the middle and scrolls."""

from PySide6.QtCore import QSize
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
        inner = _Inner()
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


class _Inner(QWidget):
    """Is as high as its texts are at its width: as they are at the least width would leave a gap."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width, and the height at the present one."""
        least = super().minimumSizeHint()
        layout = self.layout()
        return QSize(least.width(), layout.heightForWidth(self.width()) if layout else least.height())
