"""The packs that are there: found in folders, read cheaply, proven by checksum before they are used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.assets import SET_ASIDE
from core.errors import (
    ManifestError,
    PackDependencyError,
    PackError,
    UnknownPackError,
    UntrustedKeyError,
)
from core.wording import say
from inference.manifest import MANIFEST_NAME, Manifest, MaskRegion
from inference.manifest_reader import parse_manifest
from inference.pack_files import read_file, require_intact, sha256_of

LARGEST_MANIFEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack whose manifest is sound; ``sha256`` is the manifest's, which names those of all other files."""

    folder: Path
    manifest: Manifest
    sha256: str

    @property
    def id(self) -> str:
        """The pack's id."""
        return self.manifest.id

    def read(self, name: str) -> bytes:
        """Return the content of one of the pack's files, proven by its checksum.

        Raises:
            ChecksumError, EscapingPathError, ManifestError, PackError: as ``pack_files.read_file``.
        """
        if name not in self.manifest.files:
            raise ManifestError(f"files: does not name {name}")
        return read_file(self.folder, name, self.manifest.files[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class PackEntry:
    """One folder of a library: a pack, or the error that keeps it from being used, or both."""

    id: str
    folder: Path
    pack: Pack | None
    error: PackError | None


def load_pack(folder: Path) -> Pack:
    """Read the manifest of a pack; its other files are not opened.

    Raises:
        PackError: there is no manifest, or it is not what it must be.
    """
    data = read_manifest_bytes(folder)
    return Pack(folder=folder, manifest=parse_manifest(decoded(data)), sha256=sha256_of(data))


def read_manifest_bytes(folder: Path) -> bytes:
    """Return the bytes of a folder's ``pack.toml``.

    Raises:
        ManifestError: there is none, it cannot be read, or it is too large to be one.
    """
    try:
        with (folder / MANIFEST_NAME).open("rb") as file:
            data = file.read(LARGEST_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{MANIFEST_NAME} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_MANIFEST_BYTES:
        raise ManifestError(f"{MANIFEST_NAME} is larger than {LARGEST_MANIFEST_BYTES} bytes")
    return data


def decoded(data: bytes) -> str:
    """Return a manifest's text.

    Raises:
        ManifestError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{MANIFEST_NAME} is not UTF-8") from error


Judge = Callable[[Pack], PackError | None]


class PackLibrary:
    """All packs under some folders, each in a folder of its own.

    Of two packs with one id the higher version counts, then the earlier root; a pack in one of ``folders``,
    which are packs' own folders, counts before all others. Folders are looked at once; ``refresh`` looks
    again. A broken pack does not hide the others: it is listed with its error.
    """

    def __init__(
        self, roots: Sequence[Path], folders: Sequence[Path] = (), *, judge: Judge | None = None
    ) -> None:
        """``judge`` returns why a pack that was found must not be used, or None; a worse one then counts."""
        self._roots = tuple(roots)
        self._folders = tuple(folders)
        self._judge = judge or _accept
        self._entries: dict[str, PackEntry] | None = None
        self._intact: dict[Path, tuple[tuple[str, int, int], ...]] = {}

    def entries(self) -> tuple[PackEntry, ...]:
        """Return what was found, by id."""
        return tuple(self._found().values())

    def packs(self) -> tuple[Pack, ...]:
        """Return the packs that can be used, by id."""
        return tuple(entry.pack for entry in self.entries() if entry.pack and not entry.error)

    def get(self, pack_id: str) -> Pack:
        """Return one pack.

        Raises:
            UnknownPackError: there is none of that id.
            PackError: there is one, but it is broken, or what it depends on is.
        """
        entry = self._found().get(pack_id)
        if entry is None:
            raise UnknownPackError(f"{pack_id!r:.80} is not installed", pack=pack_id)
        if entry.error is not None or entry.pack is None:
            raise entry.error or PackError(pack_id)
        return entry.pack

    def require_intact(self, pack: Pack) -> None:
        """Check all files of a pack; a file whose size and time did not change is not read again.

        Raises:
            ChecksumError, EscapingPathError, ManifestError, PackError: as ``pack_files.require_intact``.
        """
        print_of_files = _print_of_files(pack.folder)
        if self._intact.get(pack.folder) != print_of_files:
            require_intact(pack.folder, pack.manifest.files)
            self._intact[pack.folder] = print_of_files

    def refresh(self) -> None:
        """Look at the folders again at the next question."""
        self._entries = None

    def _found(self) -> dict[str, PackEntry]:
        if self._entries is None:
            best: dict[str, PackEntry] = {}
            for entry in (self._judged(folder) for root in self._roots for folder in _folders(root)):
                if _is_better(entry, best.get(entry.id)):
                    best[entry.id] = entry
            best.update({entry.id: entry for entry in map(_entry, self._folders)})
            self._entries = with_dependencies(best)
        return self._entries

    def _judged(self, folder: Path) -> PackEntry:
        entry = _entry(folder)
        fault = self._judge(entry.pack) if entry.pack is not None else None
        if fault is None and (folder.parent / f"{SET_ASIDE}{folder.name}").exists():
            fault = UntrustedKeyError(say("packs.install.set_aside"))
        if fault is None:
            return entry
        return PackEntry(id=entry.id, folder=folder, pack=None, error=fault)


def _folders(root: Path) -> list[Path]:
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
    return [folder for folder in folders if (folder / MANIFEST_NAME).is_file()]


def _entry(folder: Path) -> PackEntry:
    try:
        pack = load_pack(folder)
    except PackError as error:
        return PackEntry(id=folder.name, folder=folder, pack=None, error=error)
    return PackEntry(id=pack.id, folder=folder, pack=pack, error=None)


def _is_better(entry: PackEntry, other: PackEntry | None) -> bool:
    if other is None or entry.pack is None or other.pack is None:
        return other is None or (other.pack is None and entry.pack is not None)
    return entry.pack.manifest.version > other.pack.manifest.version


def with_dependencies(entries: Mapping[str, PackEntry]) -> dict[str, PackEntry]:
    """Return the entries by id, with the error where what one depends on is not among them as it must be."""
    found = dict(entries)
    return {pack_id: _with_dependencies(found[pack_id], found) for pack_id in sorted(found)}


def used_packs(library: "PackLibrary", manifest: Manifest) -> tuple[str, ...]:
    """Return the packs whose measurements a pack would take, as far as they are there and fit."""
    there = {pack.id: pack.manifest for pack in library.packs()} if manifest.uses else {}
    return tuple(
        pack_id
        for pack_id, versions in manifest.uses.items()
        if pack_id in there and not there[pack_id].reads_values and there[pack_id].version in versions
    )


def _accept(_pack: Pack) -> PackError | None:
    return None


def _with_dependencies(entry: PackEntry, found: dict[str, PackEntry]) -> PackEntry:
    try:
        if entry.pack is not None:
            _require_dependencies(entry.pack, found, ())
    except PackDependencyError as error:
        return PackEntry(id=entry.id, folder=entry.folder, pack=entry.pack, error=error)
    return entry


def _require_dependencies(pack: Pack, found: dict[str, PackEntry], above: tuple[str, ...]) -> None:
    """Follow what a pack depends on, to the end.

    Raises:
        PackDependencyError: one is missing, broken, of a wrong version, without the outlines asked for, or
            in a circle.
    """
    way = (*above, pack.id)
    for pack_id, versions in pack.manifest.depends.items():
        if pack_id in way:
            raise PackDependencyError(f"{' needs '.join((*way, pack_id))}: a circle")
        entry = found.get(pack_id)
        if entry is None or entry.pack is None:
            raise PackDependencyError(
                f"{pack.id} needs {pack_id}, which is {'broken' if entry else 'not installed'}"
            )
        if entry.pack.manifest.reads_values:
            raise PackDependencyError(f"{pack.id} needs {pack_id}, which reads values and is for the end")
        if entry.pack.manifest.version not in versions:
            raise PackDependencyError(
                f"{pack.id} needs {pack_id} {versions.text}, installed is {entry.pack.manifest.version}"
            )
        _require_masks(pack, entry.pack)
        _require_dependencies(entry.pack, found, way)


def _require_masks(pack: Pack, upstream: Pack) -> None:
    region = pack.manifest.input.region
    if isinstance(region, MaskRegion) and region.pack == upstream.id:
        missing = [code for code in region.codes if code not in upstream.manifest.codes]
        if upstream.manifest.task != "segment" or missing:
            raise PackDependencyError(
                f"{pack.id} needs outlines of {upstream.id} that it does not make: {missing}"
            )


def _print_of_files(folder: Path) -> tuple[tuple[str, int, int], ...]:
    try:
        paths = sorted(folder.rglob("*"))
        stats = [(path.relative_to(folder).as_posix(), path.lstat()) for path in paths]
    except OSError as error:
        raise PackError(f"the pack's folder cannot be read: {error.strerror}") from error
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
