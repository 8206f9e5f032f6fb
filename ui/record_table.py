"""How tables of records look: rows to click, a rule under each, the state with its dot and word."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.records_model import ID, LINE_ROLE, PATIENT, STATE, RecordLine
from ui.theme import Theme, interface_font
from ui.two_lines import in_two_lines, paint_lines

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 40
_TINTS = {"to_read": "muted", "draft": "warning", "signed": "accent"}


class RecordDelegate(QStyledItemDelegate):
    """Draws a cell of the records."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a row."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        painter.save()
        rect = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, self._theme.color("selected" if chosen else "pane"))
        painter.setPen(QPen(self._theme.color("line"), 1))
        bottom = rect.bottom() - 0.5
        painter.drawLine(QPointF(rect.left(), bottom), QPointF(rect.right(), bottom))
        self._paint_words(painter, rect.adjusted(10, 0, -8, -1), index)
        painter.restore()

    def _paint_words(self, painter: QPainter, room: QRectF, index: Index) -> None:
        line: RecordLine = index.data(LINE_ROLE)
        tint = "ink"
        if index.column() == STATE and line.study is not None:
            tint = _TINTS[line.study.state]
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color(tint))
            painter.drawEllipse(QRectF(room.left(), room.center().y() - 4, 8, 8))
            room.setLeft(room.left() + 17)
        elif line.study is None and index.column() != PATIENT:
            tint = "muted"
        painter.setFont(interface_font(bold=index.column() == PATIENT))
        painter.setPen(self._theme.color(tint))
        cut = Qt.TextElideMode.ElideMiddle if index.column() == ID else Qt.TextElideMode.ElideRight
        if index.column() == PATIENT:
            paint_lines(
                painter, room, in_two_lines(index.data() or "", painter.fontMetrics(), int(room.width()))
            )
            return
        text = painter.fontMetrics().elidedText(index.data() or "", cut, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


def make_table(name: str) -> QTableView:
    """Return a table of rows to choose from, without a model."""
    table = QTableView()
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setWordWrap(False)
    table.setCornerButtonEnabled(False)
    down = table.verticalHeader()
    down.hide()
    down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    down.setDefaultSectionSize(ROW_HEIGHT)
    across = table.horizontalHeader()
    across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    across.setHighlightSections(False)
    across.setFixedHeight(36)
    return table
