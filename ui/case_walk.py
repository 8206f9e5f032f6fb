"""From one case to another: the next that is not signed, the one before or behind, or that all are read."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from ui import words
from ui.cases import CaseBook
from ui.desk import Desk
from ui.frame_bars import StatusLine


class CaseWalk(QObject):
    """Says which case comes next."""

    case_wanted = Signal(str)
    page_wanted = Signal(str)

    def __init__(self, book: CaseBook, desk: Desk, status: StatusLine, parent: QObject) -> None:
        super().__init__(parent)
        self._book, self._desk, self._status = book, desk, status

    @Slot()
    def read_next(self) -> None:
        """Open the next case that is not signed."""
        case = self._desk.case
        following = self._book.next_unsigned(case.key if case is not None else None)
        if following is None and case is not None and case.signed is None:
            self.page_wanted.emit("read")
        elif following is not None:
            self.case_wanted.emit(following.key)
        else:
            self.show_all_read()

    @Slot(int)
    def go(self, step: int) -> None:
        """Open the case so many places behind the open one, or before it."""
        case = self._desk.case
        neighbour = self._book.neighbour(case.key, step) if case is not None else None
        if neighbour is not None:
            self.case_wanted.emit(neighbour.key)

    @Slot()
    def show_all_read(self) -> None:
        """Go to the list and say that nothing in it is left to read; what a filter hides may be."""
        self.page_wanted.emit("worklist")
        hidden = len(self._book.studies) - len(self._book.shown())
        self._status.show_rest(
            self.tr("Nothing is left to read in this list; {count} are not shown.").format(
                count=words.image_sets(hidden)
            )
            if hidden
            else self.tr("Every study in the list is signed.")
        )
