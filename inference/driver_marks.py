"""What tells that a driver or a device came, went or changed, without loading a driver."""

import hashlib
import platform
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_DISPLAY_CLASSES = ("0x03", "0x12")
"""PCI classes 03 (display controller) and 12 (processing accelerator); source: PCI Code and ID Assignment."""
_LIBRARY_FOLDERS = ("usr/lib", "usr/lib64", "usr/lib/x86_64-linux-gnu", "usr/local/lib", "usr/lib/wsl/lib")
_LIBRARIES = ("libze_*.so*", "libigdrcl.so*", "libcuda.so*", "libOpenCL.so*", "libnpu_driver*.so*")
_WINDOWS_CLASSES = (
    "{4d36e968-e325-11ce-bfc1-08002be10318}",
    "{f01a9d53-3ff6-48d2-9f97-c8a7004be10c}",
)
"""Device setup classes Display and ComputeAccelerator, as Microsoft lists them."""
_WINDOWS_PLACE = r"SYSTEM\CurrentControlSet\Control\Class"


@cache
def driver_marks(root: Path = Path("/")) -> str:
    """Return a short text that is another one once a driver or device of graphics or neural processors is.

    It is looked up once in a program. On Linux: the kernel, devices on the PCI bus, and the drivers' files;
    on Windows what the registry says of such devices; on macOS the system's version. ``root`` stands in for
    the file system in tests.
    """
    if sys.platform == "win32":
        seen = _windows()
    elif sys.platform == "darwin":
        seen = iter((platform.mac_ver()[0],))
    else:
        seen = _linux(root)
    return hashlib.sha256("\n".join(seen).encode("utf-8", "replace")).hexdigest()[:16]


def _linux(root: Path) -> Iterator[str]:
    yield platform.release()
    yield _text(root / "proc/driver/nvidia/version")
    for device in _listed(root / "sys/bus/pci/devices", "*"):
        if _text(device / "class").startswith(_DISPLAY_CLASSES):
            facts = (_text(device / name) for name in ("class", "vendor", "device", "revision"))
            yield " ".join((device.name, *facts))
    for module in ("i915", "xe", "intel_vpu", "nvidia", "amdgpu"):
        yield f"{module} {_text(root / 'sys/module' / module / 'version')}"
    places = [(root / folder, pattern) for folder in _LIBRARY_FOLDERS for pattern in _LIBRARIES]
    for folder, pattern in ((root / "etc/OpenCL/vendors", "*.icd"), *places):
        for file in _listed(folder, pattern):
            try:
                status = file.stat()
            except OSError:
                continue
            yield f"{file} {status.st_size} {status.st_mtime_ns}"


def _windows() -> Iterator[str]:
    import winreg

    for name in _WINDOWS_CLASSES:
        for number in range(64):
            place = rf"{_WINDOWS_PLACE}\{name}\{number:04d}"
            try:
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:  # type: ignore[attr-defined,unused-ignore]
                    facts = [
                        str(winreg.QueryValueEx(key, fact)[0])  # type: ignore[attr-defined,unused-ignore]
                        for fact in ("DriverDesc", "DriverVersion")
                    ]
            except OSError:
                continue
            yield " ".join((place, *facts))


def _listed(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()[:200]
    except OSError:
        return ""
