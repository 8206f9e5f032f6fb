"""Choosing a patient among the records: a line to search in, and who fits."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from core.errors import FarlightError
from services.record_facts import who
from services.workplace import Workplace
from store.records import PatientRow

MOST_SHOWN = 100
LIST_HEIGHT = 128


class PatientPicker(QWidget):
    """Shows the patients that fit what is typed; ``picked`` tells whom, None for nobody."""

    picked = Signal(object)

    def __init__(self, workplace: Workplace, without: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace, self._without = workplace, without
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the records by name, ID or birth date"))
        self.search.setAccessibleName(self.tr("Search the records"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Patients that fit"))
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.setProperty("people", True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.search.textChanged.connect(self._on_typed)
        self.search.installEventFilter(self)
        self.list.currentItemChanged.connect(self._on_chosen)
        self._on_typed("")

    def patient(self) -> PatientRow | None:
        """Return who is chosen, or None."""
        item = self.list.currentItem()
        row: PatientRow | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return row

    def choose(self, patient_id: int) -> None:
        """Choose the patient of that number."""
        wanted = self._workplace.records.patient(patient_id)
        self.search.setText((wanted.number or wanted.name) if wanted is not None else "")
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole).patient_id == patient_id:
                self.list.setCurrentRow(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Go from the line down into the list."""
        if (
            watched is self.search
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Down
            and self.list.count()
        ):
            self.list.setFocus()
            self.list.setCurrentRow(max(0, self.list.currentRow()))
            return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        self.list.clear()
        try:
            found = self._workplace.records.patients(text)
        except FarlightError:
            return  # the act that follows says what is wrong
        for row in [one for one in found if one.patient_id != self._without][:MOST_SHOWN]:
            item = QListWidgetItem(who(row))
            item.setData(Qt.ItemDataRole.UserRole, row)
            self.list.addItem(item)

    @Slot()
    def _on_chosen(self) -> None:
        self.picked.emit(self.patient())
