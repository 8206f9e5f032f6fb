"""The files of a pack: names that stay inside its folder, and checksums."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import ChecksumError, EscapingPathError, ManifestError, PackError
from inference.manifest import MANIFEST_NAME

LEFT_BY_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers drop into folders; they are neither part of a pack nor a fault."""
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3])\s*(\..*)?", re.IGNORECASE
)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def name_fault(name: str) -> str | None:
    """Return why a name may leave the folder, or mean another file elsewhere; None where it is safe."""
    if not name or name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "is not a path inside the pack's folder"
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "is not a plain path inside the pack's folder"
    if _UNSAFE.search(name) or any(_DEVICES.fullmatch(part) or part != part.rstrip(" .") for part in parts):
        return "cannot be a file on every system"
    return None


def sha256_of(data: bytes) -> str:
    """Return the sha256 in hexadecimals."""
    return hashlib.sha256(data).hexdigest()


def find_files(folder: Path) -> tuple[str, ...]:
    """Return every file of a pack but its manifest, as sorted names with slashes.

    Raises:
        EscapingPathError: a link lies in the folder.
        PackError: the folder cannot be read.
    """
    names = []
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise EscapingPathError(f"{name} is a link")
            if path.is_file() and name != MANIFEST_NAME and path.name not in LEFT_BY_SYSTEMS:
                names.append(name)
    except OSError as error:
        raise PackError(f"the pack's folder cannot be read: {error.strerror}") from error
    return tuple(names)


def read_file(folder: Path, name: str, sha256: str) -> bytes:
    """Return the content of one file of a pack, which must be the file that was released.

    Raises:
        ChecksumError: it is another file.
        EscapingPathError: it is a link, or lies behind one.
        ManifestError: it is not there.
        PackError: it cannot be read.
    """
    path = folder / name
    if any(
        part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(folder) and part != folder
    ):
        raise EscapingPathError(f"{name} is a link")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ManifestError(f"files: {name} is not in the folder") from error
    except OSError as error:
        raise PackError(f"{name} cannot be read: {error.strerror}") from error
    if sha256_of(data) != sha256:
        raise ChecksumError(f"{name} is not the file that was released")
    return data


def require_intact(folder: Path, files: Mapping[str, str]) -> None:
    """Check that the folder holds exactly these files, each the one that was released.

    Raises:
        ChecksumError, EscapingPathError, ManifestError, PackError: as ``read_file``, or a file is not named.
    """
    strangers = [name for name in find_files(folder) if name not in files]
    if strangers:
        raise ManifestError(f"files: does not name {', '.join(strangers)}")
    for name, sha256 in files.items():
        read_file(folder, name, sha256)
