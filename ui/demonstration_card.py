"""Whether demonstration models answer here: off until an administrator switches them on."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.controls import Card, Switch, enable, label
from ui.duties import who_may
from ui.theme import Theme

SETTING = "packs.demonstration"


class DemonstrationCard(Card):
    """The switch, what it means, and how it stands; each change is a line of the audit trail."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, theme: Theme, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Demonstration models"), parent)
        self._workplace = workplace
        row = QHBoxLayout()
        row.setSpacing(10)
        self.switch = Switch(theme, self.tr("Let demonstration models answer"))
        row.addWidget(self.switch)
        self.state = label("", "strong", wrap=True)
        row.addWidget(self.state, 1)
        self.body.addLayout(row)
        self.body.addWidget(
            label(
                self.tr(
                    "For teaching and trial, not for any decision about a patient: they show what little "
                    "data give, some of them from values of the patient alone. Where they are on, their "
                    "answers are marked as a demonstration in the window, and stand on watermarked pages of "
                    "their own on unsigned paper. They are asked for no answer, order no list, and stand in "
                    "no signed report, no urgency and no letter."
                ),
                "muted",
                wrap=True,
            )
        )
        self.switch.clicked.connect(self._on_switched)
        self.refresh()

    @property
    def is_on(self) -> bool:
        """Whether they answer."""
        return self._workplace.settings.flag(SETTING)

    @Slot()
    def refresh(self) -> None:
        """Show how it stands, and let administrators switch."""
        self.switch.setChecked(self.is_on)
        self.state.setText(
            self.tr("On: they look at images opened from now on")
            if self.is_on
            else self.tr("Off: they answer nothing")
        )
        enable(self.switch, self._workplace.session.may("settings"), who_may("settings"))

    @Slot()
    def _on_switched(self) -> None:
        try:
            self._workplace.set_for_site(SETTING, self.switch.isChecked())
        except FarlightError as error:
            self.refresh()
            self.failed.emit(error)
            return
        self.refresh()
        self.changed.emit()
