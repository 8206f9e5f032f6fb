"""Keys for one purpose each, made of the store's key, which is used for the database alone."""

import hmac

BACKUP_SEAL = b"backup"


def subkey(key: bytes, purpose: bytes) -> bytes:
    """Return 32 bytes for one purpose; nobody gets from them to the key, or to those of another purpose."""
    return hmac.digest(key, b"farlight " + purpose, "sha256")
