"""The file that counts wrong guesses. It needs no key, and is not secret: a guess comes before the key.

Where it is gone or cannot be read, though a key was made, it counts as many guesses: taking it away buys
nobody a faster guess.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.clock import Clock
from core.errors import StoreError
from store.durable import not_kept, replace_file
from store.guesses import DOUBTED, Counted, WrongGuesses, counts_text, read_counts, wait_seconds


class GuessFile:
    """The counts of one profile, by holder."""

    def __init__(self, file: Path, clock: Clock, everybody: Callable[[], tuple[str, ...]]) -> None:
        """Take the file, and who is to be counted where the file is not what was written."""
        self._file, self._clock, self._everybody = file, clock, everybody

    def begin(self) -> None:
        """Begin to count.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        self._keep({})

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long until the next guess at this secret is taken."""
        counted = self._read().get(holder_id, Counted())
        return wait_seconds(counted.in_row, counted.at, self._clock.now())

    def untold(self, holder_id: str) -> WrongGuesses | None:
        """Return the wrong guesses that nobody was told of yet."""
        return self._read().get(holder_id, Counted()).told()

    def forget_told(self, holder_id: str) -> None:
        """Forget them: they were told.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; they will be told again.
        """
        counts = self._read()
        if counts.get(holder_id, Counted()).untold:
            self._keep({**counts, holder_id: replace(counts[holder_id], untold=0)})

    def count(self, holder_id: str, *, right: bool) -> None:
        """Count a guess; one that could not be counted must not be taken, or guesses would be free.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be counted.
        """
        counts = self._read()
        before = counts.get(holder_id, Counted())
        after = before.right() if right else before.wrong(self._clock.now().timestamp())
        if before == after or (right and not before.in_row):
            return
        try:
            self._keep({**counts, holder_id: after})
        except StoreError:
            if not right:
                raise

    def _read(self) -> dict[str, Counted]:
        try:
            return read_counts(self._file.read_bytes())
        except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            pass
        now = self._clock.now().timestamp()
        counts = {holder: Counted(in_row=DOUBTED, at=now) for holder in self._everybody()}
        if counts:
            with suppress(StoreError):
                self._keep(counts)  # or each look at it would begin the wait anew
        return counts

    def _keep(self, counts: dict[str, Counted]) -> None:
        try:
            replace_file(self._file, counts_text(counts))
        except OSError as error:
            raise not_kept(error) from error
