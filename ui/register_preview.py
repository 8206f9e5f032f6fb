"""What would become of a register: made in the background, and shown row by row before anything is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.errors import Cancelled, FarlightError
from services.register_people import Line, Mapped, guess
from services.register_table import Encoding, Table, read_table
from services.workplace import Workplace
from ui.records_model import day_word
from ui.task import Handle
from ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
PREVIEWED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A table, how it is read, and what would become of its rows; ``error`` where that cannot be said yet."""

    table: Table
    mapped: Mapped
    lines: tuple[Line, ...] = ()
    error: FarlightError | None = None


class PreviewModel(QAbstractTableModel):
    """The first rows, each with what would become of it."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table: Table | None = None
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._born: int | None = None

    def show_preview(self, preview: Preview) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._table = preview.table
        self._born = preview.mapped.columns.get("birth_date")
        self._lines = preview.lines[:PREVIEWED]
        self._rows = tuple(row.cells for row in preview.table.rows[:PREVIEWED])
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many rows are previewed."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return the columns of the table, and what becomes of the row before them."""
        return 0 if parent.isValid() or self._table is None else len(self._table.headings) + 1

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the heading of a column."""
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == 0:
            return self.tr("What becomes of it")
        heading = self._table.headings[section - 1] if self._table is not None else ""
        return heading or self.tr("Column {number}").format(number=section)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what stands in a cell; rows that are left out say why in their first."""
        line = self._lines[index.row()] if index.row() < len(self._lines) else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            if index.column() > 0:
                return self._cell(index.row(), index.column() - 1, line)
            return self._fate(line) if line is not None else ""
        if role == Qt.ItemDataRole.ForegroundRole and line is not None and line.state != "right":
            return self._theme.color("warning" if line.state == "double" else "critical")
        return None

    def _cell(self, row: int, column: int, line: Line | None) -> str:
        """Return a cell as it stands; a birth date also as it is understood, so that it can be checked."""
        text = self._rows[row][column]
        born = line.patient.birth_date if line is not None and line.patient is not None else None
        if column != self._born or born is None:
            return text
        return self.tr("{text}  =  {day}").format(text=text, day=day_word(born.value))

    def _fate(self, line: Line) -> str:
        if line.state == "right":
            return " ".join((self.tr("Read in."), *line.notes))
        word = self.tr("Double:") if line.state == "double" else self.tr("Left out:")
        return f"{word} {line.why}"


class MakePreview:
    """The Qt-free work of reading a file and saying what would become of its rows."""

    def __init__(
        self,
        workplace: Workplace,
        file: Path,
        mapped: Mapped | None,
        *,
        encoding: Encoding | None,
        separator: str | None,
        has_headings: bool | None,
    ) -> None:
        self._workplace, self._file, self._mapped = workplace, file, mapped
        self._encoding, self._separator, self._has_headings = encoding, separator, has_headings

    def __call__(self, handle: Handle) -> Preview:
        """Read the file and look at every row."""
        table = read_table(
            self._file, encoding=self._encoding, separator=self._separator, has_headings=self._has_headings
        )
        mapped = self._mapped or guess(table)
        try:
            lines = self._workplace.register.preview(
                table, mapped, progress=handle.deliver, cancelled=handle.cancelled
            )
        except Cancelled:
            raise
        except FarlightError as error:
            return Preview(table=table, mapped=mapped, error=error)
        return Preview(table=table, mapped=mapped, lines=lines)
