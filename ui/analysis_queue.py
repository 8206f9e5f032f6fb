"""Analyses in the background: the open study first, then the list; every answer is bound to its key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError, StoreError
from core.image import Image
from core.model_facts import ModelFacts
from core.result import Result
from services.analyze import Analysis, Analyzer
from services.copies import pixel_mark
from services.progress import Progress as PartProgress
from services.progress import stop_if
from services.signed_result import as_signed, compare
from services.time_left import TimeLeft
from services.typed_table import is_typed
from services.workplace import Workplace
from ui.cases import Case, CaseBook
from ui.task import Handle, Pools, Progress, Task

FIRST, REST = 10, 0
_TOLD_EVERY_S = 0.5


class AnalysisQueue(QObject):
    """Feeds one reading unit at a time to the analyzer."""

    analysed = Signal(str)
    refused_to_run = Signal(str, object)
    not_noted = Signal(object)
    advanced = Signal(int, int, float)  # done, total, seconds left (below 0: not known)
    part_done = Signal(
        str, int, int, float
    )  # key, tiles of a slide done, total, seconds left (below 0: not known)
    idle = Signal()

    def __init__(
        self, book: CaseBook, pools: Pools, workplace: Workplace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._book = book
        self._pools = pools
        self._analyzer, self._note = workplace.analyzer, workplace.reading.analyse
        self._waiting: OrderedDict[str, Image | None] = OrderedDict()
        self._wanted_first: set[str] = set()
        self._task: Task | None = None
        self._taken: _Taken | None = None
        self._done = 0
        self._total = 0
        self._began = 0.0
        self._spent = 0.0
        self._left, self._parts_left = TimeLeft(), TimeLeft()
        self.paused = False

    def warm_up(self) -> None:
        """Load models and engines in the background, so that the first image does not wait for them."""
        self._pools.inference("warm-up", _WarmUp(self._analyzer), priority=REST)

    def ask(self, case: Case, *, first: bool = False, image: Image | None = None) -> None:
        """Ask for a reading unit; ``first`` puts it before all that waits, and what runs gives way to it.

        A signed one is looked at again only while it is open, to show beside the image what was signed.
        """
        if case.error or not self._is_wanted(case):
            return
        if self._is_under_way(case):
            return
        case.asked += 1
        self._enqueue(case, image, first=first)

    def has(self, case: Case) -> bool:
        """Whether the unit waits or is being looked at."""
        return self._is_under_way(case) or case.key in self._waiting

    def _is_under_way(self, case: Case) -> bool:
        """Whether the unit is being looked at, and the answer will be taken."""
        task = self._task
        return task is not None and task.key == (case.key, case.asked) and not task.handle.cancelled()

    def ask_again(self, case: Case, *, first: bool = True) -> None:
        """Ask anew because the patient's facts or the models have changed; an older answer is not taken."""
        case.analysis = None
        if self._task is not None and self._is_under_way(case):
            self._task.cancel()
        case.asked += 1
        self._enqueue(case, None, first=first)

    def begin_anew(self) -> None:
        """Begin again what is being looked at now: it goes on with models that may be in use no more."""
        taken = self._taken
        case = None if taken is None else self._book.find(taken.key)
        if taken is not None and case is not None and self._is_under_way(case):
            self.ask_again(case, first=taken.first)

    def retry(self, case: Case) -> bool:
        """Ask anew where an analysis, or a model in it, failed; returns whether it had."""
        results = () if case.analysis is None else case.analysis.result.results
        if not case.error and not any(one.refusal and one.refusal.gate == "failed" for one in results):
            return False
        case.error = ""
        self.ask_again(case)
        self._book.touch(case)
        return True

    def pause(self, paused: bool) -> None:
        """Hold the list, or go on; the open study is still analysed when asked for."""
        self.paused = paused
        self._pump()

    def cancel(self) -> None:
        """Forget all that waits and stop what runs."""
        self._waiting.clear()
        self._wanted_first.clear()
        self._total = self._done
        if self._task is not None:
            self._task.cancel()
        self.idle.emit()

    def _enqueue(self, case: Case, image: Image | None, *, first: bool) -> None:
        if self._done >= self._total:
            self._done, self._total, self._spent = 0, 0, 0.0
        if first:
            self._give_way(case.key)
        self._total += case.key not in self._waiting
        self._waiting[case.key] = image
        self._waiting.move_to_end(case.key, last=not first)
        (self._wanted_first.add if first else self._wanted_first.discard)(case.key)
        self._pump()

    def _give_way(self, key: str) -> None:
        """Stop what runs for another unit, and put it back behind the one that somebody opens.

        It stops where it next looks whether it shall: between two batches of a map, two models, two parts of
        a file. Nobody starves: what a person opens is looked at once, and then the list goes on where it was.
        """
        task, taken = self._task, self._taken
        if task is None or taken is None or taken.key == key or task.handle.cancelled():
            return
        task.cancel()
        taken.put_back = True
        self._waiting[taken.key] = taken.image
        self._waiting.move_to_end(taken.key, last=False)
        if taken.first:
            self._wanted_first.add(taken.key)

    def _pump(self) -> None:
        if self._task is not None or not self._waiting:
            return
        if self.paused and next(iter(self._waiting)) not in self._wanted_first:
            return
        key, image = self._waiting.popitem(last=False)
        self._taken = _Taken(key=key, image=image, first=key in self._wanted_first)
        self._wanted_first.discard(key)
        case = self._book.find(key)
        if case is None or not self._is_wanted(case):
            self._count()
            self._pump()
            return
        case.analysing = True
        self._book.touch(case)
        self._began = time.monotonic()
        work = _Analysis(self._analyzer, self._note, case, image)
        task = self._pools.inference("analysis", work, key=(case.key, case.asked), priority=FIRST)
        self._task = task
        self._parts_left = TimeLeft()
        task.progressed.connect(self._on_progressed)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_cancelled)
        task.ended.connect(self._on_ended)
        self._tell()

    def _is_wanted(self, case: Case) -> bool:
        return case.signed is None or (case.key == self._book.open_key and case.today == "same")

    def _current(self) -> Case | None:
        """Return the unit that the ending task speaks of, unless a newer analysis was asked since."""
        if self._task is None:
            return None
        key, asked = self._task.key
        case = self._book.find(key)
        if case is not None:
            case.analysing = False
            if case.asked == asked:
                return case
        return None

    @Slot(object)
    def _on_progressed(self, told: Progress) -> None:
        if self._task is None:
            return
        self._parts_left.hear(told.done, told.total, at=time.monotonic())
        left = self._parts_left.seconds()
        self.part_done.emit(self._task.key[0], told.done, told.total, -1.0 if left is None else left)

    @Slot(object)
    def _on_succeeded(self, answer: _Answer) -> None:
        case = self._current()
        if answer.not_noted is not None:
            self.not_noted.emit(answer.not_noted)
        if case is not None:
            analysis, case.facts, case.forms = answer.analysis, answer.facts, answer.forms
            case.seen = answer.seen or case.seen
            errors = analysis.result.errors
            if analysis.image is None and errors and not is_typed(case.unit):
                case.error, case.error_code = errors[0].message, errors[0].code
            elif case.signed is None:
                self._book.set_analysis(case, analysis)
            else:
                case.today = compare(case.signed.result, analysis.result)
                if case.today == "same":
                    self._book.set_analysis(case, as_signed(case.signed.result, analysis))
            self._book.touch(case)
            self.analysed.emit(case.key)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        case = self._current()
        if case is not None:
            self._book.fail(case, error)
            self.refused_to_run.emit(case.key, error)

    @Slot()
    def _on_cancelled(self) -> None:
        case = self._current()
        if case is not None:
            self._book.touch(case)

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        if self._taken is None or not self._taken.put_back:
            self._spent += time.monotonic() - self._began
            self._count()
        self._pump()

    def _count(self) -> None:
        self._done = min(self._done + 1, self._total)
        self._tell()
        if self._done >= self._total and not self._waiting:
            self.idle.emit()

    def _tell(self) -> None:
        self._left.hear(self._done, self._total, at=self._spent)
        left = self._left.seconds()
        self.advanced.emit(self._done, self._total, -1.0 if left is None else left)


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What is being looked at; whether a person wanted it first, and whether it was put back for another."""

    key: str
    image: Image | None
    first: bool
    put_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of an analysis; ``not_noted`` where it could not be written into the audit trail.

    ``seen`` marks the pixels that were looked at.
    """

    analysis: Analysis
    facts: Mapping[str, ModelFacts]
    not_noted: StoreError | None
    seen: str = ""
    forms: tuple[ModelFacts, ...] = ()


class _TilesTold:
    """Tells of a slide how many of its tiles were looked at, and not more often than somebody can read."""

    def __init__(self, handle: Handle) -> None:
        self._handle, self._told_at = handle, 0.0

    def __call__(self, progress: PartProgress) -> None:
        now = time.monotonic()
        if progress.stage == "tiles" and progress.total and now - self._told_at >= _TOLD_EVERY_S:
            self._told_at = now
            self._handle.progress(progress.done, progress.total)


class _WarmUp:
    """The Qt-free work before the first analysis."""

    def __init__(self, analyzer: Callable[[], Analyzer]) -> None:
        self._analyzer = analyzer

    def __call__(self, _handle: Handle) -> None:
        self._analyzer().warm_up()


class _Analysis:
    """The Qt-free work of one analysis: all that it needs was copied when it was asked for."""

    def __init__(
        self,
        analyzer: Callable[[], Analyzer],
        note: Callable[[str, Result], None],
        case: Case,
        image: Image | None,
    ) -> None:
        self._analyzer, self._note, self._key = analyzer, note, case.key
        self._unit = case.unit
        self._patient = case.draft.typed
        self._image = image

    def __call__(self, handle: Handle) -> _Answer:
        analyzer = self._analyzer()
        analysis = analyzer.analyze(
            self._unit,
            patient=self._patient,
            image=self._image,
            progress=_TilesTold(handle),
            cancelled=handle.cancelled,
        )
        stop_if(handle.cancelled)  # nobody takes this answer any more: it is no analysis for the trail
        not_noted = None
        try:
            self._note(self._key, analysis.result)
        except StoreError as error:  # a full disk keeps no answer from a patient; it is told
            not_noted = error
        facts = analyzer.facts_for(analysis.result)
        seen = "" if analysis.image is None else pixel_mark(analysis.image)
        return _Answer(analysis=analysis, facts=facts, not_noted=not_noted, seen=seen, forms=analyzer.forms())
