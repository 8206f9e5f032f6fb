"""How wide the columns of the worklist are: the name takes all room that the others do not need."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QTableView

from ui.theme import interface_font
from ui.worklist_model import ID, NUMBER, PATIENT, PICTURE, SEX_AGE, STATUS, STUDY

_FIXED = {NUMBER: 46, PICTURE: 56, SEX_AGE: 96}
_LEAST_AND_MOST = {
    STUDY: (154, 300),
    STATUS: (132, 240),
    ID: (84, 150),
}  # in the order in which they give way
_LOOKED_AT = 200  # rows: the first ones say what is needed
_MARGIN = {STATUS: 38}


class Columns(QObject):
    """Divides the width of the table, until somebody divides it by hand."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table, self._header = table, table.horizontalHeader()
        self._fitting = False
        self._by_hand = False
        for column, width in _FIXED.items():
            table.setColumnWidth(column, width)
        for column in (NUMBER, PICTURE):
            self._header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._header.setSectionResizeMode(PATIENT, QHeaderView.ResizeMode.Stretch)
        self._header.sectionResized.connect(self._on_section_resized)
        table.viewport().installEventFilter(self)

    def fit(self) -> None:
        """Give each column what its words need, and where that is too much, make the widest give way."""
        if self._by_hand:
            return
        need = {column: self._need(column) for column in (*_LEAST_AND_MOST, PATIENT)}
        widths = {
            column: max(least, min(most, need[column])) for column, (least, most) in _LEAST_AND_MOST.items()
        }
        room = self._table.viewport().width() - sum(_FIXED.values())
        short = need[PATIENT] + sum(widths.values()) - room
        for column, (least, _most) in _LEAST_AND_MOST.items():
            given = max(0, min(short, widths[column] - least))
            widths[column] -= given
            short -= given
        self._fitting = True
        for column, width in widths.items():
            self._table.setColumnWidth(column, width)
        self._fitting = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Divide anew when the table changes its width."""
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return super().eventFilter(watched, event)

    def _need(self, column: int) -> int:
        metrics = QFontMetrics(interface_font(bold=column == PATIENT))
        model = self._table.model()
        texts = [
            str(model.index(row, column).data() or "") for row in range(min(model.rowCount(), _LOOKED_AT))
        ]
        heading = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        words = max((metrics.horizontalAdvance(text) for text in (heading, *texts)), default=0)
        return words + _MARGIN.get(column, 22)

    @Slot(int, int, int)
    def _on_section_resized(self, column: int, _before: int, _after: int) -> None:
        if not self._fitting and column in _LEAST_AND_MOST:
            self._by_hand = True
