"""The list of studies: search, table, and what is read next."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ui.cases import CaseBook, Study
from ui.controls import KeyButton, enable, label
from ui.list_table import make_search, make_table, press_focused
from ui.shortcuts import make_action
from ui.theme import Theme
from ui.toast import Toast
from ui.typing_guard import TypingGuard
from ui.worklist_columns import Columns
from ui.worklist_empty import EmptyWorklist
from ui.worklist_model import (
    NUMBER,
    ROW_HEIGHT,
    STUDY_ROLE,
    WorklistDelegate,
    WorklistFilter,
    WorklistModel,
)
from ui.worklist_side import Sidebar

REFRESH_MS = 80


class WorklistPage(QWidget):
    """Sidebar, search and table."""

    study_chosen = Signal(str)
    read_next_asked = Signal()
    open_file_asked = Signal()
    open_folder_asked = Signal()
    medium_asked = Signal(object)
    sample_asked = Signal()
    estimate_asked = Signal()

    def __init__(self, theme: Theme, book: CaseBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._book = book
        self.source = WorklistModel(book, self)
        self.filtered = WorklistFilter(self)
        self.filtered.setSourceModel(self.source)
        book.shown = self.filtered.studies
        self.side = Sidebar(theme)
        self.empty = EmptyWorklist(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.side)
        main = QVBoxLayout()
        main.setContentsMargins(18, 14, 18, 14)
        main.setSpacing(10)
        main.addLayout(self._build_head())
        self.order = label("", "muted", wrap=True)
        main.addWidget(self.order)
        self.table = self._build_table(theme)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._on_sorted)
        self._on_sorted(NUMBER)
        self._columns = Columns(self.table, self.source)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self._nothing = label(self.tr("No study fits this search. Esc clears it."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._nothing)
        main.addWidget(self._stack, 1)
        row.addLayout(main, 1)
        self.guard, self._toast = TypingGuard(), Toast(self)
        self.table.installEventFilter(self)
        self._connect()
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice letters that the list takes, to seek rows by them."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self.notice_letter(event.text())
        return super().eventFilter(watched, event)

    def notice_letter(self, letter: str) -> None:
        """Notice a letter that no field took: it is typing that missed the search."""
        if letter.isalnum():
            self.guard.strike(letter.casefold())

    def _is_typing(self, key: str) -> bool:
        """Return whether a key that opens a study belongs to words typed outside the search; that is told."""
        typing = self.guard.strike(key)
        if typing:
            self._toast.say(self.tr("Words typed quickly outside a field open no study. Press / to search."))
        return typing

    def chosen_key(self) -> str | None:
        """Return the key of the study that the table marks."""
        index = self.table.currentIndex()
        if not index.isValid():
            return None
        study: Study = index.data(STUDY_ROLE)
        return study.lead.key

    def take_focus(self) -> None:
        """Put the focus where the next act is."""
        if self._stack.currentWidget() is self._nothing:
            self.search.setFocus()  # a hidden list would take the focus as soon as it is shown again
        elif self._book.studies:
            self.table.setFocus()
        else:
            self.empty.open.setFocus()

    @Slot(bool, str)
    def let_estimate(self, usable: bool, why_not: str) -> None:
        """Let an estimate without an image be begun, or say why not."""
        for button in (self.side.estimate, self.empty.estimate):
            enable(button, usable, why_not)

    def mark(self, key: str) -> None:
        """Mark the row of a reading unit."""
        index = self.filtered.mapFromSource(self.source.index(self._book.row_of(key), NUMBER))
        if index.isValid():
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)

    def show_all(self) -> None:
        """Lift search and filter: what somebody has just opened is not hidden."""
        self.search.clear()
        self.side.choose_all()

    def step_back(self) -> bool:
        """Clear the search; returns False where there was none."""
        if not self.search.text():
            return False
        self.search.clear()
        self.table.setFocus()
        return True

    def _build_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        self.search = make_search(self.tr("Search"), self.tr("Search name, ID, date   ( / )"))
        self.next = KeyButton(self.tr("Read next"), "read_next", kind="primary")
        head.addWidget(self.search, 1)
        head.addWidget(self.next)
        return head

    def _build_table(self, theme: Theme) -> QTableView:
        table = make_table(self.tr("Studies"), ROW_HEIGHT)
        table.setModel(self.filtered)
        table.setItemDelegate(WorklistDelegate(theme, table))
        table.setSortingEnabled(True)
        table.sortByColumn(NUMBER, Qt.SortOrder.AscendingOrder)
        return table

    def _connect(self) -> None:
        self.side.states_chosen.connect(self._on_states_chosen)
        self.side.open_file_asked.connect(self.open_file_asked)
        self.side.open_folder_asked.connect(self.open_folder_asked)
        self.side.medium_asked.connect(self.medium_asked)
        self.empty.open_asked.connect(self.open_file_asked)
        self.empty.sample_asked.connect(self.sample_asked)
        for button in (self.side.estimate, self.empty.estimate):
            button.clicked.connect(self.estimate_asked)
        self.let_estimate(False, "")
        self.search.textChanged.connect(self._on_search_changed)
        self.next.clicked.connect(self.read_next_asked)
        self.table.doubleClicked.connect(self._on_row_chosen)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REFRESH_MS)
        self._soon.timeout.connect(self._refresh)
        self._book.studies_added.connect(self._refresh_soon)
        self._book.case_changed.connect(self._refresh_soon)
        self._book.cleared.connect(self._refresh)
        for name, slot in (
            ("search", self._on_search_asked),
            ("read_next", self._on_next_key),
            ("read_this", self._on_this_key),
        ):
            make_action(name, self).triggered.connect(slot)

    @Slot(int)
    def _on_sorted(self, column: int) -> None:
        """Say above the list in which order it stands."""
        reading = self.tr("refused and not read first, then undecided, the others as found, signed last")
        if column == NUMBER:
            self.order.setText(self.tr("Order: {reading}.").format(reading=reading))
            return
        name = self.source.headerData(column, Qt.Orientation.Horizontal).capitalize()
        words = self.tr("Order: by {column}; where that is alike, {reading}.")
        self.order.setText(words.format(column=name, reading=reading))

    @Slot()
    def _refresh_soon(self) -> None:
        """Count again a moment later: thousands of rows arrive at once."""
        if self._stack.currentWidget() is self.empty:
            self._refresh()
        elif not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _refresh(self) -> None:
        counts: Counter[str] = Counter(study.state for study in self._book.studies)
        self.side.show_counts(counts)
        if not self._book.studies:
            shown: QWidget = self.empty
        else:
            shown = self.table if self.filtered.rowCount() else self._nothing
        self._stack.setCurrentWidget(shown)
        self.order.setVisible(shown is self.table)
        enable(self.search, bool(self._book.studies), self.tr("No study is listed"))
        to_read = any(counts[state] for state in ("to_check", "waiting", "analysing", "refused"))
        enable(self.next, to_read, self.tr("No study in the list waits to be read"))

    @Slot(object)
    def _on_states_chosen(self, states: frozenset[str] | None) -> None:
        self.filtered.set_states(states)
        self._refresh()

    @Slot(str)
    def _on_search_changed(self, text: str) -> None:
        self.filtered.set_search(text)
        self._refresh()

    @Slot()
    def _on_search_returned(self) -> None:
        self.table.setFocus()
        if self.filtered.rowCount():
            self.table.setCurrentIndex(self.filtered.index(0, NUMBER))

    @Slot()
    def _on_search_asked(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _on_next_key(self) -> None:
        """Press the button that has the focus, else read the next study."""
        if self._is_typing(" ") or press_focused(self):
            return
        if self.next.isEnabled():
            self.read_next_asked.emit()

    @Slot()
    def _on_this_key(self) -> None:
        """Press the button that has the focus, go from the search to the list, else read the study."""
        if self.search.hasFocus():
            self._on_search_returned()
        elif self._is_typing("\n"):
            return
        elif not press_focused(self):
            self._on_row_chosen()

    @Slot()
    def _on_row_chosen(self, _index: QModelIndex | None = None) -> None:
        key = self.chosen_key()
        if key is not None:
            self.study_chosen.emit(key)
