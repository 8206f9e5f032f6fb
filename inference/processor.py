"""What processor and memory this computer has, as far as it decides which engine runs and how fast."""

import os
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

_ONE_NAME = {"avx512_vnni": "vnni", "avx_vnni": "vnni", "avx512f": "avx512", "asimd": "neon"}
_KNOWN = ("sse4_2", "avx", "avx2", "avx512", "vnni", "neon")
_X86 = ("x86_64", "amd64", "i386", "i686", "x86")
_WINDOWS_FEATURES = {38: "sse4_2", 39: "avx", 40: "avx2", 41: "avx512"}
"""Numbers of IsProcessorFeaturePresent, as named PF_SSE4_2_INSTRUCTIONS_AVAILABLE and so on in winnt.h."""
_MACOS_FEATURES = {
    "hw.optional.sse4_2": "sse4_2",
    "hw.optional.avx1_0": "avx",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512",
    "hw.optional.neon": "neon",
    "hw.optional.AdvSIMD": "neon",
}

LITTLE_MEMORY_BYTES = 4_500_000_000
"""A computer sold with 4 GB tells of up to 4.3 thousand million bytes."""
LEAST_MEMORY_BYTES = 1_900_000_000

Limit = Literal["no_sse42", "no_avx2", "no_vnni", "little_memory", "too_little_memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The processor as the engines see it; ``features`` None where the system does not tell."""

    model: str
    machine: str
    features: frozenset[str] | None
    logical_cores: int
    physical_cores: int
    memory_bytes: int | None

    @property
    def is_x86(self) -> bool:
        """Whether it is of the Intel and AMD family."""
        return self.machine.lower() in _X86

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What is slower, or does not work, on such a computer; the sentences stand in the wording table.

        Sources: OpenVINO's system requirements name SSE4.2 as the least; its page on saturation says that
        8-bit arithmetic without VNNI may overflow between two steps; ONNX Runtime chooses its kernels by what
        the processor has. What each needs at the least was tried in an emulator (``docs/engines.md``).
        """
        found: list[Limit] = []
        if self.is_x86 and self.features is not None:
            if "sse4_2" not in self.features:
                found.append("no_sse42")
            elif "avx2" not in self.features:
                found.append("no_avx2")
            elif "vnni" not in self.features and sys.platform.startswith("linux"):
                found.append("no_vnni")
        if self.memory_bytes is not None and self.memory_bytes < LITTLE_MEMORY_BYTES:
            little = self.memory_bytes < LEAST_MEMORY_BYTES
            found.append("too_little_memory" if little else "little_memory")
        return tuple(found)


@cache
def this_processor() -> Processor:
    """Return what this computer has, asked once."""
    from inference.engine import physical_cores

    model, features = _described()
    return Processor(
        model=model or platform.processor() or platform.machine(),
        machine=platform.machine(),
        features=features,
        logical_cores=os.cpu_count() or 1,
        physical_cores=physical_cores(),
        memory_bytes=_memory_bytes(),
    )


def suffices() -> bool:
    """Whether this processor has what the program needs to start; asked before any library is loaded."""
    _, features = _described()
    x86 = platform.machine().lower() in _X86
    return not x86 or features is None or "sse4_2" in features


def read_cpuinfo(text: str) -> tuple[str, frozenset[str] | None]:
    """Return model and features of the first processor in Linux's ``/proc/cpuinfo``."""
    facts: dict[str, str] = {}
    for line in text.split("\n\n", maxsplit=1)[0].splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    flags = facts.get("flags", facts.get("Features"))
    known = None if flags is None else _features(dict.fromkeys(flags.split(), True))
    return facts.get("model name", ""), known


def _described() -> tuple[str, frozenset[str] | None]:
    if sys.platform == "win32":
        return _windows()
    if sys.platform == "darwin":
        return _macos()
    try:
        return read_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "", None


def _features(present: Mapping[str, bool]) -> frozenset[str]:
    named = {_ONE_NAME.get(name, name) for name, there in present.items() if there}
    return frozenset(named.intersection(_KNOWN))


def _windows() -> tuple[str, frozenset[str] | None]:
    import ctypes

    try:
        asked = ctypes.windll.kernel32.IsProcessorFeaturePresent  # type: ignore[attr-defined,unused-ignore]
        found = {name: bool(asked(number)) for number, name in _WINDOWS_FEATURES.items()}
    except (AttributeError, OSError):
        return "", None
    return _windows_model(), _features(found)


def _windows_model() -> str:
    try:
        import winreg

        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:  # type: ignore[attr-defined,unused-ignore]
            value = winreg.QueryValueEx(key, "ProcessorNameString")[0]  # type: ignore[attr-defined,unused-ignore]
            return str(value).strip()
    except (ImportError, OSError):
        return ""


def _macos() -> tuple[str, frozenset[str] | None]:
    """Ask the kernel by name, without starting a program."""
    import ctypes

    try:
        ask = ctypes.CDLL("libSystem.dylib").sysctlbyname
    except OSError:
        return "", None

    def value_of(name: str) -> bytes:
        size = ctypes.c_size_t(256)
        buffer = ctypes.create_string_buffer(size.value)
        failed = ask(name.encode(), buffer, ctypes.byref(size), None, ctypes.c_size_t(0))
        return b"" if failed else buffer.raw[: size.value]

    found: dict[str, bool] = {}
    for name, feature in _MACOS_FEATURES.items():
        value = value_of(name)
        found[feature] = found.get(feature, False) or (
            len(value) >= 4 and struct.unpack("=i", value[:4])[0] == 1
        )
    model = value_of("machdep.cpu.brand_string").rstrip(b"\0").decode("utf-8", "replace")
    return model, _features(found)


def _memory_bytes() -> int | None:
    try:
        import psutil

        return int(psutil.virtual_memory().total)
    except (ImportError, OSError):
        return None
