"""What a model said that is in use no more does not stand: it is told, and the image is looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Signal, Slot

from core.result import ModelStamp
from services.typed_table import is_typed
from services.workplace import Workplace
from ui.analysis_queue import AnalysisQueue
from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.notices import NoticeArea
from ui.task import Handle, Pools


class ModelChange(QObject):
    """Compares what was analysed with the packs in use, whenever these change.

    A reading that somebody began and that is not open is told of when it is opened.
    """

    asked_again = Signal(str)
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
        self._untold: dict[str, str] = {}
        desk.case_opened.connect(self._on_case_opened)
        book.cleared.connect(self._untold.clear)

    @Slot()
    def check(self) -> None:
        """Find what was said by models that are in use no more, or are another version now."""
        self._queue.begin_anew()
        task = self._pools.records("models in use", _Usable(self._workplace))
        task.succeeded.connect(self._on_usable)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_usable(self, usable: Mapping[str, str]) -> None:
        others = 0
        for case in self._book.cases():
            if case.signed is not None or case.error:
                continue
            gone = [one for one in case.models if usable.get(one.pack_id) != one.sha256]
            if gone:
                others += case is not self._desk.case
                self._look_again(case, self._sentence(case, gone, usable))
        if others:
            self._notices.tell(
                "calm",
                self.tr("A model changed: images in the list are looked at again ({count}).").format(
                    count=others
                ),
                beside=True,
            )

    def _look_again(self, case: Case, sentence: str) -> None:
        is_open = case is self._desk.case
        self._book.forget_analysis(case)
        self._queue.ask_again(case, first=is_open)
        if is_open:
            self._tell(case, sentence)
            self.asked_again.emit(case.key)
        elif case.begun:
            self._untold[case.key] = sentence

    def _sentence(self, case: Case, gone: Sequence[ModelStamp], usable: Mapping[str, str]) -> str:
        titles = {}
        if case.analysis is not None:
            titles = {one.stamp.pack_id: one.title for one in case.analysis.result.results}
        other = [one for one in gone if one.pack_id in usable]
        away = [one for one in gone if one.pack_id not in usable]

        def named(stamps: Sequence[ModelStamp]) -> str:
            return ", ".join(f"{titles.get(one.pack_id, one.pack_id)} {one.version}" for one in stamps)

        parts = (
            self.tr("Not used any more: {models}.").format(models=named(away)) if away else "",
            self.tr("In use in another version now: {models}.").format(models=named(other)) if other else "",
        )
        return " ".join(filter(None, parts))

    def _tell(self, case: Case, sentence: str) -> None:
        again = self.tr(
            "This image is looked at again. What was answered to the earlier result does not count:"
            " read and answer what is shown then."
        )
        if is_typed(case.unit):
            again = self.tr("What it said does not stand; the models in use are asked with the same values.")
        self._notices.tell(
            "warning",
            sentence,
            again,
            of=case.key,
            lasting=True,
        )

    @Slot(object)
    def _on_case_opened(self, case: Case) -> None:
        sentence = self._untold.pop(case.key, "")
        if sentence and case.signed is None:
            self._tell(case, sentence)


class _Usable:
    """The Qt-free work: the packs that an analysis would use now."""

    def __init__(self, workplace: Workplace) -> None:
        self._packs = workplace.packs
        self._demonstration = workplace.settings.flag("packs.demonstration")

    def __call__(self, _handle: Handle) -> Mapping[str, str]:
        return self._packs.usable(demonstration=self._demonstration)
