"""What can be offered where the records do not open, beside trying again.

Opening what can be opened of damaged records, and restoring a backup, are wired in here: ``offers_for`` is
asked whenever a calm screen says that the records cannot be opened, and each offer becomes a button.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from core.errors import FarlightError, KeysDamagedError, StoreDamagedError, StoreMissingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Records that do not open.

    ``holder_id`` and ``password`` are what somebody logged in with, "" where it did not come to that. Nothing
    holds the profile when an offer is carried out; ``retry`` goes back to the start of the door.
    """

    error: FarlightError
    folder: Path | None
    retry: Callable[[], None]
    holder_id: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A button: its words, and what it does."""

    words: str
    act: Callable[[], None]


def offers_for(trouble: Trouble) -> tuple[Offer, ...]:
    """Return what can be done about records that do not open."""
    offers = []
    if isinstance(trouble.error, StoreDamagedError):
        offers.append(Offer(words=_tr("Open what can be opened …"), act=partial(_salvage, trouble)))
    if isinstance(trouble.error, StoreDamagedError | StoreMissingError | KeysDamagedError):
        offers.append(Offer(words=_tr("Restore from a backup …"), act=partial(_restore, trouble)))
    return tuple(offers)


def _tr(text: str) -> str:
    return QCoreApplication.translate("rescue", text)


def _restore(trouble: Trouble) -> None:
    from ui.restore_dialog import RestoreDialog

    parent = QApplication.activeWindow()
    if parent is not None:
        RestoreDialog(folder=trouble.folder, retry=trouble.retry, parent=parent).open()


def _salvage(trouble: Trouble) -> None:
    from ui.salvage_dialog import SalvageDialog

    parent = QApplication.activeWindow()
    if parent is not None:
        SalvageDialog(
            folder=trouble.folder,
            retry=trouble.retry,
            parent=parent,
            holder_id=trouble.holder_id,
            password=trouble.password,
        ).open()
