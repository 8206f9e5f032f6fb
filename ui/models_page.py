"""The model packs: what each is for, its figures, where it is weak, its licence; installing and removing."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.errors import FarlightError
from core.model_facts import ModelFacts, TestFigure
from services.packs import InstalledPack, installed_packs
from services.words import population_words
from services.workplace import Workplace
from ui.controls import Card, Chip, IconLabel, KeyButton, enable, label
from ui.demonstration_card import DemonstrationCard
from ui.duties import who_may
from ui.keys_card import KeysCard
from ui.pack_desk_card import SUFFIX, PackDeskCard
from ui.pack_dialogs import class_word
from ui.scrolled_page import ScrolledPage
from ui.task import Handle, Pools, Task
from ui.theme import Theme

if TYPE_CHECKING:
    from services.pack_install import PackVersion
    from services.scan import Medium

WIDTH = 860

_ORDER = {"assist": 1, "research": 2, "demonstration": 3}
"""Models that speak by themselves stand before demonstrations; what is broken stands above all."""


class ModelsPage(ScrolledPage):
    """One card for each pack, one for installing, and one for the keys that are trusted."""

    packs_changed = Signal()

    def __init__(
        self, theme: Theme, pools: Pools, workplace: Workplace, parent: QWidget | None = None
    ) -> None:
        super().__init__(WIDTH, parent)
        self._theme, self._pools, self._workplace = theme, pools, workplace
        self._asked = False
        self._listing: Task | None = None
        self._media: tuple[Medium, ...] = ()
        self.setAcceptDrops(True)
        column = self.column
        column.addWidget(label(self.tr("Models on this computer"), "title"))
        column.addWidget(
            label(
                self.tr(
                    "Each model answers one question on images like those it was made from, and says nothing "
                    "of anything else. Research models speak with that label; demonstration models only "
                    "where an administrator has switched them on, below."
                ),
                "muted",
                wrap=True,
            )
        )
        self.desk = PackDeskCard(workplace, pools)
        self.desk.changed.connect(self._on_changed)
        self.desk.told.connect(self.bring_into_sight)
        column.addWidget(self.desk)
        self.demonstration = DemonstrationCard(theme, workplace)
        self.demonstration.changed.connect(self._on_changed)
        self.demonstration.failed.connect(self._on_failed)
        column.addWidget(self.demonstration)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        column.addLayout(self._list)
        self._words = label(self.tr("Looking for models …"), "muted", wrap=True)
        column.addWidget(self._words)
        self.keys = KeysCard(workplace)
        self.keys.changed.connect(self._on_keys_changed)
        column.addWidget(self.keys)
        column.addStretch(1)

    def load(self) -> None:
        """List the packs, once."""
        if self._asked:
            return
        self._asked = True
        self.reload()

    def reload(self) -> None:
        """List the packs as they are now."""
        self.keys.refresh()
        work = partial(_list, self._workplace)
        task = self._listing = self._pools.files("packs", work, instead_of=self._listing)
        task.succeeded.connect(self._on_listed)
        task.failed.connect(self._on_failed)

    @Slot()
    def show_rights(self) -> None:
        """Enable what whoever is logged in may do now."""
        self.desk.show_rights()
        self.demonstration.refresh()
        self.keys.refresh()
        for button in self.findChildren(KeyButton, "change"):
            enable(button, self._workplace.session.may("packs"), who_may("packs"))

    def show_media(self, media: tuple[Medium, ...]) -> None:
        """Offer the pack files on sticks, while the page is open."""
        self._media = media
        if self.isVisible():
            self.desk.look_on(media)

    @staticmethod
    def pack_files(mime: QMimeData) -> tuple[Path, ...]:
        """Return the pack files among what is dragged; () where anything else is among it."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        return tuple(paths) if paths and all(path.suffix.lower() == SUFFIX for path in paths) else ()

    def open_files(self, files: tuple[Path, ...]) -> None:
        """Install a pack from the first of some files."""
        self.desk.open_file(files[0])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look at the sticks that are plugged in."""
        super().showEvent(event)
        self.show_media(self._media)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take pack files; anything else is for the window."""
        if self.pack_files(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Install what was dropped."""
        files = self.pack_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.open_files(files)

    @Slot(object)
    def _on_listed(self, listed: tuple[tuple[InstalledPack, ...], tuple[PackVersion, ...]]) -> None:
        self.show_entries(*listed)

    @Slot()
    def _on_keys_changed(self) -> None:
        """Take back what was said of a file while other keys were trusted."""
        self.desk.take_back_error()
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self._workplace.renew_analyzer()
        self.reload()
        self.packs_changed.emit()

    @Slot(object)
    def show_entries(
        self, entries: tuple[InstalledPack, ...], versions: tuple[PackVersion, ...] = ()
    ) -> None:
        """Show packs, each with its versions."""
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._words.setVisible(not entries)
        self._words.setText(self.tr("No model is installed. Images can be read and reported without one."))
        for entry in sorted(entries, key=lambda one: _ORDER.get(one.pack_class or "", 0)):
            card = self._broken(entry) if entry.facts is None else self._card(entry.facts)
            own = tuple(one for one in versions if one.pack_id == entry.id)
            if own:
                card.body.addWidget(self._lines(entry, own))
            self._list.addWidget(card)
            card.show()
        self.show_rights()

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._words.setText(error.message)

    def _lines(self, entry: InstalledPack, versions: tuple[PackVersion, ...]) -> VersionLines:
        off = entry.pack_class == "demonstration" and not self.demonstration.is_on
        return VersionLines(versions, self.desk, off=off, said=entry.error.message if entry.error else "")

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
        if not facts.commercial_use:
            row.addWidget(Chip(self.tr("no commercial use"), "warning"))
        tone = "plain" if facts.pack_class == "assist" else "warning"
        row.addWidget(Chip(class_word(facts.pack_class, self), tone))
        if facts.pack_class == "demonstration" and not self.demonstration.is_on:
            row.addWidget(Chip(self.tr("off")))
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


class VersionLines(QWidget):
    """The versions of a pack, who signed each, and what may be done with them.

    ``off`` is whether it answers nothing although it is installed; ``said`` is what the card says already.
    """

    def __init__(
        self, versions: tuple[PackVersion, ...], desk: PackDeskCard, *, off: bool = False, said: str = ""
    ) -> None:
        super().__init__()
        self._versions, self._desk, self._off, self._said = versions, desk, off, said
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        for one in versions:
            words = self._words(one)
            wrong = one.error is not None and not self._is_said(one)
            column.addWidget(label(words, "critical" if wrong else "small", wrap=True))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        if self._way_back() is not None:
            before = self._way_back()
            assert before is not None
            self._add(
                buttons, self.tr("Go back to {version} …").format(version=before.version), self._on_back
            )
        if any(not one.bundled for one in versions):
            self._add(buttons, self.tr("Remove …"), self._on_remove)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _words(self, one: PackVersion) -> str:
        in_use = self.tr("{version} installed, switched off") if self._off else self.tr("{version} in use")
        parts = [in_use if one.counts else "{version}"]
        if one.bundled:
            parts.append(self.tr("part of Farlight"))
        elif one.signer:
            parts.append(self.tr("signed by {signer}").format(signer=one.signer))
        if one.installed_at:
            day = f"{datetime.fromisoformat(one.installed_at).astimezone():%d %b %Y}"
            parts.append(self.tr("installed {day} by {person}").format(day=day, person=one.person))
        if one.error is not None and self._is_said(one):
            parts.append(self.tr("not used"))
        elif one.error is not None:
            parts.append(self.tr("not used: {reason}").format(reason=one.error.detail or one.error.title))
        return " · ".join(parts).replace("{version}", one.version)

    def _is_said(self, one: PackVersion) -> bool:
        """Whether the card above says already why a version is not used."""
        return one.error is not None and bool(one.error.detail) and one.error.detail in self._said

    def _way_back(self) -> PackVersion | None:
        """Return the version that would count after going back, None where there is none."""
        now = next((one for one in self._versions if one.counts and not one.bundled), None)
        if now is None:
            return None
        below = self._versions[self._versions.index(now) + 1 :]
        return next((one for one in below if one.error is None and one.version != now.version), None)

    def _add(self, row: QHBoxLayout, words: str, act: object) -> None:
        button = KeyButton(words)
        button.setObjectName("change")
        button.setAccessibleName(f"{words} {self._versions[0].pack_id}")
        button.clicked.connect(act)
        row.addWidget(button)

    @Slot()
    def _on_back(self) -> None:
        before = self._way_back()
        if before is not None:
            self._desk.ask_roll_back(next(one for one in self._versions if one.counts), before)

    @Slot()
    def _on_remove(self) -> None:
        going = tuple(one for one in self._versions if not one.bundled)
        self._desk.ask_remove(going, next((one for one in self._versions if one.bundled), None))


def _list(workplace: Workplace, _handle: Handle) -> tuple[tuple[InstalledPack, ...], tuple[PackVersion, ...]]:
    return installed_packs(library=workplace.packs.library()), workplace.packs.versions()


def _figure(figure: TestFigure) -> str:
    interval = f" ({figure.interval[0]:.3f} – {figure.interval[1]:.3f})" if figure.interval else ""
    return f"{figure.metric} {figure.value:.3f}{interval} · {population_words(figure)}"
