"""The audit trail for Qt's views: lines are fetched in the background, a page at a time."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot

from core.errors import FarlightError
from services.trail import Trail
from services.trail_words import (
    act_words,
    patient_words,
    subject_words,
    time_words,
    what_words,
    who_words,
)
from store.audit import AuditQuery, ListedLine
from ui.task import Handle, Pools
from ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
PAGE = 200
COLUMNS = ("line", "time", "who", "act", "patient", "record", "what")
LINE, TIME, WHO, ACT, PATIENT, RECORD, WHAT = range(7)
LISTED_ROLE = Qt.ItemDataRole.UserRole + 1


class AuditModel(QAbstractTableModel):
    """The lines that are asked for, the newest first."""

    filled = Signal()
    failed = Signal(object)

    def __init__(self, trail: Trail, pools: Pools, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trail, self._pools, self._theme = trail, pools, theme
        self._rows: list[ListedLine] = []
        self._texts: list[tuple[str, ...]] = []
        self._query = AuditQuery()
        self._asked = 0  # counts the questions: an older answer is not taken
        self._fetching = False
        self._complete = True
        theme.changed.connect(self._on_theme_changed)

    @property
    def complete(self) -> bool:
        """Whether every line that was asked for is here."""
        return self._complete

    def ask(self, query: AuditQuery) -> None:
        """Ask for other lines, or for the same anew."""
        self._query = query
        self._asked += 1
        self._complete, self._fetching = False, False
        self._fetch(None)

    def forget(self) -> None:
        """Take every line out of sight: somebody else may sit down."""
        self._asked += 1
        self._complete, self._fetching = True, False
        self._fill(())

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many lines are here."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Line"),
                self.tr("Time"),
                self.tr("Who"),
                self.tr("Act"),
                self.tr("Patient"),
                self.tr("Record"),
                self.tr("What"),
            )[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[row][column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._texts[row][column] if column in (WHO, PATIENT, WHAT) else None
        if role == Qt.ItemDataRole.ForegroundRole:
            quiet = column in (LINE, TIME) or (column == PATIENT and self._rows[row].unnamed)
            return self._theme.color("muted") if quiet else None
        return self._rows[row] if role == LISTED_ROLE else None

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether there are further lines."""
        return not parent.isValid() and not self._complete and not self._fetching and bool(self._rows)

    def fetchMore(self, parent: Index) -> None:  # noqa: N802 - Qt's name
        """Have the next lines fetched."""
        if self.canFetchMore(parent):
            self._fetch(self._rows[-1].line.seq)

    def _fetch(self, below: int | None) -> None:
        self._fetching = True
        task = self._pools.records("audit", _Page(self._trail, self._query, below), key=(self._asked, below))
        task.succeeded.connect(self._on_fetched)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_fetched(self, page: tuple[ListedLine, ...]) -> None:
        asked, below = getattr(self.sender(), "key", (0, None))
        if asked != self._asked:
            return
        self._fetching = False
        self._complete = len(page) < PAGE
        if below is None:
            self._fill(page)
        elif page:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(page) - 1)
            self._add(page)
            self.endInsertRows()
        self.filled.emit()

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        if getattr(self.sender(), "key", (0, None))[0] == self._asked:
            self._fetching, self._complete = False, True
            self.failed.emit(error)

    def _fill(self, page: tuple[ListedLine, ...]) -> None:
        self.beginResetModel()
        self._rows.clear()
        self._texts.clear()
        self._add(page)
        self.endResetModel()

    def _add(self, page: tuple[ListedLine, ...]) -> None:
        self._rows.extend(page)
        self._texts.extend(_texts(one) for one in page)

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._rows:
            last = self.index(len(self._rows) - 1, WHAT)
            self.dataChanged.emit(self.index(0, LINE), last, [Qt.ItemDataRole.ForegroundRole])


class _Page:
    """The Qt-free work of fetching some lines."""

    def __init__(self, trail: Trail, query: AuditQuery, below: int | None) -> None:
        self._trail, self._query, self._below = trail, query, below

    def __call__(self, _handle: Handle) -> tuple[ListedLine, ...]:
        return self._trail.page(self._query, below=self._below, limit=PAGE)


def _texts(one: ListedLine) -> tuple[str, ...]:
    line = one.line
    return (
        f"{line.seq:,}",
        time_words(line.at),
        who_words(line),
        act_words(line.act),
        patient_words(one),
        subject_words(line.subject),
        what_words(line),
    )
