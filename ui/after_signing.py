"""What follows a signature: the next study comes, and that the report is kept is said."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from ui.cases import Case, CaseBook
from ui.desk import Desk
from ui.notices import NoticeArea


class AfterSigning(QObject):
    """Goes on after a signature or an addendum, and tells of it."""

    case_wanted = Signal(str)
    report_wanted = Signal(str)  # of this study
    all_read = Signal()
    added = Signal()

    def __init__(self, book: CaseBook, desk: Desk, notices: NoticeArea, parent: QObject) -> None:
        super().__init__(parent)
        self._book, self._desk, self._notices = book, desk, notices

    @Slot(object)
    def on_added(self, case: Case) -> None:
        """Tell that an addendum is kept."""
        self._notices.tell(
            "calm",
            self.tr("The addendum is kept."),
            self.tr("Every paper of its report that leaves from now on carries it."),
            of=case.key,
        )
        self.added.emit()

    @Slot(object)
    def on_signed(self, case: Case) -> None:
        """Go on with the next study that is not signed, and tell that this one is."""
        following = self._book.next_unsigned(case.key)  # before the list puts the signed one last
        self._book.touch(case)
        if case is self._desk.case:
            self._leave(following)
        self.tell_signed(case)

    def tell_signed(self, case: Case) -> None:
        """Say it without a name: under the banner of the next patient it could be taken for theirs."""
        self._notices.tell(
            "calm",
            self.tr("Signed."),
            self.tr("The report of the study before this one is kept on this computer.")
            if self._desk.case is not None
            else self.tr("The report is kept on this computer."),
            act=self.tr("Show that report"),
            on_act=partial(self.report_wanted.emit, case.key),
            about=(case.key,),
        )

    def _leave(self, following: Case | None) -> None:
        if following is None:
            self._desk.close()
            self.all_read.emit()
        else:
            self.case_wanted.emit(following.key)
