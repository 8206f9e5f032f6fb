"""How long work still takes: said when enough is known, from how fast it went of late."""

import math

_LEAST_PARTS, _LEAST_S = 3, 3.0
"""Finished parts after the first (which paid for loading and starting), and seconds, that tell a pace."""
_REMEMBERED_S = 30.0
_KEPT_FOR_EACH = 0.8
"""What is older than so many seconds, or than a few parts, counts for little: the pace may change."""


class TimeLeft:
    """Hears how far one piece of work is, and tells how many seconds are left."""

    def __init__(self) -> None:
        self._begin("", 0)

    def _begin(self, work: str, total: int) -> None:
        self._work, self._total, self._done = work, total, 0
        self._at: float | None = None
        self._parts_heard = self._seconds_heard = 0.0
        self._parts = self._seconds = 0.0

    def hear(self, done: int, total: int, *, at: float, work: str = "") -> None:
        """Take that ``done`` parts of ``total`` were finished at a time (seconds of any clock).

        Another ``work`` or total, or fewer done than before, begins anew.
        """
        if (work, total) != (self._work, self._total) or done < self._done:
            self._begin(work, total)
        if done <= self._done:
            return
        if self._at is not None:
            self._learn(done - self._done, max(0.0, at - self._at))
        self._done, self._at = done, at

    def seconds(self) -> float | None:
        """Return how many seconds are left; None while too little is known to say."""
        if self._parts_heard < _LEAST_PARTS or self._seconds_heard < _LEAST_S:
            return None
        return self._seconds / self._parts * (self._total - self._done)

    def _learn(self, parts: int, seconds: float) -> None:
        kept = max(math.exp(-seconds / _REMEMBERED_S), _KEPT_FOR_EACH**parts)
        self._parts = self._parts * kept + parts
        self._seconds = self._seconds * kept + seconds
        self._parts_heard += parts
        self._seconds_heard += seconds
