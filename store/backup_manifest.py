"""What a backup says of itself: its files with sizes and hashes, sealed with a key of the store.

Beside a backup's folder lies the store of its image copies, shared by all backups of the same records on the
medium, each part under its own hash: what is there is not copied again.

    farlight-backup-<store>-<day>-<time>/   manifest.json, keys.json, rest.bin, records.001, records.002 ...
    farlight-images-<store>/<ab>/<sha256>

A manifest names no patient and no person. Names are short and plain: a FAT32 stick takes them, and its limit
of 4 GiB a file is never met, since files are cut into parts.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, cast

from core.errors import BackupDamagedError, NewerStoreError, NoBackupError
from store.durable import replace_file

SCHEMA = 1
PREFIX, IMAGES_PREFIX, UNFINISHED = "farlight-backup-", "farlight-images-", "-unfinished"
MANIFEST, KEYS, REST = "manifest.json", "keys.json", "rest.bin"
PART_BYTES = 32 << 20
_MOST_MANIFEST_BYTES = 256 << 20
_HEX_DIGITS = 64
Kind = Literal["records", "keys", "rest", "image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a file, as it lies on the medium."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a backup; ``path`` is inside the profile, ``mtime_ns`` tells an unchanged image."""

    kind: Kind
    path: str
    size: int
    mtime_ns: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is said of a backup; ``made_at`` is ISO 8601 in UTC.

    ``sequence`` orders the backups of one store on one medium, whatever the clock said when each was made.
    """

    store_id: str
    made_at: str
    farlight: str
    entries: tuple[Entry, ...]
    sequence: int = 0
    seal: str = ""

    @property
    def size(self) -> int:
        """How many bytes its files have."""
        return sum(entry.size for entry in self.entries)

    def of_kind(self, kind: Kind) -> tuple[Entry, ...]:
        """Return the files of one kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def only(self, kind: Kind) -> Entry:
        """Return the one file of a kind.

        Raises:
            BackupDamagedError: there is none.
        """
        found = self.of_kind(kind)
        if len(found) != 1:
            raise BackupDamagedError(f"{kind}: {len(found)} files")
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was found: its folder and its manifest (whose seal nobody has checked yet)."""

    folder: Path
    manifest: Manifest

    def places(self) -> Iterator[tuple[Entry, Part, Path]]:
        """Yield each part and where it lies."""
        for entry in self.manifest.entries:
            for number, part in enumerate(entry.parts):
                yield (
                    entry,
                    part,
                    place_of(self.folder, self.manifest.store_id, entry.kind, number, part.sha256),
                )


def folder_name(store_id: str, made_at: str) -> str:
    """Return the name of a backup's folder: letters, digits and hyphens alone."""
    day, _, rest = made_at.partition("T")
    return f"{PREFIX}{store_id[:8]}-{day}-{rest[:8].replace(':', '')}"


def images_folder(beside: Path, store_id: str) -> Path:
    """Return where the image copies of backups lie."""
    return beside.with_name(f"{IMAGES_PREFIX}{store_id[:8]}")


def place_of(folder: Path, store_id: str, kind: Kind, number: int, sha256: str) -> Path:
    """Return where a part lies."""
    if kind == "records":
        return folder / f"records.{number + 1:03d}"
    if kind == "image":
        return images_folder(folder, store_id) / sha256[:2] / sha256
    return folder / (KEYS if kind == "keys" else REST)


def write_manifest(folder: Path, manifest: Manifest, key: bytes) -> Manifest:
    """Seal a manifest and put it into its folder; returns it sealed.

    Raises:
        OSError: it could not be written.
    """
    plain = _plain(manifest)
    sealed = {**plain, "seal": _seal(plain, key)}
    replace_file(folder / MANIFEST, json.dumps(sealed, indent=0).encode())
    return _checked(sealed)


def read_backup(folder: Path) -> Backup:
    """Return the backup in a folder, from its manifest alone.

    Raises:
        NoBackupError: there is no manifest.
        BackupDamagedError: it cannot be read.
        NewerStoreError: a newer Farlight wrote it.
    """
    file = folder / MANIFEST
    try:
        if file.stat().st_size > _MOST_MANIFEST_BYTES:
            raise BackupDamagedError(MANIFEST)
        plain = json.loads(file.read_bytes())
        if int(plain["schema"]) > SCHEMA:
            raise NewerStoreError(f"backup {plain['schema']}, known {SCHEMA}")
        return Backup(folder=folder, manifest=_checked(plain))
    except FileNotFoundError as error:
        raise NoBackupError(type(error).__name__) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise BackupDamagedError(MANIFEST) from error


def find_backups(place: Path) -> tuple[Backup, ...]:
    """Return the backups in a folder (or that it is), the latest first, without those that are damaged.

    Nobody has checked a seal: what orders them here is a claim of each.
    """
    try:
        folders = [place, *place.glob(f"{PREFIX}*")]
    except OSError:
        return ()
    found = []
    for folder in folders:
        if folder.name.endswith(UNFINISHED):
            continue
        try:
            found.append(read_backup(folder))
        except (NoBackupError, BackupDamagedError, NewerStoreError):
            continue
    return _latest_first(found)


def _latest_first(found: list[Backup]) -> tuple[Backup, ...]:
    """Order the backups of each store by number, and the stores by the day of their latest."""
    days: dict[str, str] = {}
    for backup in found:
        said = backup.manifest
        days[said.store_id] = max(said.made_at, days.get(said.store_id, ""))

    def place(backup: Backup) -> tuple[str, str, int, str]:
        said = backup.manifest
        return days[said.store_id], said.store_id, said.sequence, said.made_at

    return tuple(sorted(found, key=place, reverse=True))


def check_seal(manifest: Manifest, key: bytes) -> None:
    """Check that the manifest is what Farlight wrote under this store's key.

    Raises:
        BackupDamagedError: it is not.
    """
    check_any_seal(manifest, (key,))


def check_any_seal(manifest: Manifest, keys: Iterable[bytes]) -> None:
    """Check that the manifest was sealed with one of these keys.

    Raises:
        BackupDamagedError: it was not.
    """
    if not any(hmac.compare_digest(_seal(_plain(manifest), key), manifest.seal) for key in keys):
        raise BackupDamagedError("the seal of the manifest")


def _plain(manifest: Manifest) -> dict[str, object]:
    plain = asdict(manifest)
    del plain["seal"]
    if not manifest.sequence:
        del plain["sequence"]  # a backup from before there were numbers: its seal is without one
    return {"schema": SCHEMA, **plain}


def _seal(plain: dict[str, object], key: bytes) -> str:
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, canonical.encode(), "sha256").hex()


def _checked(plain: dict[str, object]) -> Manifest:
    """Return a manifest of parsed JSON; nobody has vouched for it, so every name in it is looked at."""
    entries = []
    for one in cast("list[dict[str, object]]", plain["entries"]):
        parts = tuple(
            Part(sha256=_hash(part["sha256"]), size=_size(part["size"])) for part in _dicts(one["parts"])
        )
        entry = Entry(
            kind=_kind(one["kind"]),
            path=_inner_path(str(one["path"])),
            size=_size(one["size"]),
            mtime_ns=int(cast("int", one["mtime_ns"])),
            parts=parts,
        )
        if sum(part.size for part in parts) != entry.size:
            raise ValueError("size")
        if entry.kind == "image" and PurePosixPath(entry.path).parts[0] != "images":
            raise ValueError("path")
        entries.append(entry)
    return Manifest(
        store_id=_store_id(str(plain["store_id"])),
        made_at=str(plain["made_at"]),
        farlight=str(plain["farlight"]),
        entries=tuple(entries),
        sequence=_size(plain.get("sequence", 0)),
        seal=_ascii(str(plain.get("seal", ""))),
    )


def _dicts(value: object) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", value)


def _hash(value: object) -> str:
    text = str(value)
    if len(text) != _HEX_DIGITS or set(text) - set("0123456789abcdef"):
        raise ValueError("sha256")
    return text


def _ascii(text: str) -> str:
    if not text.isascii():
        raise ValueError("seal")
    return text


def _store_id(text: str) -> str:
    if not text.isalnum() or not text.isascii():
        raise ValueError("store_id")
    return text


def _size(value: object) -> int:
    size = int(cast("int", value))
    if size < 0:
        raise ValueError("size")
    return size


def _kind(value: object) -> Kind:
    if value not in ("records", "keys", "rest", "image"):
        raise ValueError("kind")
    return value


def _inner_path(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in text or ":" in text:
        raise ValueError("path")
    return text
