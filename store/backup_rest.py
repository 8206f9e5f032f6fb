"""What a backup holds beside the records, as one sealed file: settings, the audit trail's end, counts."""

from __future__ import annotations

import json
import secrets
from typing import Any

from core.errors import BackupDamagedError

_NONCE_BYTES = 12
_BOUND = b"farlight backup rest 1"


def seal_rest(rest: dict[str, Any], key: bytes) -> bytes:
    """Return the rest encrypted and authenticated."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, json.dumps(rest).encode(), _BOUND)


def open_rest(sealed: bytes, key: bytes) -> dict[str, Any]:
    """Return the rest again.

    Raises:
        BackupDamagedError: it is not what was sealed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        plain = json.loads(AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _BOUND))
    except (InvalidTag, ValueError) as error:
        raise BackupDamagedError("rest") from error
    return plain if isinstance(plain, dict) else {}
