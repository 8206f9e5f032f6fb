"""A page that is a column of cards in the middle and scrolls."""

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget


class ScrolledPage(QWidget):
    """Holds ``column``, at most ``width`` wide."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._area = area = _StayingArea()
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

    def bring_into_sight(self, part: QWidget) -> None:
        """Scroll as far as a part, once it has its room: what was just said must be seen."""
        QTimer.singleShot(0, part, lambda: self._area.ensureWidgetVisible(part))


class _StayingArea(QScrollArea):
    """Stays where it is when the button that was pressed is switched off or taken away.

    Qt hands the focus to whatever follows then and scrolls there, away from what the button's act says. Here
    the focus waits, and goes back to the button as soon as it can be pressed again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waits: QWidget | None = None

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Go on where somebody pressed Tab; else let the focus wait."""
        focused = self.window().focusWidget()
        if focused is None or focused is self or (focused.isEnabled() and focused.isVisible()):
            return super().focusNextPrevChild(forward)
        if self._waits is not None:
            self._waits.removeEventFilter(self)
        self._waits = focused
        focused.installEventFilter(self)
        focused.destroyed.connect(self._on_gone)
        self.setFocus()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Give the focus back."""
        back = event.type() in (QEvent.Type.EnabledChange, QEvent.Type.Show)
        if back and watched is self._waits and self._waits.isEnabled():
            waits, self._waits = self._waits, None
            waits.removeEventFilter(self)
            if self.window().focusWidget() in (self, None):
                waits.setFocus()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_gone(self) -> None:
        self._waits = None


class _Inner(QWidget):
    """Is as high as its texts are at its width: as they are at the least width would leave a gap."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width, and the height at the present one."""
        least = super().minimumSizeHint()
        layout = self.layout()
        return QSize(least.width(), layout.heightForWidth(self.width()) if layout else least.height())
