"""The records for Qt's views: one row for each study, and for each patient without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QDate,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from services.records import RecordDesk
from services.typed_table import find_table
from store.records import ListedStudy, PatientRow, StudyState

Index = QModelIndex | QPersistentModelIndex
PATIENT, ID, BORN, DATE, STUDY, STATE = range(6)
LINE_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One row: a patient, with a study or without one."""

    patient_id: int
    name: str
    number: str
    birth_date: str
    study: ListedStudy | None = None


def read_lines(records: RecordDesk, text: str) -> tuple[RecordLine, ...]:
    """Return the rows that hold every word of a text: studies, the last opened first, then patients."""
    studies = (
        RecordLine(
            patient_id=one.patient_id,
            name=one.name,
            number=one.number,
            birth_date=one.birth_date,
            study=one,
        )
        for one in records.listed(text)
    )
    patients = (_alone(one) for one in records.patients_without_studies(text))
    return (*studies, *patients)


def _alone(row: PatientRow) -> RecordLine:
    return RecordLine(patient_id=row.patient_id, name=row.name, number=row.number, birth_date=row.birth_date)


def day_word(iso: str) -> str:
    """Return an ISO date as people here write it, the text itself where it is none."""
    date = QDate.fromString(iso[:10], "yyyy-MM-dd")
    return QLocale().toString(date, "d MMM yyyy") if date.isValid() else iso


def state_word(state: StudyState) -> str:
    """Return where a reading stands, in words."""
    names = {
        "to_read": QCoreApplication.translate("records", "To read"),
        "draft": QCoreApplication.translate("records", "Draft"),
        "signed": QCoreApplication.translate("records", "Signed"),
    }
    return names[state]


def study_word(study: ListedStudy) -> str:
    """Return what a study is: modality and what its header says."""
    said = " · ".join(part for part in (study.modality, study.description) if part)
    if find_table(study.path) is not None:
        return QCoreApplication.translate("records", "Typed values")
    return said or QCoreApplication.translate("records", "Picture")


class RecordsModel(QAbstractTableModel):
    """The rows that were read last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[RecordLine, ...] = ()

    def show_lines(self, lines: tuple[RecordLine, ...]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._lines = lines
        self.endResetModel()

    @property
    def lines(self) -> tuple[RecordLine, ...]:
        """The rows, in the order in which they were read."""
        return self._lines

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many columns there are."""
        return 0 if parent.isValid() else STATE + 1

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        names = (
            self.tr("Patient"), self.tr("ID"), self.tr("Born"),
            self.tr("Taken"), self.tr("Study"), self.tr("State"),
        )  # fmt: skip
        return names[section].upper()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        line = self._lines[index.row()]
        if role == LINE_ROLE:
            return line
        if role == SORT_ROLE:
            return self._sort_key(line, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(line, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._text(line, index.column()) or None
        return None

    def _text(self, line: RecordLine, column: int) -> str:
        study = line.study
        if column == PATIENT:
            return line.name or self.tr("Name not known")
        if column == ID:
            return line.number
        if column == BORN:
            return day_word(line.birth_date)
        if study is None:
            return self.tr("No study") if column == STUDY else ""
        if column == DATE:
            return day_word(study.study_date)
        return study_word(study) if column == STUDY else state_word(study.state)

    def _sort_key(self, line: RecordLine, column: int) -> str:
        if column == BORN:
            return line.birth_date
        if column == DATE:
            return line.study.study_date if line.study is not None else ""
        return self._text(line, column).casefold()


class RecordsFilter(QSortFilterProxyModel):
    """Shows the rows of one state, sorted by the heading that was clicked; unsorted, as they were read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state: StudyState | None = None
        self.setSortRole(SORT_ROLE)

    def set_state(self, state: StudyState | None) -> None:
        """Show rows in one state; None shows all."""
        self.beginFilterChange()
        self._state = state
        self.endFilterChange()

    def accepts(self, line: RecordLine) -> bool:
        """Whether a row is in the state that is shown."""
        return self._state is None or (line.study is not None and line.study.state == self._state)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether a row is shown."""
        return self._state is None or self.accepts(self.sourceModel().index(row, 0, parent).data(LINE_ROLE))
