"""Who may sign on this computer: names, roles, and PINs that are slow to guess."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from core.clock import Clock
from core.errors import WrongPinError
from store.database import Database

_SCRYPT_N = 2**14
_SCRYPT_R = 8
_SCRYPT_P = 1
_FREE_GUESSES = 3
_LONGEST_WAIT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person, without the PIN."""

    person_id: int
    name: str
    role: str
    registration_number: str


class PeopleStore:
    """The people of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, *, name: str, role: str, registration_number: str, pin: str) -> PersonRow:
        """Enter a person; the PIN is kept as a salted scrypt hash."""
        salt = secrets.token_bytes(16)
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO people (name, role, registration_number, salt, pin_hash) VALUES (?, ?, ?, ?, ?)",
                (name, role, registration_number, salt, _hash(pin, salt)),
            )
            person_id = int(cursor.lastrowid or 0)
        return PersonRow(person_id=person_id, name=name, role=role, registration_number=registration_number)

    def all(self) -> tuple[PersonRow, ...]:
        """Return everybody, the last signer first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT person_id, name, role, registration_number FROM people "
                "ORDER BY signed_at DESC, name, person_id"
            ).fetchall()
        return tuple(PersonRow(**dict(row)) for row in rows)

    def wait_seconds(self, person_id: int) -> float:
        """Return how long until the next guess is taken: none for three, then doubling from 5 s to 15 min."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT wrong_guesses, guessed_at FROM people WHERE person_id = ?", (person_id,)
            ).fetchone()
        if row is None or row["wrong_guesses"] < _FREE_GUESSES:
            return 0.0
        wait = min(5.0 * 2.0 ** int(row["wrong_guesses"] - _FREE_GUESSES), _LONGEST_WAIT_S)
        gone = self._clock.now().timestamp() - float(row["guessed_at"])
        if gone < 0:
            # The clock was set back: the wait begins anew, and does not last until the clock has caught up.
            self._restart_wait(person_id)
            gone = 0.0
        return max(0.0, wait - gone)

    def require_pin(self, person_id: int, pin: str) -> PersonRow:
        """Return the person whose PIN it is.

        Raises:
            WrongPinError: it is not their PIN, or a wait after wrong guesses is not over.
        """
        wait = self.wait_seconds(person_id)
        if wait > 0:
            raise WrongPinError("wait", wait_s=round(wait, 1))
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM people WHERE person_id = ?", (person_id,)).fetchone()
            right = row is not None and hmac.compare_digest(_hash(pin, row["salt"]), row["pin_hash"])
            connection.execute(
                "UPDATE people SET wrong_guesses = CASE WHEN ? THEN 0 ELSE wrong_guesses + 1 END, "
                "guessed_at = ? WHERE person_id = ?",
                (right, self._clock.now().timestamp(), person_id),
            )
        if not right:
            raise WrongPinError
        return PersonRow(
            person_id=person_id,
            name=row["name"],
            role=row["role"],
            registration_number=row["registration_number"],
        )

    def _restart_wait(self, person_id: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE people SET guessed_at = ? WHERE person_id = ?",
                (self._clock.now().timestamp(), person_id),
            )


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
