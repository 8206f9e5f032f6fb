"""Deleting: exactly what goes, number or count typed, the password again, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from services.deletion_plan import DeletionPlan, is_typed, to_type
from services.keeping_words import plans_lines
from ui.controls import label, set_role
from ui.progress_line import ProgressLine
from ui.sheet_dialog import Sheet
from ui.task import Task

WIDTH, SEVERAL_WIDTH = 600, 760
MOST_HEIGHT, LEAST_HEIGHT, REST_HEIGHT = 220, 96, 460


class DeleteDialog(Sheet):
    """Lists all that goes; nothing goes before number (of several: their count) and password were typed."""

    confirmed = Signal(str, str, bool)  # what was typed, password, whether what was set aside goes too
    stop_asked = Signal()

    def __init__(self, plans: Sequence[DeletionPlan], parent: QWidget) -> None:
        super().__init__("", self.tr("Delete for good"), parent)
        self.plans = tuple(plans)
        self.set_title(self._question())
        self._busy = False
        self._width = WIDTH if len(self.plans) == 1 else min(SEVERAL_WIDTH, parent.width() - 48)
        self.setMinimumWidth(self._width)
        self._most = min(MOST_HEIGHT, max(LEAST_HEIGHT, parent.height() - REST_HEIGHT))
        set_role(self.yes, kind="danger")
        self.no.setFocus()
        self._build_list()
        self.with_set_aside = QCheckBox(self.tr("Delete also all records that were set aside"))
        self.with_set_aside.setVisible(bool(self.plans[0].set_aside))
        self.body.addWidget(self.with_set_aside)
        self._build_fields()
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)
        self.body.addWidget(self.line)
        self.body.addStretch(1)
        self.yes.clicked.connect(self._on_confirmed)
        self._on_typed()

    def _question(self) -> str:
        if len(self.plans) > 1:
            return self.tr("Delete records of {count} patients for good?").format(count=len(self.plans))
        if self.plans[0].whole:
            return self.tr("Delete this patient for good?")
        if len(self.plans[0].studies) == 1:
            return self.tr("Delete this study for good?")
        return self.tr("Delete {count} studies for good?").format(count=len(self.plans[0].studies))

    def _build_list(self) -> None:
        """List what goes, scrolled where it is much, and what stays out of reach, always in sight."""
        first, *rest = plans_lines(self.plans)
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
        area.setFixedHeight(min(self._most, column.heightForWidth(self._width - 60) + 12))
        self.body.addWidget(area)
        for line in rest:
            if not line.startswith("  "):
                self.body.addWidget(label(line, "warning", wrap=True))

    def _build_fields(self) -> None:
        grid = self.grid()
        several = len(self.plans) > 1
        self.typed = QLineEdit()
        self.typed.setAccessibleName(
            self.tr("How many patients") if several else self.tr("Number of the patient")
        )
        self.typed.setPlaceholderText(to_type(self.plans))
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(self.tr("Your password"))
        words = self.tr("Type how many patients") if several else self.tr("Type the patient's number")
        grid.addWidget(label(words, "muted"), 0, 0)
        grid.addWidget(self.typed, 0, 1)
        grid.addWidget(label(self.tr("Your password"), "muted"), 1, 0)
        grid.addWidget(self.password, 1, 1)
        for field in (self.typed, self.password):
            field.textEdited.connect(self._on_typed)

    def follow(self, task: Task) -> None:
        """Show how far a deletion is, where it is one of several; it can be stopped between two."""
        if len(self.plans) > 1:
            self.line.follow(task, self.tr("Deleting"))
            self.adjustSize()

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
    def _on_stop(self) -> None:
        self.line.stop.setEnabled(False)
        self.stop_asked.emit()

    @Slot()
    def _on_typed(self) -> None:
        held = any(plan.holds for plan in self.plans)
        right = is_typed(self.typed.text(), self.plans)
        self.yes.setEnabled(right and bool(self.password.text()) and not held)

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
