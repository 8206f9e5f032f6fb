"""The list of studies with its filters, media and search; when it is empty it teaches."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from services.scan import Medium
from ui.cases import CaseBook, Study
from ui.controls import Elided, IconLabel, KeyButton, label, set_role
from ui.shortcuts import make_action, tooltip
from ui.theme import Theme
from ui.worklist_model import (
    ID,
    NUMBER,
    PATIENT,
    PICTURE,
    ROW_HEIGHT,
    SEX_AGE,
    STATUS,
    STUDY,
    STUDY_ROLE,
    WorklistDelegate,
    WorklistFilter,
    WorklistModel,
)

SIDE_WIDTH = 208
REFRESH_MS = 80
HINT_WIDTH = 540
_FILTERS: tuple[tuple[str, frozenset[str] | None], ...] = (
    ("all", None),
    ("to_check", frozenset({"to_check", "waiting", "analysing"})),
    ("refused", frozenset({"refused", "failed"})),
    ("signed", frozenset({"signed"})),
)


class RowButton(QPushButton):
    """A row of the side: a word, and a number at its right."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        folder = KeyButton(self.tr("Open folder …"))
        folder.setToolTip(self.tr("Open a folder or a stick"))
        folder.clicked.connect(self.open_folder_asked)
        column.addWidget(opened)
        column.addSpacing(6)
        column.addWidget(folder)
        column.addStretch(1)
        self.show_media(())

    def show_counts(self, counts: Counter[str]) -> None:
        """Show how many studies stand in each state."""
        for name, states in _FILTERS:
            number = counts.total() if states is None else sum(counts[state] for state in states)
            self._rows[name].set_count(number)

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
        names = (self.tr("All"), self.tr("To check"), self.tr("Refused"), self.tr("Signed"))
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


class EmptyWorklist(QWidget):
    """Says how to begin, and offers the sample."""

    sample_asked = Signal()
    open_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(2)
        icon = IconLabel(theme, "usb", "muted", 40)
        column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        self._title = label(self.tr("Plug in a stick with images"), "title")
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._title)
        self._hint = label(
            self.tr(
                "Its studies are listed here by themselves. Or drop files and folders on this window, "
                "or open them from the disk. Farlight reads DICOM, PNG, JPEG, TIFF, BMP and NIfTI; "
                "nothing leaves this computer."
            ),
            "muted",
            wrap=True,
        )
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._hint.setFixedWidth(HINT_WIDTH)
        self._hint.setMinimumHeight(3 * 24)
        column.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        self.open = KeyButton(self.tr("Open …"), "open")
        self.open.clicked.connect(self.open_asked)
        self.sample = KeyButton(self.tr("Try it on the sample"))
        self.sample.setToolTip(self.tr("A drawn chest X-ray of an invented patient"))
        self.sample.clicked.connect(self.sample_asked)
        row.addWidget(self.open)
        row.addWidget(self.sample)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)


class WorklistPage(QWidget):
    """Sidebar, search and table."""

    study_chosen = Signal(str)
    read_next_asked = Signal()
    open_file_asked = Signal()
    open_folder_asked = Signal()
    medium_asked = Signal(object)
    sample_asked = Signal()

    def __init__(self, theme: Theme, book: CaseBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._book = book
        self.source = WorklistModel(book, self)
        self.filtered = WorklistFilter(self)
        self.filtered.setSourceModel(self.source)
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
        self.table = self._build_table(theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self._nothing = label(self.tr("No study fits this search. Esc clears it."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._nothing)
        main.addWidget(self._stack, 1)
        row.addLayout(main, 1)
        self._connect()
        self._refresh()

    def chosen_key(self) -> str | None:
        """Return the key of the study that the table marks."""
        index = self.table.currentIndex()
        if not index.isValid():
            return None
        study: Study = index.data(STUDY_ROLE)
        return study.lead.key

    def take_focus(self) -> None:
        """Put the focus where the next act is."""
        if self._book.studies:
            self.table.setFocus()
        else:
            self.empty.open.setFocus()

    def mark(self, key: str) -> None:
        """Mark the row of a reading unit."""
        index = self.filtered.mapFromSource(self.source.index(self._book.row_of(key), NUMBER))
        if index.isValid():
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)

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
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search name, ID, date   ( / )"))
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setToolTip(tooltip("search"))
        self.search.setClearButtonEnabled(True)
        self.next = KeyButton(self.tr("Read next"), "read_next", kind="primary")
        head.addWidget(self.search, 1)
        head.addWidget(self.next)
        return head

    def _build_table(self, theme: Theme) -> QTableView:
        table = QTableView()
        table.setModel(self.filtered)
        table.setItemDelegate(WorklistDelegate(theme, table))
        table.setAccessibleName(self.tr("Studies"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setWordWrap(False)
        table.setCornerButtonEnabled(False)
        down = table.verticalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        across = table.horizontalHeader()
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setHighlightSections(False)
        across.setFixedHeight(36)
        for column, width in ((NUMBER, 52), (PICTURE, 56), (SEX_AGE, 104), (ID, 132), (STUDY, 270)):
            table.setColumnWidth(column, width)
        across.setSectionResizeMode(NUMBER, QHeaderView.ResizeMode.Fixed)
        across.setSectionResizeMode(PICTURE, QHeaderView.ResizeMode.Fixed)
        across.setSectionResizeMode(PATIENT, QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(STATUS, QHeaderView.ResizeMode.Stretch)
        return table

    def _connect(self) -> None:
        self.side.states_chosen.connect(self._on_states_chosen)
        self.side.open_file_asked.connect(self.open_file_asked)
        self.side.open_folder_asked.connect(self.open_folder_asked)
        self.side.medium_asked.connect(self.medium_asked)
        self.empty.open_asked.connect(self.open_file_asked)
        self.empty.sample_asked.connect(self.sample_asked)
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
        self.search.setEnabled(bool(self._book.studies))
        self.next.setEnabled(any(counts[state] for state in ("to_check", "waiting", "analysing", "refused")))

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
        focused = self.focusWidget()
        if isinstance(focused, QAbstractButton) and focused.hasFocus():
            focused.animateClick()
        elif self.next.isEnabled():
            self.read_next_asked.emit()

    @Slot()
    def _on_this_key(self) -> None:
        """Press the button that has the focus, go from the search to the list, else read the study."""
        focused = self.focusWidget()
        if isinstance(focused, QAbstractButton) and focused.hasFocus():
            focused.animateClick()
        elif self.search.hasFocus():
            self._on_search_returned()
        else:
            self._on_row_chosen()

    @Slot()
    def _on_row_chosen(self, _index: QModelIndex | None = None) -> None:
        key = self.chosen_key()
        if key is not None:
            self.study_chosen.emit(key)
