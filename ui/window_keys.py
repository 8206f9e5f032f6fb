"""The keys that hold everywhere in the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from ui.shortcuts import make_action


class WindowKeys(QObject):
    """Does what each key of the table stands for, by the names in it."""

    def __init__(
        self, acts: Mapping[str, Callable[[], object]], is_typed: Callable[[str], bool], window: QWidget
    ) -> None:
        """``is_typed`` says of a key by its name whether it belongs to words that somebody types."""
        super().__init__(window)
        self._acts, self._is_typed = acts, is_typed
        for name in acts:
            make_action(name, window).triggered.connect(self._on_key)

    def strike(self, name: str) -> None:
        """Do what a key of that name does."""
        if not self._is_typed(name):
            self._acts[name]()

    @Slot()
    def _on_key(self) -> None:
        self.strike(self.sender().objectName())
