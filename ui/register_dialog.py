"""Reading the camp's register in: a file, how it is meant, a preview, and only then the act."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QWidget,
)

from core.errors import FarlightError
from services.register_people import DateStyle, Line, Mapped, counts, needs_date_style
from services.register_table import FIELDS, SEPARATORS, Field
from services.workplace import Workplace
from store.register import RegisterRow
from ui.controls import KeyButton, label
from ui.list_table import make_table
from ui.progress_line import ProgressLine
from ui.register_preview import PREVIEWED, MakePreview, Preview, PreviewModel
from ui.sheet_dialog import Sheet
from ui.still_controls import StillComboBox
from ui.task import Handle, Pools, Task
from ui.theme import Theme

FATE_WIDTH = 300
WIDTH, TABLE_HEIGHT, MOST_TABLE_HEIGHT = 940, 150, 420
REST = 470  # what stands above and below the table
LEAST_COLUMN, MOST_COLUMN = 80, 240
SHOWN_AFTER_MS = 300


class RegisterDialog(Sheet):
    """Chooses, previews and reads a register; lists those that were read, to remove them."""

    failed = Signal(object)

    def __init__(self, theme: Theme, pools: Pools, workplace: Workplace, parent: QWidget) -> None:
        super().__init__(self.tr("Camp register"), self.tr("Read in"), parent)
        self.setMinimumWidth(min(WIDTH, parent.width() - 48))
        self._pools, self._workplace, self._room = pools, workplace, parent.height()
        self.file: Path | None = None
        self.preview: Preview | None = None
        self._asked = 0
        self._task: Task | None = None
        self._filling = False
        self.no.set_words(self.tr("Close"))
        self._registers = QGridLayout()
        self._registers.setColumnStretch(0, 1)
        self._build_file()
        self._build_meaning()
        self.model = PreviewModel(theme, self)
        self.table = self._build_table()
        self.body.addWidget(self.table)
        self.told = label("", "muted", wrap=True)
        row = QHBoxLayout()
        row.addWidget(self.told, 1)
        self.left_out = KeyButton(self.tr("Write the rows left out …"))
        self.left_out.clicked.connect(self._on_left_out)
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)
        row.addWidget(self.left_out)
        self.body.addLayout(row)
        self.body.addWidget(self.line)
        self.body.addLayout(self._registers)
        self.yes.clicked.connect(self._on_read_in)
        self._show(None)
        self._show_registers()
        self.choose.setFocus()

    def open_file(self, path: str) -> None:
        """Take a file and find out how it is meant."""
        self.file = Path(path)
        self._file_name.setText(self.file.name)
        self._ask(None, guessing=True)

    # --- building

    def _build_file(self) -> None:
        row = QHBoxLayout()
        self.choose = KeyButton(self.tr("Choose a CSV file …"))
        self.choose.clicked.connect(self._on_choose)
        hint = self.tr("A table of the people who are expected, saved as CSV.")
        self._file_name = label(hint, "muted", wrap=True)
        row.addWidget(self.choose)
        row.addWidget(self._file_name, 1)
        self.encoding = self._box(
            row, self.tr("Letters"),
            (("UTF-8", "utf-8"), ("UTF-8 BOM", "utf-8-sig"), ("UTF-16", "utf-16"), ("UTF-16 LE", "utf-16-le"),
             ("UTF-16 BE", "utf-16-be"), ("Windows-1252", "cp1252")),
        )  # fmt: skip
        names = (self.tr("Comma"), self.tr("Semicolon"), self.tr("Tab"), self.tr("Bar"))
        self.separator = self._box(row, self.tr("Separator"), tuple(zip(names, SEPARATORS, strict=True)))
        self.headings = QCheckBox(self.tr("First row is headings"))
        self.headings.clicked.connect(self._on_reading_changed)
        row.addWidget(self.headings)
        self.body.addLayout(row)
        for box in (self.encoding, self.separator):
            box.activated.connect(self._on_reading_changed)

    def _build_meaning(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        words = (
            self.tr("Name"), self.tr("Family name"), self.tr("Given names"), self.tr("ID"),
            self.tr("Birth date"), self.tr("Sex"), self.tr("Age"),
        )  # fmt: skip
        self.columns: dict[Field, QComboBox] = {}
        for place, (field, name) in enumerate(zip(FIELDS, words, strict=True)):
            box = StillComboBox()
            box.setAccessibleName(self.tr("Column of: {field}").format(field=name))
            box.activated.connect(self._on_meaning_changed)
            row, column = divmod(place, 4)
            grid.addWidget(label(name, "muted"), row * 2, column)
            grid.addWidget(box, row * 2 + 1, column)
            grid.setColumnStretch(column, 1)
            self.columns[field] = box
        self.dates = StillComboBox()
        self.dates.setAccessibleName(self.tr("How dates are meant"))
        for text, style in (
            (self.tr("Choose …"), None),
            (self.tr("Day first: 3 April"), "day_first"),
            (self.tr("Month first: March 4"), "month_first"),
        ):
            self.dates.addItem(text, style)
        self.dates.activated.connect(self._on_meaning_changed)
        self._dates_name = label(self.tr("03/04/2020 means"), "muted")
        grid.addWidget(self._dates_name, 2, 3)
        grid.addWidget(self.dates, 3, 3)
        self.body.addLayout(grid)

    def _build_table(self) -> QTableView:
        table = make_table(self.tr("The first {count} rows").format(count=PREVIEWED))
        table.setModel(self.model)
        table.setFixedHeight(max(TABLE_HEIGHT, min(MOST_TABLE_HEIGHT, self._room - REST)))
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        table.verticalHeader().setDefaultSectionSize(28)
        across = table.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        across.setStretchLastSection(True)
        across.setDefaultSectionSize(112)
        return table

    def _box(self, row: QHBoxLayout, name: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        box = StillComboBox()
        box.setAccessibleName(name)
        for text, value in choices:
            box.addItem(text, value)
        row.addWidget(box)
        return box

    # --- previewing

    def _ask(self, mapped: Mapped | None, *, guessing: bool = False) -> None:
        if self.file is None:
            return
        self._asked += 1
        work = MakePreview(
            self._workplace,
            self.file,
            mapped,
            encoding=None if guessing else self.encoding.currentData(),
            separator=None if guessing else self.separator.currentData(),
            has_headings=None if guessing else self.headings.isChecked(),
        )
        self.tell("")
        self._on_stop()  # what was asked before is not wanted any more
        task = self._pools.files("register", work, key=self._asked, priority=9)
        task.succeeded.connect(self._on_made)
        task.failed.connect(self._on_not_made)
        self._follow(task, self.tr("Looking at the file"))

    def _follow(self, task: Task, name: str) -> None:
        """Show how far the rows are looked at or read in; it can be stopped."""
        self._task = task
        task.cancelled.connect(self._on_stopped)
        task.ended.connect(self._on_ended)
        self.told.setText(f"{name} …")
        self.yes.setEnabled(False)
        self.line.follow(task, name, after_ms=SHOWN_AFTER_MS)

    @Slot()
    def _on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _on_stopped(self) -> None:
        if self._task is None or self.sender() is not self._task:
            return
        if self._task.key is None:  # people were read in, as they are shown
            self.yes.setEnabled(True)
            self.told.setText(self.tr("Stopped. Nobody was read in."))
            return
        self._show(None)  # what is shown is not how the file is meant now
        self.told.setText(self.tr("Stopped. Nobody was read in. Choose the file again to go on."))

    @Slot()
    def _on_ended(self) -> None:
        if self.sender() is self._task:
            self._task = None

    def done(self, result: int) -> None:
        """Stop what is under way, and close."""
        self._on_stop()
        super().done(result)

    @Slot(object)
    def _on_made(self, preview: Preview) -> None:
        if getattr(self.sender(), "key", None) == self._asked:
            self._show(preview)

    @Slot(object)
    def _on_not_made(self, error: FarlightError) -> None:
        if getattr(self.sender(), "key", None) == self._asked:
            self._show(None)
            self.tell(f"{error.title} {error.detail} {error.hint}")

    def _show(self, preview: Preview | None) -> None:
        self.preview = preview
        for box in (self.encoding, self.separator, self.headings, self.dates, *self.columns.values()):
            box.setEnabled(preview is not None)
        lines = preview.lines if preview is not None else ()
        told = counts(lines)
        self.yes.setEnabled(told["right"] > 0)
        self.left_out.setVisible(told["wrong"] + told["double"] > 0)
        if preview is None:
            self.told.setText("")
            self.yes.set_words(self.tr("Read in"))
            return
        self._fill(preview)
        self.model.show_preview(preview)
        self._fit_columns()
        self.tell(preview.error.detail if preview.error is not None else "")
        self.yes.set_words(
            self.tr("Read in {count} people").format(count=f"{told['right']:,}")
            if told["right"]
            else self.tr("Read in")
        )
        self.told.setText(
            self.tr("{rows} rows: {right} right, {wrong} left out, {double} double.").format(
                rows=f"{len(lines):,}", right=f"{told['right']:,}", wrong=f"{told['wrong']:,}",
                double=f"{told['double']:,}",
            )
            if lines
            else ""
        )  # fmt: skip

    def _fit_columns(self) -> None:
        """Give each column what its rows need, and what becomes of them the rest."""
        across, count = self.table.horizontalHeader(), self.model.columnCount()
        for column in range(1, count):
            wanted = max(self.table.sizeHintForColumn(column), across.sectionSizeHint(column)) + 12
            self.table.setColumnWidth(column, max(LEAST_COLUMN, min(MOST_COLUMN, wanted)))
        rest = self.table.viewport().width() - sum(self.table.columnWidth(one) for one in range(1, count))
        fated = max(self.table.sizeHintForColumn(0) + 12, LEAST_COLUMN)
        self.table.setColumnWidth(0, min(FATE_WIDTH, max(fated, rest)))

    def _fill(self, preview: Preview) -> None:
        """Show how the file is read."""
        self._filling = True
        table, mapped = preview.table, preview.mapped
        self.encoding.setCurrentIndex(self.encoding.findData(table.encoding))
        self.separator.setCurrentIndex(self.separator.findData(table.separator))
        self.headings.setChecked(table.has_headings)
        for field, box in self.columns.items():
            box.clear()
            box.addItem("–", None)
            for column, heading in enumerate(table.headings):
                box.addItem(heading or self.tr("Column {number}").format(number=column + 1), column)
            box.setCurrentIndex(max(0, box.findData(mapped.columns.get(field))))
        asked = needs_date_style(table, replace(mapped, dates=None))
        for widget in (self.dates, self._dates_name):
            widget.setVisible(asked)
        self.dates.setCurrentIndex(max(0, self.dates.findData(mapped.dates)))
        self._filling = False

    def _mapped(self) -> Mapped:
        columns = {
            field: box.currentData() for field, box in self.columns.items() if box.currentData() is not None
        }
        style = cast("DateStyle | None", self.dates.currentData())
        return Mapped(columns=MappingProxyType(columns), dates=style)

    @Slot()
    def _on_reading_changed(self) -> None:
        if not self._filling:
            self._ask(None)

    @Slot()
    def _on_meaning_changed(self) -> None:
        if not self._filling:
            self._ask(self._mapped())

    # --- acts

    @Slot()
    def _on_choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose the register"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Tables (*.csv *.txt *.tsv);;All files (*)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    @Slot()
    def _on_read_in(self) -> None:
        if self.preview is None or self.file is None:
            return
        work = partial(_read_in, self._workplace, self.preview.lines, self.file.name)
        task = self._pools.records("register", work)
        task.succeeded.connect(self._on_was_read)
        task.failed.connect(self._on_not_read)
        self._follow(task, self.tr("Reading in"))

    @Slot(object)
    def _on_was_read(self, register: RegisterRow) -> None:
        self._show_registers()
        left = [] if self.preview is None else [one for one in self.preview.lines if one.state != "right"]
        self.yes.set_words(self.tr("Read in"))
        self.told.setText(
            self.tr("{count} people were read in and are offered while a name or ID is typed.").format(
                count=f"{register.people:,}"
            )
        )
        self.left_out.setVisible(bool(left))
        self.no.setFocus()

    @Slot(object)
    def _on_not_read(self, error: FarlightError) -> None:
        self.yes.setEnabled(True)
        self.tell(f"{error.title} {error.detail}")

    @Slot()
    def _on_left_out(self) -> None:
        dialog = QFileDialog(self, self.tr("Write the rows left out"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setNameFilter(self.tr("Tables (*.csv)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.write_left_out)
        dialog.open()

    @Slot(str)
    def write_left_out(self, path: str) -> None:
        """Write the rows that are left out to a file, to be mended and read in again."""
        if self.preview is None:
            return
        try:
            count = self._workplace.register.write_left_out(
                self.preview.table, self.preview.lines, Path(path)
            )
        except FarlightError as error:
            self.tell(f"{error.title} {error.detail}")
            return
        self.told.setText(self.tr("{count} rows were written.").format(count=f"{count:,}"))

    def _show_registers(self) -> None:
        while (item := self._registers.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        may = self._workplace.session.may("correct_identity")
        for row, register in enumerate(self._workplace.register.all()):
            words = self.tr("Read in: {title}, {date}, {count} people").format(
                title=register.title, date=register.read_at[:10], count=f"{register.people:,}"
            )
            self._registers.addWidget(label(words, "small"), row, 0)
            remove = KeyButton(self.tr("Remove"))
            remove.setProperty("register", register.register_id)
            remove.clicked.connect(self._on_remove)
            remove.setEnabled(may)
            self._registers.addWidget(remove, row, 1)
        self.adjustSize()

    @Slot()
    def _on_remove(self) -> None:
        """Remove at the second press: the first says what goes."""
        button = self.sender()
        assert isinstance(button, KeyButton)
        if not button.property("asked"):
            button.setProperty("asked", True)
            button.set_words(self.tr("Remove these people?"))
            return
        try:
            self._workplace.register.remove(button.property("register"))
        except FarlightError as error:
            self.tell(error.title)
            return
        self._show_registers()


def _read_in(workplace: Workplace, lines: tuple[Line, ...], title: str, handle: Handle) -> RegisterRow:
    return workplace.register.read_in(lines, title, progress=handle.deliver, cancelled=handle.cancelled)
