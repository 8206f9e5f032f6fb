"""Copies of one image: where the one that was found first is damaged or gone, another is read and named.

A reading never moves onto another picture: a copy takes the place of what was seen only if it shows the same.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from core.image import Image, ReadingUnit
from services.copies import Choice, are_twins, choose_copy, pixel_mark
from ui.analysis_queue import AnalysisQueue
from ui.cases import Case, CaseBook
from ui.frames import FrameStore
from ui.notices import NoticeArea
from ui.task import Handle, Pools


class Copies(QObject):
    """Looks into copies when they are found, or when the copy that is read turns out to be damaged."""

    def __init__(
        self,
        *,
        book: CaseBook,
        queue: AnalysisQueue,
        pools: Pools,
        notices: NoticeArea,
        frames: FrameStore,
    ) -> None:
        super().__init__(notices)
        self._book, self._queue, self._pools = book, queue, pools
        self._notices, self._frames = notices, frames
        self._told: set[str] = set()
        self._looking: dict[str, bool] = {}  # key, whether another copy was found meanwhile
        book.copy_found.connect(self._on_copy_found)
        book.copy_taken.connect(self._on_copy_taken)
        queue.analysed.connect(self._on_analysed)
        queue.refused_to_run.connect(self._on_analysed)

    @Slot(str)
    def _on_copy_found(self, key: str) -> None:
        self._look(key)

    @Slot(str)
    def _on_copy_taken(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None:
            self._queue.ask_again(case)

    @Slot(str)
    def _on_analysed(self, key: str) -> None:
        case = self._book.find(key)
        if case is not None and case.error and case.copies:
            self._look(key)

    def _look(self, key: str) -> None:
        case = self._book.find(key)
        if case is None:
            return
        if key in self._looking:
            self._looking[key] = True
            return
        self._looking[key] = False
        work = _Choose(case, self._image_of(case))
        task = self._pools.files("copies", work, key=(key, case.unit), priority=-1)
        task.succeeded.connect(self._on_chosen)
        task.ended.connect(self._on_ended)

    @Slot()
    def _on_ended(self) -> None:
        key, _unit = getattr(self.sender(), "key", ("", None))
        if self._looking.pop(key, False):
            self._look(key)

    def _image_of(self, case: Case) -> Image | None:
        """Return the first picture of a unit if it is in memory."""
        if case.analysis is not None and case.analysis.image is not None:
            return case.analysis.image
        picture = self._frames.find(case.key, 0)
        return None if picture is None else picture.image

    @Slot(object)
    def _on_chosen(self, choice: Choice | None) -> None:
        key, unit = getattr(self.sender(), "key", ("", None))
        case = self._book.find(key)
        if case is None or choice is None or case.unit is not unit:
            return
        self._tell(case, choice)
        if choice.unit is not case.unit:
            self._book.take_copy(case, choice.unit)

    def _tell(self, case: Case, choice: Choice) -> None:
        name, read = Path(case.unit.path).name, Path(choice.unit.path).name
        taken = choice.unit is not case.unit
        for one in choice.damaged if choice.unit.path not in {one.path for one in choice.damaged} else ():
            self._say(
                one.path,
                self.tr("“{name}” is damaged; the intact copy “{other}” is read.").format(
                    name=Path(one.path).name, other=read
                ),
                f"{one.error.message} {one.path}",
            )
        if taken and case.unit.path in choice.gone and case.unit.files != choice.unit.files:
            self._say(
                case.unit.path,
                self.tr("“{name}” is not there now; its copy “{other}” is read.").format(
                    name=name, other=read
                ),
                case.unit.path,
            )
        for other in choice.others:
            self._say(
                f"{other.path} {other.file_states}",
                self._why_not(case.unit, other, choice.compared).format(
                    other=Path(other.path).name, name=name
                ),
                self.tr("What was said of one picture is never moved to another. {path}").format(
                    path=other.path
                ),
            )

    def _why_not(self, read: ReadingUnit, other: ReadingUnit, compared: bool) -> str:
        if not compared:
            return self.tr(
                "“{other}” could not be compared with “{name}”, which was read: it was not opened."
            )
        if other.files == read.files:
            return self.tr("“{other}” shows another picture now, under the same number: it was not opened.")
        return self.tr("“{other}” has the number of “{name}” but shows another picture: it was not opened.")

    def _say(self, once: str, title: str, hint: str) -> None:
        if once not in self._told:
            self._told.add(once)
            self._notices.tell("warning", title, hint)


class _Choose:
    """The Qt-free work of looking into copies; twins byte for byte are decoded only for a reason."""

    def __init__(self, case: Case, image: Image | None) -> None:
        self._units = (case.unit, *case.copies)
        self._failed, self._begun = bool(case.error), case.begun
        self._seen, self._image = case.seen, image

    def __call__(self, handle: Handle) -> Choice | None:
        if not self._failed and are_twins(self._units, cancelled=handle.cancelled):
            return None
        seen = self._seen or (pixel_mark(self._image) if self._image is not None else "")
        return choose_copy(self._units, seen=seen, begun=self._begun, cancelled=handle.cancelled)
