"""Names of record folders: safe on every file system, never twice, also where case does not count."""

import unicodedata

_LONGEST_BYTES = 96
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    (
        *("con", "prn", "aux", "nul", "conin$", "conout$"),
        *(f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"),
    )
)
_IMAGE_SUFFIXES = (
    *(".nii.gz", ".nii", ".dcm", ".dicom", ".ima", ".json"),
    *(".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".webp", ".gif"),
)


def safe_stem(path: str) -> str:
    """Return a folder name for the last part of ``path`` without its image suffix.

    Letters of every script stay; what a file system forbids becomes ``_``; names that Windows
    keeps for devices get a ``_`` in front; trailing dots and spaces go.

    Source: Microsoft, "Naming Files, Paths, and Namespaces".
    """
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    for suffix in _IMAGE_SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    name = "".join("_" if _is_forbidden(letter) else letter for letter in name)
    name = _trim(_shorten(name))
    if name.startswith("."):
        name = "_" + name[1:]
    if not name:
        return "record"
    if name.partition(".")[0].strip().casefold() in _RESERVED:
        return "_" + name
    return name


class FolderNames:
    """Gives each record its folder name; the second of a name is ``-2``, the third ``-3``."""

    def __init__(self, taken: tuple[str, ...] = ()) -> None:
        self._taken = {_fold(name) for name in taken}

    def give(self, path: str) -> str:
        """Return a name for ``path`` that was not given yet, and take it."""
        stem = safe_stem(path)
        name, number = stem, 1
        while _fold(name) in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(_fold(name))
        return name

    def reserve(self, name: str) -> bool:
        """Take a name that an earlier run gave; False where it is taken already."""
        if _fold(name) in self._taken:
            return False
        self._taken.add(_fold(name))
        return True


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _is_forbidden(letter: str) -> bool:
    return letter in _FORBIDDEN or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _trim(name: str) -> str:
    """Return a name without white space (of any script) around it and without trailing dots."""
    trimmed = name.strip().rstrip(".")
    return trimmed if trimmed == name else _trim(trimmed)


def _shorten(name: str) -> str:
    return name.encode("utf-8")[:_LONGEST_BYTES].decode("utf-8", "ignore")
