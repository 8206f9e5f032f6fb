"""The store's key, and who may open it: each person with a password, and the recovery sheet.

The key is random and never written. It is sealed to a pair of keys for each holder (``store.key_slots``), so
that a new one can be made without anybody's password: when somebody leaves, or a password or the sheet is
replaced. Until the database is under the new key both are sealed to those who stay (``store.key_turn``).

``keys.json`` lies beside the database and holds names of staff, no patient data. It is kept twice, since
without it all is lost. Who has the key has sealed all that it says: nobody else can add a holder. Its edition
rises with each change and stands in the database as well, where an older file that was put back shows. How it
is written is ``store.key_file``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from core.clock import Clock
from core.errors import (
    KeysReplacedError,
    NotPermittedError,
    RequestError,
    StoreError,
    WrongPasswordError,
)
from store.guess_file import GuessFile
from store.guesses import WrongGuesses
from store.key_file import KeyFile, KeyState, is_sealed, sealed
from store.key_slots import (
    SHEET,
    KeyHolder,
    Kind,
    Slot,
    new_slot,
    open_slot,
    seal_keys,
)
from store.secret_words import COST, Cost, new_code, read_code
from store.sqlcipher import KEY_BYTES

__all__ = ["SHEET", "KeyChange", "KeyHolder", "KeyRing"]

_THE_SHEET = KeyHolder(holder_id=SHEET, name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A change of who may open the store, not kept yet; ``turns`` where it makes a new key."""

    holder_id: str
    edition: int
    turns: bool
    state: KeyState
    keys: dict[int, bytes]

    def __repr__(self) -> str:
        """Name the change; the keys are nobody's to read."""
        return f"KeyChange({self.holder_id!r}, edition={self.edition})"


class KeyRing:
    """The key file of one profile. What changes it asks for the key, and so for an ``unlock`` before.

    ``store_id`` is "" where there is no key yet.
    """

    def __init__(self, file: Path, clock: Clock, cost: Cost = COST) -> None:
        """Read the file where there is one.

        Raises:
            KeysDamagedError: there is one, and neither it nor its copy can be read.
            NewerStoreError: a newer Farlight wrote it.
        """
        self._file, self._clock, self._cost = KeyFile(file), clock, cost
        self._guesses = GuessFile(file.with_name("guesses.json"), clock, self._secrets)
        self._read = self._file.read()
        self._state = self._read[0] if self._read else KeyState()
        self._before: tuple[KeyState, dict[int, bytes]] | None = None
        self._keys: dict[int, bytes] = {}

    @property
    def exists(self) -> bool:
        """Whether a key was made."""
        return bool(self._state.store_id)

    @property
    def store_id(self) -> str:
        """The number of the store."""
        return self._state.store_id

    @property
    def sheet_kept(self) -> bool:
        """Whether somebody said that they keep the latest sheet."""
        return self._state.sheet_kept

    @property
    def founded(self) -> bool:
        """Whether a store was made under the key; from then on none is begun anew."""
        return self._state.founded

    @property
    def edition(self) -> int:
        """How often it was changed who may open the store."""
        return self._state.edition

    @property
    def turning(self) -> bool:
        """Whether a new key was made and the earlier one is still sealed beside it."""
        return len(self._state.generations) > 1

    @property
    def cost(self) -> Cost:
        """What a guess at a new secret costs."""
        return self._cost

    def keys(self) -> tuple[bytes, ...]:
        """Return the key, and behind it the one before where the store may still be under that.

        Raises:
            NotPermittedError: nobody has opened it.
        """
        if not self._keys:
            raise NotPermittedError("keys")
        return tuple(self._keys[number] for number in sorted(self._keys, reverse=True))

    def holders(self) -> tuple[KeyHolder, ...]:
        """Return who can open the store, in the order entered."""
        return tuple(slot.holder for slot in self._state.slots if slot.kind == "password")

    # --- opening

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long until the next guess of this holder (or of the sheet's code) is taken."""
        return self._guesses.wait_seconds(holder_id)

    def wrong_guesses(self, holder_id: str) -> WrongGuesses | None:
        """Return the wrong guesses of this holder (or of the sheet's code) that nobody was told of yet."""
        return self._guesses.untold(holder_id)

    def forget_wrong_guesses(self, holder_id: str) -> None:
        """Forget them: they stand in the audit trail now.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; they will be told again.
        """
        self._guesses.forget_told(holder_id)

    def unlock(self, holder_id: str, password: str) -> bytes:
        """Return the store's key.

        Raises:
            WrongPasswordError: it is not their password, or a wait after wrong guesses is not over
                (``context["wait_s"]``).
            KeysReplacedError: the file is not what was written under the store's key.
        """
        wait = self.wait_seconds(holder_id)
        if wait > 0 or self._slot(self._state, holder_id) is None:
            raise WrongPasswordError("wait" if wait > 0 else "", wait_s=round(wait, 1))
        try:
            found = self._opened(holder_id, password)
        except KeysReplacedError:
            self._guesses.count(holder_id, right=True)
            raise
        self._guesses.count(holder_id, right=found is not None)
        if found is None:
            raise WrongPasswordError(wait_s=round(self.wait_seconds(holder_id), 1))
        self._state, self._keys = found
        return self.keys()[0]

    def unlock_with_sheet(self, typed: str) -> bytes:
        """Return the store's key for the code on the recovery sheet.

        Raises:
            WrongPasswordError: it is not the code on the latest sheet; the detail is ``slip`` where it cannot
                be a code at all (a letter was mistyped), which is not counted as a guess.
            KeysReplacedError: the file is not what was written under the store's key.
        """
        code = read_code(typed)
        if code is None:
            raise WrongPasswordError("slip")
        return self.unlock(SHEET, code)

    def try_unlock(self, holder_id: str, secret: str) -> tuple[bytes, ...]:
        """Return the keys, newest first, that a password opens which opened another state of this store.

        Nothing where it does not. It counts as no guess: whoever has it was not guessing.
        """
        with suppress(KeysReplacedError):
            found = self._opened(holder_id, secret)
            if found is not None:
                self._state, self._keys = found
                return self.keys()
        return ()

    def is_password(self, holder_id: str, password: str) -> bool:
        """Whether it is somebody's password; for who has logged in as them, so it counts as no guess."""
        slot = self._slot(self._state, holder_id)
        return slot is not None and open_slot(self.store_id, slot, password) is not None

    def _opened(self, holder_id: str, secret: str) -> tuple[KeyState, dict[int, bytes]] | None:
        """Return what a secret opens: the file, or its copy where the file was damaged; None for neither.

        A copy that is newer than the file is a change that was never told as kept: it opens nothing.
        """
        copies = (one for one in self._read if one != self._state and one.edition <= self.edition)
        candidates = [self._state, *copies]
        opened = False
        for state in candidates:
            slot = self._slot(state, holder_id)
            try:
                keys = None if slot is None else open_slot(state.store_id, slot, secret)
            except ValueError:
                opened = True
                continue
            if keys is None:
                continue
            opened = True
            if set(keys) == set(state.generations) and is_sealed(state, keys):
                return state, keys
        if opened:
            raise KeysReplacedError("seal")
        return None

    # --- changing

    def create(self, name: str, password: str) -> tuple[bytes, KeyHolder, str]:
        """Make a new key with its first holder; returns key, holder and the code for the recovery sheet.

        Raises:
            ProfileNotWritableError, DiskFullError: the file cannot be kept; there is no key then.
        """
        if self.exists:
            raise RequestError("the store has a key")
        key, code, store_id = secrets.token_bytes(KEY_BYTES), new_code(), secrets.token_hex(16)
        holder = KeyHolder(holder_id=secrets.token_hex(8), name=name)
        keys = {1: key}
        slots = (
            self._new_slot(store_id, holder, "password", password, keys),
            self._new_slot(store_id, _THE_SHEET, "sheet", code, keys),
        )
        self._guesses.begin()
        self._keep(KeyState(store_id=store_id, edition=1, generations=(1,), slots=slots), keys)
        return key, holder, code

    def with_added(self, name: str, password: str, *, given_by: str = "") -> KeyChange:
        """Return the change that lets a further person open the store; ``given_by`` as for a password."""
        self.keys()
        holder = KeyHolder(
            holder_id=secrets.token_hex(8),
            name=name,
            changed_at=self._now() if given_by else "",
            given_by=given_by,
        )
        slot = self._new_slot(self.store_id, holder, "password", password, self._keys)
        state = replace(self._state, slots=(*self._state.slots, slot), edition=self.edition + 1, seals=())
        return KeyChange(
            holder_id=holder.holder_id, edition=state.edition, turns=False, state=state, keys=self._keys
        )

    def with_password(self, holder_id: str, password: str, *, given_by: str = "") -> KeyChange:
        """Return the change of a holder's password; the old one opens nothing any more, not with an old file.

        ``given_by`` names who gave it, where it is not the holder's own choice: kept in the same step, and
        bound to the locked key, so that it cannot be taken back.

        Raises:
            KeyError: there is no such holder.
        """
        slot = self._slot(self._state, holder_id)
        if slot is None or slot.kind != "password":
            raise KeyError(holder_id)
        holder = KeyHolder(holder_id=holder_id, name=slot.name, changed_at=self._now(), given_by=given_by)
        return self._turned(
            holder_id, self._put(self._new_slot(self.store_id, holder, "password", password, {}))
        )

    def with_sheet(self, code: str) -> KeyChange:
        """Return the change to another recovery sheet; the earlier one opens nothing any more."""
        slot = self._new_slot(self.store_id, _THE_SHEET, "sheet", code, {})
        return self._turned(SHEET, replace(self._put(slot), sheet_kept=False))

    def without(self, holder_id: str) -> KeyChange:
        """Return the change that takes a person's way into the store away.

        Raises:
            RequestError: it is the last one.
        """
        if [one.holder_id for one in self.holders()] == [holder_id]:
            raise RequestError("the last holder of the key stays")
        slots = tuple(one for one in self._state.slots if one.holder_id != holder_id)
        return self._turned(holder_id, replace(self._state, slots=slots))

    def renewed(self, gone: Collection[str], later: KeyRing | None) -> KeyChange:
        """Return the change to a new key without these holders.

        ``later`` is an opened key file of this store; where it was changed more often, its passwords and its
        sheet are the newer ones.
        """
        slots = tuple(one for one in self._state.slots if one.holder_id not in gone)
        state = replace(self._state, slots=slots)
        if later is not None and later.edition > self.edition:
            newer = {slot.holder_id: slot for slot in later._state.slots}
            slots = tuple(newer.get(slot.holder_id, slot) for slot in slots)
            state = replace(state, slots=slots, sheet_kept=later.sheet_kept, edition=later.edition)
        return self._turned(SHEET, state)

    def keep(self, change: KeyChange) -> None:
        """Keep a change; where it turns the key, old and new are sealed to those who stay.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; nothing has changed.
        """
        if change.edition <= self.edition:
            raise RequestError("the keys were changed meanwhile")
        before, self._before = (self._state, self._keys), None
        try:
            self._keep(change.state, change.keys)
        except StoreError:
            self._before = before  # the copy may have been written
            with suppress(StoreError):
                self.take_back()
            raise
        self._before = before
        with suppress(StoreError):
            self._guesses.count(change.holder_id, right=True)

    def take_back(self) -> None:
        """Put what was before the last change back (nothing where that was done).

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; what the file says stands.
        """
        if self._before is not None:
            self._keep(*self._before)
            self._before = None

    def end_turn(self) -> None:
        """Drop the earlier key: the store is under the latest. The file and its copy are one again.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; the next opening tries again.
        """
        latest = max(self._state.generations)
        keys = {latest: self._keys[latest]}
        slots = tuple(
            replace(slot, sealed=tuple(one for one in slot.sealed if one[0] == latest))
            for slot in self._state.slots
        )
        self._keep(replace(self._state, generations=(latest,), slots=slots), keys)
        self._before = None

    def align(self) -> None:
        """Write the file and its copy alike, where a crash (or damage) left one of them behind.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        if len(self._read) != 2 or any(one != self._state for one in self._read):
            self._keep(self._state, self._keys)

    def found(self) -> None:
        """Remember that the store was made.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        self._keep(replace(self._state, founded=True), self._keys)

    def confirm_sheet(self) -> None:
        """Remember that somebody keeps the latest sheet; until then it is asked for.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        self._keep(replace(self._state, sheet_kept=True), self._keys)

    def _turned(self, holder_id: str, state: KeyState) -> KeyChange:
        """Return a change with a new key, sealed beside the present one to all who stay."""
        if self.turning:
            raise RequestError("the last change of the key is not ended yet")
        key = self.keys()[0]
        (number,) = state.generations
        keys = {number: key, number + 1: secrets.token_bytes(KEY_BYTES)}
        state = replace(
            state,
            generations=(number, number + 1),
            slots=tuple(seal_keys(state.store_id, slot, keys) for slot in state.slots),
            edition=state.edition + 1,
            seals=(),
        )
        return KeyChange(holder_id=holder_id, edition=state.edition, turns=True, state=state, keys=keys)

    def _put(self, slot: Slot) -> KeyState:
        slots = (slot if one.holder_id == slot.holder_id else one for one in self._state.slots)
        return replace(self._state, slots=tuple(slots))

    def _new_slot(
        self, store_id: str, holder: KeyHolder, kind: Kind, secret: str, keys: dict[int, bytes]
    ) -> Slot:
        return seal_keys(store_id, new_slot(store_id, holder, kind, secret, self._cost), keys)

    def _slot(self, state: KeyState, holder_id: str) -> Slot | None:
        return next((one for one in state.slots if one.holder_id == holder_id), None)

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat(timespec="seconds")

    def _secrets(self) -> tuple[str, ...]:
        return tuple(slot.holder_id for slot in self._state.slots)

    def _keep(self, state: KeyState, keys: dict[int, bytes]) -> None:
        if not keys:
            raise NotPermittedError("keys")
        state = sealed(state, keys)
        self._file.write(state)
        self._state, self._keys, self._read = state, keys, [state, state]
