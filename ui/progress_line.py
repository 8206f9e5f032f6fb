"""A bar with words and time left, and a button that stops the work at once."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from services.progress import Progress as Report
from services.time_left import TimeLeft
from ui import words
from ui.controls import KeyButton, label
from ui.task import Task


class ProgressLine(QWidget):
    """Shows how far a task is; hidden while there is none."""

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        self.words = label("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = KeyButton(self.tr("Stop"))
        self.stop.clicked.connect(self.stop_asked)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.stop)
        column.addLayout(row)
        column.addWidget(self.bar)
        self._left = TimeLeft()
        self._name = ""
        self._task: Task | None = None
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._on_late)
        self.hide()

    def follow(self, task: Task, name: str, *, after_ms: int = 0) -> None:
        """Show this task until it ends, at once or where it takes longer; the one before is let go."""
        self._name, self._left = name, TimeLeft()
        self._task = task
        self.words.setText(name)
        self.bar.setRange(0, 0)
        self.stop.setEnabled(True)
        task.delivered.connect(self._on_told)
        task.ended.connect(self._on_ended)
        if after_ms:
            self._late.start(after_ms)
        else:
            self.show()

    @Slot()
    def _on_late(self) -> None:
        self.setVisible(self._task is not None)

    @Slot()
    def _on_ended(self) -> None:
        if self.sender() is self._task:
            self._task = None
            self._late.stop()
            self.hide()

    @Slot(object)
    def _on_told(self, told: Report) -> None:
        total = told.total or 0
        if total:
            self._left.hear(told.done, total, at=time.monotonic(), work=told.stage)
        self.bar.setRange(0, total)
        self.bar.setValue(min(told.done, total))
        self.words.setText(self._words_of(told, total))
        if told.stage == "wiping":
            self.stop.setEnabled(False)

    def _words_of(self, told: Report, total: int) -> str:
        stages = {
            "reading": self.tr("Taking the records as they are now"),
            "checking": self.tr("Checking what was written"),
            "copying": self.tr("Copying and reading back"),
            "verifying": self.tr("Reading the backup"),
            "restoring": self.tr("Bringing the backup onto this computer"),
            "salvaging": self.tr("Looking at every page"),
            "unpacking": self.tr("Unpacking"),
            "trying": self.tr("Trying the model in a process of its own"),
            "rows": self.tr("Looking at the rows: {done} of {total}"),
            "keeping": self.tr("Reading in: {done} of {total} people"),
            "looking": self.tr("Looking at what goes: {done} of {total}"),
            "deleting": self.tr("Deleting: {done} of {total} are gone"),
            "wiping": self.tr("Wiping what is left on the disk (this cannot be stopped)"),
        }
        text = stages.get(told.stage, self._name).format(done=told.done, total=total)
        left = self._left.seconds() if total else None
        return text if left is None else text + " · " + words.seconds_left(left)
