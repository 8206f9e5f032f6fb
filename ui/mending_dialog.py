"""What restoring a backup and opening damaged records share: open, look, tell, and only then replace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from core.errors import FarlightError, NotReplacedError, WrongPasswordError
from ui.controls import label
from ui.log_in_form import PasswordField
from ui.progress_line import ProgressLine
from ui.sheet_dialog import Sheet
from ui.still_controls import StillComboBox
from ui.task import Handle, Pools, Task

if TYPE_CHECKING:
    from services.locked_records import LockedRecords, ReportNumber

_NAMED = 6


class MendingDialog(Sheet):
    """Opens locked records with a password or the sheet, prepares, tells, and replaces on a second press."""

    def __init__(
        self, title: str, act: str, *, folder: Path | None, retry: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(title, act, parent)
        self._folder, self._retry, self._first_words = folder, retry, act
        self._records: LockedRecords | None = None
        self._task: Task | None = None
        self._state = "asking"
        self.enter_acts = True  # it looks; what replaces goes by its own button
        self.pools = Pools(self)
        self._grid = self.grid()
        self._rows: list[tuple[QWidget, QWidget]] = []
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)
        self.told = label("", "body", wrap=True)
        self.told.hide()
        self.warned = label("", "warning", wrap=True)
        self.warned.hide()
        self.yes.clicked.connect(self._on_yes)

    def _add(self, name: str, field: QWidget) -> None:
        words = label(name, "muted")
        self._grid.addWidget(words, len(self._rows), 0)
        self._grid.addWidget(field, len(self._rows), 1)
        self._rows.append((words, field))

    def _add_secrets(self) -> None:
        """Add who opens it: a person's password, or the sheet's code."""
        self.person = StillComboBox()
        self.person.setAccessibleName(self.tr("Name"))
        self.password = PasswordField(self.tr("Password"))
        self.with_sheet = QCheckBox(self.tr("Use the recovery sheet instead"))
        self.code = QLineEdit()
        self.code.setPlaceholderText("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX")
        self.code.setAccessibleName(self.tr("Code on the sheet"))
        self.code.setEnabled(False)
        self.with_sheet.toggled.connect(self._on_with_sheet)
        self._add(self.tr("Name"), self.person)
        self._add(self.tr("Password"), self.password)
        self._add("", self.with_sheet)
        self._add(self.tr("Code"), self.code)
        self.body.addWidget(self.told)
        self.body.addWidget(self.warned)
        self.body.addWidget(self.line)
        self.body.addStretch(1)

    def _show_holders(self, records: LockedRecords) -> None:
        self._records = records
        self.person.clear()
        for holder in records.holders():
            self.person.addItem(holder.name, holder.holder_id)

    # --- what the two dialogs differ in

    def prepared_words(self, prepared: Any) -> str:
        """Return what lies ready and what it lacks."""
        raise NotImplementedError

    def warning_words(self, prepared: Any) -> str:
        """Return what has to be looked at, also after it was replaced; "" for nothing."""
        return ""

    # --- the steps

    @Slot(bool)
    def _on_with_sheet(self, on: bool) -> None:
        self.code.setEnabled(on)
        for part in (self.person, self.password):
            part.setEnabled(not on)

    @Slot()
    def _on_yes(self) -> None:
        if self._task is not None or self._records is None:
            return
        self.tell("")
        if self._state == "asking":
            secret = (
                ("", self.code.text())
                if self.with_sheet.isChecked()
                else (str(self.person.currentData() or ""), self.password.text())
            )
            self._run(partial(_prepare, self._records, *secret), self._on_prepared)
        elif self._state == "ready":
            self._run(partial(_carry_out, self._records), self._on_replaced)
        else:
            self.accept()
            self._retry()

    def _run(self, work: Any, on_done: Any) -> None:
        self._task = self.pools.records("mending", work)
        self._task.succeeded.connect(on_done)
        self._task.failed.connect(self._on_failed)
        self._task.ended.connect(self._on_ended)
        self.line.follow(self._task, self.tr("Opening"))
        self.yes.setEnabled(False)

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        self.yes.setEnabled(self._records is not None)

    @Slot()
    def _on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        if isinstance(error, WrongPasswordError):
            self.password.clear()
        detail = f" {error.detail}" if error.code in ("E541", "E508") and error.detail else ""
        self.tell(f"{error.message}{detail}")
        if self._state == "ready":
            self._ask_again(error)

    def _ask_again(self, error: FarlightError) -> None:
        """Go back to the beginning: what lay ready is half done. A swap begun is the next start's."""
        if isinstance(error, NotReplacedError) and self._records is not None:
            self._records.close()
            self._records = None
            return
        self._state, self.enter_acts = "asking", True
        for part in (*(one for row in self._rows for one in row), self.told, self.warned):
            part.setVisible(part not in (self.told, self.warned))
        self.yes.set_words(self._first_words)

    @Slot(object)
    def _on_prepared(self, prepared: Any) -> None:
        if getattr(prepared, "whole", False):
            self._tell_calmly(self.prepared_words(prepared))
            return
        self._state, self.enter_acts = "ready", False
        for words, field in self._rows:
            words.hide()
            field.hide()
        self.warned.setText(self.warning_words(prepared))
        self.warned.setVisible(bool(self.warned.text()))
        self._tell_calmly(self.prepared_words(prepared))
        self.yes.set_words(self.tr("Set the present aside and use these"))

    @Slot(object)
    def _on_replaced(self, aside: Path | None) -> None:
        self._state, self.enter_acts = "done", True
        if self._records is not None:
            self._records.close()
        kept = self.tr("What was there is kept in {folder}.").format(folder=aside) if aside else ""
        self._tell_calmly(" ".join((self.tr("Done. Log in as usual."), kept)))
        self.yes.set_words(self.tr("Log in"))
        self.no.hide()

    def _tell_calmly(self, text: str) -> None:
        self.told.setText(text)
        self.told.show()
        self.column.activate()
        self.adjustSize()

    def done(self, result: int) -> None:
        """Stop, and give the profile back."""
        self.pools.close()
        if self._records is not None:
            self._records.close()
            self._records = None
        super().done(result)


def day_of(at: str) -> str:
    """Return a time of a backup as the clock on the wall showed it."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%d %b %Y, %H:%M}"
    except ValueError:
        return at


def names_of(reports: tuple[ReportNumber, ...]) -> str:
    """Return number and day of some reports."""
    named = [f"{one.number} ({one.signed_at[:10] or '?'})" for one in reports[:_NAMED]]
    return ", ".join(named) + (" …" if len(reports) > _NAMED else "")


def _prepare(records: Any, holder_id: str, secret: str, handle: Handle) -> object:
    if holder_id:
        records.unlock(holder_id, secret)
    else:
        records.unlock_with_sheet(secret)
    return records.prepare(progress=handle.deliver, cancelled=handle.cancelled)


def _carry_out(records: Any, _handle: Handle) -> Path | None:
    aside: Path | None = records.carry_out()
    return aside
