"""The list of studies for Qt's views: thousands of rows, thumbnails asked for when they come in sight."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSortFilterProxyModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QFont, QPainter, QPainterPath

from services.images import origin_of
from services.refusal_words import short_refusal
from services.typed_table import is_typed
from ui import words
from ui.cases import Case, CaseBook, State, Study
from ui.list_table import RowDelegate, paint_dot
from ui.state_words import is_ready, state_words
from ui.theme import interface_font
from ui.two_lines import in_two_lines, paint_lines

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("number", "picture", "patient", "sex_age", "id", "study", "status")
NUMBER, PICTURE, PATIENT, SEX_AGE, ID, STUDY, STATUS = range(7)
STUDY_ROLE = Qt.ItemDataRole.UserRole + 1
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 2
ROW_HEIGHT = 48
_HARD_SPACE = "\N{NO-BREAK SPACE}"
TONES: dict[State, str] = {
    "waiting": "faint", "analysing": "muted", "to_check": "ink", "refused": "warning",
    "failed": "critical", "signed": "accent",
}  # fmt: skip


class WorklistModel(QAbstractTableModel):
    """One row for each study."""

    def __init__(self, book: CaseBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._without_model: set[str] = set()  # keys, also of those whose result was let go
        book.studies_adding.connect(self._on_studies_adding)
        book.studies_added.connect(self._on_studies_added)
        book.case_changed.connect(self._on_case_changed)
        book.states_changed.connect(self._on_states_changed)
        book.cleared.connect(self._on_cleared)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many studies are listed."""
        return 0 if parent.isValid() else len(self._book.studies)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        names = ("#", "", self.tr("Patient"), self.tr("Sex · age"), self.tr("ID"), self.tr("Study"))
        return (*names, self.tr("Status"))[section].upper()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        study = self._book.studies[index.row()]
        if role == STUDY_ROLE:
            return study
        if role == SEARCH_ROLE:
            return " ".join(self._text(study, column) for column in (PATIENT, ID, STUDY)).casefold()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(study, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (PATIENT, ID, STUDY, STATUS):
            return self._tip(study, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == PICTURE:
            return self._picture(study)
        return None

    def _text(self, study: Study, column: int) -> str:
        case = study.lead
        patient = case.whose
        if column == PATIENT:
            return words.patient_name(patient)
        if column == SEX_AGE:
            return words.sex_letter_and_age(patient)
        if column == ID:
            return words.patient_id(patient)
        if column == STUDY:
            when = " ".join(
                part for part in (words.study_date(case.unit), words.study_time(case.unit)) if part
            )
            nameless = case.unit.kind.startswith("dicom") or is_typed(case.unit)
            name = "" if nameless else Path(case.unit.path).name
            copy = self.tr("kept copy") if origin_of(case.unit) == "copy" else ""
            return " · ".join(part for part in (words.study_name(case.unit), when, name, copy) if part)
        return self._status(study) if column == STATUS else ""

    def _status(self, study: Study) -> str:
        case = _speaker(study)
        if case.signed is not None:
            signature = case.signed.record.signature
            return self.tr("Signed · {name} {time}").format(
                name=signature.name, time=words.clock_time(signature.at)
            )
        if study.state == "refused" and case.refusal is not None and not is_ready(case):
            return short_refusal(case.refusal, answered=case.taught)
        return state_words(case, no_model=case.key in self._without_model, signer=self._book.signer())

    def _tip(self, study: Study, column: int) -> str:
        case = _speaker(study)
        if column == STATUS and study.state == "failed":
            return case.error
        if column == STATUS and study.state == "refused" and case.refusal is not None:
            return f"{case.refusal.reason}\n{case.refusal.advice}"
        if is_typed(case.unit):
            return self._text(study, column)
        place = self.tr("kept copy of {path}") if origin_of(case.unit) == "copy" else "{path}"
        return f"{self._text(study, column)}\n{place.format(path=case.unit.path)}"

    def _picture(self, study: Study) -> Any:
        case = study.lead
        if case.thumbnail is None and not case.thumbnail_asked:
            case.thumbnail_asked = True
            self._book.thumbnail_wanted.emit(case.key)
        return case.thumbnail

    @Slot(int, int)
    def _on_studies_adding(self, first: int, last: int) -> None:
        self.beginInsertRows(QModelIndex(), first, last)

    @Slot(int, int)
    def _on_studies_added(self, _first: int, _last: int) -> None:
        self.endInsertRows()

    @Slot(str)
    def _on_case_changed(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None and case.analysis is not None:
            spoke = words.a_model_spoke(case.analysis.result)
            (self._without_model.discard if spoke else self._without_model.add)(key)
        row = self._book.row_of(key)
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    @Slot()
    def _on_states_changed(self) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0, STATUS), self.index(self.rowCount() - 1, STATUS))

    @Slot()
    def _on_cleared(self) -> None:
        self._without_model.clear()
        self.beginResetModel()
        self.endResetModel()


def _speaker(study: Study) -> Case:
    """Return the reading unit that the study's state is taken from."""
    return next((one for one in study.cases if one.state == study.state), study.lead)


class WorklistFilter(QSortFilterProxyModel):
    """Shows the studies that fit the search and the state chosen at the side, in the order of reading.

    A click on a heading sorts by that column; by the first column is the order of reading. What is read next
    follows what is shown.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._states: frozenset[str] | None = None
        self.sort(NUMBER)

    def studies(self) -> list[Study]:
        """Return the studies in the order in which they are shown."""
        return [self.index(row, NUMBER).data(STUDY_ROLE) for row in range(self.rowCount())]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell; the number is the place in the list as shown."""
        if index.column() == NUMBER and role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return str(index.row() + 1)
        return super().data(index, role)

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802 - Qt's name
        """Put refused and unread studies first, then undecided ones, signed ones last; else as found."""
        return self._place(left) < self._place(right)

    def _place(self, index: Index) -> tuple[str | float, int, int]:
        study: Study = index.data(STUDY_ROLE)
        key = self._key(study, index)
        undecided = any(case.undecided and case.signed is None for case in study.cases)
        ranks = {"refused": 0, "failed": 0, "signed": 3}
        return key, ranks.get(study.state, 1 if undecided else 2), index.row()

    def _key(self, study: Study, index: Index) -> str | float:
        """Return what the chosen column sorts by; rows that are alike there stand in the order of reading."""
        column, case = self.sortColumn(), study.lead
        if column == SEX_AGE:
            age = case.whose.age_years
            return age.value if age else -1.0
        if column == STUDY:
            return f"{case.unit.header.date or ''} {case.unit.header.time or ''}"
        if column in (PATIENT, ID, STATUS):
            return str(index.data()).casefold()
        return ""

    def set_search(self, text: str) -> None:
        """Show rows that hold every word of the text."""
        self.beginFilterChange()
        self._words = tuple(text.casefold().split())
        self.endFilterChange()

    def set_states(self, states: frozenset[str] | None) -> None:
        """Show rows in some states; None shows all."""
        self.beginFilterChange()
        self._states = states
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether a row is shown."""
        index = self.sourceModel().index(row, 0, parent)
        study: Study = index.data(STUDY_ROLE)
        if self._states is not None and study.state not in self._states:
            return False
        if not self._words:
            return True
        text = index.data(SEARCH_ROLE)
        return all(word in text for word in self._words)


class WorklistDelegate(RowDelegate):
    """Draws a row: thumbnail, bold name, state with its dot and its word."""

    row_height = ROW_HEIGHT

    def paint_content(self, painter: QPainter, rect: QRectF, index: Index) -> None:
        """Draw the picture of a study, or the words of a cell."""
        if index.column() == PICTURE:
            self._paint_picture(painter, rect, index.data(Qt.ItemDataRole.DecorationRole))
        else:
            self._paint_words(painter, rect, index)

    def _paint_picture(self, painter: QPainter, rect: QRectF, picture: Any) -> None:
        frame = QRectF(rect.left() + 4, rect.top() + 7, 46, rect.height() - 15)
        path = QPainterPath()
        path.addRoundedRect(frame, 3, 3)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillPath(path, self.theme.color("ground"))
        if picture is not None:
            painter.setClipPath(path)
            size = picture.size().scaled(frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(frame.center())
            painter.drawImage(place, picture)

    def _paint_words(self, painter: QPainter, rect: QRectF, index: Index) -> None:
        study: Study = index.data(STUDY_ROLE)
        tint = "ink"
        room = rect.adjusted(10, 0, -8, -1)
        font: QFont = interface_font(bold=index.column() == PATIENT)
        if index.column() == STATUS:
            tint = TONES[study.state]
            paint_dot(painter, room, self.theme.color("muted" if tint == "ink" else tint))
        elif index.column() == NUMBER:
            tint = "muted"
        painter.setFont(font)
        painter.setPen(self.theme.color("muted" if tint == "faint" else tint))
        whole = index.data(Qt.ItemDataRole.DisplayRole) or ""
        if index.column() in (STUDY, STATUS) and "·" in whole:  # break between facts, not within a date
            whole = whole.replace(" ", _HARD_SPACE).replace(f"·{_HARD_SPACE}", "· ")
        paint_lines(painter, room, in_two_lines(whole, painter.fontMetrics(), int(room.width())))
