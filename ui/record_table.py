"""How a row of the records is drawn: the name bold, the state with its dot and word."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from ui.list_table import Index, RowDelegate, paint_dot
from ui.records_model import ID, LINE_ROLE, PATIENT, STATE, RecordLine
from ui.theme import interface_font
from ui.two_lines import in_two_lines, paint_lines

_TINTS = {"to_read": "muted", "draft": "warning", "signed": "accent"}


class RecordDelegate(RowDelegate):
    """Draws a cell of the records."""

    def paint_content(self, painter: QPainter, rect: QRectF, index: Index) -> None:
        """Draw the words of a cell."""
        room = rect.adjusted(10, 0, -8, -1)
        line: RecordLine = index.data(LINE_ROLE)
        tint = "ink"
        if index.column() == STATE and line.study is not None:
            tint = _TINTS[line.study.state]
            paint_dot(painter, room, self.theme.color(tint))
        elif line.study is None and index.column() != PATIENT:
            tint = "muted"
        painter.setFont(interface_font(bold=index.column() == PATIENT))
        painter.setPen(self.theme.color(tint))
        cut = Qt.TextElideMode.ElideMiddle if index.column() == ID else Qt.TextElideMode.ElideRight
        if index.column() == PATIENT:
            paint_lines(
                painter, room, in_two_lines(index.data() or "", painter.fontMetrics(), int(room.width()))
            )
            return
        text = painter.fontMetrics().elidedText(index.data() or "", cut, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
