"""Make a pack ready to travel: checksums into ``pack.toml``, then one signed zip, always the same bytes."""

import re
import zipfile
from pathlib import Path

from core.errors import ManifestError, PackError
from inference.manifest import MANIFEST_NAME, REQUIRED_FILES, TABLE_FILES
from inference.manifest_reader import parse_manifest
from inference.pack_files import find_files, name_fault, require_intact, sha256_of
from inference.packs import Pack, decoded, load_pack, read_manifest_bytes
from inference.signature import SIGNATURE_NAME, sign

SUFFIX = ".farpack"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o644 << 16
_UNIX = 3
_VALUES = re.compile(r"""^task\s*=\s*["']risk["']""", re.MULTILINE)
"""A pack that reads values has other files; asked before the manifest is known to be right."""
_FILES_TABLE = re.compile(r"^\[files\][^\n]*\n(?:(?!\[)[^\n]*\n?)*", re.MULTILINE)


def build_pack(folder: Path, out: Path | None = None, *, private_key: bytes | None = None) -> Path:
    """Write checksums and the ``.farpack``; return its path, in ``out`` or beside the folder.

    ``private_key`` (32 bytes, Ed25519) signs it; a pack file that is not signed is installed nowhere.

    Raises:
        PackError: the pack is not what it must be, or a file cannot be read or written.
    """
    pack = write_checksums(folder)
    target = (out or folder.parent) / f"{pack.id}-{pack.manifest.version}{SUFFIX}"
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _zip(pack, partial, private_key)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise PackError(f"{target.name} cannot be written: {error.strerror}") from error
    return target


def write_checksums(folder: Path) -> Pack:
    """Write the sha256 of every file into ``[files]`` of the manifest, and check the whole.

    Raises:
        PackError: the pack is not what it must be, or a file cannot be read or written.
    """
    text = decoded(read_manifest_bytes(folder)).replace("\r\n", "\n")
    _require_complete(folder, text)
    table = _files_table(folder)
    body = _FILES_TABLE.sub("", text).rstrip("\n")
    written = f"{body}\n\n{table}"
    manifest = parse_manifest(written)
    require_intact(folder, manifest.files)
    try:
        (folder / MANIFEST_NAME).write_bytes(written.encode())
    except OSError as error:
        raise PackError(f"{MANIFEST_NAME} cannot be written: {error.strerror}") from error
    return load_pack(folder)


def _require_complete(folder: Path, text: str) -> None:
    """Name all that is missing at once: fields of the manifest, and files that every pack has.

    Raises:
        ManifestError: something is missing or not what it must be.
    """
    needed = TABLE_FILES if _VALUES.search(text) else REQUIRED_FILES
    lacking = tuple(f"{name}: the file is missing" for name in needed if not (folder / name).is_file())
    try:
        parse_manifest(text, with_files=False)
    except ManifestError as error:
        known = error.context.get("problems")
        problems = (*(known if isinstance(known, tuple) else (error.detail,)), *lacking)
        raise ManifestError("; ".join((error.detail, *lacking)), problems=problems) from error
    if lacking:
        raise ManifestError("; ".join(lacking), problems=lacking)


def _files_table(folder: Path) -> str:
    lines = ["[files]"]
    for name in find_files(folder):
        fault = name_fault(name)
        if fault is not None or not name.isprintable():
            raise ManifestError(f"files: {name!r:.80} {fault or 'has a sign that cannot be printed'}")
        lines.append(f'"{name}" = "{sha256_of((folder / name).read_bytes())}"')
    return "\n".join(lines) + "\n"


def _zip(pack: Pack, target: Path, private_key: bytes | None) -> None:
    contents = {
        name: (pack.folder / name).read_bytes() for name in (MANIFEST_NAME, *sorted(pack.manifest.files))
    }
    with zipfile.ZipFile(target, "w") as archive:
        if private_key is not None:
            signature = sign(
                private_key,
                pack_id=pack.id,
                version=str(pack.manifest.version),
                files={name: sha256_of(content) for name, content in contents.items()},
            )
            _add(archive, SIGNATURE_NAME, signature.encode())
        for name, content in contents.items():
            _add(archive, f"{pack.id}/{name}", content)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    item = zipfile.ZipInfo(name, date_time=_EPOCH)
    item.create_system = _UNIX
    item.external_attr = _PLAIN_FILE
    archive.writestr(item, content, zipfile.ZIP_DEFLATED, compresslevel=9)
