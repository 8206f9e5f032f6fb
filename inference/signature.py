"""Who made a pack file: keys, fingerprints, and the signed list of its files.

A signature is a short text, the same bytes each time: which pack, which version, whose key, name and sha256
of every file, and in its last line the Ed25519 signature of all lines above (RFC 8032).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import ArchiveDamagedError, ArchiveUnsafeError, NewerSchemaError, SigningKeyError
from core.wording import say

SIGNATURE_NAME = "SIGNATURE"
LARGEST_SIGNATURE_BYTES = 128 * 1024
LARGEST_KEY_BYTES = 4096
LONGEST_NAME = 80
_SIGNATURE_HEAD = "farlight-pack-signature/1"
_KEY_HEAD = "farlight-pack-key/1"
_FAMILY = re.compile(r"farlight-pack-(?:signature|key)/(?:[2-9]|[1-9][0-9]+)", re.ASCII)
_KEY_BYTES = 32
_GROUPS, _GROUP_DIGITS = 8, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A maker's public key, and the name that the maker gave it."""

    name: str
    key: bytes

    @property
    def fingerprint(self) -> str:
        """Forty digits (132 bits) that two people can read to each other."""
        return fingerprint(self.key)

    def text(self) -> str:
        """Return the content of a public key file."""
        encoded = base64.b64encode(self.key).decode()
        return f"{_KEY_HEAD}\nname {self.name}\nkey {encoded}\nfingerprint {self.fingerprint}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSignature:
    """A sound signature: that its maker named these files; whether the maker is trusted is not said here.

    ``files`` maps every name in the pack's folder, ``pack.toml`` too, to its sha256.
    """

    pack_id: str
    version: str
    key: bytes
    files: Mapping[str, str]
    text: str


def fingerprint(key: bytes) -> str:
    """Return a key's fingerprint: eight groups of five digits, of its SHA-256."""
    number = int.from_bytes(hashlib.sha256(b"farlight pack key\n" + key).digest())
    digits = str(number % 10 ** (_GROUPS * _GROUP_DIGITS)).zfill(_GROUPS * _GROUP_DIGITS)
    return " ".join(digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS))


def new_private_key() -> bytes:
    """Return a new private key, 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private: bytes) -> bytes:
    """Return the public part of a private key, 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def require_name(name: str) -> str:
    """Return the name of a key's maker, as it may stand in a key file.

    Raises:
        SigningKeyError: it is empty, too long, or has a sign that cannot be printed.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise SigningKeyError(say("packs.keys.bad_name", longest=LONGEST_NAME))
    return name


def read_public_key(data: bytes) -> PublicKey:
    """Read the content of a public key file.

    Raises:
        SigningKeyError: it is none, or was mistyped.
        NewerSchemaError: it is of a later kind.
    """
    text = data[:LARGEST_KEY_BYTES].decode("utf-8", "replace").replace("\r\n", "\n").strip() + "\n"
    if _FAMILY.match(text):
        raise NewerSchemaError(say("packs.refused.newer_signature"))
    found = re.fullmatch(
        rf"{_KEY_HEAD}\nname ([^\n]*)\nkey ([A-Za-z0-9+/=]{{44}})\nfingerprint ([0-9 ]+)\n", text
    )
    try:
        key = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        key = b""
    if found is None or len(key) != _KEY_BYTES or found[3] != fingerprint(key):
        raise SigningKeyError(say("packs.keys.no_key"))
    return PublicKey(name=require_name(found[1]), key=key)


def sign(private: bytes, *, pack_id: str, version: str, files: Mapping[str, str]) -> str:
    """Return the signature file of a pack."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    body = _body(pack_id, version, public_key_of(private), files)
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(body.encode())
    return f"{body}signature {base64.b64encode(signature).decode()}\n"


def read_signature(data: bytes) -> PackSignature:
    """Read a signature file and check that its key signed it.

    Raises:
        ArchiveDamagedError: it is no signature file, written otherwise than ours, or not what was signed.
        NewerSchemaError: it is of a later kind.
    """
    text = data.decode("utf-8", "replace")
    if _FAMILY.match(text):
        raise NewerSchemaError(say("packs.refused.newer_signature"))
    fields = re.match(
        rf"{_SIGNATURE_HEAD}\npack ([a-z0-9-]+)\nversion ([0-9.]+)\nkey ([A-Za-z0-9+/=]{{44}})\n", text
    )
    lines = text[fields.end() :].splitlines() if fields else []
    files = dict(_file_line(line) for line in lines[:-1])
    try:
        key = base64.b64decode(fields[3], validate=True) if fields else b""
        signature = base64.b64decode(lines[-1].removeprefix("signature "), validate=True) if lines else b""
    except (binascii.Error, ValueError) as error:
        raise ArchiveDamagedError(say("packs.refused.signature_form")) from error
    if fields is None or len(key) != _KEY_BYTES or len(files) != len(lines) - 1:
        raise ArchiveDamagedError(say("packs.refused.signature_form"))
    body = _body(fields[1], fields[2], key, files)
    if f"{body}{lines[-1]}\n" != text or not _holds(key, signature, body.encode()):
        raise ArchiveUnsafeError(say("packs.refused.signature_wrong"))
    return PackSignature(
        pack_id=fields[1], version=fields[2], key=key, files=MappingProxyType(files), text=text
    )


def _file_line(line: str) -> tuple[str, str]:
    sha256, _, name = line.partition("  ")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not name:
        raise ArchiveDamagedError(say("packs.refused.signature_form"))
    return name, sha256


def _body(pack_id: str, version: str, key: bytes, files: Mapping[str, str]) -> str:
    head = f"{_SIGNATURE_HEAD}\npack {pack_id}\nversion {version}\nkey {base64.b64encode(key).decode()}\n"
    return head + "".join(f"{files[name]}  {name}\n" for name in sorted(files))


def _holds(key: bytes, signature: bytes, body: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
