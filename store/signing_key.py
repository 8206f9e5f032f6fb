"""A maker's private key in a file: sealed under a passphrase with argon2id and AES-256-GCM."""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NewerStoreError, SigningKeyError
from core.wording import say
from store.secret_words import COST, SALT_BYTES, Cost, derive

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KIND = "farlight-private-key"
_VERSION = 1
_NONCE_BYTES = 12
_LARGEST_BYTES = 16_384
_LARGEST_COST = Cost(passes=64, memory_kib=1 << 20, lanes=64)


def write_signing_key(file: Path, private: bytes, name: str, passphrase: str, cost: Cost = COST) -> None:
    """Write a new file, for this user alone; one that is there is never written over.

    Raises:
        FileExistsError: there is one of this name.
        OSError: it cannot be written.
    """
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    head = {
        "kind": _KIND,
        "version": _VERSION,
        "name": name,
        "passes": cost.passes,
        "memory_kib": cost.memory_kib,
        "lanes": cost.lanes,
        "salt": _text(salt),
        "nonce": _text(nonce),
    }
    sealed = _lock(derive(passphrase, salt, cost)).encrypt(nonce, private, _bound(head))
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps({**head, "sealed": _text(sealed)}, ensure_ascii=False, indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_signing_key(file: Path, passphrase: str) -> tuple[bytes, str]:
    """Return a private key and its name.

    Raises:
        SigningKeyError: it is no such file, or another passphrase opens it.
        NewerStoreError: a newer Farlight wrote it.
    """
    from cryptography.exceptions import InvalidTag

    try:
        with file.open("rb") as stream:
            said = json.loads(stream.read(_LARGEST_BYTES))
        if said.get("kind") == _KIND and said["version"] > _VERSION:
            raise NewerStoreError(f"key file version {said['version']:.3g}")
        head = {name: said[name] for name in said if name != "sealed"}
        cost = Cost(passes=said["passes"], memory_kib=said["memory_kib"], lanes=said["lanes"])
        salt, nonce, sealed = (base64.b64decode(said[name]) for name in ("salt", "nonce", "sealed"))
        if said["kind"] != _KIND or not isinstance(said["name"], str) or not _is_bearable(cost):
            raise ValueError(_KIND)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SigningKeyError(say("packs.keys.no_private")) from error
    try:
        return _lock(derive(passphrase, salt, cost)).decrypt(nonce, sealed, _bound(head)), said["name"]
    except InvalidTag as error:
        raise SigningKeyError(say("packs.keys.wrong_passphrase")) from error
    except ValueError as error:
        raise SigningKeyError(say("packs.keys.no_private")) from error


def _is_bearable(cost: Cost) -> bool:
    """Whether a file asks for work that this computer can do: a wrong one must not fill the memory."""
    return (
        1 <= cost.passes <= _LARGEST_COST.passes
        and 1 <= cost.lanes <= _LARGEST_COST.lanes
        and 8 * cost.lanes <= cost.memory_kib <= _LARGEST_COST.memory_kib
    )


def _lock(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _bound(head: dict[str, object]) -> bytes:
    return json.dumps(head, sort_keys=True).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
