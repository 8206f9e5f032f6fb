"""A calm screen for a start that did not work: what it is, what to do, and no dead end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.errors import (
    FarlightError,
    KeysDamagedError,
    NewerStoreError,
    NotPermittedError,
    ProfileInUseError,
    StoreDamagedError,
    StoreMissingError,
)
from ui.controls import IconLabel, KeyButton, label
from ui.door_page import DoorPage
from ui.rescue import Offer
from ui.theme import Theme

WIDTH = 560


class TroublePage(DoorPage):
    """Says why the records do not open; try again, what else is offered, or close."""

    retry_asked = Signal()
    close_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        error: FarlightError,
        folder: str,
        offers: Sequence[Offer] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, error.title, parent, width=WIDTH)
        self.error = error
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(IconLabel(theme, "info", "warning", 22), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(self._what_to_do(error), "body", wrap=True), 1)
        self.body.addLayout(row)
        self.say(self._what_is_safe(error))
        if folder:
            self.say(self.tr("Folder: {folder}").format(folder=folder))
        self.say(error.code, "small")
        self._acts: dict[KeyButton, Callable[[], None]] = {}
        for offer in offers:
            button = KeyButton(offer.words, kind="primary" if offer is offers[0] else "")
            button.clicked.connect(self._on_offer)
            self._acts[button] = offer.act
            self.body.addWidget(button)
        self.act(self.tr("Close")).clicked.connect(self.close_asked)
        self.foot.addStretch(1)
        self.again = self.act(self.tr("Try again"), primary=not offers)
        self.again.clicked.connect(self.retry_asked)

    def _what_to_do(self, error: FarlightError) -> str:
        if isinstance(error, NotPermittedError):
            return self.tr("You are not entered among the people of these records. Ask an administrator.")
        return error.hint

    def _what_is_safe(self, error: FarlightError) -> str:
        if isinstance(error, ProfileInUseError):
            return self.tr("Two windows on the same records could contradict one another, so only one opens.")
        if isinstance(error, KeysDamagedError):
            return self.tr("The records themselves are untouched. A backup holds the key file as well.")
        if isinstance(error, StoreMissingError | StoreDamagedError):
            return self.tr("Nothing was changed or deleted, and no empty records were begun in their place.")
        if isinstance(error, NewerStoreError):
            return self.tr("An older Farlight would not understand all of it, so it opens nothing.")
        return self.tr("Nothing was changed.")

    @Slot()
    def _on_offer(self) -> None:
        sender = self.sender()
        assert isinstance(sender, KeyButton)
        self._acts[sender]()
