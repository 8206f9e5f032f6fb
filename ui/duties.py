"""Who may do what, in a sentence for the tooltip of what is disabled."""

from PySide6.QtCore import QCoreApplication

from core.duty import Act, Duty
from services.workplace import Workplace

_CLINICAL: frozenset[Act] = frozenset({"read", "sign", "give_out", "correct_identity"})


def who_may(act: Act) -> str:
    """Return who may do something."""
    if act in _CLINICAL:
        return QCoreApplication.translate(
            "duties", "A clinician or an administrator does this: log in as one."
        )
    return QCoreApplication.translate("duties", "An administrator does this: log in as one.")


def duty_name(duty: Duty) -> str:
    """Return a duty in a word."""
    names = {
        "administrator": QCoreApplication.translate("duties", "Administrator"),
        "clinician": QCoreApplication.translate("duties", "Clinician"),
        "assistant": QCoreApplication.translate("duties", "Assistant"),
    }
    return names[duty]


def duty_words(duty: Duty) -> str:
    """Return in a line what somebody with this duty may do."""
    words = {
        "administrator": QCoreApplication.translate(
            "duties",
            "Reads and reports; also enters people, sets the clinic's settings, backs up and deletes.",
        ),
        "clinician": QCoreApplication.translate("duties", "Reads, decides, signs, prints and exports."),
        "assistant": QCoreApplication.translate(
            "duties", "Enters patients and opens images; does not read, sign, print or export."
        ),
    }
    return words[duty]


def logged_in_words(workplace: Workplace) -> str:
    """Return who is logged in, for the chip above."""
    person = workplace.session.person
    if person is None:
        return QCoreApplication.translate("duties", "Locked")
    return f"{person.name} · {person.role or duty_name(person.duty)}"
