"""Opening what can be opened of damaged records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from core.errors import FarlightError
from core.wording import say
from ui.controls import label
from ui.mending_dialog import MendingDialog, day_of, names_of

if TYPE_CHECKING:
    from services.salvage import Salvaged


class SalvageDialog(MendingDialog):
    """Opens what can be opened."""

    def __init__(
        self,
        *,
        folder: Path | None,
        retry: Callable[[], None],
        parent: QWidget,
        holder_id: str = "",
        password: str = "",
    ) -> None:
        title = "Open what can be opened"
        super().__init__(title, "Look what can be opened", folder=folder, retry=retry, parent=parent)
        self.setWindowTitle(self.tr("Open what can be opened"))
        self.body.insertWidget(
            0,
            label(
                self.tr(
                    "Every page of the damaged records is looked at, and what can be read is written into "
                    "new records. You are told what is lost before anything is replaced; the damaged file is "
                    "kept."
                ),
                "muted",
                wrap=True,
            ),
        )
        self._add_secrets()
        self._open(holder_id, password)

    def _open(self, holder_id: str, password: str) -> None:
        from services.salvage import Salvaging

        try:
            self._show_holders(Salvaging(self._folder))
        except FarlightError as error:
            self._on_failed(error)
            self.yes.setEnabled(False)
            return
        self.person.setCurrentIndex(max(0, self.person.findData(holder_id)))
        self.password.setText(password)

    def prepared_words(self, prepared: Salvaged) -> str:
        """Return what could be read and what is lost."""
        kept = {table.table: table.kept for table in prepared.tables}
        parts = [
            self.tr(
                "Pages that cannot be read: {bad} of {pages}. What can be read: signed reports: {reports}, "
                "drafts: {drafts}."
            ).format(
                bad=prepared.bad_pages,
                pages=prepared.pages,
                reports=kept.get("signed_reports", 0),
                drafts=kept.get("drafts", 0),
            )
        ]
        if prepared.lost_reports:
            parts.append(
                self.tr("Signed reports that are lost: {count} ({named}).").format(
                    count=len(prepared.lost_reports), named=names_of(prepared.lost_reports)
                )
            )
        elif prepared.whole:
            parts.append(self.tr("Nothing is lost."))
        if prepared.older_pages:
            parts.append(
                self.tr(
                    "{count} pages could be read in an earlier state alone: changes since are lost."
                ).format(count=prepared.older_pages)
            )
        if prepared.images_aside:
            parts.append(say("backup.images_aside", count=prepared.images_aside))
        if prepared.may_lack_more:
            parts.append(self.tr("More may be lost that nobody can name any more."))
        if prepared.backup_at:
            parts.append(
                self.tr("The last backup is of {day}: compare before you go on.").format(
                    day=day_of(prepared.backup_at)
                )
            )
        return "\n".join(parts)
