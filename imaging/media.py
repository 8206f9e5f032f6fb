"""Sticks, cards and discs that are plugged in now."""

import ctypes
import os
import re
import string
import sys
from dataclasses import dataclass
from pathlib import Path

_OCTAL = re.compile(r"\\([0-7]{3})")
_USER_MOUNTS = ("/media/", "/run/media/")
_OPTICAL = frozenset({"iso9660", "udf"})
_DRIVE_REMOVABLE, _DRIVE_CDROM = 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A medium that can be read now. ``name`` is its label, or its drive letter or folder."""

    name: str
    path: Path


def list_media() -> tuple[Medium, ...]:
    """Return the removable media that are plugged in and mounted, in the order of their paths."""
    if sys.platform == "win32":
        found = _on_windows()
    elif sys.platform == "darwin":
        found = _on_macos(Path("/Volumes"))
    else:
        try:
            text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ()
        found = removable_mounts(text, Path("/sys"))
    return tuple(sorted(found, key=lambda medium: str(medium.path)))


def removable_mounts(mountinfo: str, sys_folder: Path) -> list[Medium]:
    """Return the removable media among the mounts of a Linux ``mountinfo`` text.

    A mount is one where the kernel calls its device removable or it hangs on USB, where it is a disc, or
    where a desktop mounted it for its user. Source: proc(5), section /proc/pid/mountinfo.
    """
    media: dict[str, Medium] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, source = before.split(), after.split()
        if len(fields) < 5 or len(source) < 2 or not source[1].startswith("/dev/"):
            continue
        folder = _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), fields[4])
        by_desktop = folder.startswith(_USER_MOUNTS)
        if by_desktop or source[0] in _OPTICAL or _is_removable(sys_folder, fields[2]):
            media[folder] = Medium(name=Path(folder).name or folder, path=Path(folder))
    return list(media.values())


def _is_removable(sys_folder: Path, device: str) -> bool:
    link = sys_folder / "dev/block" / device
    try:
        real = link.resolve(strict=True)
    except OSError:
        return False
    if any(part.startswith("usb") for part in real.parts):
        return True
    return any(_reads_one(folder / "removable") for folder in (real, real.parent))


def _reads_one(file: Path) -> bool:
    try:
        return file.read_text(encoding="ascii").strip() == "1"
    except (OSError, ValueError):
        return False


def _on_macos(volumes: Path) -> list[Medium]:
    media = []
    try:
        folders = list(volumes.iterdir())
    except OSError:
        return []
    for folder in folders:
        try:
            if folder.is_dir() and not folder.samefile("/"):
                media.append(Medium(name=folder.name, path=folder))
        except OSError:
            continue
    return media


def _on_windows() -> list[Medium]:
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    drives = kernel.GetLogicalDrives()
    roots = [f"{letter}:\\" for n, letter in enumerate(string.ascii_uppercase) if drives >> n & 1]
    media = []
    for root in roots:
        if kernel.GetDriveTypeW(root) not in (_DRIVE_REMOVABLE, _DRIVE_CDROM):
            continue
        label = ctypes.create_unicode_buffer(261)
        if kernel.GetVolumeInformationW(root, label, 261, None, None, None, None, 0):
            media.append(Medium(name=label.value or root.rstrip(os.sep), path=Path(root)))
    return media
