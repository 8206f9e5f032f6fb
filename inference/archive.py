"""A ``.farpack`` from other hands: judged whole before a byte of it is written, then unpacked and proven.

The file is opened once. What is unpacked is compared with the signed list while it is written, so that a
stick that is exchanged or changed meanwhile gains nothing.
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import (
    ArchiveDamagedError,
    ArchiveNameError,
    ArchiveNotSignedError,
    ArchiveUnsafeError,
    PackError,
)
from core.wording import say
from inference.build import SUFFIX
from inference.manifest import GOLDEN_NAME, MANIFEST_NAME
from inference.pack_files import name_fault, require_intact
from inference.packs import Pack, load_pack
from inference.signature import LARGEST_SIGNATURE_BYTES, SIGNATURE_NAME, PackSignature, read_signature
from inference.zip_directory import Entry, read_directory, unpacked

LARGEST_ARCHIVE_BYTES = 1 << 30
_ARCHIVES = (
    b"PK\3\4",
    b"PK\5\6",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedArchive:
    """An open pack file whose names, sizes and signature are sound; use it inside ``open_archive``."""

    signature: PackSignature
    entries: Mapping[str, Entry]
    """By name in the pack's folder; the signature is not among them."""
    file: BinaryIO

    @property
    def unpacked_bytes(self) -> int:
        """How much room it needs."""
        return sum(entry.unpacked_bytes for entry in self.entries.values())


@contextmanager
def open_archive(path: Path) -> Iterator[SignedArchive]:
    """Open a pack file and judge all of it that can be judged without unpacking; nothing is written.

    Raises:
        ArchiveDamagedError: it is damaged or no pack file.
        ArchiveUnsafeError: it is built to do harm, or not what was signed.
        ArchiveNotSignedError: it carries no signature.
        ArchiveNameError: its name, its folder and its signature do not name the same pack.
        NewerSchemaError: its signature is of a later kind.
        PackError: it cannot be read.
    """
    with ExitStack() as stack:
        try:
            _require_file(path.stat())  # opening a pipe would wait for ever
            file = stack.enter_context(path.open("rb"))
            _require_file(os.fstat(file.fileno()))
            archive = _judged(file, path.name)
        except OSError as error:
            raise PackError(say("packs.refused.unreadable", reason=error.strerror or "")) from error
        yield archive


def unpack(
    archive: SignedArchive,
    folder: Path,
    tell: Callable[[int], None] = lambda _: None,
) -> Pack:
    """Write the pack into ``folder``, which is new and empty, and return it proven; all is on the disk then.

    ``tell`` is told how many bytes were written, and may stop it by raising. What was written so far is left
    to whoever gave the folder.

    Raises:
        ArchiveDamagedError, ArchiveUnsafeError: a file is not the one that was signed.
        ArchiveNameError: the description names another pack.
        PackError: the pack is not what it must be; see ``load_pack``.
        OSError: it cannot be written.
    """
    done = 0
    for name, entry in archive.entries.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(archive, name, entry, target)
        done += entry.unpacked_bytes
        tell(done)
    pack = load_pack(folder)
    said = (archive.signature.pack_id, archive.signature.version)
    if (pack.id, str(pack.manifest.version)) != said:
        raise ArchiveNameError(
            say("packs.refused.other_pack", inside=f"{pack.id} {pack.manifest.version}", said=" ".join(said))
        )
    require_intact(folder, pack.manifest.files)
    return pack


def _require_file(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ArchiveDamagedError(say("packs.refused.no_end"))
    if facts.st_size > LARGEST_ARCHIVE_BYTES:
        megabytes, most = facts.st_size >> 20, LARGEST_ARCHIVE_BYTES >> 20
        raise ArchiveUnsafeError(say("packs.refused.too_large", megabytes=megabytes, most=most))


def _judged(file: BinaryIO, file_name: str) -> SignedArchive:
    entries = read_directory(file)
    _require_names(entry.name for entry in entries)
    by_name = {entry.name: entry for entry in entries}
    signature = _signature(file, by_name.pop(SIGNATURE_NAME, None))
    folder = f"{signature.pack_id}/"
    said = f"{signature.pack_id}-{signature.version}{SUFFIX}"
    if file_name != said:
        raise ArchiveNameError(say("packs.refused.file_name", name=f"{file_name!r:.120}", said=said))
    strangers = [name for name in by_name if not name.startswith(folder)]
    if strangers:
        raise ArchiveNameError(say("packs.refused.folder", name=f"{strangers[0]!r:.80}", folder=folder))
    inside = {name.removeprefix(folder): entry for name, entry in by_name.items()}
    if inside.keys() != signature.files.keys():
        differing = sorted(inside.keys() ^ signature.files.keys())[0]
        raise ArchiveUnsafeError(say("packs.refused.not_listed", name=f"{differing!r:.80}"))
    if MANIFEST_NAME not in inside:
        raise ArchiveDamagedError(say("packs.refused.no_manifest"))
    return SignedArchive(signature=signature, entries=inside, file=file)


def _require_names(names: Iterable[str]) -> None:
    """Refuse names that leave the folder, mean another file elsewhere, or meet in one file."""
    files: dict[str, str] = {}
    folders: set[str] = set()
    for name in names:
        shown = f"{name!r:.80}"
        if name_fault(name) is not None or not name.isprintable():
            raise ArchiveUnsafeError(say("packs.refused.escaping", name=shown))
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in files:
            same = files[folded] == name
            raise ArchiveUnsafeError(say(f"packs.refused.{'twice' if same else 'case'}", name=shown))
        files[folded] = name
        parts = folded.split("/")[:-1]
        folders.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    if clash := folders & files.keys():
        raise ArchiveUnsafeError(say("packs.refused.twice", name=f"{min(clash)!r:.80}"))


def _signature(file: BinaryIO, entry: Entry | None) -> PackSignature:
    if entry is None:
        raise ArchiveNotSignedError(say("packs.refused.not_signed"))
    if entry.unpacked_bytes > LARGEST_SIGNATURE_BYTES:
        raise ArchiveDamagedError(say("packs.refused.signature_form"))
    return read_signature(b"".join(unpacked(file, entry)))


def _write(archive: SignedArchive, name: str, entry: Entry, target: Path) -> None:
    """Write one file, on the disk before this returns, and compare it with what was signed."""
    digest, head = hashlib.sha256(), b""
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for piece in unpacked(archive.file, entry):
            head = head or piece[:8]
            digest.update(piece)
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    if head.startswith(_ARCHIVES) and name != GOLDEN_NAME:
        raise ArchiveUnsafeError(say("packs.refused.nested", name=f"{name!r:.80}"))
    if digest.hexdigest() != archive.signature.files[name]:
        raise ArchiveUnsafeError(say("packs.refused.changed", name=f"{name!r:.80}"))
