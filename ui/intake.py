"""Takes in paths: scans them in the background, lists what is found, makes thumbnails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import FarlightError
from core.image import ReadingUnit
from services import scan
from services.drafts import Draft, key_of
from services.picture import thumbnail
from services.progress import Progress
from services.typed_table import is_typed
from services.workplace import Workplace
from ui.cases import Case, CaseBook
from ui.picture_layer import pixels_image
from ui.task import Handle, Pools, Task

MEDIA_INTERVAL_MS = 2000
BATCH_S = 0.15


@dataclass(frozen=True, slots=True)
class Found:
    """Reading units as the background found them."""

    cases: tuple[Case, ...]


class Intake(QObject):
    """Everything that brings images into the list."""

    began = Signal()
    progressed = Signal(object)
    unreadable_found = Signal(object)
    ended = Signal(int, bool)  # how many were listed, whether it was stopped
    failed = Signal(object)
    media_changed = Signal()
    medium_appeared = Signal(object)
    medium_gone = Signal(object)

    def __init__(
        self, book: CaseBook, pools: Pools, workplace: Workplace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._book = book
        self._pools = pools
        self._workplace = workplace
        self._scan: Task | None = None
        self._waiting: list[str] = []
        self._listed = 0
        self.found: dict[str, None] = {}  # keys in the order in which they were found
        self.paths: list[str] = []
        self.media: tuple[scan.Medium, ...] | None = None
        self._media_task: Task | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(MEDIA_INTERVAL_MS)
        self._timer.timeout.connect(self._on_media_due)
        book.thumbnail_wanted.connect(self._on_thumbnail_wanted)

    @property
    def scanning(self) -> bool:
        """Whether a scan runs."""
        return self._scan is not None

    def open_paths(self, paths: Sequence[str]) -> None:
        """Scan paths; they are added to the list."""
        self._waiting.extend(path for path in paths if path not in self._waiting)
        self._begin()

    def places_of(self, unit: ReadingUnit) -> tuple[str, ...]:
        """Return the paths that were opened and hold a unit's files, or else where they lay."""
        files = [file.absolute() for file in unit.files]
        named = [
            path for path in self.paths if any(one.is_relative_to(Path(path).absolute()) for one in files)
        ]
        return tuple(named) or (unit.path,)

    def stop(self) -> None:
        """Stop scanning; what was found stays."""
        self._waiting.clear()
        if self._scan is not None:
            self._scan.cancel()

    def watch_media(self) -> None:
        """Look for sticks and cards from now on."""
        self._timer.start()
        self._on_media_due()

    def close(self) -> None:
        """Stop looking."""
        self._timer.stop()

    def _begin(self) -> None:
        if self._scan is not None or not self._waiting:
            return
        paths, self._waiting = tuple(self._waiting), []
        self._listed = 0
        self.found = {}
        self._scan = self._pools.files("scan", _Scan(paths, self._workplace), key=paths, priority=5)
        self._scan.progressed.connect(self.progressed)
        self._scan.delivered.connect(self._on_delivered)
        self._scan.succeeded.connect(self._on_scanned)
        self._scan.failed.connect(self._on_failed)
        self._scan.cancelled.connect(self._on_stopped)
        self.paths.extend(path for path in paths if path not in self.paths)
        self.began.emit()

    @Slot(object)
    def _on_delivered(self, part: object) -> None:
        if isinstance(part, Progress):
            self.progressed.emit(part)
        elif isinstance(part, scan.Unreadable):
            self.unreadable_found.emit(part)
        elif isinstance(part, Found):
            self.found.update(dict.fromkeys(case.key for case in part.cases))
            self._listed += self._book.add(part.cases)

    @Slot(object)
    def _on_scanned(self, _nothing: object) -> None:
        self._end(stopped=False)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self.failed.emit(error)
        self._end(stopped=False)

    @Slot()
    def _on_stopped(self) -> None:
        self._end(stopped=True)

    def _end(self, *, stopped: bool) -> None:
        self._scan = None
        self.ended.emit(self._listed, stopped)
        self._begin()

    @Slot()
    def _on_media_due(self) -> None:
        if self._media_task is None:
            self._media_task = self._pools.files("media", _list_media, priority=0)
            self._media_task.succeeded.connect(self._on_media_listed)
            self._media_task.ended.connect(self._on_media_ended)

    @Slot()
    def _on_media_ended(self) -> None:
        self._media_task = None

    @Slot(object)
    def _on_media_listed(self, media: tuple[scan.Medium, ...]) -> None:
        before = self.media or ()
        if media == self.media:
            return
        self.media = media
        self.media_changed.emit()
        for medium in media:
            if medium not in before:
                self.medium_appeared.emit(medium)
        for medium in before:
            if medium not in media:
                self.medium_gone.emit(medium)

    @Slot(str)
    def _on_thumbnail_wanted(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None and not is_typed(case.unit):
            task = self._pools.files("thumbnail", _Thumbnail(case), key=key, priority=-1)
            task.succeeded.connect(self._on_thumbnail)

    @Slot(object)
    def _on_thumbnail(self, made: tuple[str, NDArray[np.uint8]]) -> None:
        case = self._book.find(made[0])
        if case is not None:
            case.thumbnail = pixels_image(made[1])
            self._book.touch(case)


class _Scan:
    """The Qt-free work of a scan: units come with what the profile knows of them."""

    def __init__(self, paths: tuple[str, ...], workplace: Workplace) -> None:
        self._paths = paths
        self._workplace = workplace

    def __call__(self, handle: Handle) -> None:
        """List the first unit at once and the others a handful at a time, so that the window stays quick."""
        waiting: list[Case] = []
        handed_over = 0.0
        try:
            told = _Seldom(handle)
            for found in scan.scan(self._paths, progress=told, cancelled=handle.cancelled):
                if isinstance(found, scan.Unreadable):
                    handle.deliver(found)
                    continue
                waiting.append(case_of(found, self._workplace))
                if time.monotonic() - handed_over > BATCH_S:
                    handle.deliver(Found(tuple(waiting)))
                    waiting.clear()
                    handed_over = time.monotonic()
        finally:
            handle.deliver(Found(tuple(waiting)))


class _Seldom:
    """Passes progress on a few times a second, not for each file."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._told = 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._told > BATCH_S:
            self._told = time.monotonic()
            self._handle.deliver(progress)


class _Thumbnail:
    """The Qt-free work of making one thumbnail."""

    def __init__(self, case: Case) -> None:
        self._key = case.key
        self._unit = case.unit

    def __call__(self, _handle: Handle) -> tuple[str, NDArray[np.uint8]]:
        return self._key, thumbnail(self._unit)


def _list_media(_handle: Handle) -> tuple[scan.Medium, ...]:
    return scan.list_media()


def existing(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that are there."""
    return tuple(path for path in paths if Path(path).exists())


def case_of(unit: ReadingUnit, workplace: Workplace) -> Case:
    """Return a unit with what the profile knows of it: its signed report or its draft."""
    key = key_of(unit)
    signed = workplace.signing.find_signed(unit)
    if signed is not None:
        draft = workplace.signing.draft_for(unit, signed)
    else:
        draft = workplace.drafts.find(key) or Draft(key=key, path=unit.path)
    moved = workplace.records.moved(key) if signed is not None else None
    return Case(unit=unit, key=key, draft=draft, signed=signed, moved=moved)
