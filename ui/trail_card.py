"""The way to the audit trail from the settings, for administrators."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.wording import say
from services.trail_check import TrailState
from services.trail_words import state_words
from services.workplace import Workplace
from ui.controls import Card, KeyButton, label, set_role


class TrailCard(Card):
    """How the trail stands, and a button that shows it."""

    show_asked = Signal()

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workplace = workplace
        name = self.tr("Audit trail")
        self.setAccessibleName(name)
        self.body.addWidget(label(name.upper(), "heading"))
        self.body.addWidget(
            label(
                self.tr("Who opened, read, answered, signed, printed, exported or deleted what, and when."),
                "muted",
                wrap=True,
            )
        )
        self.state = label("", "body", wrap=True)
        self.body.addWidget(self.state)
        self.button = KeyButton(self.tr("Show the audit trail"), "audit")
        self.button.clicked.connect(self.show_asked)
        self.body.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show itself to who may read the trail, with how it stands."""
        self.setVisible(self._workplace.session.may("audit"))
        self.show_state(self._workplace.trail_state)

    @Slot(object)
    def show_state(self, state: TrailState | None) -> None:
        """Show how the trail stands."""
        self.state.setText(state_words(state) if state is not None else say("trail.state.checking"))
        broken = state is not None and not state.is_whole
        set_role(self.state, role="critical-strong" if broken else "body")
