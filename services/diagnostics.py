"""A file for support: versions, computer, settings, models, counts and log, without anything of a patient.

Nothing is taken out of it afterwards: what is put in is chosen, value by value. Texts that somebody typed,
paths and names are never chosen, and of the log only lines of kinds that are known here.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import FarlightError, OutputNotWritableError
from core.wording import say
from services.log_lines import known_lines
from services.progress import IsCancelled, Report, never, nobody_listens, stop_if
from services.version import BUILD_DATE, VERSION
from store.profile import settings_file
from store.schema import SCHEMA_VERSION
from store.settings import TABLE, Settings

if TYPE_CHECKING:
    from services.trail import Trail
    from store.database import Database

_LIBRARIES = (
    "numpy", "onnxruntime", "openvino", "pydicom", "opencv-python-headless", "PySide6-Essentials", "fpdf2",
    "pypdfium2", "sqlcipher3", "cryptography", "argon2-cffi",
)  # fmt: skip
_FLAGS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "amx_int8",
    "asimd",
    "asimddp",
)
_PACK_ID = re.compile(r"[a-z0-9-]{1,64}")
_PART = {
    "about.txt": "about",
    "program.json": "program",
    "computer.json": "computer",
    "settings.json": "settings",
    "packs.json": "packs",
    "records.json": "records",
    "self-test.json": "self_test",
    "log.txt": "log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What the file will hold: name and text of each part; ``left_out`` counts lines of the log."""

    parts: Mapping[str, str]
    left_out: int = 0

    def contents(self) -> tuple[tuple[str, str], ...]:
        """Return name and description of each part, to be shown before it is saved."""
        return tuple(
            (name, say(f"diagnostics.content.{_PART[name]}", left_out=self.left_out)) for name in self.parts
        )


def collect(
    folder: Path,
    records: Mapping[str, object] | None = None,
    *,
    self_test: bool = False,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> Bundle:
    """Return what support needs to know of a profile; ``records`` are the facts of its open records.

    Raises:
        Cancelled: the user stopped it.
    """
    packs = _packs()
    parts: dict[str, object] = {
        "program.json": _program(),
        "computer.json": _computer(folder),
        "settings.json": _settings(folder),
        "packs.json": packs,
    }
    if records is not None:
        parts["records.json"] = dict(records)
    stop_if(cancelled)
    if self_test:
        parts["self-test.json"] = _self_test(progress, cancelled)
    lines, left_out = known_lines(folder / "log", frozenset(str(pack["id"]) for pack in packs))
    texts = {name: json.dumps(part, indent=1, sort_keys=True) for name, part in parts.items()}
    about = say("diagnostics.about.text").strip()
    return Bundle(parts={"about.txt": about, **texts, "log.txt": "\n".join(lines)}, left_out=left_out)


def save(bundle: Bundle, file: Path, *, replace: bool = False) -> None:
    """Write the file.

    Raises:
        OutputNotWritableError: it is there already, or cannot be written; nothing half-written is left.
    """
    partial = file.with_name(f"{file.name}.new")
    try:
        if file.exists() and not replace:
            raise OutputNotWritableError("it is there already", while_running=True)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in bundle.parts.items():
                archive.writestr(name, text)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error


def record_facts(database: Database, trail: Trail, days_since_backup: int | None) -> dict[str, object]:
    """Return counts and states of open records: numbers, and names of our own tables."""
    with database.transaction() as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {
            name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - ours
            for name in names
        }
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
        free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    try:
        broken: object = [[one.seq, one.trouble] for one in trail.check()]
    except FarlightError as error:
        broken = error.code
    return {
        "schema": version,
        "schema_known": SCHEMA_VERSION,
        "pages": pages,
        "free_pages": free,
        "counts": counts,
        "trail_broken": broken,
        "days_since_backup": days_since_backup,
    }


def _program() -> dict[str, object]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "-"
    return {
        "farlight": VERSION,
        "build_date": BUILD_DATE,
        "frozen": hasattr(sys, "_MEIPASS"),
        "python": platform.python_version(),
        "libraries": versions,
    }


def _computer(folder: Path) -> dict[str, object]:
    model, flags = _processor()
    usage = shutil.disk_usage(folder if folder.exists() else Path.cwd().anchor)
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processor": model,
        "flags": flags,
        "cores": os.cpu_count(),
        "memory_mb": _memory_mb(),
        "disk_mb": usage.total // 1_000_000,
        "disk_free_mb": usage.free // 1_000_000,
        "display": [name for name in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(name)],
    }


def _processor() -> tuple[str, list[str]]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor(), []
    facts = {}
    for line in text.split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    present = set(facts.get("flags", facts.get("Features", "")).split())
    return facts.get("model name", ""), [flag for flag in _FLAGS if flag in present]


def _memory_mb() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    except (AttributeError, ValueError, OSError):
        return None


def _settings(folder: Path) -> dict[str, object]:
    """Return the settings that nobody typed: choices, numbers, switches."""
    settings = Settings(settings_file(folder))
    return {
        one.key: settings.get(one.key)
        for one in TABLE
        if one.choices or isinstance(one.default, bool | int | float)
    }


def _packs() -> list[dict[str, object]]:
    from services.packs import installed_packs, pack_facts

    found: list[dict[str, object]] = []
    for pack in installed_packs():
        hashes: Any = {}
        if pack.error is None:
            hashes = dict(pack_facts(pack.id).files)
        state = pack.error.code if pack.error is not None else "usable"
        known = _PACK_ID.fullmatch(pack.id) is not None
        found.append(
            {"id": pack.id if known else "-", "version": pack.version, "state": state, "sha256": hashes}
        )
    return found


def _self_test(progress: Report, cancelled: IsCancelled) -> list[dict[str, object]]:
    from services.selftest import run_self_test

    return [
        {
            "pack": check.pack_id,
            "check": check.name,
            "passed": check.passed,
            "code": check.code,
            "engine": check.engine,
            "precision": check.precision,
        }
        for check in run_self_test(progress=progress, cancelled=cancelled)
    ]
