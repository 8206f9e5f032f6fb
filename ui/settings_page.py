"""Appearance, reports, the order of reading, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from core.errors import FarlightError
from services.version import VERSION
from services.workplace import Workplace
from ui.backup_card import BackupCard
from ui.controls import Card, enable, label
from ui.duties import who_may
from ui.people_card import PeopleCard
from ui.report_page import PAPERS
from ui.scrolled_page import ScrolledPage
from ui.still_controls import StillComboBox
from ui.support_card import SupportCard
from ui.task import Pools
from ui.trail_card import TrailCard

WIDTH = 720
MINUTES = (2, 5, 10, 15, 20, 30, 60)


class SettingsPage(ScrolledPage):
    """A form over the settings table, and About."""

    theme_chosen = Signal(str)
    paper_chosen = Signal(str)
    failed = Signal(object)

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(WIDTH, parent)
        self._workplace = workplace
        self._settings = workplace.settings
        self.people = PeopleCard(workplace, pools)
        self.people.failed.connect(self.failed)
        self.backup = BackupCard(workplace, pools)
        self.backup.failed.connect(self.failed)
        self.backup.told.connect(self.bring_into_sight)
        self.support = SupportCard(workplace, pools)
        self.support.failed.connect(self.failed)
        column = self.column
        column.addWidget(label(self.tr("Settings"), "title"))
        self.trail = TrailCard(workplace)
        for card in (
            self._appearance(),
            self._report(),
            self._reading(),
            self._locking(),
            self.people,
            self.trail,
            self.backup,
            self.support,
            self._about(),
        ):
            column.addWidget(card)
        column.addStretch(1)

    def show_rights(self) -> None:
        """Let who is logged in change what they may."""
        may = self._workplace.session.may("settings")
        for part in (self._site, self._address, self._order, self._minutes):
            enable(part, may, who_may("settings"))
        self.people.refresh()
        self.backup.refresh()
        self.support.refresh()

    def add(self, card: Card) -> None:
        """Place a further card before the last one, which says what this program is."""
        self.column.insertWidget(self.column.count() - 2, card)

    def show_theme(self, choice: str) -> None:
        """Show the theme in force."""
        self._set_silently(self._theme, choice)

    def show_paper(self, paper: str) -> None:
        """Show the paper size in force."""
        self._set_silently(self._paper, paper)

    def _appearance(self) -> Card:
        card = Card(self.tr("Appearance"))
        grid = self._grid(card)
        self._theme = self._choice(
            grid,
            0,
            self.tr("Colours"),
            (
                (self.tr("Dark, for reading"), "dark"),
                (self.tr("Light, for bright rooms"), "light"),
                (self.tr("As the system"), "system"),
            ),
            self._settings.text("theme"),
        )
        self._theme.activated.connect(self._on_theme)
        return card

    def _report(self) -> Card:
        card = Card(self.tr("Reports"))
        grid = self._grid(card)
        self._paper = self._choice(
            grid, 0, self.tr("Paper"), tuple((paper, paper) for paper in PAPERS), self._settings.text("paper")
        )
        self._paper.activated.connect(self._on_paper)
        self._site = self._line(
            grid, 1, self.tr("Clinic"), "site.name", self.tr("Name of the clinic, printed on reports")
        )
        self._address = self._line(
            grid, 2, self.tr("Address"), "site.address", self.tr("Printed under the name; lines end with ;")
        )
        return card

    def _reading(self) -> Card:
        card = Card(self.tr("Reading"))
        grid = self._grid(card)
        self._order = self._choice(
            grid,
            0,
            self.tr("Result card"),
            (
                (self.tr("Opens after the first impression"), "read_first"),
                (self.tr("Open at once (administrator's choice)"), "concurrent"),
            ),
            self._settings.text("reading.order"),
        )
        self._order.activated.connect(self._on_order)
        return card

    def _locking(self) -> Card:
        card = Card(self.tr("Lock"))
        grid = self._grid(card)
        kept = int(self._settings.number("lock.after_minutes"))
        offered = tuple(
            (self.tr("{minutes} minutes without anybody").format(minutes=minutes), str(minutes))
            for minutes in sorted({*MINUTES, kept})
        )
        self._minutes = self._choice(grid, 0, self.tr("Locks itself after"), offered, str(kept))
        self._minutes.activated.connect(self._on_minutes)
        words = self.tr("It also locks when the computer sleeps, and at once with Ctrl L.")
        card.body.addWidget(label(words, "small", wrap=True))
        return card

    def _about(self) -> Card:
        card = Card(self.tr("About"))
        card.body.addWidget(label(f"Farlight {VERSION}", "strong"))
        for text in (
            self.tr(
                "Research use only: not a medical device. A clinician reads each image, decides and signs."
            ),
            self.tr("A score above or below a threshold never replaces the examination of the patient."),
            self.tr("Nothing leaves this computer: Farlight opens no network connection."),
            self.tr(
                "Licence: Apache-2.0. Icons: Lucide (ISC). Type: Noto Sans (SIL Open Font License). Window: "
                "Qt for Python (LGPL-3.0). Licences of the models stand with each model."
            ),
        ):
            card.body.addWidget(label(text, "muted", wrap=True))
        return card

    def _grid(self, card: Card) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        card.body.addLayout(grid)
        return grid

    def _choice(
        self, grid: QGridLayout, row: int, name: str, choices: tuple[tuple[str, str], ...], chosen: str
    ) -> QComboBox:
        box = StillComboBox()
        box.setAccessibleName(name)
        for words, value in choices:
            box.addItem(words, value)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        grid.addWidget(label(name, "muted"), row, 0)
        grid.addWidget(box, row, 1)
        return box

    def _line(self, grid: QGridLayout, row: int, name: str, key: str, hint: str) -> QLineEdit:
        field = QLineEdit(self._settings.text(key))
        field.setObjectName(key)
        field.setPlaceholderText(hint)
        field.setAccessibleName(name)
        field.setMaxLength(120)
        field.editingFinished.connect(self._on_line)
        grid.addWidget(label(name, "muted"), row, 0)
        grid.addWidget(field, row, 1)
        return field

    def _set_silently(self, box: QComboBox, value: str) -> None:
        box.setCurrentIndex(max(0, box.findData(value)))

    def _keep(self, key: str, value: str | int) -> None:
        try:
            self._workplace.set_for_site(key, value)
        except FarlightError as error:
            self.failed.emit(error)

    @Slot()
    def _on_theme(self) -> None:
        self.theme_chosen.emit(self._theme.currentData())

    @Slot()
    def _on_paper(self) -> None:
        self.paper_chosen.emit(self._paper.currentData())

    @Slot()
    def _on_order(self) -> None:
        self._keep("reading.order", self._order.currentData())

    @Slot()
    def _on_line(self) -> None:
        field = self.sender()
        assert isinstance(field, QLineEdit)
        self._keep(field.objectName(), field.text().strip())

    @Slot()
    def _on_minutes(self) -> None:
        self._keep("lock.after_minutes", int(self._minutes.currentData()))
