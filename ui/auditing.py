"""The audit trail in the window: its page, its export, its check, and who may see it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import NotPermittedError
from services.workplace import Workplace
from ui.audit_export import AuditExport
from ui.audit_page import AuditPage
from ui.notices import NoticeArea
from ui.task import Pools
from ui.theme import Theme
from ui.trail_card import TrailCard
from ui.trail_watch import TrailWatch


class Auditing(QObject):
    """Joins the page, the export and the check in the background with their card in Settings."""

    page_wanted = Signal(str)
    failed = Signal(object)  # FarlightError

    def __init__(
        self,
        card: TrailCard,
        *,
        theme: Theme,
        pools: Pools,
        workplace: Workplace,
        notices: NoticeArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._workplace = workplace
        self.watch = TrailWatch(pools, workplace, notices, window)
        self.page = AuditPage(theme, pools, workplace, self.watch)
        self.export = AuditExport(pools, workplace, notices, window)
        card.show_asked.connect(self.ask)
        self.watch.failed.connect(self.failed)
        self.watch.checked.connect(card.show_state)
        self.page.export_asked.connect(self.export.ask)
        self.export.exported.connect(self.page.refresh)
        self.export.failed.connect(self.failed)

    @Slot()
    def ask(self) -> None:
        """Show the page to who may see it."""
        if self._workplace.session.may("audit"):
            self.page_wanted.emit("audit")
        else:
            self.failed.emit(NotPermittedError("audit"))
