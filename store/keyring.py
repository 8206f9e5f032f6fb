"""The store's key, locked once for each person who may open the store, and once for the recovery sheet.

The key is random and never written. Each slot holds it under AES-256-GCM with a key that argon2id makes of a
password (or of the code on the sheet). Whoever has neither has nothing: not the records, not a way to a new
password.

``keys.json`` lies beside the database and holds names of staff, no patient data. It is kept twice, since
without it all is lost.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Literal

from core.clock import Clock
from core.errors import (
    KeysDamagedError,
    NewerStoreError,
    RequestError,
    StoreError,
    WrongPasswordError,
)
from store.durable import not_kept, replace_file
from store.guesses import Counted, WrongGuesses, counts_text, read_counts, wait_seconds
from store.secret_words import COST, SALT_BYTES, Cost, derive, new_code, read_code
from store.sqlcipher import KEY_BYTES

SCHEMA = 1
SHEET = "sheet"
_NONCE_BYTES = 12
_MOST_MEMORY_KIB = 1024 * 1024
_MOST_PASSES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Someone who can open the store with a password.

    ``changed_at`` is when the password was last changed (ISO 8601), "" where it is their first. ``given_by``
    names who gave it to them, "" once they have chosen their own.
    """

    holder_id: str
    name: str
    changed_at: str = ""
    given_by: str = ""


_THE_SHEET = KeyHolder(holder_id=SHEET, name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """The store's key, locked; bytes as hexadecimal."""

    holder_id: str
    name: str
    kind: Literal["password", "sheet"]
    passes: int
    memory_kib: int
    lanes: int
    salt: str
    nonce: str
    locked: str
    changed_at: str = ""
    given_by: str = ""


class KeyRing:
    """The key file of one profile.

    ``store_id`` is "" where there is no key yet; ``sheet_kept`` where somebody said that they keep the sheet.
    """

    def __init__(self, file: Path, clock: Clock, cost: Cost = COST) -> None:
        """Read the file where there is one.

        Raises:
            KeysDamagedError: there is one, and neither it nor its copy can be read.
            NewerStoreError: a newer Farlight wrote it.
        """
        self._file, self._clock, self._cost = file, clock, cost
        self._copy = file.with_name(f"{file.stem}-copy{file.suffix}")
        self._guesses_file = file.with_name("guesses.json")
        self.store_id = ""
        self.sheet_kept = False
        self._slots: tuple[_Slot, ...] = ()
        self._load()

    @property
    def exists(self) -> bool:
        """Whether a key was made."""
        return bool(self.store_id)

    @property
    def cost(self) -> Cost:
        """What a guess at a new secret costs."""
        return self._cost

    def holders(self) -> tuple[KeyHolder, ...]:
        """Return who can open the store, in the order entered."""
        return tuple(
            KeyHolder(
                holder_id=slot.holder_id, name=slot.name, changed_at=slot.changed_at, given_by=slot.given_by
            )
            for slot in self._slots
            if slot.kind == "password"
        )

    def create(self, name: str, password: str) -> tuple[bytes, KeyHolder, str]:
        """Make a new key with its first holder; returns key, holder and the code for the recovery sheet.

        Raises:
            ProfileNotWritableError, DiskFullError: the file cannot be kept; there is no key then.
        """
        if self.exists:
            raise RequestError("the store has a key")
        key = secrets.token_bytes(KEY_BYTES)
        code = new_code()
        self.store_id = secrets.token_hex(16)
        holder = KeyHolder(holder_id=secrets.token_hex(8), name=name)
        try:
            self._keep(
                (
                    self._locked(key, holder, "password", password),
                    self._locked(key, _THE_SHEET, "sheet", code),
                )
            )
        except StoreError:
            self.store_id = ""
            raise
        return key, holder, code

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long until the next guess of this holder (or of the sheet's code) is taken."""
        counted = self._guesses().get(holder_id, Counted())
        return wait_seconds(counted.in_row, counted.at, self._clock.now())

    def wrong_guesses(self, holder_id: str) -> WrongGuesses | None:
        """Return the wrong guesses of this holder (or of the sheet's code) that nobody was told of yet."""
        return self._guesses().get(holder_id, Counted()).told()

    def forget_wrong_guesses(self, holder_id: str) -> None:
        """Forget them: they stand in the audit trail now.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; they will be told again.
        """
        counts = self._guesses()
        if counts.get(holder_id, Counted()).untold:
            self._keep_guesses({**counts, holder_id: replace(counts[holder_id], untold=0)})

    def unlock(self, holder_id: str, password: str) -> bytes:
        """Return the store's key.

        Raises:
            WrongPasswordError: it is not their password, or a wait after wrong guesses is not over
                (``context["wait_s"]``).
        """
        slot = next((one for one in self._slots if one.holder_id == holder_id), None)
        wait = self.wait_seconds(holder_id)
        if slot is None or wait > 0:
            raise WrongPasswordError("wait" if wait > 0 else "", wait_s=round(wait, 1))
        key = self._opened(slot, password)
        self._count_guess(holder_id, right=key is not None)
        if key is None:
            raise WrongPasswordError(wait_s=round(self.wait_seconds(holder_id), 1))
        return key

    def unlock_with_sheet(self, typed: str) -> bytes:
        """Return the store's key for the code on the recovery sheet.

        Raises:
            WrongPasswordError: it is not the code on the latest sheet; the detail is ``slip`` where it cannot
                be a code at all (a letter was mistyped), which is not counted as a guess.
        """
        code = read_code(typed)
        if code is None:
            raise WrongPasswordError("slip")
        return self.unlock(SHEET, code)

    def is_password(self, holder_id: str, password: str) -> bool:
        """Whether it is somebody's password; for who has logged in as them, so it counts as no guess."""
        return any(one.holder_id == holder_id and self._opened(one, password) for one in self._slots)

    def add(self, key: bytes, name: str, password: str) -> KeyHolder:
        """Let a further person open the store.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        holder = KeyHolder(holder_id=secrets.token_hex(8), name=name)
        self._keep((*self._slots, self._locked(key, holder, "password", password)))
        return holder

    def change_password(self, key: bytes, holder_id: str, password: str, *, given_by: str = "") -> None:
        """Lock the key for a holder with another password; the old one opens nothing any more.

        ``given_by`` names who gave it, where it is not the holder's own choice: kept in the same step, and
        bound to the locked key, so that it cannot be taken back.

        Raises:
            KeyError: there is no such holder.
            ProfileNotWritableError, DiskFullError: it could not be kept; the old password stays.
        """
        name = next((one.name for one in self.holders() if one.holder_id == holder_id), None)
        if name is None:
            raise KeyError(holder_id)
        now = self._clock.now().astimezone(UTC).isoformat(timespec="seconds")
        holder = KeyHolder(holder_id=holder_id, name=name, changed_at=now, given_by=given_by)
        self._put(self._locked(key, holder, "password", password))
        self._count_guess(holder_id, right=True)

    def new_sheet(self, key: bytes) -> str:
        """Return a new code for the recovery sheet; the earlier sheet opens nothing any more.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept; the earlier sheet stays.
        """
        code = new_code()
        self._put(self._locked(key, _THE_SHEET, "sheet", code), sheet_kept=False)
        return code

    def confirm_sheet(self) -> None:
        """Remember that somebody keeps the latest sheet; until then it is asked for.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        self._keep(self._slots, sheet_kept=True)

    def remove(self, holder_id: str) -> None:
        """Take a person's way into the store away.

        Raises:
            RequestError: it is the last one.
            ProfileNotWritableError, DiskFullError: it could not be kept.
        """
        if [one.holder_id for one in self.holders()] == [holder_id]:
            raise RequestError("the last holder of the key stays")
        self._keep(one for one in self._slots if one.holder_id != holder_id)

    def _put(self, slot: _Slot, *, sheet_kept: bool | None = None) -> None:
        slots = (slot if one.holder_id == slot.holder_id else one for one in self._slots)
        self._keep(slots, sheet_kept=sheet_kept)

    def _locked(
        self, key: bytes, holder: KeyHolder, kind: Literal["password", "sheet"], secret: str
    ) -> _Slot:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        bare = _Slot(
            **asdict(holder),
            kind=kind,
            **asdict(self._cost),
            salt=salt.hex(),
            nonce=nonce.hex(),
            locked="",
        )
        locked = AESGCM(derive(secret, salt, self._cost)).encrypt(nonce, key, self._bound(bare))
        return replace(bare, locked=locked.hex())

    def _opened(self, slot: _Slot, secret: str) -> bytes | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cost = Cost(passes=slot.passes, memory_kib=slot.memory_kib, lanes=slot.lanes)
        lock = AESGCM(derive(secret, bytes.fromhex(slot.salt), cost))
        try:
            return lock.decrypt(bytes.fromhex(slot.nonce), bytes.fromhex(slot.locked), self._bound(slot))
        except InvalidTag:
            return None

    def _bound(self, slot: _Slot) -> bytes:
        """Return what a locked key is bound to.

        A slot cannot be passed off as another one's, nor a password that was given as one that was chosen.
        """
        who = f"{self.store_id} {slot.holder_id} {slot.kind}"
        changed = f" {slot.changed_at} {slot.given_by}" if slot.changed_at or slot.given_by else ""
        return f"{who}{changed}".encode()

    def _keep(self, slots: Iterable[_Slot], *, sheet_kept: bool | None = None) -> None:
        slots = tuple(slots)
        kept = self.sheet_kept if sheet_kept is None else sheet_kept
        plain = {
            "schema": SCHEMA,
            "store_id": self.store_id,
            "sheet_kept": kept,
            "slots": [asdict(slot) for slot in slots],
        }
        content = json.dumps(plain, indent=1).encode()
        try:
            replace_file(self._copy, content)  # first: where only this one is written, the old slots stand
            replace_file(self._file, content)
        except OSError as error:
            if not self._file.exists():
                self._copy.unlink(missing_ok=True)
            raise not_kept(error) from error
        self._slots, self.sheet_kept = slots, kept

    def _load(self) -> None:
        present = [file for file in (self._file, self._copy) if file.exists()]
        for file in present:
            try:
                plain = json.loads(file.read_bytes())
                if int(plain["schema"]) > SCHEMA:
                    raise NewerStoreError(f"keys {plain['schema']}, known {SCHEMA}")
                self._slots = tuple(_checked(_Slot(**slot)) for slot in plain["slots"])
                self.store_id = str(plain["store_id"])
                self.sheet_kept = bool(plain["sheet_kept"])
            except (OSError, ValueError, TypeError, KeyError):
                continue
            return
        if present:
            raise KeysDamagedError(self._file.name)

    def _guesses(self) -> dict[str, Counted]:
        try:
            return read_counts(self._guesses_file.read_bytes())
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _count_guess(self, holder_id: str, *, right: bool) -> None:
        """Count a guess; one that could not be counted must not be taken, or guesses would be free.

        Raises:
            ProfileNotWritableError, DiskFullError: it could not be counted.
        """
        counts = self._guesses()
        before = counts.get(holder_id, Counted())
        after = before.right() if right else before.wrong(self._clock.now().timestamp())
        if before == after or (right and not before.in_row):
            return
        try:
            self._keep_guesses({**counts, holder_id: after})
        except StoreError:
            if not right:
                raise

    def _keep_guesses(self, counts: dict[str, Counted]) -> None:
        try:
            replace_file(self._guesses_file, counts_text(counts))
        except OSError as error:
            raise not_kept(error) from error


def _checked(slot: _Slot) -> _Slot:
    """Refuse a slot that would take this computer's memory or an hour to open: nobody here wrote it."""
    cost_is_sane = 0 < slot.memory_kib <= _MOST_MEMORY_KIB and 0 < slot.passes <= _MOST_PASSES
    if not cost_is_sane or not bytes.fromhex(slot.salt + slot.nonce + slot.locked):
        raise ValueError("slot")
    return slot
