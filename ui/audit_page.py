"""The audit trail for administrators: how it stands, what is looked for, and the lines, the newest first."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.errors import FarlightError, NotPermittedError
from core.wording import say
from services.trail_check import TrailState
from services.trail_words import patient_words, state_words, subject_words, what_words
from services.workplace import Workplace
from store.audit import ListedLine
from ui.audit_filter import AuditFilter
from ui.audit_model import ACT, LINE, LISTED_ROLE, PATIENT, RECORD, TIME, WHAT, WHO, AuditModel
from ui.controls import KeyButton, enable, label, set_role
from ui.list_table import make_table
from ui.shortcuts import make_action
from ui.task import Pools
from ui.theme import Theme
from ui.trail_watch import TrailWatch, broken_words, checking_words, unread_words

ROW_HEIGHT = 36
_WIDTHS = {LINE: 76, TIME: 168, WHO: 150, ACT: 186, PATIENT: 210, RECORD: 130}


class AuditPage(QWidget):
    """Asks for what it shows each time it comes into sight."""

    export_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        pools: Pools,
        workplace: Workplace,
        watch: TrailWatch,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._workplace, self._watch = workplace, watch
        self.model = AuditModel(workplace.trail, pools, theme, self)
        self.filter = AuditFilter()
        self.table = self._build_table()
        self.state = label("", "muted", wrap=True)
        self._broken = self._build_broken()
        self._empty = label("", "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self._detail = label("", "small", wrap=True)
        self._fresh = False
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(10)
        column.addLayout(self._build_head())
        column.addWidget(self._broken)
        column.addWidget(self.filter)
        column.addWidget(self._stack, 1)
        column.addLayout(self._build_foot())
        self._connect()

    # --- from outside

    def refresh(self) -> None:
        """Show the trail as it is now, or that who is logged in may not read it."""
        self._show_state(self._workplace.trail_state)
        allowed = self._workplace.session.may("audit")
        for part in (self.filter, self.export):
            part.setEnabled(allowed)
        if not allowed:
            self.forget()
            self._say(unread_words(NotPermittedError("audit")))
            return
        try:
            self.filter.show_people(self._workplace.trail.people())
        except FarlightError as error:
            self._say(unread_words(error))
            return
        self._fresh = True
        self._ask()

    def forget(self) -> None:
        """Take every line out of sight."""
        self.model.forget()
        self._show_detail()

    def step_back(self) -> bool:
        """Ask for every line; returns False where that is shown already."""
        focused = self.filter.isAncestorOf(self.focusWidget() or self)
        cleared = self.filter.clear()
        if cleared or focused:
            self.table.setFocus()
        return cleared or focused

    # --- building

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(label(self.tr("Audit trail"), "title"))
        row.addWidget(self.state, 1)
        self.again = KeyButton(self.tr("Check again"))
        self.export = KeyButton(self.tr("Export …"))
        for button in (self.again, self.export):
            row.addWidget(button)
        return row

    def _build_broken(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("notice", "critical")
        column = QVBoxLayout(frame)
        column.setContentsMargins(14, 10, 14, 10)
        self._broken_words = label("", "body", wrap=True)
        self._broken_words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._broken_words)
        frame.hide()
        return frame

    def _build_table(self) -> QTableView:
        table = make_table(self.tr("Lines of the audit trail"), ROW_HEIGHT)
        table.setObjectName("audit")
        table.setModel(self.model)
        across = table.horizontalHeader()
        for part, width in _WIDTHS.items():
            table.setColumnWidth(part, width)
        across.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        return table

    def _build_foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._detail, 1)
        self.only = KeyButton(self.tr("Only this record"))
        row.addWidget(self.only)
        return row

    def _connect(self) -> None:
        self.again.clicked.connect(self._watch.check)
        self.export.clicked.connect(self.export_asked)
        self.only.clicked.connect(self._on_only_clicked)
        self.filter.changed.connect(self._on_filter_changed)
        self.model.filled.connect(self._on_filled)
        self.model.failed.connect(self._on_failed)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self._watch.checked.connect(self._show_state)
        self._watch.progressed.connect(self._on_progressed)
        self._watch.failed.connect(self._on_check_failed)
        make_action("search", self).triggered.connect(self._on_search_asked)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show the trail as it is now."""
        super().showEvent(event)
        if not event.spontaneous():
            self.refresh()

    # --- showing

    @Slot(object)
    def _show_state(self, state: TrailState | None) -> None:
        if self._watch.checking:
            self.state.setText(say("trail.state.checking"))
        else:
            self.state.setText(state_words(state) if state is not None else say("trail.state.not_checked"))
        broken = state is not None and not state.is_whole
        set_role(self.state, role="critical-strong" if broken else "muted")
        self._broken.setVisible(broken)
        if state is not None and broken:
            self._broken_words.setText("\n".join(_first(broken_words(state))))

    @Slot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        self.state.setText(checking_words(done, total))

    @Slot(object)
    def _on_check_failed(self, error: FarlightError) -> None:
        self.state.setText(unread_words(error))

    def _ask(self) -> None:
        query = self.filter.query()
        if query is None:
            self._say(self.tr("A day is written as 2026-11-22: year, month, day."))
        else:
            self.model.ask(query)

    def _say(self, text: str) -> None:
        self._empty.setText(text)
        self._stack.setCurrentWidget(self._empty)
        self._show_detail()

    @Slot()
    def _on_filter_changed(self) -> None:
        self._ask()

    @Slot()
    def _on_filled(self) -> None:
        if not self.model.rowCount():
            self._say(self.tr("No line fits what is looked for. Esc shows every line."))
            return
        self._stack.setCurrentWidget(self.table)
        if not self.table.currentIndex().isValid():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(0, LINE), flags)
        self._show_detail()
        if self._fresh:
            self.table.setFocus()
        self._fresh = False

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._say(unread_words(error))

    def _current(self) -> ListedLine | None:
        index = self.table.currentIndex()
        return index.data(LISTED_ROLE) if index.isValid() else None

    @Slot(QModelIndex, QModelIndex)
    def _on_row_changed(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self._show_detail()

    def _show_detail(self) -> None:
        one = self._current() if self._stack.currentWidget() is self.table else None
        enable(
            self.only,
            one is not None and bool(one.line.subject),
            self.tr("This line is about no record"),
        )
        self._detail.setText("" if one is None else self._in_full(one))

    def _in_full(self, one: ListedLine) -> str:
        """Return what the columns may have no room for, and the digest that a printed one must have."""
        told = (patient_words(one), subject_words(one.line.subject), what_words(one.line))
        digest = self.tr("Line {seq} · digest {digest}").format(seq=one.line.seq, digest=one.line.digest)
        return "\n".join(part for part in (" · ".join(filter(None, told)), digest) if part)

    @Slot()
    def _on_only_clicked(self) -> None:
        """Ask for the lines of one record, or again for those of all."""
        one = self._current()
        if self.filter.has_record:
            self.filter.show_record("")
        elif one is not None and one.line.subject:
            self.filter.show_record(one.line.subject)
            self.table.setFocus()

    @Slot()
    def _on_search_asked(self) -> None:
        self.filter.text.setFocus()
        self.filter.text.selectAll()


def _first(sentences: tuple[str, ...], most: int = 4) -> tuple[str, ...]:
    """Return the first places, how many more there are, and what to do; the command line lists all."""
    *places, meaning, advice = sentences
    left = len(places) - most
    shown = places[:most] if left <= 1 else [*places[:most], say("trail.trouble.more", count=left)]
    return (*(places if left <= 1 else shown), meaning, advice)
