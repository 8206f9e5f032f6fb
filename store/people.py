"""Who works on this computer: names, duties, and PINs that are slow to guess."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from core.clock import Clock
from core.duty import Duty
from core.errors import WrongPinError
from store.database import Database
from store.guesses import wait_seconds
from store.secret_words import COST, SALT_BYTES, Cost, derive
from store.sqlcipher import dbapi

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person, without the PIN.

    ``role`` is the title printed under a signature; ``duty`` is what they may do here. ``holder_id`` names
    their slot in the key ring, "" where they cannot log in (yet). ``left_at`` is ISO 8601, "" where they have
    not left.
    """

    person_id: int
    name: str
    role: str
    registration_number: str
    duty: Duty = "clinician"
    signs: bool = True
    holder_id: str = ""
    left_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPerson:
    """A person who is to be entered, with the hash of their PIN."""

    name: str
    role: str
    registration_number: str
    duty: Duty
    holder_id: str
    salt: bytes = field(repr=False)
    pin_hash: bytes = field(repr=False)
    pin_kdf: str

    def plain(self) -> dict[str, str]:
        """Return it as JSON takes it."""
        return {**asdict(self), "salt": self.salt.hex(), "pin_hash": self.pin_hash.hex()}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Self:
        """Return it from JSON."""
        hashes = {name: bytes.fromhex(plain[name]) for name in ("salt", "pin_hash")}
        return cls(**{**plain, **hashes})


class PeopleStore:
    """The people of one database."""

    def __init__(self, database: Database, clock: Clock, cost: Cost = COST) -> None:
        self._database = database
        self._clock = clock
        self._cost = cost

    def add(
        self,
        *,
        name: str,
        role: str,
        registration_number: str,
        pin: str,
        duty: Duty = "clinician",
        holder_id: str = "",
    ) -> PersonRow:
        """Enter a person; who has no PIN ("") does not sign. The PIN is kept as a salted argon2id hash."""
        return self.enter(
            self.prepare(
                name=name,
                role=role,
                registration_number=registration_number,
                pin=pin,
                duty=duty,
                holder_id=holder_id,
            )
        )

    def prepare(
        self, *, name: str, role: str, registration_number: str, pin: str, duty: Duty, holder_id: str
    ) -> PreparedPerson:
        """Return a person who is to be entered; the PIN is a hash from here on."""
        salt, kdf, digest = self._hashed(pin)
        return PreparedPerson(
            name=name,
            role=role,
            registration_number=registration_number,
            duty=duty,
            holder_id=holder_id,
            salt=salt,
            pin_hash=digest,
            pin_kdf=kdf,
        )

    def enter(self, person: PreparedPerson) -> PersonRow:
        """Enter a person who was prepared."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO people (name, role, registration_number, salt, pin_hash, pin_kdf, duty, signs,"
                " holder_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    person.name,
                    person.role,
                    person.registration_number,
                    person.salt,
                    person.pin_hash,
                    person.pin_kdf,
                    person.duty,
                    bool(person.pin_kdf),
                    person.holder_id,
                ),
            )
            return _require(connection, int(cursor.lastrowid or 0))

    def transaction(self) -> AbstractContextManager[object]:
        """Return a transaction: what is kept inside it is kept together, or not at all."""
        return self._database.transaction()

    def all(self) -> tuple[PersonRow, ...]:
        """Return everybody who has not left, the last signer first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM people WHERE left_at = '' ORDER BY signed_at DESC, name, person_id"
            ).fetchall()
        return tuple(_person(row) for row in rows)

    def find(self, person_id: int) -> PersonRow | None:
        """Return a person, also one who has left, or None."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM people WHERE person_id = ?", (person_id,)).fetchone()
        return _person(row) if row else None

    def change(self, person: PersonRow) -> None:
        """Keep what a person is called and may do; the PIN stays."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE people SET name = ?, role = ?, registration_number = ?, duty = ?, signs = ?,"
                " holder_id = ?, left_at = ? WHERE person_id = ?",
                (
                    person.name,
                    person.role,
                    person.registration_number,
                    person.duty,
                    person.signs,
                    person.holder_id,
                    person.left_at,
                    person.person_id,
                ),
            )

    def set_pin(self, person_id: int, pin: str) -> None:
        """Give a person another PIN; what was guessed wrongly before is forgotten."""
        salt, kdf, digest = self._hashed(pin)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE people SET salt = ?, pin_hash = ?, pin_kdf = ?, signs = ?, wrong_guesses = 0"
                " WHERE person_id = ?",
                (salt, digest, kdf, bool(pin), person_id),
            )

    def wait_seconds(self, person_id: int) -> float:
        """Return how long until the next guess is taken: none for three, then doubling from 5 s to 15 min."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT wrong_guesses, guessed_at FROM people WHERE person_id = ?", (person_id,)
            ).fetchone()
        if row is None:
            return 0.0
        now = self._clock.now()
        if float(row["guessed_at"]) > now.timestamp():
            # The clock was set back: the wait begins anew, and does not last until the clock has caught up.
            self._restart_wait(person_id)
        return wait_seconds(int(row["wrong_guesses"]), float(row["guessed_at"]), now)

    def require_pin(
        self, person_id: int, pin: str, *, on_wrong: Callable[[], object] = lambda: None
    ) -> PersonRow:
        """Return the person whose PIN it is; ``on_wrong`` is called where it is not, in the same step.

        Raises:
            WrongPinError: it is not their PIN, they have none, or a wait after wrong guesses is not over.
        """
        wait = self.wait_seconds(person_id)
        if wait > 0:
            raise WrongPinError("wait", wait_s=round(wait, 1))
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM people WHERE person_id = ?", (person_id,)).fetchone()
            right = row is not None and bool(row["signs"]) and not row["left_at"] and _is_pin(row, pin)
            connection.execute(
                "UPDATE people SET wrong_guesses = CASE WHEN ? THEN 0 ELSE wrong_guesses + 1 END, "
                "guessed_at = ? WHERE person_id = ?",
                (right, self._clock.now().timestamp(), person_id),
            )
            if not right:
                on_wrong()
            if right and row["pin_kdf"] == "scrypt":  # kept by an early Farlight
                salt, kdf, digest = self._hashed(pin)
                connection.execute(
                    "UPDATE people SET salt = ?, pin_hash = ?, pin_kdf = ? WHERE person_id = ?",
                    (salt, digest, kdf, person_id),
                )
        if not right:
            raise WrongPinError
        return _person(row)

    def _hashed(self, pin: str) -> tuple[bytes, str, bytes]:
        if not pin:
            return b"", "", b""
        salt = secrets.token_bytes(SALT_BYTES)
        cost = self._cost
        return salt, f"argon2id {cost.passes} {cost.memory_kib} {cost.lanes}", derive(pin, salt, cost)

    def _restart_wait(self, person_id: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE people SET guessed_at = ? WHERE person_id = ?",
                (self._clock.now().timestamp(), person_id),
            )


def _is_pin(row: dbapi.Row, pin: str) -> bool:
    if row["pin_kdf"] == "scrypt":
        digest = hashlib.scrypt(pin.encode(), salt=row["salt"], n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    else:
        _, passes, memory_kib, lanes = row["pin_kdf"].split()
        cost = Cost(passes=int(passes), memory_kib=int(memory_kib), lanes=int(lanes))
        digest = derive(pin, row["salt"], cost)
    return hmac.compare_digest(digest, row["pin_hash"])


def _require(connection: dbapi.Connection, person_id: int) -> PersonRow:
    row = connection.execute("SELECT * FROM people WHERE person_id = ?", (person_id,)).fetchone()
    return _person(row)


def _person(row: dbapi.Row) -> PersonRow:
    return PersonRow(
        person_id=row["person_id"],
        name=row["name"],
        role=row["role"],
        registration_number=row["registration_number"],
        duty=cast("Duty", row["duty"]),
        signs=bool(row["signs"]),
        holder_id=row["holder_id"],
        left_at=row["left_at"],
    )
