"""The line over the audit trail in which somebody says what they look for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from services.trail import ACTS, between_days
from services.trail_words import act_words, subject_words
from store.audit import AuditQuery
from ui.controls import KeyButton, set_role
from ui.shortcuts import tooltip
from ui.still_controls import StillComboBox

TYPING_MS = 250


class AuditFilter(QWidget):
    """Person, act, days, words, and one record."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Patient, number, person, pack   ( / )"))
        self.text.setAccessibleName(self.tr("Search the audit trail"))
        self.text.setToolTip(tooltip("search", self.tr("Search the audit trail")))
        self.text.setClearButtonEnabled(True)
        self.person = self._choice(self.tr("Person"))
        self.act = self._choice(self.tr("Act"))
        self.act.addItem(self.tr("Every act"), "")
        for act in sorted(ACTS, key=act_words):
            self.act.addItem(act_words(act), act)
        self.since = self._day(self.tr("From"), self.tr("from YYYY-MM-DD"))
        self.until = self._day(self.tr("To"), self.tr("to YYYY-MM-DD"))
        self.record = KeyButton(self.tr("All records"))
        self.record.clicked.connect(self._on_record_clicked)
        self.record.hide()
        row.addWidget(self.text, 1)
        for part in (self.person, self.act, self.since, self.until, self.record):
            row.addWidget(part)
        self.show_people(())
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self._soon.timeout.connect(self.changed)
        for line in (self.text, self.since, self.until):
            line.textChanged.connect(self._on_typed)
        for box in (self.person, self.act):
            box.activated.connect(self._on_chosen)

    def query(self) -> AuditQuery | None:
        """Return what is looked for; None where a day is no day."""
        days = [_day_of(line) for line in (self.since, self.until)]
        wrong = [
            day is None and bool(line.text().strip()) for day, line in zip(days, self._days, strict=True)
        ]
        for line, is_wrong in zip(self._days, wrong, strict=True):
            set_role(line, wrong=is_wrong)
        if any(wrong):
            return None
        since, before = between_days(*days)
        act = self.act.currentData()
        return AuditQuery(
            person=self.person.currentData(),
            acts=(act,) if act else (),
            subject=self._subject,
            since=since,
            before=before,
            text=self.text.text(),
        )

    @property
    def is_empty(self) -> bool:
        """Whether every line is asked for."""
        return self.query() == AuditQuery()

    @property
    def has_record(self) -> bool:
        """Whether the lines of one record alone are asked for."""
        return bool(self._subject)

    def show_people(self, people: Sequence[str]) -> None:
        """Offer the people of the trail."""
        chosen = self.person.currentData()
        self.person.clear()
        self.person.addItem(self.tr("Everybody"), "")
        for name in people:
            self.person.addItem(name, name)
        self.person.setCurrentIndex(max(0, self.person.findData(chosen)))

    def show_record(self, subject: str) -> None:
        """Ask for the lines of one record alone; "" for those of all."""
        self._subject = subject
        self.record.setVisible(bool(subject))
        self.record.set_words(self.tr("{record}: show all").format(record=subject_words(subject)))
        self.changed.emit()

    def clear(self) -> bool:
        """Ask for every line; returns False where that is asked already."""
        if self.is_empty:
            return False
        for line in (self.text, *self._days):
            line.clear()
        for box in (self.person, self.act):
            box.setCurrentIndex(0)
        self._soon.stop()
        self.show_record("")
        return True

    @property
    def _days(self) -> tuple[QLineEdit, QLineEdit]:
        return self.since, self.until

    def _choice(self, name: str) -> QComboBox:
        box = StillComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(14)
        box.setMaxVisibleItems(18)
        return box

    def _day(self, name: str, hint: str) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setPlaceholderText(hint)
        line.setToolTip(self.tr("Year, month, day: 2026-11-22"))
        line.setMaxLength(10)
        line.setFixedWidth(152)
        line.setInputMethodHints(Qt.InputMethodHint.ImhDate)
        return line

    @Slot()
    def _on_typed(self) -> None:
        self._soon.start()

    @Slot()
    def _on_chosen(self) -> None:
        self.changed.emit()

    @Slot()
    def _on_record_clicked(self) -> None:
        self.show_record("")


def _day_of(line: QLineEdit) -> date | None:
    try:
        return date.fromisoformat(line.text().strip())
    except ValueError:
        return None
