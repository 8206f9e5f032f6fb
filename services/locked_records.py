"""A profile held for mending, and the keys that open what it holds or what a backup brings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core.clock import Clock, SystemClock
from core.errors import NotPermittedError, StoreError, WrongPasswordError
from core.wording import say
from store.keyring import KeyHolder, KeyRing
from store.profile import Profile
from store.secret_words import COST, Cost
from store.swap import finish_swap

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNumber:
    """A signed report, by number and time (ISO 8601 in UTC, "" where it is not known)."""

    number: int
    signed_at: str


class LockedRecords:
    """Holds a profile's lock while its records are mended. Close it, or use it as a context manager."""

    def __init__(self, profile: Path | None = None, *, clock: Clock | None = None, cost: Cost = COST) -> None:
        """Take the profile, and its keys with ``_find_ring``.

        Raises:
            ProfileInUseError: a window is open on the profile.
            ProfileNotWritableError: it cannot be written.
            NotReplacedError: an earlier mending could not be ended.
        """
        self._clock, self._cost = clock or SystemClock(), cost
        self._profile = Profile(profile)
        self._folder = self._profile.folder
        self._key: bytes | None = None
        self._holder = ""
        try:
            finish_swap(self._folder)
            self._ring = self._find_ring()
        except BaseException:
            self.close()
            raise

    def _find_ring(self) -> KeyRing:
        return KeyRing(self._profile.key_file, self._clock, self._cost)

    @property
    def folder(self) -> Path:
        """The profile folder."""
        return self._folder

    def holders(self) -> tuple[KeyHolder, ...]:
        """Return whose passwords open the records."""
        return self._ring.holders()

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long until the next guess is taken."""
        return self._ring.wait_seconds(holder_id)

    def unlock(self, holder_id: str, password: str) -> None:
        """Open the records with a password.

        Raises:
            WrongPasswordError: it is not their password, or a wait is not over.
        """
        if holder_id not in {holder.holder_id for holder in self.holders()}:
            raise WrongPasswordError
        self._take(self._ring.unlock(holder_id, password), holder_id)

    def unlock_with_sheet(self, code: str) -> None:
        """Open the records with the recovery sheet.

        Raises:
            WrongPasswordError: it is not its code.
        """
        self._take(self._ring.unlock_with_sheet(code), "")

    def _take(self, key: bytes, holder_id: str) -> None:
        self._key, self._holder = key, holder_id

    def _require_key(self) -> bytes:
        if self._key is None:
            raise NotPermittedError("locked")
        return self._key

    def _require_administrator(self, duty: str | None) -> None:
        """Check that the sheet was used, or the password of somebody with this duty.

        Raises:
            NotPermittedError: it was somebody else's password.
        """
        if self._holder and duty != "administrator":
            raise NotPermittedError(say("backup.restore.not_administrator"))

    def close(self) -> None:
        """Give the profile back; what was prepared and not put in place is taken away."""
        try:
            finish_swap(self._folder)
        except StoreError as error:  # the next opening ends it
            _log.warning("what a restore prepared could not be taken away yet: %s", error.code)
        self._profile.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
