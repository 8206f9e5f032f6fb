"""What follows in the window when somebody says how common a finding is here, or has to say it again."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from services.prevalence import at_site
from services.prevalence_desk import Asked
from services.workplace import Workplace
from ui.cases import CaseBook
from ui.notices import NoticeArea
from ui.prevalence_card import PrevalenceCard


class SitePrevalence(QObject):
    """Brings what was entered to the results in the list, and tells where it must be entered again."""

    said_anew = Signal()  # what the scores mean here

    def __init__(
        self,
        card: PrevalenceCard,
        *,
        book: CaseBook,
        notices: NoticeArea,
        workplace: Workplace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._book, self._notices, self._workplace = book, notices, workplace
        self._told = ""
        card.changed.connect(self._on_changed)
        card.outdated.connect(self._on_outdated)

    @Slot()
    def _on_changed(self) -> None:
        """Say anew what the scores mean here, of all that is not signed."""
        self._notices.withdraw(self._told)
        in_force = self._workplace.prevalences.in_force()
        for case in self._book.cases():
            if case.analysis is not None and case.signed is None:
                case.analysis = replace(case.analysis, result=at_site(case.analysis.result, in_force))
        self.said_anew.emit()

    @Slot(object)
    def _on_outdated(self, again: tuple[Asked, ...]) -> None:
        self._notices.withdraw(self._told)
        if not again or not self._workplace.session.may("settings"):
            return
        labels = ", ".join(dict.fromkeys(one.label for one in again))
        self._told = self.tr("A model was replaced: say again how common {labels} is here.").format(
            labels=labels
        )
        self._notices.tell(
            "warning",
            self._told,
            self.tr(
                "Settings, How common it is here. Until then scores are shown without what they mean here."
            ),
            duty="settings",
        )
