"""Restoring a backup, and opening what can be opened of damaged records: look, tell, only then replace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QWidget

from core.errors import FarlightError, WrongPasswordError
from ui.controls import label
from ui.log_in_form import PasswordField
from ui.progress_line import ProgressLine
from ui.sheet_dialog import Sheet
from ui.task import Handle, Pools, Task

if TYPE_CHECKING:
    from services.locked_records import LockedRecords, ReportNumber
    from services.restore import Prepared
    from services.salvage import Salvaged
    from store.backup_manifest import Backup

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
        self.pools = Pools(self)
        self._grid = self.grid()
        self._rows: list[tuple[QWidget, QWidget]] = []
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)
        self.told = label("", "body", wrap=True)
        self.told.hide()
        self.yes.clicked.connect(self._on_yes)

    def _add(self, name: str, field: QWidget) -> None:
        words = label(name, "muted")
        self._grid.addWidget(words, len(self._rows), 0)
        self._grid.addWidget(field, len(self._rows), 1)
        self._rows.append((words, field))

    def _add_secrets(self) -> None:
        """Add who opens it: a person's password, or the sheet's code."""
        self.person = QComboBox()
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

    @Slot(object)
    def _on_prepared(self, prepared: Any) -> None:
        if getattr(prepared, "whole", False):
            self._tell_calmly(self.prepared_words(prepared))
            return
        self._state = "ready"
        for words, field in self._rows:
            words.hide()
            field.hide()
        self._tell_calmly(self.prepared_words(prepared))
        self.yes.set_words(self.tr("Set the present aside and use these"))

    @Slot(object)
    def _on_replaced(self, aside: Path | None) -> None:
        self._state = "done"
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


class RestoreDialog(MendingDialog):
    """Chooses a backup and puts it back."""

    def __init__(self, *, folder: Path | None, retry: Callable[[], None], parent: QWidget) -> None:
        title = "Restore from a backup"
        super().__init__(title, "Check this backup", folder=folder, retry=retry, parent=parent)
        self.setWindowTitle(self.tr("Restore from a backup"))
        self.body.insertWidget(
            0,
            label(
                self.tr(
                    "Plug in the stick with the backup. It is checked whole before anything is replaced, and "
                    "what is here now is set aside, not deleted."
                ),
                "muted",
                wrap=True,
            ),
        )
        self.backup = QComboBox()
        self.backup.setAccessibleName(self.tr("Backup"))
        self.backup.activated.connect(self._on_backup_chosen)
        self._add(self.tr("Backup"), self.backup)
        self._add_secrets()
        self._backups: tuple[Backup, ...] = ()
        self._looks = 0
        self.yes.setEnabled(False)
        self.look()

    def look(self, place: Path | None = None) -> None:
        """Look for backups on what is plugged in, or in a folder."""
        self._looks += 1
        task = self.pools.files("backups", partial(_find, place), key=self._looks)
        task.succeeded.connect(self._on_found)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_found(self, found: tuple[Backup, ...]) -> None:
        if self.sender().key != self._looks:  # type: ignore[attr-defined]
            return  # somebody has named another place meanwhile
        self._backups = found
        self.backup.clear()
        for one in found:
            manifest = one.manifest
            self.backup.addItem(
                self.tr("{day} · {size} MB · {folder}").format(
                    day=_day(manifest.made_at),
                    size=f"{max(1, manifest.size // 1_000_000)}",
                    folder=one.folder.parent.name or one.folder.parent,
                )
            )
        if not found:
            self.backup.addItem(self.tr("No backup was found on what is plugged in"))
        self.backup.addItem(self.tr("Look in another folder …"))
        self._choose(0)

    @Slot()
    def _on_backup_chosen(self) -> None:
        if self.backup.currentIndex() == self.backup.count() - 1:
            folder = QFileDialog.getExistingDirectory(self, self.tr("Where the backup is"))
            self.backup.setCurrentIndex(0)
            if folder:
                self.look(Path(folder))
            return
        self._choose(self.backup.currentIndex())

    def _choose(self, number: int) -> None:
        from services.restore import Restoring

        if self._records is not None:
            self._records.close()
            self._records = None
        if number < len(self._backups):
            try:
                self._show_holders(Restoring(self._backups[number], self._folder))
            except FarlightError as error:
                self._on_failed(error)
        self.yes.setEnabled(self._records is not None)
        if self._records is not None:
            self.password.setFocus()

    def prepared_words(self, prepared: Prepared) -> str:
        """Return what the backup holds and lacks."""
        counts = prepared.counts
        parts = [
            self.tr(
                "Checked and whole. The backup of {day} holds {reports} signed reports, {drafts} drafts and "
                "{images} image files."
            ).format(
                day=_day(prepared.made_at),
                reports=counts.get("signed_reports", 0),
                drafts=counts.get("drafts", 0),
                images=prepared.images,
            )
        ]
        if prepared.images_lost:
            parts.append(
                self.tr("{count} image files are lost on the stick.").format(count=prepared.images_lost)
            )
        if prepared.present == "other":
            parts.append(self.tr("What is here now are other records, not those of this backup."))
        elif prepared.present == "unreadable":
            parts.append(
                self.tr("What is here now cannot be read, so nobody knows what the backup lacks of it.")
            )
        if prepared.lacking:
            parts.append(
                self.tr("{count} signed reports that are here now are not in it: {named}.").format(
                    count=len(prepared.lacking), named=_named(prepared.lacking)
                )
            )
        return "\n".join(parts)


class SalvageDialog(MendingDialog):
    """Opens what can be opened."""

    def __init__(
        self,
        *,
        folder: Path | None,
        retry: Callable[[], None],
        parent: QWidget,
        holder_id: str = "",
        password: str = "",
    ) -> None:
        title = "Open what can be opened"
        super().__init__(title, "Look what can be opened", folder=folder, retry=retry, parent=parent)
        self.setWindowTitle(self.tr("Open what can be opened"))
        self.body.insertWidget(
            0,
            label(
                self.tr(
                    "Every page of the damaged records is looked at, and what can be read is written into "
                    "new records. You are told what is lost before anything is replaced; the damaged file is "
                    "kept."
                ),
                "muted",
                wrap=True,
            ),
        )
        self._add_secrets()
        self._open(holder_id, password)

    def _open(self, holder_id: str, password: str) -> None:
        from services.salvage import Salvaging

        try:
            self._show_holders(Salvaging(self._folder))
        except FarlightError as error:
            self._on_failed(error)
            self.yes.setEnabled(False)
            return
        self.person.setCurrentIndex(max(0, self.person.findData(holder_id)))
        self.password.setText(password)

    def prepared_words(self, prepared: Salvaged) -> str:
        """Return what could be read and what is lost."""
        kept = {table.table: table.kept for table in prepared.tables}
        parts = [
            self.tr(
                "{bad} of {pages} pages cannot be read. {reports} signed reports and {drafts} drafts can."
            ).format(
                bad=prepared.bad_pages,
                pages=prepared.pages,
                reports=kept.get("signed_reports", 0),
                drafts=kept.get("drafts", 0),
            )
        ]
        if prepared.lost_reports:
            parts.append(
                self.tr("{count} signed reports are lost: {named}.").format(
                    count=len(prepared.lost_reports), named=_named(prepared.lost_reports)
                )
            )
        elif prepared.whole:
            parts.append(self.tr("Nothing is lost."))
        if prepared.may_lack_more:
            parts.append(self.tr("More may be lost that nobody can name any more."))
        if prepared.backup_at:
            parts.append(
                self.tr("The last backup is of {day}: compare before you go on.").format(
                    day=_day(prepared.backup_at)
                )
            )
        return "\n".join(parts)


def _day(at: str) -> str:
    """Return a time of a backup as the clock on the wall showed it."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%d %b %Y, %H:%M}"
    except ValueError:
        return at


def _named(reports: tuple[ReportNumber, ...]) -> str:
    named = [f"{one.number} ({one.signed_at[:10] or '?'})" for one in reports[:_NAMED]]
    return ", ".join(named) + (" …" if len(reports) > _NAMED else "")


def _find(place: Path | None, _handle: Handle) -> tuple[Backup, ...]:
    from services.backup import backups_on
    from services.scan import list_media

    places = [place] if place is not None else [medium.path for medium in list_media()]
    return tuple(backup for one in places for backup in backups_on(one))


def _prepare(records: Any, holder_id: str, secret: str, handle: Handle) -> object:
    if holder_id:
        records.unlock(holder_id, secret)
    else:
        records.unlock_with_sheet(secret)
    return records.prepare(progress=handle.deliver, cancelled=handle.cancelled)


def _carry_out(records: Any, _handle: Handle) -> Path | None:
    aside: Path | None = records.carry_out()
    return aside
