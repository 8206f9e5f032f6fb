"""Whether whoever is at the computer can sign what is read, and what is missing where they cannot."""

from typing import Literal

from PySide6.QtCore import QCoreApplication

from services.workplace import Workplace

Signer = Literal["self", "other", "nobody", "barred"]
"""They sign themselves; somebody else here signs; nobody here does; they do not read at all."""


def signer_here(workplace: Workplace) -> Signer:
    """Return who would sign what is read now."""
    session = workplace.session
    if not session.may("read"):
        return "barred"
    if session.may("sign"):
        return "self"
    return "other" if workplace.signing.people() else "nobody"


def ready_words(signer: Signer) -> str:
    """Return the state of a study that is read to its end."""
    words = {
        "self": _tr("Ready to sign"),
        "other": _tr("Needs the PIN of who signs"),
        "nobody": _tr("Needs somebody who signs"),
        "barred": _tr("Needs a clinician"),
    }
    return words[signer]


def what_is_missing(signer: Signer) -> str:
    """Return in a sentence what is missing beside the reading; "" where nothing is."""
    words = {
        "other": _tr("You have no PIN: set your own in Settings, or have somebody who signs enter theirs."),
        "nobody": _tr("Nobody here signs yet: set your own PIN in Settings."),
    }
    return words.get(signer, "")


def _tr(text: str) -> str:
    return QCoreApplication.translate("signer", text)
