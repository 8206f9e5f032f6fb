"""Wrong passwords and recovery codes: told at the log-in that follows, and written into the audit trail.

Before a log-in there is no key and so no trail: they are counted in a file beside it.
"""

from __future__ import annotations

import logging
from typing import Literal

from core.errors import StoreError
from core.wording import say
from services.trail import Trail
from store.guesses import WrongGuesses
from store.keyring import SHEET, KeyRing
from store.people import PersonRow

_log = logging.getLogger(__name__)
_ACTS: dict[str, Literal["wrong_passwords", "wrong_codes"]] = {
    "password": "wrong_passwords",
    "code": "wrong_codes",
}


def note_wrong_guesses(
    ring: KeyRing, trail: Trail, holder_id: str, person: PersonRow
) -> dict[str, WrongGuesses]:
    """Write down what was guessed wrongly at somebody's password, and at the code of the sheet; returns both.

    ``password`` and ``code`` are missing where there is nothing to tell. To be called with the line of the
    log-in, and followed by ``forget_told``: between both, what was counted is still on the disk.
    """
    guessed = {"password": ring.wrong_guesses(holder_id), "code": ring.wrong_guesses(SHEET)}
    told = {what: wrong for what, wrong in guessed.items() if wrong is not None}
    for what, wrong in told.items():
        trail.note(
            _ACTS[what],
            f"person:{person.person_id}" if what == "password" else "",
            detail={
                "wrong": wrong.count,
                "wrong_from": wrong.first_at.isoformat(timespec="seconds"),
                "wrong_until": wrong.last_at.isoformat(timespec="seconds"),
            },
            by=person,
        )
    return told


def forget_told(ring: KeyRing, holder_id: str, told: dict[str, WrongGuesses]) -> None:
    """Forget what stands in the trail now; what cannot be forgotten is told once more at the next log-in."""
    try:
        for what in told:
            ring.forget_wrong_guesses(holder_id if what == "password" else SHEET)
    except StoreError as error:
        _log.warning("wrong guesses that were told are still counted: %s", error.code)


def guess_sentences(told: dict[str, WrongGuesses]) -> tuple[str, ...]:
    """Return what is said to whoever has logged in: how many, when."""
    return tuple(
        say(
            f"people.guesses.{what}" + ("_many" if wrong.count > 1 else ""),
            count=wrong.count,
            when=_when(wrong),
        )
        for what, wrong in told.items()
    )


def _when(wrong: WrongGuesses) -> str:
    first, last = (f"{at.astimezone():%Y-%m-%d %H:%M}" for at in (wrong.first_at, wrong.last_at))
    return say(f"people.guesses.{'at' if first == last else 'between'}", first=first, last=last)
