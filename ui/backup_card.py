"""Backups, in Settings: when the last one was made, where the next one goes, and whether one is whole."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QSpinBox, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.controls import KeyButton, enable, label
from ui.duties import who_may
from ui.still_controls import StillComboBox, StillSpinBox
from ui.task import Handle, Pools, Task
from ui.working_card import WorkingCard

if TYPE_CHECKING:
    from services.backup import MadeBackup
    from store.backup_manifest import Backup

_MOST_DAYS, _MOST_KEPT = 365, 50
_NUMBER_WIDTH = 96


class BackupCard(WorkingCard):
    """Makes a backup and checks one; for administrators."""

    failed = Signal(object)
    made = Signal()

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Backup"), pools, parent)
        self._workplace = workplace
        self._found: tuple[Backup, ...] = ()
        self._looking: Task | None = None
        self.last = label("", "body", wrap=True)
        self.body.addWidget(self.last)
        self.body.addWidget(
            label(
                self.tr(
                    "A backup on a stick holds records, image copies, people and settings, encrypted: "
                    "without a password or the recovery sheet of its day nobody reads it. Keep it in another "
                    "room."
                ),
                "muted",
                wrap=True,
            )
        )
        self.body.addLayout(self._grid())
        self._add_progress()
        row = QHBoxLayout()
        row.setSpacing(8)
        self.start = KeyButton(self.tr("Back up now"), kind="primary")
        self.check = KeyButton(self.tr("Check the backup there"))
        self.start.clicked.connect(self._on_start)
        self.check.clicked.connect(self._on_check)
        row.addWidget(self.start)
        row.addWidget(self.check)
        row.addStretch(1)
        self.body.addLayout(row)
        self.refresh()

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 120)
        grid.setColumnStretch(1, 1)
        self.medium = StillComboBox()
        self.medium.setAccessibleName(self.tr("Stick"))
        self.medium.activated.connect(self._on_medium_chosen)
        self.days = self._number("backup.remind_days", self.tr("Remind after days"), 0, _MOST_DAYS)
        self.days.setSpecialValueText(self.tr("never"))
        self.keep = self._number("backup.keep", self.tr("Backups kept on a stick"), 1, _MOST_KEPT)
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("Stick"), self.medium),
            (self.tr("Remind after days"), self.days),
            (self.tr("Backups kept"), self.keep),
        )
        for number, (name, widget) in enumerate(rows):
            grid.addWidget(label(name, "muted"), number, 0)
            left = isinstance(widget, QSpinBox)
            grid.addWidget(widget, number, 1, Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag(0))
        return grid

    def _number(self, key: str, name: str, least: int, most: int) -> QSpinBox:
        box = StillSpinBox()
        box.setObjectName(key)
        box.setRange(least, most)
        box.setFixedWidth(_NUMBER_WIDTH)
        box.setValue(int(self._workplace.settings.number(key)))
        box.setAccessibleName(name)
        box.editingFinished.connect(self._on_number)
        return box

    # --- what is shown

    @Slot()
    def refresh(self) -> None:
        """Show when the last backup was made, what is plugged in, and what whoever is logged in may do."""
        last = self._workplace.backups.last_at
        self.last.setText(
            self.tr("These records have never been backed up.")
            if last is None
            else self.tr("Last backup: {day}.").format(day=f"{last.astimezone():%d %b %Y, %H:%M}")
        )
        may = self._workplace.session.may("backup")
        for part in (self.medium, self.days, self.keep, self.start, self.check):
            enable(part, may, who_may("backup"))
        if may and self._task is None:
            self._look_for_media()

    def _look_for_media(self) -> None:
        task = self._looking = self._pools.files("media for backups", _list_media, instead_of=self._looking)
        task.succeeded.connect(self.show_media)

    @Slot(object)
    def show_media(self, media: tuple[tuple[str, Path], ...]) -> None:
        """Offer these media, and any folder."""
        chosen = self._place()
        self.medium.clear()
        for name, path in media:
            self.medium.addItem(f"{name}  ·  {path}", str(path))
        if chosen is not None and self.medium.findData(str(chosen)) < 0:
            self.medium.addItem(str(chosen), str(chosen))
        if not media and chosen is None:
            self.medium.addItem(self.tr("No stick is plugged in"), None)
        self.medium.addItem(self.tr("Another folder …"), "")
        self.medium.setCurrentIndex(max(0, self.medium.findData(str(chosen)) if chosen is not None else 0))
        self.show_ready()

    def _place(self) -> Path | None:
        chosen = self.medium.currentData()
        return Path(chosen) if chosen else None

    def show_ready(self) -> None:
        """Enable what can be begun with the medium that is chosen."""
        ready = self._place() is not None and self._task is None
        may = self._workplace.session.may("backup")
        why = self.tr("Plug in a stick first.") if may else who_may("backup")
        for button in (self.start, self.check):
            enable(button, ready and may, why)

    # --- acts

    @Slot()
    def _on_medium_chosen(self) -> None:
        if self.medium.currentData() == "":
            folder = QFileDialog.getExistingDirectory(self, self.tr("Where backups go"))
            if folder:
                self.choose(Path(folder))
            else:
                self.medium.setCurrentIndex(0)
        self.show_ready()

    def choose(self, folder: Path) -> None:
        """Choose a folder as the place of backups."""
        if self.medium.findData(str(folder)) < 0:
            self.medium.insertItem(0, str(folder), str(folder))
        self.medium.setCurrentIndex(self.medium.findData(str(folder)))
        self.show_ready()

    @Slot()
    def _on_start(self) -> None:
        place = self._place()
        if place is not None:
            self._run(self.tr("Backing up"), partial(_make, self._workplace, place), self._on_made)

    @Slot()
    def _on_check(self) -> None:
        place = self._place()
        if place is not None:
            self._run(
                self.tr("Reading the backup"), partial(_check, self._workplace, place), self._on_checked
            )

    @Slot(object)
    def _on_made(self, made: MadeBackup) -> None:
        text = self.tr("The backup is whole: {size} MB, read back from the stick. You may unplug it.")
        if made.unread:
            text += " " + self.tr(
                "{count} image copies are not in it: this computer's disk cannot read them."
            )
        self.say(text.format(size=f"{made.size / 1e6:.0f}", count=made.unread))
        self.made.emit()
        self.refresh()

    @Slot(object)
    def _on_checked(self, backup: Backup) -> None:
        self.say(
            self.tr("The backup of {day} is whole.").format(
                day=f"{datetime.fromisoformat(backup.manifest.made_at).astimezone():%d %b %Y, %H:%M}"
            )
        )

    def stopped_words(self) -> str:
        """Return that what was copied is kept."""
        return self.tr("Stopped. What was copied is not copied again the next time.")

    def error_words(self, error: FarlightError) -> str:
        """Return the error; of a full stick also how much is missing."""
        detail = f" {error.detail}" if error.code == "E541" else ""
        return f"{error.title}{detail} {error.hint} ({error.code})"

    @Slot()
    def _on_number(self) -> None:
        box = self.sender()
        assert isinstance(box, QSpinBox)
        try:
            self._workplace.settings.set(box.objectName(), box.value())
        except FarlightError as error:
            self.failed.emit(error)


def _list_media(_handle: Handle) -> tuple[tuple[str, Path], ...]:
    from services.scan import list_media

    return tuple((medium.name, medium.path) for medium in list_media())


def _make(workplace: Workplace, place: Path, handle: Handle) -> MadeBackup:
    return workplace.backups.make(place, progress=handle.deliver, cancelled=handle.cancelled)


def _check(workplace: Workplace, place: Path, handle: Handle) -> Backup:
    from core.errors import NoBackupError

    found = workplace.backups.on(place)
    if not found:
        raise NoBackupError
    workplace.backups.verify(found[0], progress=handle.deliver, cancelled=handle.cancelled)
    return found[0]
