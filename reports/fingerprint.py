"""The identity of a report: a hash of everything it says."""

import hashlib
from dataclasses import fields, is_dataclass
from datetime import datetime

import numpy as np


def fingerprint(record: object) -> str:
    """Return the SHA-256 (hexadecimal) of a record of dataclasses, tuples, texts, numbers and arrays."""
    digest = hashlib.sha256()
    _add(digest, record)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", value: object) -> None:
    if is_dataclass(value):
        digest.update(f"<{type(value).__name__}".encode())
        for field in fields(value):
            digest.update(f"|{field.name}=".encode())
            _add(digest, getattr(value, field.name))
        digest.update(b">")
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _add(digest, item)
    elif isinstance(value, np.ndarray):
        digest.update(f"[{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, datetime):
        digest.update(value.isoformat().encode())
    else:
        data = repr(value).encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
