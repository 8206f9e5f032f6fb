"""Estimates without an image: whether one can be begun here, a new one, and those begun before."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError
from core.image import ReadingUnit
from core.patient import Patient
from services.typed_table import find_table, is_typed, new_table
from services.workplace import Workplace
from ui.analysis_queue import AnalysisQueue
from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.duties import who_may
from ui.intake import case_of
from ui.notices import NoticeArea
from ui.task import Handle, Pools, Task


@dataclass(frozen=True, slots=True)
class _Askable:
    """Whether a model asks for values, and whether one that would is switched off."""

    asked: bool
    off: bool


class TypedTables(QObject):
    """Opens estimates that rest on typed values alone; no scan finds these, for there is no file."""

    case_wanted = Signal(str)
    usable_changed = Signal(bool, str)  # whether one can be begun, and why not
    failed = Signal(object)

    def __init__(
        self,
        *,
        book: CaseBook,
        desk: Desk,
        queue: AnalysisQueue,
        pools: Pools,
        notices: NoticeArea,
        workplace: Workplace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._book, self._desk, self._queue = book, desk, queue
        self._pools, self._notices, self._workplace = pools, notices, workplace
        self._task: Task | None = None
        self._askable: _Askable | None = None
        self.listing = False

    # --- whether

    @Slot()
    def look(self) -> None:
        """Find out in the background which models ask for values."""
        self._task = self._pools.files("models that ask", _Ask(self._workplace), instead_of=self._task)
        self._task.succeeded.connect(self._on_known)
        self._task.failed.connect(self.failed)

    @Slot()
    def renew(self) -> None:
        """Ask the models of open estimates anew: others are in use now."""
        for case in self._book.cases():
            if is_typed(case.unit) and case.signed is None:
                self._queue.ask_again(case, first=case is self._desk.case)
        self.look()

    @Slot(object)
    def _on_known(self, askable: _Askable) -> None:
        self._askable = askable
        self.tell()

    @Slot()
    def tell(self) -> None:
        """Say whether an estimate can be begun now, by whoever is logged in."""
        why_not = self.why_not()
        self.usable_changed.emit(not why_not, why_not)

    def why_not(self) -> str:
        """Return why no estimate can be begun, or the empty text."""
        if not self._workplace.session.may("read"):
            return who_may("read")
        if self._askable is None:
            return self.tr("The models are still being looked at.")
        if self._askable.asked:
            return ""
        if self._askable.off:
            return self.tr(
                "The models that estimate from values are demonstrations, and these are switched off. "
                "An administrator switches them on under Models."
            )
        return self.tr("No model that asks for values is installed.")

    # --- opening

    @Slot()
    def begin(self) -> None:
        """Open an estimate that nobody has typed anything into; it is kept as a draft at once."""
        why_not = self.why_not()
        if why_not:
            self._notices.tell("calm", why_not)
            return
        case = next(filter(_is_untouched, self._book.cases()), None)
        if case is None:
            case = self._list(self._find_spare() or new_table())
        if case is not None:
            self.case_wanted.emit(case.key)
            self._desk.writer.keep(case)

    def open_kept(self, path: str) -> bool:
        """Open the estimate of a kept study again; False where that was no estimate without an image."""
        unit = find_table(path)
        case = None if unit is None else self._list(unit)
        if case is not None:
            self.case_wanted.emit(case.key)
        return unit is not None

    @Slot()
    def restore(self, wanted: str | None = None) -> None:
        """List what was begun and not signed; one that nobody touched only if it is ``wanted``."""
        try:
            units = self._workplace.drafts.tables()
        except FarlightError as error:
            self.failed.emit(error)
            return
        for unit in units:
            self._list(unit, wanted=wanted)

    def _find_spare(self) -> ReadingUnit | None:
        """Return one that was kept in an earlier sitting and that nobody has touched since."""
        try:
            kept = [case_of(unit, self._workplace) for unit in self._workplace.drafts.tables()]
        except FarlightError:
            return None  # a new one does as well
        away = (case for case in kept if self._book.find(case.key) is None)
        return next((case.unit for case in away if _is_untouched(case)), None)

    def _list(self, unit: ReadingUnit, *, wanted: str | None = "") -> Case | None:
        try:
            case = case_of(unit, self._workplace)
        except FarlightError as error:
            self.failed.emit(error)
            return None
        if wanted != "" and _is_untouched(case) and case.key != wanted:
            return None
        self.listing = True
        self._book.add([case])
        self.listing = False
        listed = self._book.find(case.key)
        if listed is not None and listed.signed is None and listed.analysis is None:
            self._queue.ask(listed)
        return listed


class _Ask:
    """The Qt-free work: what the models in use ask for."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, _handle: Handle) -> _Askable:
        analyzer = self._workplace.analyzer()
        return _Askable(asked=bool(analyzer.forms()), off=analyzer.has_forms_off())


def _is_untouched(case: Case) -> bool:
    return is_typed(case.unit) and not case.begun and case.draft.typed == Patient()
