"""Decrypts a database and its log page by page, without the library, as somebody with the key would.

Source: https://www.zetetic.net/sqlcipher/design/ (SQLCipher 4: AES-256-CBC, IV and HMAC-SHA512 at a page's
end, salt in place of the first 16 bytes); https://www.sqlite.org/fileformat.html section 4 (log).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE_BYTES = 4096
_RESERVE, _IV, _SALT = 80, 16, 16
_LOG_HEADER, _FRAME_HEADER = 32, 24


def decrypted(file: Path, key: bytes) -> bytes:
    """Return every page of a database and of its log, free ones among them, joined.

    Raises:
        AssertionError: a page is not what the key wrote (then nothing would be proven).
    """
    whole = file.read_bytes()
    salt = whole[:_SALT]
    pages = [whole[at : at + PAGE_BYTES] for at in range(0, len(whole), PAGE_BYTES)]
    found = [_page(page, number, key, salt) for number, page in enumerate(pages, 1)]
    found.extend(_log_pages(file.with_name(file.name + "-wal"), key, salt))
    return b"".join(found)


def _log_pages(log: Path, key: bytes, salt: bytes) -> Iterator[bytes]:
    content = log.read_bytes() if log.exists() else b""
    step = _FRAME_HEADER + PAGE_BYTES
    for at in range(_LOG_HEADER, len(content), step):
        frame = content[at : at + step]
        yield _page(frame[_FRAME_HEADER:], int.from_bytes(frame[:4], "big"), key, salt)


def _page(page: bytes, number: int, key: bytes, salt: bytes) -> bytes:
    assert len(page) == PAGE_BYTES
    start = _SALT if number == 1 else 0
    sealed, tail = page[start : PAGE_BYTES - _RESERVE], page[PAGE_BYTES - _RESERVE :]
    mac_key = hashlib.pbkdf2_hmac("sha512", key, bytes(one ^ 0x3A for one in salt), 2, 32)
    bound = sealed + tail[:_IV] + number.to_bytes(4, "little")
    assert hmac.digest(mac_key, bound, "sha512") == tail[_IV:]
    plain = Cipher(algorithms.AES(key), modes.CBC(tail[:_IV])).decryptor()
    return plain.update(sealed) + plain.finalize()
