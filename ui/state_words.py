"""Where the reading of a study stands, in the same words on the banner and in its row of the list."""

from PySide6.QtCore import QCoreApplication

from services.before_signing import missing_for_signing
from services.typed_table import is_typed
from ui.cases import Case
from ui.signer import Signer, ready_words


def state_words(case: Case, *, no_model: bool, signer: Signer = "self", held: bool = False) -> str:
    """Return where the reading of a case stands.

    ``no_model`` is whether none looked at its image, ``held`` whether something that the
    case itself does not know stands against a signature.
    """
    if case.signed is not None:
        return _tr("Signed")
    if case.error:
        return _tr("Could not be analysed")
    if is_typed(case.unit) or case.draft.reading.first_read is not None:
        return ready_words(signer) if is_ready(case) and not held else _begun_words(case)
    if case.analysing:
        return _tr("Analysing")
    if not case.analysed:
        return _tr("Waiting")
    return _tr("No model") if no_model else _tr("To check")


def _begun_words(case: Case) -> str:
    if not is_typed(case.unit):
        return _tr("Reading begun")
    return _tr("Values begun") if case.draft.typed.further else _tr("No values yet")


def is_ready(case: Case) -> bool:
    """Return whether nothing stands between a case and its signature."""
    if case.analysis is None or case.signed is not None or case.error:
        return False
    return not (case.withheld or missing_for_signing(case.unit, case.analysis, case.draft))


def _tr(text: str) -> str:
    return QCoreApplication.translate("states", text)
