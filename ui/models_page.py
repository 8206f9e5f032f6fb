"""The installed model packs: what each is for, its figures, where it is weak, its licence."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from core.model_facts import ModelFacts, TestFigure
from services.packs import InstalledPack, installed_packs
from ui.controls import Card, Chip, IconLabel, label
from ui.scrolled_page import ScrolledPage
from ui.task import Handle, Pools
from ui.theme import Theme

WIDTH = 860


class ModelsPage(ScrolledPage):
    """One card for each pack."""

    def __init__(self, theme: Theme, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(WIDTH, parent)
        self._theme, self._pools = theme, pools
        self._asked = False
        column = self.column
        column.addWidget(label(self.tr("Models on this computer"), "title"))
        column.addWidget(
            label(
                self.tr(
                    "Each model answers one question on images like those it was made from, and says nothing "
                    "of anything else. Research models speak with that label; demonstration models are off."
                ),
                "muted",
                wrap=True,
            )
        )
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        column.addLayout(self._list)
        self._words = label(self.tr("Looking for models …"), "muted", wrap=True)
        column.addWidget(self._words)
        column.addStretch(1)

    def load(self) -> None:
        """List the packs, once."""
        if self._asked:
            return
        self._asked = True
        task = self._pools.files("packs", _list)
        task.succeeded.connect(self.show_entries)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def show_entries(self, entries: tuple[InstalledPack, ...]) -> None:
        """Show packs."""
        self._words.setVisible(not entries)
        self._words.setText(self.tr("No model is installed. Images can be read and reported without one."))
        for entry in entries:
            card = self._broken(entry) if entry.facts is None else self._card(entry.facts)
            self._list.addWidget(card)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._words.setText(error.message)

    def _broken(self, entry: InstalledPack) -> Card:
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(self._theme, "package-x", "critical"))
        row.addWidget(label(entry.id, "strong"))
        row.addStretch(1)
        row.addWidget(Chip(self.tr("not used"), "critical"))
        card.body.addLayout(row)
        card.body.addWidget(label(entry.error.message if entry.error else "", "critical", wrap=True))
        return card

    def _card(self, facts: ModelFacts) -> Card:
        card = Card()
        card.setAccessibleName(facts.title)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(self._theme, "package", "accent"))
        row.addWidget(label(facts.title, "strong"))
        row.addWidget(label(f"{facts.pack_id} {facts.version}", "small"))
        row.addStretch(1)
        names = {
            "assist": self.tr("assist"),
            "research": self.tr("research"),
            "demonstration": self.tr("demonstration"),
        }
        row.addWidget(Chip(names[facts.pack_class], "plain" if facts.pack_class == "assist" else "warning"))
        card.body.addLayout(row)
        card.body.addWidget(label(facts.intended_use, "body", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        lines = (
            (self.tr("Figures"), "\n".join(_figure(one) for one in facts.figures)),
            (self.tr("Weak where"), "; ".join(facts.weak_where)),
            (self.tr("Not for"), "; ".join(facts.not_for)),
            (self.tr("Not looked for"), ", ".join(facts.not_looked_for)),
            (self.tr("Trained on"), facts.training_population),
            (self.tr("Licence"), " · ".join(part for part in (facts.licence, facts.attribution) if part)),
        )
        for number, (name, text) in enumerate(line for line in lines if line[1]):
            grid.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, "body", wrap=True), number, 1)
        card.body.addLayout(grid)
        return card


def _list(_handle: Handle) -> tuple[InstalledPack, ...]:
    return installed_packs()


def _figure(figure: TestFigure) -> str:
    interval = f" ({figure.interval[0]:.3f} – {figure.interval[1]:.3f})" if figure.interval else ""
    return f"{figure.metric} {figure.value:.3f}{interval} · {figure.population}"
