"""What the lists of the window share: the table, how a row is drawn, the search field, a key on a button."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.shortcuts import tooltip
from ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 40


class RowDelegate(QStyledItemDelegate):
    """Draws the ground of a cell and the rule under it; whoever inherits draws what stands in it."""

    row_height = ROW_HEIGHT

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a row."""
        return QSize(super().sizeHint(option, index).width(), self.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        painter.save()
        rect = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, self.theme.color("selected" if chosen else "pane"))
        painter.setPen(QPen(self.theme.color("line"), 1))
        bottom = rect.bottom() - 0.5
        painter.drawLine(QPointF(rect.left(), bottom), QPointF(rect.right(), bottom))
        self.paint_content(painter, rect, index)
        painter.restore()

    def paint_content(self, painter: QPainter, rect: QRectF, index: Index) -> None:
        """Draw what stands in a cell."""
        raise NotImplementedError


def paint_dot(painter: QPainter, room: QRectF, color: QColor) -> None:
    """Draw the dot of a state at the left of some room, which is less by it afterwards."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(QRectF(room.left(), room.center().y() - 4, 8, 8))
    room.setLeft(room.left() + 17)


def make_search(name: str, words: str) -> QLineEdit:
    """Return a field to search a list with; ``words`` stand in it while it is empty."""
    search = QLineEdit()
    search.setPlaceholderText(words)
    search.setAccessibleName(name)
    search.setToolTip(tooltip("search"))
    search.setClearButtonEnabled(True)
    return search


def press_focused(page: QWidget) -> bool:
    """Press the button of a page that has the focus; returns False where none has."""
    focused = page.focusWidget()
    if not isinstance(focused, QAbstractButton) or not focused.hasFocus():
        return False
    focused.animateClick()
    return True


def make_table(name: str, row_height: int = ROW_HEIGHT) -> QTableView:
    """Return a table of rows to choose from, without a model."""
    table = QTableView()
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setWordWrap(False)
    table.setCornerButtonEnabled(False)
    down = table.verticalHeader()
    down.hide()
    down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    down.setDefaultSectionSize(row_height)
    across = table.horizontalHeader()
    across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    across.setHighlightSections(False)
    across.setFixedHeight(36)
    return table
