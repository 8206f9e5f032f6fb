"""Choosing a backup and putting it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import FarlightError
from ui.controls import label
from ui.mending_dialog import MendingDialog, day_of, names_of
from ui.still_controls import StillComboBox
from ui.task import Handle

if TYPE_CHECKING:
    from services.restore import Prepared
    from store.backup_manifest import Backup


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
        self.backup = StillComboBox()
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
                    day=day_of(manifest.made_at),
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
                "Checked and whole. The backup of {day} holds signed reports: {reports}, drafts: {drafts}, "
                "and {images} image files."
            ).format(
                day=day_of(prepared.made_at),
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
                self.tr("Signed reports that are here now and not in it: {count} ({named}).").format(
                    count=len(prepared.lacking), named=names_of(prepared.lacking)
                )
            )
        return "\n".join(parts)

    def warning_words(self, prepared: Prepared) -> str:
        """Return what became of those who were deleted after the backup."""
        from services.restore import again_lines

        return "\n".join(again_lines(prepared, day_of(prepared.made_at)))


def _find(place: Path | None, _handle: Handle) -> tuple[Backup, ...]:
    from services.backup import backups_on
    from services.scan import list_media

    places = [place] if place is not None else [medium.path for medium in list_media()]
    return tuple(backup for one in places for backup in backups_on(one))
