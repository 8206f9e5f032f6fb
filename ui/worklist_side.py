"""The side of the worklist: filters with their counts, media, and opening."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from services.scan import Medium
from ui.controls import Elided, KeyButton, PushButton, label, set_role
from ui.theme import Theme

SIDE_WIDTH = 208
_FILTERS: tuple[tuple[str, frozenset[str] | None], ...] = (
    ("all", None),
    ("to_check", frozenset({"to_check", "waiting", "analysing"})),
    ("refused", frozenset({"refused", "failed"})),
    ("signed", frozenset({"signed"})),
)


class RowButton(PushButton):
    """A row of the side: a word, and a number at its right."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setProperty("row", True)
        self.setMinimumHeight(36)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        self._words = Elided(words)
        self._count = QLabel()
        row.addWidget(self._words, 1)
        row.addWidget(self._count)
        self.setAccessibleName(words)
        self.toggled.connect(self._on_toggled)
        for part in (self._words, self._count):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        for part in (self._words, self._count):
            set_role(part, chosen=on)

    def set_count(self, count: int | None) -> None:
        """Set the number, or none."""
        self._count.setText("" if count is None else f"{count:,}")
        self.setAccessibleDescription("" if count is None else str(count))


class Sidebar(QWidget):
    """Filters, media, and opening."""

    states_chosen = Signal(object)
    open_file_asked = Signal()
    open_folder_asked = Signal()
    medium_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(SIDE_WIDTH)
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 14, 12, 14)
        column.setSpacing(2)
        column.addWidget(label(self.tr("STUDIES"), "heading"))
        column.addSpacing(6)
        self._rows = self._build_filters(column)
        column.addSpacing(18)
        column.addWidget(label(self.tr("MEDIA"), "heading"))
        column.addSpacing(6)
        self._media = QVBoxLayout()
        self._media.setSpacing(2)
        column.addLayout(self._media)
        column.addSpacing(14)
        opened = KeyButton(self.tr("Open …"), "open")
        opened.clicked.connect(self.open_file_asked)
        folder = KeyButton(self.tr("Folder …"), "open_folder")
        folder.setAccessibleName(self.tr("Open a folder or a stick"))
        folder.clicked.connect(self.open_folder_asked)
        column.addWidget(opened)
        column.addSpacing(6)
        column.addWidget(folder)
        column.addSpacing(18)
        column.addWidget(label(self.tr("WITHOUT AN IMAGE"), "heading"))
        column.addSpacing(6)
        self.estimate = KeyButton(self.tr("Estimate …"), "estimate")
        self.estimate.setAccessibleName(self.tr("Estimate without an image"))
        column.addWidget(self.estimate)
        column.addStretch(1)
        self.show_media(())

    def show_counts(self, counts: Counter[str]) -> None:
        """Show how many studies stand in each state."""
        for name, states in _FILTERS:
            number = counts.total() if states is None else sum(counts[state] for state in states)
            self._rows[name].set_count(number)

    def choose_all(self) -> None:
        """Choose the filter that shows all."""
        if not self._rows["all"].isChecked():
            self._rows["all"].click()

    def show_media(self, media: tuple[Medium, ...]) -> None:
        """List the media that are plugged in."""
        while (item := self._media.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for number, medium in enumerate(media):
            row = RowButton(medium.name)
            row.setObjectName(str(number))
            row.setToolTip(self.tr("List the studies on {name}").format(name=medium.name))
            row.clicked.connect(self._on_medium_clicked)
            self._media.addWidget(row)
        self._shown = media
        if not media:
            hint = self.tr("Plug in a stick or a card: it is listed here.")
            self._media.addWidget(label(hint, "small", wrap=True))

    def _build_filters(self, column: QVBoxLayout) -> dict[str, RowButton]:
        names = (self.tr("All"), self.tr("To check"), self.tr("Refused, not read"), self.tr("Signed"))
        group = QButtonGroup(self)
        rows = {}
        for (name, _states), words in zip(_FILTERS, names, strict=True):
            row = RowButton(words)
            row.setCheckable(True)
            row.setObjectName(name)
            row.clicked.connect(self._on_filter_clicked)
            group.addButton(row)
            column.addWidget(row)
            rows[name] = row
        rows["all"].setChecked(True)
        return rows

    @Slot()
    def _on_filter_clicked(self) -> None:
        self.states_chosen.emit(dict(_FILTERS)[self.sender().objectName()])

    @Slot()
    def _on_medium_clicked(self) -> None:
        self.medium_asked.emit(self._shown[int(self.sender().objectName())])
