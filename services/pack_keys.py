"""Keys of makers of packs: one's own pair for signing, and those that an administrator trusts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from core.assets import asset_path
from core.clock import Clock
from core.errors import RequestError, SigningKeyError
from core.result import ModelStamp
from core.wording import say
from inference.signature import (
    LARGEST_KEY_BYTES,
    PublicKey,
    fingerprint,
    new_private_key,
    public_key_of,
    read_public_key,
    require_name,
)
from services.session import Session
from services.trail import Trail
from store.durable import not_kept
from store.pack_folder import PackFolder
from store.pack_rows import PackStore, TrustedKeyRow
from store.secret_words import COST, Cost
from store.signing_key import read_signing_key, write_signing_key

PRIVATE_SUFFIX, PUBLIC_SUFFIX = ".farkey", ".farkey.pub"
SHORTEST_PASSPHRASE = 12
RELEASE_KEY = "keys/farlight-release.farkey.pub"
"""Farlight's own public key among the assets; absent until the first release makes the pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key whose packs may be installed; ``built_in`` is Farlight's own, which nobody takes away."""

    name: str
    key: bytes
    fingerprint: str
    trusted_at: str = ""
    person: str = ""
    built_in: bool = False


class KeyDesk:
    """The trusted keys of one profile."""

    def __init__(
        self, store: PackStore, folder: PackFolder, *, session: Session, trail: Trail, clock: Clock
    ) -> None:
        self._store, self._folder = store, folder
        self._session, self._trail, self._clock = session, trail, clock

    def all(self) -> tuple[TrustedKey, ...]:
        """Return the trusted keys, Farlight's own first."""
        rows = (
            TrustedKey(
                name=row.name,
                key=row.key,
                fingerprint=fingerprint(row.key),
                trusted_at=row.trusted_at,
                person=row.person,
            )
            for row in self._store.trusted_keys()
        )
        return (*release_keys(), *rows)

    def find(self, key: bytes) -> TrustedKey | None:
        """Return the trusted key with these bytes, or None."""
        return next((one for one in self.all() if one.key == key), None)

    def trust(self, public: PublicKey, compared: str) -> TrustedKey:
        """Trust a maker's key; ``compared`` is its fingerprint, as its maker read it out.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: the digits are not those of this key.
        """
        person = self._session.require("packs")
        if not same_digits(compared, public.fingerprint):
            raise RequestError(say("packs.keys.other_fingerprint"))
        with self._store.transaction():
            self._store.trust(
                TrustedKeyRow(
                    key=public.key,
                    name=public.name,
                    trusted_at=self._clock.now().astimezone(UTC).isoformat(),
                    person_id=person.person_id,
                    person=person.name,
                )
            )
            self._trail.note(
                "pack_key_trusted", detail={"name": public.name, "fingerprint": public.fingerprint}
            )
        self.mark()
        found = self.find(public.key)
        assert found is not None
        return found

    def distrust(self, key: bytes) -> TrustedKey:
        """Trust a key no more; packs that it signed stay where they are, marked, and nobody uses them.

        They are marked first: a power cut in between leaves too much out of use until the next start, not
        too little.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: it is not among the trusted keys, or Farlight's own.
            StoreError: it could not be kept; the key is trusted still.
        """
        self._session.require("packs")
        found = self.find(key)
        if found is None or found.built_in:
            raise RequestError(say("packs.keys.built_in" if found else "packs.keys.unknown"))
        self.mark(gone=key)
        with self._store.transaction():
            self._store.distrust(key)
            self._trail.note(
                "pack_key_distrusted", detail={"name": found.name, "fingerprint": found.fingerprint}
            )
        return found

    def mark(self, *, gone: bytes | None = None) -> None:
        """Mark on the disk which packs were signed with a key that is not trusted (any more).

        Raises:
            StoreError: it could not be written.
        """
        trusted = {one.key for one in self.all()} - {gone}
        try:
            self._folder.set_aside(
                f"{row.pack_id}-{row.version}" for row in self._store.installed() if row.key not in trusted
            )
        except OSError as error:
            raise not_kept(error) from error

    def is_set_aside(self, stamp: ModelStamp) -> bool:
        """Whether a model is an installed one whose maker's key is not trusted (any more)."""
        trusted = {one.key for one in self.all()}
        spoke = (stamp.pack_id, stamp.version, stamp.sha256)
        return any(
            (row.pack_id, row.version, row.sha256) == spoke and row.key not in trusted
            for row in self._store.installed()
        )

    def named(self, words: str) -> TrustedKey:
        """Return the trusted key of this name or fingerprint.

        Raises:
            RequestError: there is none, or several.
        """
        found = [
            one
            for one in self.all()
            if one.name.casefold() == words.strip().casefold() or same_digits(words, one.fingerprint)
        ]
        if len(found) != 1:
            raise RequestError(say("packs.keys.unknown" if not found else "packs.keys.several"))
        return found[0]


def release_keys() -> tuple[TrustedKey, ...]:
    """Return Farlight's own public key, where this release has one."""
    file = asset_path(RELEASE_KEY)
    if not file.is_file():
        return ()
    public = read_public_key(file.read_bytes())
    return (TrustedKey(name=public.name, key=public.key, fingerprint=public.fingerprint, built_in=True),)


def same_digits(one: str, other: str) -> bool:
    """Whether two fingerprints are the same, however their digits are grouped; an empty one is not."""
    digits = "".join(letter for letter in one if letter.isdigit())
    return bool(digits) and digits == other.replace(" ", "")


def read_public_key_file(file: Path) -> PublicKey:
    """Read a public key file.

    Raises:
        SigningKeyError: it is none, or cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return read_public_key(stream.read(LARGEST_KEY_BYTES + 1))
    except OSError as error:
        raise SigningKeyError(say("packs.keys.no_key")) from error


def make_key_pair(folder: Path, name: str, passphrase: str, *, cost: Cost = COST) -> tuple[Path, Path]:
    """Make a maker's key pair; return the private key file, which stays here, and the public one to hand out.

    Raises:
        RequestError: the passphrase is too short.
        SigningKeyError: the name will not do, or the files are there already or cannot be written.
    """
    name = require_name(name)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise RequestError(say("packs.keys.short_passphrase", least=SHORTEST_PASSPHRASE))
    stem = "-".join("".join(one if one.isalnum() else " " for one in name.casefold()).split()) or "key"
    private_file, public_file = folder / f"{stem}{PRIVATE_SUFFIX}", folder / f"{stem}{PUBLIC_SUFFIX}"
    private = new_private_key()
    public = PublicKey(name=name, key=public_key_of(private))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if public_file.exists():
            raise FileExistsError(public_file.name)
        write_signing_key(private_file, private, name, passphrase, cost)
        public_file.write_text(public.text(), encoding="utf-8", newline="\n")
    except FileExistsError as error:
        raise SigningKeyError(say("packs.keys.there", name=private_file.name)) from error
    except OSError as error:
        raise SigningKeyError(say("packs.keys.not_written", reason=error.strerror or "")) from error
    return private_file, public_file


def open_private_key(file: Path, passphrase: str) -> bytes:
    """Return a private key for signing.

    Raises:
        SigningKeyError: it is no such file, or another passphrase opens it.
    """
    return read_signing_key(file, passphrase)[0]
