"""Tells of words that are not on the disk yet, and asks once before the window closes over them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from core.errors import FarlightError
from ui.draft_writer import DraftWriter
from ui.notices import NoticeArea


class UnkeptWords(QObject):
    """Stands between closing and what a writer of drafts could not bring to the disk."""

    def __init__(self, writer: DraftWriter, notices: NoticeArea, parent: QObject) -> None:
        super().__init__(parent)
        self._writer, self._notices = writer, notices
        self._asked = False
        self._told: list[str] = []
        writer.failed.connect(self._on_failed)
        writer.kept_again.connect(self._on_kept_again)

    def stop_closing(self) -> bool:
        """Return whether closing now would lose words; said once, and the next time it may close."""
        if not self._writer.has_failed or self._asked:
            return False
        self._asked = True
        title = self.tr("What was typed last is not on the disk yet.")
        self._told.append(title)
        self._notices.tell(
            "critical",
            title,
            self.tr("Make room and wait for the word that it is kept. Closing again leaves without it."),
        )
        return True

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        self._told.append(f"{error.title} {error.about}".rstrip())

    @Slot()
    def _on_kept_again(self) -> None:
        self._asked = False
        for title in self._told:
            self._notices.withdraw(title)
        self._told.clear()
        self._notices.tell("calm", self.tr("What was typed is on the disk now."))
