"""Copies of images in the window: made when a study is opened, read where the stick is gone."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from core.errors import FarlightError
from core.image import ReadingUnit
from services.images import origin_of
from services.scan import Medium
from services.workplace import Workplace
from store.records import ListedStudy
from ui.cases import Case, CaseBook
from ui.controls import PushButton, label
from ui.desk import Desk
from ui.frame_bars import StatusLine
from ui.intake import Intake, case_of
from ui.task import Handle, Pools, Progress, Task

_MEGABYTE = 1_000_000


class ImageCopies(QObject):
    """Copies what is opened, where the clinic chose so, and finds the copy of what is not there."""

    failed = Signal(object)
    case_wanted = Signal(str)
    taken_up = Signal(object)  # a case that reads from its copy from now on

    def __init__(
        self,
        book: CaseBook,
        desk: Desk,
        intake: Intake,
        *,
        pools: Pools,
        workplace: Workplace,
        status: StatusLine,
    ) -> None:
        super().__init__(desk)
        self._book, self._pools = book, pools
        self._workplace = workplace
        self.line = CopyLine()
        status.add(self.line)
        self._task: Task | None = None
        self._waiting: list[Case] = []
        desk.case_opened.connect(self._on_case_opened)
        intake.medium_gone.connect(self._on_medium_gone)
        self.line.stop.clicked.connect(self.cancel)

    def open(self, key: str) -> bool:
        """Open a study from its copy; False where there is none."""
        try:
            unit = self._workplace.images.find(key)
            case = case_of(unit, self._workplace) if unit is not None else None
        except FarlightError as error:
            self.failed.emit(error)
            return False
        if case is None:
            return False
        self._book.add([case])
        self.case_wanted.emit(key)
        return True

    def open_study(self, study: ListedStudy) -> bool:
        """Open a study of the records from its copy; False where there is none."""
        return self.open(study.unit_key)

    @Slot(object)
    def _on_medium_gone(self, medium: Medium) -> None:
        """Have what was on a stick read from its copies, before anybody is told that it is gone."""
        for case in self._book.cases():
            if case.unit.files and case.unit.files[0].is_relative_to(medium.path):
                self.at_hand(case)

    def at_hand(self, case: Case) -> None:
        """Have a case read from its copy where its medium is gone."""
        try:
            unit = self._workplace.images.at_hand(case.unit, case.key)
        except FarlightError as error:
            self.failed.emit(error)
            return
        if unit is not case.unit:
            case.unit = unit
            case.error = ""
            self._book.touch(case)
            self.taken_up.emit(case)

    @Slot()
    def cancel(self) -> None:
        """Stop copying; nothing half-copied is left."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        if self._workplace.images.wanted and origin_of(case.unit) == "medium":
            self._waiting.append(case)
            self._begin()

    def _begin(self) -> None:
        if self._task is not None or not self._waiting:
            return
        case = self._waiting.pop(0)
        self._task = self._pools.files("copy", _Copy(case.unit, self._workplace), key=case.key)
        self._task.progressed.connect(self._on_progressed)
        self._task.failed.connect(self.failed)
        self._task.ended.connect(self._on_ended)

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self.line.show_progress(progress.done, progress.total)

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        self.line.hide()
        self._begin()


class CopyLine(QWidget):
    """How far a copy is, at the end of the status line; nothing while none is made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 16, 0)
        row.setSpacing(8)
        self._words = label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(90)
        self.stop = PushButton(self.tr("Stop copying"))
        self.stop.setProperty("kind", "flat")
        for part in (self._words, self._bar, self.stop):
            row.addWidget(part)
        self.hide()

    def show_progress(self, done: int, total: int) -> None:
        """Show how many of all bytes are copied."""
        megabytes = (round(done / _MEGABYTE), max(1, round(total / _MEGABYTE)))
        words = self.tr("Copying images: {done} of {total} MB").format(done=megabytes[0], total=megabytes[1])
        self._words.setText(words)
        self._bar.setAccessibleName(words)
        self._bar.setRange(0, 1000)
        self._bar.setValue(1000 * done // max(1, total))
        self.show()


class _Copy:
    """The Qt-free work of copying one unit; tells a few times a second how far it is."""

    def __init__(self, unit: ReadingUnit, workplace: Workplace) -> None:
        self._unit, self._workplace = unit, workplace
        self._told = 0

    def __call__(self, handle: Handle) -> None:
        def tell(done: int, total: int) -> None:
            if done - self._told >= total // 50:
                self._told = done
                handle.progress(done, total)

        self._workplace.images.copy(self._unit, progress=tell, cancelled=handle.cancelled)
