"""Deleting a patient: exactly what goes, the number typed, the password again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from services.deletion_plan import DeletionPlan
from services.keeping_words import plan_lines
from ui.controls import label, set_role
from ui.sheet_dialog import Sheet

WIDTH = 600
MOST_HEIGHT = 220


class DeleteDialog(Sheet):
    """Lists all that goes; nothing goes before number and password were typed."""

    confirmed = Signal(str, str, bool)  # typed number, password, whether what was set aside goes too

    def __init__(self, plan: DeletionPlan, parent: QWidget) -> None:
        super().__init__(self.tr("Delete this patient for good?"), self.tr("Delete for good"), parent)
        self.plan = plan
        self._busy = False
        self.setMinimumWidth(WIDTH)
        set_role(self.yes, kind="danger")
        self.yes.setAutoDefault(False)
        self.yes.setDefault(False)
        self.no.setFocus()
        self._build_list(plan)
        self.with_set_aside = QCheckBox(self.tr("Delete also all records that were set aside"))
        self.with_set_aside.setVisible(bool(plan.set_aside))
        self.body.addWidget(self.with_set_aside)
        grid = self.grid()
        self.typed = QLineEdit()
        self.typed.setAccessibleName(self.tr("Number of the patient"))
        self.typed.setPlaceholderText(plan.typed)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(self.tr("Your password"))
        grid.addWidget(label(self.tr("Type the number"), "muted"), 0, 0)
        grid.addWidget(self.typed, 0, 1)
        grid.addWidget(label(self.tr("Your password"), "muted"), 1, 0)
        grid.addWidget(self.password, 1, 1)
        self.body.addStretch(1)
        for field in (self.typed, self.password):
            field.textEdited.connect(self._on_typed)
        self.yes.clicked.connect(self._on_confirmed)
        self._on_typed()

    def _build_list(self, plan: DeletionPlan) -> None:
        """List what goes, scrolled where it is much, and what stays out of reach, always in sight."""
        first, *rest = plan_lines(plan)
        self.body.addWidget(label(first, "strong", wrap=True))
        holder = QWidget()
        holder.setObjectName("page")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(4)
        for line in rest:
            if line.startswith("  "):
                column.addWidget(label(f"–  {line.strip()}", "body", wrap=True))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        area.setFixedHeight(min(MOST_HEIGHT, column.heightForWidth(WIDTH - 60) + 4))
        self.body.addWidget(area)
        for line in rest:
            if not line.startswith("  "):
                self.body.addWidget(label(line, "warning", wrap=True))

    def refuse(self, text: str) -> None:
        """Say why nothing was deleted; the number stays, the password is asked for again."""
        self._set_busy(False)
        self.tell(text)
        self.password.clear()
        self.password.setFocus()
        self._on_typed()

    def reject(self) -> None:
        """Go back; while it is being deleted, only out of sight (the window may be locked meanwhile)."""
        if self._busy:
            self.hide()
        else:
            super().reject()

    def done_deleting(self) -> None:
        """Close: it has ended."""
        self._busy = False
        self.accept()

    @Slot()
    def _on_typed(self) -> None:
        typed = " ".join(self.typed.text().casefold().split())
        right = typed == " ".join(self.plan.typed.casefold().split())
        self.yes.setEnabled(right and bool(self.password.text()) and not self.plan.holds)

    @Slot()
    def _on_confirmed(self) -> None:
        self._set_busy(True)
        self.tell("")
        self.confirmed.emit(self.typed.text(), self.password.text(), self.with_set_aside.isChecked())

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        parts: tuple[QWidget, ...] = (self.yes, self.no, self.typed, self.password, self.with_set_aside)
        for part in parts:
            part.setEnabled(not busy)
        self.yes.set_words(self.tr("Deleting …") if busy else self.tr("Delete for good"))
