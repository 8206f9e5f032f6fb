"""A row of widgets that goes on in the next line where the width ends, as words do."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """Lays its widgets out in lines; hidden ones take no room, and the last ``tail`` stand at the right."""

    def __init__(self, parent: QWidget | None = None, *, tail: int = 0) -> None:
        super().__init__(parent)
        self._tail = tail
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Take an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Return an item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Give an item away, or None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return that no more height is wanted than the lines need."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of all lines."""
        return self._lay_out(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size in one line."""
        sizes = [item.sizeHint() for item in self._shown()]
        margins = self.contentsMargins()
        wide = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        tall = max((size.height() for size in sizes), default=0)
        return QSize(wide, tall).grownBy(margins)

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the widest widget."""
        sizes = [item.minimumSize() for item in self._shown()]
        wide, tall = (
            max(side, default=0) for side in zip(*((s.width(), s.height()) for s in sizes), strict=True)
        )
        return QSize(wide, tall).grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """Place the widgets."""
        super().setGeometry(rect)
        self._lay_out(rect, move=True)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        """Return the items line by line; those at the end stay together."""
        shown = self._shown()
        tail = shown[-self._tail :] if self._tail else []
        tail_wide = sum(item.sizeHint().width() for item in tail) + self.spacing() * max(0, len(tail) - 1)
        lines: list[list[QLayoutItem]] = [[]]
        used = 0
        for item in shown:
            wide = item.sizeHint().width()
            if lines[-1] and used + (tail_wide if tail and item is tail[0] else wide) > width:
                lines.append([])
                used = 0
            lines[-1].append(item)
            used += wide + self.spacing()
        return lines

    def _lay_out(self, rect: QRect, *, move: bool) -> int:
        room = rect.marginsRemoved(self.contentsMargins())
        top = room.top()
        last = self._shown()[-self._tail :] if self._tail else []
        for line in self._lines(room.width()):
            left, tall = room.left(), max((item.sizeHint().height() for item in line), default=0)
            end = [item for item in line if item in last]
            wide = sum(item.sizeHint().width() + self.spacing() for item in end) - self.spacing()
            for item in line:
                if end and item is end[0]:
                    left = max(left, room.right() + 1 - wide)
                if move:
                    item.setGeometry(QRect(left, top, item.sizeHint().width(), tall))
                left += item.sizeHint().width() + self.spacing()
            top += tall + self.spacing()
        return top - self.spacing() - rect.top() + self.contentsMargins().bottom()
