"""What the window says of the analyses in the background: how far, how long, with which engine."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from core.result import EngineName, ModelStamp, PackResult
from ui import words
from ui.analysis_queue import AnalysisQueue
from ui.cases import CaseBook
from ui.controls import Chip
from ui.frame_bars import StatusLine
from ui.intake import Intake


class QueueWatch(QObject):
    """Shows the queue in the status line and the engine in its chip; holds and stops it."""

    def __init__(
        self,
        *,
        queue: AnalysisQueue,
        book: CaseBook,
        intake: Intake,
        status: StatusLine,
        chip: Chip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._queue, self._book, self._intake = queue, book, intake
        self._status, self._chip = status, chip
        self._began: set[EngineName | None] = set()
        queue.analysed.connect(self._on_analysed)
        queue.advanced.connect(self._on_advanced)
        queue.idle.connect(self._on_idle)
        status.pause_clicked.connect(self._on_pause)
        status.cancel_clicked.connect(self._on_cancel)

    @Slot(int, int, float)
    def _on_advanced(self, done: int, total: int, left: float) -> None:
        if self._intake.scanning or total <= 1:
            return
        text = self.tr("Analysing {number} of {total}").format(number=min(done + 1, total), total=total)
        paused = self._queue.paused
        waiting = self.tr("paused") if paused else (words.seconds_left(left) if left >= 0 else "")
        self._status.show_work(text, done, total, waiting, paused=paused)

    @Slot()
    def _on_idle(self) -> None:
        if not self._intake.scanning:
            self._status.show_rest("")

    @Slot()
    def _on_pause(self) -> None:
        self._queue.pause(not self._queue.paused)

    @Slot()
    def _on_cancel(self) -> None:
        if self._intake.scanning:
            self._intake.stop()
        else:
            self._queue.cancel()
            self._status.show_rest(self.tr("Stopped. A study is still analysed when you open it."))

    @Slot(str)
    def _on_analysed(self, key: str) -> None:
        case = self._book.find(key)
        if case is None or case.analysis is None:
            return
        ran = [one for one in case.analysis.result.results if one.stamp.engine is not None]
        if ran:
            self._show_engine(ran)
        elif any(one.status == "ok" for one in case.analysis.result.results) and not self._began:
            self._chip.set_chip(self.tr("Tables, without an engine"), "plain", dot=True)
            self._chip.setToolTip(
                self.tr("Models of values are tables that are reckoned; those of images are not loaded yet.")
            )

    def _show_engine(self, ran: Sequence[PackResult]) -> None:
        """Name engine and time; the first look of an engine loads parts of the program, and says so."""
        engine = ran[-1].stamp.engine
        first = engine not in self._began
        self._began.add(engine)
        spent = self.tr("{count} ms").format(count=round(sum(one.seconds for one in ran) * 1000))
        if first:
            spent = self.tr("first look {time}").format(time=spent)
        self._chip.set_chip(_engine_words(ran[-1].stamp, spent), "plain", dot=True)
        self._chip.setToolTip(
            self.tr("The first look after the start also loads parts of the program; later ones are faster.")
            if first
            else self.tr("Time that the models took on the image analysed last")
        )


def _engine_words(stamp: ModelStamp, spent: str) -> str:
    names = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
    parts = (
        names[stamp.engine or "openvino"],
        (stamp.precision or "").upper(),
        stamp.device or "",
        spent,
    )
    return " · ".join(part for part in parts if part)
