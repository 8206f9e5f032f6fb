"""Turning what a person knows into a key: argon2id, and the code on the recovery sheet.

Source: RFC 9106, section 4 (second recommended option: 3 passes over 64 MiB in 4 lanes).
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SALT_BYTES = 16
_ALPHABET = "23456789ACDEFHKMNPRTVWXY"
"""Of letters and digits that look alike on screen, in print or by hand one is used, or none (0 O, 1 I J)."""
_LOOKALIKES = str.maketrans("BGSUZ", "865V2")
_CODE_LETTERS = 32
_GROUP = 4
_CHECK_PRIME = 331769  # the last below 24 ** 4
_CHECK_LETTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess costs: passes over so much memory, in so many lanes."""

    passes: int = 3
    memory_kib: int = 65536
    lanes: int = 4


COST = Cost()


def derive(secret: str, salt: bytes, cost: Cost) -> bytes:
    """Return 32 bytes from a password, a PIN or a code; the same however its letters were composed."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        unicodedata.normalize("NFC", secret).encode("utf-8", "surrogatepass"),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=32,
        type=Type.ID,
    )


def new_code() -> str:
    """Return a recovery code: 146 random bits and a check, nine groups of four letters and digits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS))
    return _grouped(letters + _check(letters))


def read_code(typed: str) -> str | None:
    """Return a typed code as it was printed, or None where it cannot be one (a slip is seen at once)."""
    letters = "".join(one for one in typed.upper().translate(_LOOKALIKES) if one.isalnum())
    body, check = letters[:_CODE_LETTERS], letters[_CODE_LETTERS:]
    if len(body) != _CODE_LETTERS or set(letters) - set(_ALPHABET) or check != _check(body):
        return None
    return _grouped(letters)


def wrong_groups(typed: str, groups: Sequence[str]) -> tuple[int, ...]:
    """Return which groups of a code were not typed as they stand, letters that look alike taken for one.

    Where letters are too many or too few it is the first group from which they no longer fit.
    """
    letters = "".join(one for one in typed.upper().translate(_LOOKALIKES) if one.isalnum())
    wrong = [
        place for place, group in enumerate(groups) if letters[place * _GROUP : (place + 1) * _GROUP] != group
    ]
    if len(letters) != sum(map(len, groups)):
        return tuple(wrong[:1]) or (len(groups) - 1,)
    return tuple(wrong)


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _check(letters: str) -> str:
    """Return letters that change with any one letter, and with any two that are swapped."""
    value = 0
    for letter in letters:
        value = value * len(_ALPHABET) + _ALPHABET.index(letter)
    rest = value % _CHECK_PRIME
    base = len(_ALPHABET)
    return "".join(_ALPHABET[rest // base**place % base] for place in range(_CHECK_LETTERS))
