"""A card whose acts take their time: one after another, with progress, and said how each ended."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError
from ui.controls import Card, label, set_role
from ui.progress_line import ProgressLine
from ui.task import Handle, Pools, Task


class WorkingCard(Card):
    """Runs an act among the file tasks; the card that it is says what it is called and how it ended."""

    def __init__(self, heading: str, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(heading, parent)
        self._pools = pools
        self._task: Task | None = None
        self.said = label("", "body", wrap=True)
        self.said.hide()
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)

    def show_ready(self) -> None:
        """Enable what may be begun now."""
        raise NotImplementedError

    def stopped_words(self) -> str:
        """Return what a stop has left behind."""
        raise NotImplementedError

    def error_words(self, error: FarlightError) -> str:
        """Return what went wrong, what to do, and the code."""
        raise NotImplementedError

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Say how it ended."""
        self.said.setText(text)
        set_role(self.said, role="error" if wrong else "body")
        self.said.setVisible(bool(text))

    def _add_progress(self) -> None:
        self.body.addWidget(self.said)
        self.body.addWidget(self.line)

    def _run(self, name: str, work: Callable[[Handle], object], on_done: Callable[..., None]) -> None:
        """Do this now, and hand what it returns to ``on_done``."""
        self.say("")
        self._task = self._pools.files(name, work)
        self._task.succeeded.connect(on_done)
        self._task.failed.connect(self._on_failed)
        self._task.cancelled.connect(self._on_stopped)
        self._task.ended.connect(self._on_ended)
        self.line.follow(self._task, name)
        self.show_ready()

    @Slot()
    def _on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        self.show_ready()

    @Slot()
    def _on_stopped(self) -> None:
        self.say(self.stopped_words())

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self.say(self.error_words(error), wrong=True)
