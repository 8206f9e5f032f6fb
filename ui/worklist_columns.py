"""How wide the columns of the worklist are: the name takes all room that the others do not need."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QTableView

from ui.theme import interface_font
from ui.two_lines import clipped
from ui.worklist_model import ID, NUMBER, PATIENT, PICTURE, SEX_AGE, STATUS, STUDY, WorklistModel

_FIXED = {NUMBER: 46, PICTURE: 56, SEX_AGE: 96}
_LEAST_AND_MOST = {
    STUDY: (154, 300),
    ID: (84, 150),
    STATUS: (160, 240),
}  # in the order in which they give way
_LOOKED_AT = 200  # rows: the first ones say what is needed
_MARGIN = {STATUS: 38}


class Columns(QObject):
    """Divides the width of the table, until somebody divides it by hand."""

    def __init__(self, table: QTableView, rows: WorklistModel) -> None:
        super().__init__(table)
        self._table, self._header, self._rows = table, table.horizontalHeader(), rows
        self._need = self._headings()
        self._fitting = False
        self._by_hand = False
        for column, width in _FIXED.items():
            table.setColumnWidth(column, width)
        for column in (NUMBER, PICTURE):
            self._header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._header.setSectionResizeMode(PATIENT, QHeaderView.ResizeMode.Stretch)
        self._header.sectionResized.connect(self._on_section_resized)
        table.viewport().installEventFilter(self)
        rows.rowsInserted.connect(self._on_rows_inserted)
        rows.dataChanged.connect(self._on_data_changed)
        rows.modelReset.connect(self._on_reset)

    def _fit(self) -> None:
        """Give each column what its words need, and where that is too much, make the widest give way."""
        if self._by_hand:
            return
        need = self._need
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
            self._fit()
        return super().eventFilter(watched, event)

    def _headings(self) -> dict[int, int]:
        """Return what each column needs for its heading alone."""
        return {
            column: _width(column, self._rows.headerData(column, Qt.Orientation.Horizontal))
            for column in (*_LEAST_AND_MOST, PATIENT)
        }

    def _measure(self, first: int, last: int) -> None:
        """Divide the width anew where one of these rows needs more than those before it."""
        grown = False
        for row in range(first, min(last + 1, _LOOKED_AT)):
            for column, need in self._need.items():
                wanted = _width(column, self._rows.index(row, column).data())
                if wanted > need:
                    self._need[column], grown = wanted, True
        if grown:
            self._fit()

    @Slot(QModelIndex, int, int)
    def _on_rows_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._measure(first, last)

    @Slot(QModelIndex, QModelIndex)
    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self._measure(first.row(), last.row())

    @Slot()
    def _on_reset(self) -> None:
        self._need = self._headings()

    @Slot(int, int, int)
    def _on_section_resized(self, column: int, _before: int, _after: int) -> None:
        if not self._fitting and column in _LEAST_AND_MOST:
            self._by_hand = True


def _width(column: int, text: object) -> int:
    """Return the width that a text needs in a column."""
    metrics = QFontMetrics(interface_font(bold=column == PATIENT))
    return metrics.horizontalAdvance(clipped(str(text or ""))) + _MARGIN.get(column, 22)
