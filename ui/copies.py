"""Copies of one image: where the one that was found first is damaged, another is read, and that is said."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from core.image import ReadingUnit
from services.copies import Choice, choose_copy, look_alike
from ui.analysis_queue import AnalysisQueue
from ui.cases import CaseBook
from ui.notices import NoticeArea
from ui.task import Handle, Pools


class Copies(QObject):
    """Looks into copies when they are found, or when the copy that is read turns out to be damaged."""

    def __init__(self, *, book: CaseBook, queue: AnalysisQueue, pools: Pools, notices: NoticeArea) -> None:
        super().__init__(notices)
        self._book, self._queue, self._pools, self._notices = book, queue, pools, notices
        self._told: set[str] = set()
        book.copy_found.connect(self._on_copy_found)
        queue.analysed.connect(self._on_analysed)
        queue.refused_to_run.connect(self._on_analysed)

    @Slot(str)
    def _on_copy_found(self, key: str) -> None:
        self._look(key)

    @Slot(str)
    def _on_analysed(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None and case.error and case.copies:
            self._look(key)

    def _look(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None:
            work = _Choose((case.unit, *case.copies), damaged=bool(case.error))
            task = self._pools.files("copies", work, key=key, priority=-1)
            task.succeeded.connect(self._on_chosen)

    @Slot(object)
    def _on_chosen(self, choice: Choice | None) -> None:
        case = self._book.find(getattr(self.sender(), "key", ""))
        if case is None or choice is None:
            return
        for one in choice.damaged:
            if one.path not in self._told:
                self._told.add(one.path)
                self._notices.tell(
                    "warning",
                    self.tr("“{name}” is damaged; the intact copy “{other}” is read.").format(
                        name=Path(one.path).name, other=Path(choice.unit.path).name
                    ),
                    f"{one.error.message} {one.path}",
                )
        damaged = {one.path for one in choice.damaged}
        if case.unit.path in damaged and any(copy is choice.unit for copy in case.copies):
            self._book.take_copy(case, choice.unit)
            self._queue.ask_again(case)


class _Choose:
    """The Qt-free work of looking into copies; those that look alike are decoded only for a reason."""

    def __init__(self, units: tuple[ReadingUnit, ...], *, damaged: bool) -> None:
        self._units, self._damaged = units, damaged

    def __call__(self, handle: Handle) -> Choice | None:
        if not self._damaged and look_alike(self._units):
            return None
        return choose_copy(self._units, cancelled=handle.cancelled)
