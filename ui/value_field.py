"""One field of the patient form: a number or a choice, with its unit, range and help."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from core.form import FormField
from services.patient_form import read_typed
from ui.controls import label, set_role
from ui.still_controls import AskedComboBox

_WIDTH = 132


class ValueField(QObject):
    """Asks for one value; ``typed`` is what a person gave, while a value from elsewhere stands as a hint."""

    edited = Signal()
    returned = Signal()

    def __init__(self, field: FormField, grid: QGridLayout, row: int, parent: QObject) -> None:
        super().__init__(parent)
        self.field = field
        self._filling = False
        self._name = label(field.title, "muted", wrap=True)
        grid.addWidget(self._name, 2 * row, 0)
        self.control: QWidget = self._line() if field.kind == "number" else self._box()
        self.control.setAccessibleName(field.title)
        self.control.setAccessibleDescription(self.range_words())
        self.control.setToolTip("\n".join(part for part in (field.help, self.range_words()) if part))
        self.control.setFixedWidth(_WIDTH)
        grid.addWidget(self.control, 2 * row, 1)
        grid.addWidget(label(field.unit, "muted"), 2 * row, 2)
        self.note = label("", "small", wrap=True)
        self.note.hide()
        grid.addWidget(self.note, 2 * row + 1, 0, 1, 3)

    def _line(self) -> QLineEdit:
        self._line_edit = QLineEdit()
        self._line_edit.setMaxLength(16)
        self._line_edit.setPlaceholderText(f"{self.field.minimum:g} – {self.field.maximum:g}")
        self._line_edit.textChanged.connect(self._on_edited)
        self._line_edit.returnPressed.connect(self.returned)
        return self._line_edit

    def _box(self) -> QComboBox:
        self._combo = AskedComboBox()
        self._combo.returned.connect(self.returned)
        self._combo.addItem("–", None)
        for choice in self.field.choices:
            self._combo.addItem(choice.title, choice.value)
        self._combo.currentIndexChanged.connect(self._on_edited)
        return self._combo

    def range_words(self) -> str:
        """Return what may be given."""
        if self.field.kind == "choice":
            return ", ".join(choice.title for choice in self.field.choices)
        unit = f" {self.field.unit}" if self.field.unit else ""
        return f"{self.field.minimum:g} – {self.field.maximum:g}{unit}"

    def text(self) -> str:
        """Return what stands in the field, as written in files; "" where nothing was given."""
        if self.field.kind == "number":
            return self._line_edit.text().strip()
        return self._combo.currentData() or ""

    def set_text(self, text: str) -> None:
        """Put something into the field."""
        self._filling = True
        if self.field.kind == "number":
            self._line_edit.setText(text)
        else:
            self._combo.setCurrentIndex(max(0, self._combo.findData(text or None)))
        self._filling = False
        self.check()

    def read(self) -> tuple[float | str | None, str]:
        """Return the value, None where none was given, and what is wrong with it."""
        return read_typed(self.field, self.text()) if self.text() else (None, "")

    def check(self) -> str:
        """Mark the field where its value cannot be, and return the sentence."""
        wrong = self.read()[1]
        set_role(self.control, wrong=bool(wrong))
        return wrong

    def mark(self) -> None:
        """Mark the field, until its value is another, as one that a model cannot go on without."""
        set_role(self.control, wrong=True)

    def show_known(self, words: str) -> None:
        """Say under the field which value stands in where nothing is typed."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def lock(self, locked: bool) -> None:
        """Close or open the field."""
        self.control.setEnabled(not locked)

    @Slot()
    def _on_edited(self) -> None:
        if not self._filling:
            self.check()
            self.edited.emit()
