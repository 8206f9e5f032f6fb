"""Offers the people of the camp's register while an identity is typed: arrows and Enter take one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QStringListModel, Qt, Slot
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from core.errors import FarlightError
from core.patient import Patient
from services.record_facts import IDENTIFIERS
from services.workplace import Workplace
from ui.identity_card import IdentityCard

LEAST_LETTERS = 2


class RegisterOffer(QObject):
    """Watches name and number of an identity form; what is taken fills the form and is confirmed as ever."""

    def __init__(self, card: IdentityCard, workplace: Workplace) -> None:
        super().__init__(card)
        self._card, self._workplace = card, workplace
        self.people: tuple[Patient, ...] = ()
        self._words = QStringListModel(self)
        self.completer = QCompleter(self._words, self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.popup = QListView()
        self.popup.setAccessibleName(self.tr("From the register"))
        self.popup.setProperty("people", True)
        self.popup.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.completer.setPopup(self.popup)
        self.completer.activated[QModelIndex].connect(self._on_taken)  # type: ignore[index]
        for name in ("name", "id"):
            card.fields[name].textEdited.connect(self._on_typed)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        field = self.sender()
        assert isinstance(field, QLineEdit)
        try:
            enough = len(text.strip()) >= LEAST_LETTERS
            self.people = self._workplace.register.offer(text) if enough else ()
        except FarlightError:
            self.people = ()  # what is typed is kept all the same
        self._words.setStringList([_words_of(patient) for patient in self.people])
        if not self.people:
            self.popup.hide()
            return
        self.completer.setWidget(field)
        self.completer.complete()

    @Slot(QModelIndex)
    def _on_taken(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.people):
            self._card.fill_from(self.people[index.row()])


def _words_of(patient: Patient) -> str:
    said = (getattr(patient, name) for name in IDENTIFIERS)
    return " · ".join(value.value for value in said if value is not None)
