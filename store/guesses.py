"""Wrong guesses: how long somebody waits after them, and what is remembered until they are told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

_FREE_GUESSES = 3
_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 900.0
DOUBTED = 8
"""What counts are taken to be that cannot be read: a wait of 160 s."""


_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongGuesses:
    """Wrong guesses at one secret: how many, when the first and when the last."""

    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted at one secret.

    ``in_row`` slows the next guess down and ends with a right one; ``untold`` (from ``since`` on) ends when
    the audit trail has it. Times are seconds since 1970; ``at`` is that of the last wrong guess.
    """

    in_row: int = 0
    at: float = 0.0
    untold: int = 0
    since: float = 0.0

    def wrong(self, now: float) -> Counted:
        """Return the count with one more wrong guess."""
        since = self.since if self.untold else now
        return Counted(in_row=self.in_row + 1, at=now, untold=self.untold + 1, since=since)

    def right(self) -> Counted:
        """Return the count after a right guess."""
        return Counted(at=self.at, untold=self.untold, since=self.since)

    def told(self) -> WrongGuesses | None:
        """Return what is to be told, or None."""
        if not self.untold:
            return None
        first, last = (datetime.fromtimestamp(at, UTC) for at in (self.since, self.at))
        return WrongGuesses(count=self.untold, first_at=first, last_at=last)


def read_counts(content: bytes) -> dict[str, Counted]:
    """Return what a file of counts says; it is not secret, and anybody can write it.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    return {str(name): _counted(*numbers) for name, numbers in json.loads(content).items()}


def counts_text(counts: dict[str, Counted]) -> bytes:
    """Return counts as they are kept; of whom nothing is to be remembered, nothing is kept."""
    kept = {name: one for name, one in counts.items() if one.in_row or one.untold}
    return json.dumps(
        {name: [one.in_row, one.at, one.untold, one.since] for name, one in kept.items()}
    ).encode()


def _counted(in_row: object, at: object, untold: object = 0, since: object = 0.0) -> Counted:
    made = Counted(
        in_row=int(str(in_row)), at=float(str(at)), untold=int(str(untold)), since=float(str(since))
    )
    if not all(0 <= time <= _LATEST for time in (made.at, made.since)) or made.in_row < 0 or made.untold < 0:
        raise ValueError("no counts")
    return made


def wait_seconds(wrong: int, guessed_at: float, now: datetime) -> float:
    """Return the seconds until the next guess is taken, ``wrong`` guesses in a row ending at ``guessed_at``.

    A clock that was set back does not prolong the wait beyond its whole length.
    """
    if wrong < _FREE_GUESSES:
        return 0.0
    wait = min(_FIRST_WAIT_S * 2.0 ** min(wrong - _FREE_GUESSES, 30), _LONGEST_WAIT_S)
    gone = now.timestamp() - guessed_at
    return wait if gone < 0 else max(0.0, wait - gone)
