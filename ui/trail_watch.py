"""The check of the whole audit trail in the background, and what is told where it is broken."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError
from core.wording import say
from services.progress import stop_if
from services.trail_check import TrailState
from services.trail_words import state_sentences
from services.workplace import Workplace
from ui.notices import NoticeArea
from ui.start_notices import tell_start_notices
from ui.task import Handle, Pools, Progress


class TrailWatch(QObject):
    """Checks the trail after the log-in and when it is asked to; one check at a time."""

    checked = Signal(object)
    progressed = Signal(int, int)  # lines looked at, of how many
    failed = Signal(object)

    def __init__(
        self, pools: Pools, workplace: Workplace, notices: NoticeArea, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._pools, self._workplace, self._notices = pools, workplace, notices
        self.checking = False

    @Slot()
    def check(self) -> None:
        """Check every line, in the background."""
        if self.checking:
            return
        self.checking = True
        task = self._pools.files("trail", _Check(self._workplace))
        task.progressed.connect(self._on_progressed)
        task.succeeded.connect(self._on_checked)
        task.failed.connect(self.failed)
        task.ended.connect(self._on_ended)

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self.progressed.emit(progress.done, progress.total)

    @Slot(object)
    def _on_checked(self, state: TrailState) -> None:
        self.checking = False
        if state.fresh and self._workplace.session.person is not None:
            tell_start_notices(self._notices, self._workplace)
        self.checked.emit(state)

    @Slot()
    def _on_ended(self) -> None:
        self.checking = False


class _Check:
    """The Qt-free work of checking."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, handle: Handle) -> TrailState:
        total = self._workplace.trail.count()

        def watch(done: int) -> None:
            stop_if(handle.cancelled)
            handle.progress(done, total)

        return self._workplace.check_trail(watch)


def checking_words(done: int, total: int) -> str:
    """Return how far a check is."""
    if not total:
        return say("trail.state.checking")
    return say("trail.state.checking_of", done=f"{done:,}", total=f"{total:,}")


def broken_words(state: TrailState) -> tuple[str, ...]:
    """Return where the trail does not hold, what that means, and what to do."""
    return (*state_sentences(state), say("trail.state.meaning"), say("trail.state.advice"))


def unread_words(error: FarlightError) -> str:
    """Return why the trail cannot be read."""
    return f"{error.message} ({error.code})"
