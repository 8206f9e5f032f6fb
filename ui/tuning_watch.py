"""Has this computer measured in the background, once nothing has been looked at for a while."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from services.workplace import Workplace
from ui.task import Handle, Pools

QUIET_MS = 20_000
"""How long nobody has waited for an answer before measuring begins; it pauses when somebody does."""


class TuningWatch(QObject):
    """Starts the measuring, once for each time that the window opens or the models change."""

    def __init__(self, pools: Pools, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools, self._workplace = pools, workplace
        self._running = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._on_quiet)

    @Slot()
    def begin(self) -> None:
        """Measure when it has been quiet for a while; called again, the while begins anew."""
        self._timer.start()

    @Slot()
    def _on_quiet(self) -> None:
        if self._running:
            return
        self._running = True
        task = self._pools.files("measuring this computer", _Learning(self._workplace), priority=-1)
        task.ended.connect(self._on_ended)

    @Slot()
    def _on_ended(self) -> None:
        self._running = False


class _Learning:
    """The Qt-free work."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, handle: Handle) -> None:
        self._workplace.tuner().learn(self._workplace.analyzer(), cancelled=handle.cancelled)
