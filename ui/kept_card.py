"""What is kept of the patient who is chosen in the records, beside the list."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError
from services.keeping_words import answer_words
from services.typed_table import find_table
from services.workplace import Workplace
from ui.controls import Card, KeyButton, enable, label
from ui.records_model import RecordLine


class KeptCard(Card):
    """What is kept of the patient chosen in the records, in a few words, and the way to more."""

    show_asked = Signal(int)
    delete_asked = Signal(int, int)  # patient and study

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workplace = workplace
        self._patient_id = self._study_id = 0
        name = self.tr("What is kept")
        self.setAccessibleName(name)
        self.body.addWidget(label(name.upper(), "heading"))
        self.image = label("", "muted", wrap=True)
        self.consent = label("", "muted", wrap=True)
        self.body.addWidget(self.image)
        self.body.addWidget(self.consent)
        self.button = KeyButton(self.tr("Consent, hold, deletion …"))
        self.button.clicked.connect(self._on_clicked)
        self.body.addWidget(self.button)
        self.delete = KeyButton(self.tr("Delete this study …"))
        self.delete.clicked.connect(self._on_delete_clicked)
        self.body.addWidget(self.delete)
        for button in (self.button, self.delete):
            button.elide_words()
        self.hide()

    @Slot(object)
    def show_line(self, line: RecordLine | None) -> None:
        """Speak of the patient and the study of a row; of nobody where none is chosen."""
        self.setVisible(line is not None)
        if line is None:
            return
        self._patient_id = line.patient_id
        study = line.study
        self._study_id = study.study_id if study is not None else 0
        self.delete.setVisible(study is not None)
        may = self._workplace.session.may("delete")
        enable(self.delete, may, self.tr("An administrator may do this"))
        has_image = study is not None and find_table(study.path) is None
        self.image.setVisible(has_image)
        if study is not None and has_image:
            kept = self._workplace.images.keeps(study.unit_key)
            self.image.setText(
                self.tr("A copy of this image is kept here, encrypted.")
                if kept
                else self.tr("This image is on its own medium; no copy is kept.")
            )
        self.consent.setText(self._consent(line.patient_id))

    def _consent(self, patient_id: int) -> str:
        names = {
            "care": self.tr("Care"),
            "teaching": self.tr("Teaching"),
            "research": self.tr("Research"),
        }
        try:
            answers = self._workplace.consent.now(patient_id)
        except FarlightError:
            return ""
        return "\n".join(f"{names[one.purpose]}: {answer_words(one)}" for one in answers)

    @Slot()
    def _on_clicked(self) -> None:
        self.show_asked.emit(self._patient_id)

    @Slot()
    def _on_delete_clicked(self) -> None:
        self.delete_asked.emit(self._patient_id, self._study_id)
