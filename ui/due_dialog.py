"""The patients whose records have been kept for as long as the clinic chose."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from services.retention import Due
from ui.controls import label
from ui.sheet_dialog import Sheet

WIDTH, HEIGHT = 860, 360
ROW_HEIGHT = 36


class DueDialog(Sheet):
    """Lists who is due; nothing is deleted here, one patient at a time is opened."""

    patient_chosen = Signal(int)

    def __init__(self, due: Sequence[Due], parent: QWidget) -> None:
        super().__init__(self.tr("Records that are due"), self.tr("Show what is kept …"), parent)
        self.setMinimumWidth(WIDTH)
        self.body.addWidget(
            label(
                self.tr(
                    "These records have been kept for as long as the settings say. Nothing is deleted by "
                    "itself: look at each patient, then delete, hold or leave the records."
                ),
                "muted",
                wrap=True,
            )
        )
        self.table = self._build_table(due)
        self.body.addWidget(self.table)
        self.empty = label(self.tr("Nobody's records are due."), "body")
        self.body.addWidget(self.empty)
        self.empty.setVisible(not due)
        self.table.setVisible(bool(due))
        self.yes.clicked.connect(self._on_chosen)
        self.yes.setEnabled(bool(due))

    def _build_table(self, due: Sequence[Due]) -> QTableWidget:
        names = (
            self.tr("Patient"), self.tr("ID"), self.tr("Born"), self.tr("Last entry"), self.tr("Due since"),
            self.tr("Studies"), self.tr("Signed"), "",
        )  # fmt: skip
        table = QTableWidget(len(due), len(names))
        table.setHorizontalHeaderLabels([name.upper() for name in names])
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAccessibleName(self.tr("Records that are due"))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.setShowGrid(False)
        table.setFixedHeight(HEIGHT)
        for row, one in enumerate(due):
            cells = (
                one.name, one.number, one.birth_date, one.last.isoformat(), one.due_on.isoformat(),
                str(one.studies), str(one.reports), self.tr("held") if one.held else "",
            )  # fmt: skip
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, one.patient_id)
                table.setItem(row, column, item)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        if due:
            table.selectRow(0)
        table.doubleClicked.connect(self._on_chosen)
        return table

    @Slot()
    def _on_chosen(self) -> None:
        item = self.table.item(self.table.currentRow(), 0)
        if item is not None:
            self.patient_chosen.emit(item.data(Qt.ItemDataRole.UserRole))
