"""Brings drafts to the disk: at once, a moment after typing, and again until a draft that failed is there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import FarlightError, NotPermittedError
from services.drafts import claimed
from services.workplace import Workplace
from ui.cases import Case

TYPING_MS = 700
AGAIN_MS = 3000


@dataclass(slots=True)
class _Waiting:
    """A case whose draft is not on the disk yet, whose work it is, and whether it failed already."""

    case: Case
    person_id: int | None
    failed: bool = False


class DraftWriter(QObject):
    """Keeps drafts. What could not be kept waits, in memory, for room and for the person whose work it is."""

    failed = Signal(object)
    kept_again = Signal()

    def __init__(self, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._waiting: dict[str, _Waiting] = {}
        self._typing = _timer(self, TYPING_MS)
        self._again = _timer(self, AGAIN_MS)

    @property
    def has_failed(self) -> bool:
        """Whether something that was typed or decided could not be brought to the disk so far."""
        return any(one.failed for one in self._waiting.values())

    def keep_soon(self, case: Case) -> None:
        """Keep a draft a moment after typing."""
        self._remember(case)
        if not self._typing.isActive():
            self._typing.start()

    def keep(self, case: Case) -> None:
        """Keep a draft now; where that fails, it is told once and tried again."""
        self._remember(case)
        self._write(self._waiting[case.key])

    def forget(self, case: Case) -> None:
        """Do not write a draft any more that waits: another has taken its place."""
        self._waiting.pop(case.key, None)

    @Slot()
    def flush(self) -> None:
        """Bring all that waits to the disk now, as far as it is the work of who is logged in."""
        self._typing.stop()
        for one in tuple(self._waiting.values()):
            if one.person_id == self._person_id():
                self._write(one)
        if self._waiting:
            self._again.start()  # behind the lock too: whoever comes back finds it kept soon

    def _remember(self, case: Case) -> None:
        before = self._waiting.get(case.key)
        failed = before is not None and before.failed
        self._waiting[case.key] = _Waiting(case, self._person_id(), failed)

    def _write(self, one: _Waiting) -> None:
        case = one.case
        if case.signed is not None:
            self.forget(case)
            return
        person = self._workplace.session.person
        if person is not None and self._workplace.session.may("read"):
            case.draft = claimed(case.draft, person.person_id, person.name)
        try:
            self._workplace.drafts.keep(case.draft)
        except NotPermittedError as error:  # trying again would not change that
            self.forget(case)
            self.failed.emit(error)
        except FarlightError as error:
            self._again.start()
            if not one.failed:
                one.failed = True
                self.failed.emit(error)
        else:
            self.forget(case)
            if one.failed and not self.has_failed:
                self.kept_again.emit()

    def _person_id(self) -> int | None:
        person = self._workplace.session.person
        return person.person_id if person is not None else None


def _timer(writer: DraftWriter, milliseconds: int) -> QTimer:
    timer = QTimer(writer)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(writer.flush)
    return timer
