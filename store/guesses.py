"""How long somebody waits after wrong guesses: not at all for three, then doubling from 5 s to 15 minutes."""

from datetime import datetime

_FREE_GUESSES = 3
_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 900.0


def wait_seconds(wrong: int, guessed_at: float, now: datetime) -> float:
    """Return the seconds until the next guess is taken, ``wrong`` guesses in a row ending at ``guessed_at``.

    A clock that was set back does not prolong the wait beyond its whole length.
    """
    if wrong < _FREE_GUESSES:
        return 0.0
    wait = min(_FIRST_WAIT_S * 2.0 ** min(wrong - _FREE_GUESSES, 30), _LONGEST_WAIT_S)
    gone = now.timestamp() - guessed_at
    return wait if gone < 0 else max(0.0, wait - gone)
