"""All patients and studies that this computer knows: search, list, and the chosen patient beside it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from services.workplace import Workplace
from ui.controls import KeyButton, enable, label
from ui.list_table import make_search, make_table, press_focused
from ui.patient_pane import NARROW_WINDOW, PatientPane
from ui.record_table import RecordDelegate
from ui.records_model import (
    BORN,
    DATE,
    ID,
    LINE_ROLE,
    PATIENT,
    STATE,
    STUDY,
    RecordLine,
    RecordsFilter,
    RecordsModel,
    read_lines,
    state_word,
)
from ui.shortcuts import make_action
from ui.still_controls import StillComboBox
from ui.task import Handle, Pools
from ui.theme import Theme

TYPING_MS = 150
WIDTHS = ((ID, 110), (BORN, 108), (DATE, 108), (STATE, 104))
NARROW_WIDTHS = ((ID, 96), (BORN, 100), (DATE, 100), (STATE, 92))


class RecordsPage(QWidget):
    """Search, table and the chosen patient; ``refresh`` reads the records again."""

    register_asked = Signal()
    failed = Signal(object)

    def __init__(
        self, theme: Theme, pools: Pools, workplace: Workplace, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._pools, self._workplace = pools, workplace
        self._asked = 0
        self._rows_wanted = False
        self._wanted: tuple[int, int | None] | None = None
        self.model = RecordsModel(self)
        self.filtered = RecordsFilter(self)
        self.filtered.setSourceModel(self.model)
        self.pane = PatientPane(workplace)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        main = QVBoxLayout()
        main.setContentsMargins(18, 14, 18, 14)
        main.setSpacing(10)
        main.addLayout(self._build_head())
        self.table = self._build_table(theme)
        self._empty = self._build_empty()
        self._nothing = label(self.tr("No record fits this search. Esc clears it."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        for part in (self._empty, self.table, self._nothing):
            self.stack.addWidget(part)
        main.addWidget(self.stack, 1)
        self._count = label("", "small")
        main.addWidget(self._count)
        row.addLayout(main, 1)
        row.addWidget(self.pane)
        self._connect()

    def take_focus(self) -> None:
        """Put the focus where the next act is."""
        if self.filtered.rowCount():
            self.table.setFocus()
        else:
            self.search.setFocus()
            self._rows_wanted = True

    def step_back(self) -> bool:
        """Clear the search; returns False where there was none."""
        if not self.search.text():
            return False
        self.search.clear()
        self.table.setFocus()
        return True

    def chosen(self) -> RecordLine | None:
        """Return the row that is marked."""
        index = self.table.currentIndex()
        return index.data(LINE_ROLE) if index.isValid() else None

    def mark(self, patient_id: int, study_id: int | None) -> None:
        """Mark a patient's row once the records are read again, with this study where it is given."""
        self._wanted = (patient_id, study_id)

    def forget(self) -> None:
        """Show nothing of anybody: nobody is logged in."""
        self.search.clear()
        self.model.show_lines(())
        self.pane.show_line(None)
        self._count.setText("")

    @Slot()
    def refresh(self) -> None:
        """Read the records in the background; the latest asking is shown."""
        self._asked += 1
        line = self.chosen()
        if self._wanted is None and line is not None:
            self.mark(line.patient_id, line.study.study_id if line.study is not None else None)
        task = self._pools.records("records", _Read(self._workplace, self.search.text()), key=self._asked)
        task.succeeded.connect(self._on_read)
        task.failed.connect(self.failed)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the names their room: in a narrow window the study stands beside the list alone."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_WINDOW
        self.pane.fit(self.width())
        self.table.setColumnHidden(STUDY, narrow)
        for column, width in NARROW_WIDTHS if narrow else WIDTHS:
            self.table.setColumnWidth(column, width)

    # --- building

    def _build_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        self.search = make_search(self.tr("Search the records"), self.tr("Search name, ID, date   ( / )"))
        self.state = StillComboBox()
        self.state.setAccessibleName(self.tr("State"))
        self.state.setMinimumWidth(120)
        self.state.addItem(self.tr("All states"), None)
        for state in ("to_read", "draft", "signed"):
            self.state.addItem(state_word(state), state)
        self.register = KeyButton(self.tr("Camp register …"))
        head.addWidget(self.search, 1)
        head.addWidget(self.state)
        head.addWidget(self.register)
        return head

    def _build_table(self, theme: Theme) -> QTableView:
        table = make_table(self.tr("Records"))
        table.setModel(self.filtered)
        table.setItemDelegate(RecordDelegate(theme, table))
        table.setSortingEnabled(True)
        across = table.horizontalHeader()
        across.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.filtered.sort(-1)
        across.setSectionResizeMode(PATIENT, QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(STUDY, QHeaderView.ResizeMode.Stretch)
        return table

    def _build_empty(self) -> QWidget:
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.addStretch(2)
        title = label(self.tr("No patient is recorded yet"), "title")
        hint = label(
            self.tr(
                "A study is recorded when it is opened and its patient is known: from the image, or typed "
                "and confirmed. Who is expected can be read in beforehand from the camp's register."
            ),
            "muted",
            wrap=True,
        )
        hint.setFixedWidth(480)
        hint.setMinimumHeight(3 * 24)
        for part in (title, hint):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        return empty

    def _connect(self) -> None:
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self._soon.timeout.connect(self.refresh)
        self.search.textChanged.connect(self._on_search_changed)
        self.state.currentIndexChanged.connect(self._on_state_chosen)
        self.register.clicked.connect(self.register_asked)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self.table.doubleClicked.connect(self._on_row_chosen)
        self.pane.study_asked.connect(self._on_study_asked)
        self.pane.failed.connect(self.failed)
        make_action("search", self).triggered.connect(self._on_search_asked)
        make_action("read_this", self).triggered.connect(self._on_this_key)

    # --- reading

    @Slot(object)
    def _on_read(self, lines: tuple[RecordLine, ...]) -> None:
        if getattr(self.sender(), "key", None) != self._asked:
            return
        self.model.show_lines(lines)
        self._show_found()
        wanted, self._wanted = self._wanted, None
        self._mark_row(wanted)
        if self._rows_wanted and self.search.hasFocus() and lines and not self.search.text():
            self.table.setFocus()
        self._rows_wanted = False

    def _show_found(self) -> None:
        rows = self.filtered.rowCount()
        searched = bool(self.search.text()) or self.state.currentData() is not None
        shown = self.table if rows else (self._nothing if searched else self._empty)
        self.stack.setCurrentWidget(shown)
        patients = len({one.patient_id for one in self.model.lines if self.filtered.accepts(one)})
        words = " · ".join(
            (
                self.tr("1 row") if rows == 1 else self.tr("{rows} rows").format(rows=f"{rows:,}"),
                self.tr("1 patient") if patients == 1 else self.tr("{n} patients").format(n=f"{patients:,}"),
            )
        )
        self._count.setText(words if rows else "")
        may = self._workplace.session.may("enter_patient")
        enable(self.register, may, self.tr("Log in to read a register in"))

    def _mark_row(self, wanted: tuple[int, int | None] | None) -> None:
        """Mark the wanted row, or the first; a study that went to another patient is followed."""
        found = self.filtered.index(0, PATIENT)
        for row, line in enumerate(self.model.lines) if wanted is not None else ():
            study = line.study.study_id if line.study is not None else None
            same = (line.patient_id, study) == wanted
            if same or (wanted is not None and study is not None and study == wanted[1]):
                place = self.filtered.mapFromSource(self.model.index(row, PATIENT))
                found = place if place.isValid() else found
            if same:
                break
        if found.isValid():
            self.table.setCurrentIndex(found)
            self.table.scrollTo(found)
        self.pane.show_line(self.chosen())

    @Slot(QModelIndex, QModelIndex)
    def _on_row_changed(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self.pane.show_line(self.chosen())

    @Slot(str)
    def _on_search_changed(self, _text: str) -> None:
        self._soon.start()

    @Slot(int)
    def _on_state_chosen(self, _index: int) -> None:
        self.filtered.set_state(self.state.currentData())
        self._show_found()
        self._mark_row(None)

    @Slot(int)
    def _on_study_asked(self, study_id: int) -> None:
        line = self.chosen()
        if line is None:
            return
        self.mark(line.patient_id, study_id)
        if self.search.text() or self.state.currentData() is not None:
            self.state.setCurrentIndex(0)
            self.search.clear()
        self.refresh()

    @Slot()
    def _on_search_asked(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _on_this_key(self) -> None:
        if press_focused(self):
            return
        if self.search.hasFocus():
            self.table.setFocus()
        else:
            self._on_row_chosen()

    @Slot()
    def _on_row_chosen(self, _index: QModelIndex | None = None) -> None:
        line = self.chosen()
        if line is not None and line.study is not None:
            self.pane.open_asked.emit(line.study)


class _Read:
    """The Qt-free work of reading the rows."""

    def __init__(self, workplace: Workplace, text: str) -> None:
        self._workplace, self._text = workplace, text

    def __call__(self, _handle: Handle) -> tuple[RecordLine, ...]:
        return read_lines(self._workplace.records, self._text)
