"""Who else goes by the same number: signed reports of this profile, and the other studies of the list."""

from PySide6.QtCore import QCoreApplication

from core.errors import FarlightError
from core.patient import Patient
from services.patient import identity_differs, same_id
from services.workplace import Workplace
from ui import words
from ui.cases import CaseBook


class IdHolders:
    """Says in a sentence whose number it is already, where that is somebody of another name."""

    def __init__(self, book: CaseBook, workplace: Workplace) -> None:
        self._book, self._workplace = book, workplace

    def __call__(self, patient: Patient) -> tuple[str, ...]:
        """Return a sentence for each differently named patient with this number."""
        if patient.id is None or patient.name is None:
            return ()
        try:
            signed = self._workplace.signing.signed_under(patient.id.value)
        except FarlightError as error:
            return (error.title,)
        listed = (case.patient for case in self._book.cases() if case.key != self._book.open_key)
        said: dict[str, str] = {}
        for other in signed:
            self._add(said, patient, other, _tr("ID {id} was signed for {name}."))
        for other in listed:
            if same_id(patient, other):
                self._add(said, patient, other, _tr("In the list, ID {id} is {name}."))
        return tuple(said.values())

    def _add(self, said: dict[str, str], patient: Patient, other: Patient, sentence: str) -> None:
        assert patient.id is not None
        if other.name is not None and identity_differs(Patient(name=patient.name), Patient(name=other.name)):
            name = words.patient_name(other)
            said.setdefault(name, sentence.format(id=patient.id.value, name=name))


def _tr(text: str) -> str:
    return QCoreApplication.translate("id_holders", text)
