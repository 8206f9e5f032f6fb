"""What the computer is that the figures were measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = ("onnxruntime", "openvino", "torch", "numpy", "pydicom", "PySide6-Essentials", "fpdf2")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp")


def describe() -> dict[str, str]:
    """Return processor, memory, system and library versions; nothing that names a person or a computer."""
    return {
        "processor": _processor(),
        "instructions": ", ".join(_flags()) or "unknown",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "busy before the start": _load(),
        "libraries": ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name))),
    }


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _flags() -> list[str]:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith(("flags", "Features")):
            present = line.partition(":")[2].split()
            return [flag for flag in FLAGS if flag in present]
    return []


def _memory() -> str:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / 1024 / 1024:.0f} GiB"
    return "unknown"


def _load() -> str:
    # Figures of a busy computer say little, so its load stands beside them.
    return f"{os.getloadavg()[0]:.1f} processes on average" if hasattr(os, "getloadavg") else "unknown"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
