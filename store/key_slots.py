"""One person's way to the store's key: a pair of keys of their own, the private half locked by a password.

The store's key is sealed to the public half, so that a new one can be handed to everybody without anybody's
password. The recovery sheet has such a pair too.

Source: RFC 7748 (X25519), RFC 5869 (HKDF); SEC 1, section 5.1 (ECIES: an ephemeral pair for each sealing).
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from store.secret_words import SALT_BYTES, Cost, derive

Kind = Literal["password", "sheet"]
SHEET = "sheet"
_NONCE_BYTES = 12
_HALF_BYTES = 32
_TAG_BYTES = 16
_SEALED_BYTES = _HALF_BYTES + 32 + _TAG_BYTES
_MOST_MEMORY_KIB = 1024 * 1024
_LEAST_MEMORY_KIB_A_LANE = 8
_MOST_PASSES = 64
_MOST_LANES = 16


BY_SHEET = "*sheet"
"""Who gave a password that was set with the recovery sheet: whoever held it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A holder's pair, and the store's keys sealed to it by generation; bytes as hexadecimal."""

    holder_id: str
    name: str
    kind: Kind
    passes: int
    memory_kib: int
    lanes: int
    salt: str
    nonce: str
    public: str
    locked: str
    changed_at: str = ""
    given_by: str = ""
    sealed: tuple[tuple[int, str], ...] = ()

    @property
    def holder(self) -> KeyHolder:
        """Whose it is."""
        return KeyHolder(
            holder_id=self.holder_id, name=self.name, changed_at=self.changed_at, given_by=self.given_by
        )


def new_slot(store_id: str, holder: KeyHolder, kind: Kind, secret: str, cost: Cost) -> Slot:
    """Return a new pair whose private half is locked by a password or code; no key is sealed to it yet."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    pair = X25519PrivateKey.generate()
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    bare = Slot(
        **asdict(holder),
        kind=kind,
        **asdict(cost),
        salt=salt.hex(),
        nonce=nonce.hex(),
        public=pair.public_key().public_bytes_raw().hex(),
        locked="",
    )
    lock = AESGCM(derive(secret, salt, cost))
    locked = lock.encrypt(nonce, pair.private_bytes_raw(), _bound(store_id, bare))
    return replace(bare, locked=locked.hex())


def seal_keys(store_id: str, slot: Slot, keys: dict[int, bytes]) -> Slot:
    """Return the slot with these keys of the store sealed to it, and no other."""
    return replace(
        slot, sealed=tuple((number, _sealed(store_id, slot, number, keys[number])) for number in sorted(keys))
    )


def open_slot(store_id: str, slot: Slot, secret: str) -> dict[int, bytes] | None:
    """Return the keys that are sealed to a slot, by generation, or None where it is not its secret.

    Raises:
        ValueError: the secret is right, and a key is not what was sealed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cost = Cost(passes=slot.passes, memory_kib=slot.memory_kib, lanes=slot.lanes)
    lock = AESGCM(derive(secret, bytes.fromhex(slot.salt), cost))
    try:
        private = lock.decrypt(bytes.fromhex(slot.nonce), bytes.fromhex(slot.locked), _bound(store_id, slot))
    except InvalidTag:
        return None
    try:
        return {number: _unsealed(store_id, slot, number, private, sealed) for number, sealed in slot.sealed}
    except InvalidTag as error:
        raise ValueError("sealed") from error


def plain_slot(slot: Slot) -> dict[str, object]:
    """Return a slot as JSON takes it."""
    return {**asdict(slot), "sealed": {str(number): sealed for number, sealed in slot.sealed}}


def read_slot(plain: dict[str, Any]) -> Slot:
    """Return a slot from JSON, where every part of it is one that was written here.

    A cost that would take this computer's memory, or an hour, is refused: anybody can write the file.

    Raises:
        ValueError, TypeError, AttributeError: it is no slot.
    """
    sealed = tuple(
        sorted((int(number), _hex(text, _SEALED_BYTES)) for number, text in plain["sealed"].items())
    )
    slot = Slot(**{**plain, "sealed": sealed})
    for text in (slot.holder_id, slot.name, slot.changed_at, slot.given_by):
        if not isinstance(text, str):
            raise TypeError("slot")
    if slot.kind not in ("password", "sheet") or (slot.kind == "sheet") != (slot.holder_id == SHEET):
        raise ValueError("kind")
    _hex(slot.salt, SALT_BYTES)
    _hex(slot.nonce, _NONCE_BYTES)
    _hex(slot.public, _HALF_BYTES)
    _hex(slot.locked, _HALF_BYTES + _TAG_BYTES)
    lanes = _whole(slot.lanes, 1, _MOST_LANES)
    _whole(slot.passes, 1, _MOST_PASSES)
    _whole(slot.memory_kib, _LEAST_MEMORY_KIB_A_LANE * lanes, _MOST_MEMORY_KIB)
    return slot


def _bound(store_id: str, slot: Slot) -> bytes:
    """Return what a locked private half is bound to.

    A slot cannot be passed off as another one's, nor a password that was given as one that was chosen.
    """
    who = f"{store_id} {slot.holder_id} {slot.kind} {slot.public}"
    changed = f" {slot.changed_at} {slot.given_by}" if slot.changed_at or slot.given_by else ""
    return f"{who}{changed}".encode()


def _sealed(store_id: str, slot: Slot, generation: int, key: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    once = X25519PrivateKey.generate()
    public = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(slot.public)))
    bound = _sealing_bound(store_id, slot, generation)
    lock = AESGCM(_sealing_key(shared, public, slot, bound))
    return (public + lock.encrypt(bytes(_NONCE_BYTES), key, bound)).hex()  # a key for this one message


def _unsealed(store_id: str, slot: Slot, generation: int, private: bytes, sealed: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    content = bytes.fromhex(sealed)
    public, closed = content[:_HALF_BYTES], content[_HALF_BYTES:]
    shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    bound = _sealing_bound(store_id, slot, generation)
    return AESGCM(_sealing_key(shared, public, slot, bound)).decrypt(bytes(_NONCE_BYTES), closed, bound)


def _sealing_key(shared: bytes, public: bytes, slot: Slot, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=public + bytes.fromhex(slot.public), info=bound).derive(
        shared
    )


def _sealing_bound(store_id: str, slot: Slot, generation: int) -> bytes:
    return f"farlight store key {store_id} {slot.holder_id} {slot.kind} {generation}".encode()


def _hex(text: object, length: int) -> str:
    if not isinstance(text, str) or len(bytes.fromhex(text)) != length:
        raise ValueError("bytes")
    return text


def _whole(number: object, least: int, most: int) -> int:
    if type(number) is not int or not least <= number <= most:
        raise ValueError("number")
    return number
