"""What can be offered where the records do not open, beside trying again.

Opening what can be opened of damaged records, and restoring a backup, are wired in here: ``offers_for`` is
asked whenever a calm screen says that the records cannot be opened, and each offer becomes a button.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import FarlightError


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
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A button: its words, and what it does."""

    words: str
    act: Callable[[], None]


def offers_for(trouble: Trouble) -> tuple[Offer, ...]:
    """Return what can be done about records that do not open."""
    return ()
