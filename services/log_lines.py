"""Lines of the program's log that may leave the computer: only known kinds, made anew from their parts.

A line that is not known is left out whole. Of a known one, only what stands here is kept: time, level, part
of the program, fixed words, codes, names of errors and of packs, and places in the program without the
folders above it.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from core import errors
from services.places import program_folder

_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
_HEAD = re.compile(rf"({_TIME}) (DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+) (.*)")
_FRAME = re.compile(r'\s*(?:File )?"?(?P<path>[^"]*\.py)"?(?:, line |:)(?P<line>\d{1,6})\b.*')
_LAST = re.compile(r"(?:[\w.]+\.)?_Hidden: (?P<name>\w+)")
_CODE, _ERROR, _PACK = r"(?P<code>E\d{3})", r"(?P<error>\w+)", r"(?P<pack>[a-z0-9-]{1,64})"
_KNOWN = tuple(
    (re.compile(pattern), made)
    for pattern, made in (
        (rf"warm-up of {_PACK}: {_CODE}\b.*", "warm-up of {pack}: {code}"),
        (rf"background work failed: {_CODE}\b.*", "background work failed: {code}"),
        (r"background work failed", "background work failed"),
        (rf"unexpected: {_CODE}", "unexpected: {code}"),
        (rf"unexpected {_ERROR}", "unexpected {error}"),
        (rf"a batch helper could not be started: {_ERROR}", "a batch helper could not be started: {error}"),
        (rf"the lock could not be written down: {_CODE}", "the lock could not be written down: {code}"),
        (r"a background task did not stop in time", "a background task did not stop in time"),
        (r"the window was closed before a background task ended", "the window was closed before a task"),
    )
)
_LOGGERS = frozenset(
    {
        "cli.program",
        "services.load",
        "services.batch_lanes",
        "services.drafts",
        "ui.application",
        "ui.locking",
        "ui.task",
    }
)
_ROOMS = frozenset({"core", "imaging", "inference", "services", "reports", "store", "cli", "ui"})
_LIBRARIES = frozenset(
    {
        "PIL",
        "PySide6",
        "cryptography",
        "cv2",
        "fpdf",
        "imagecodecs",
        "nibabel",
        "numpy",
        "onnxruntime",
        "openslide",
        "openvino",
        "pydicom",
        "pypdfium2",
        "sqlcipher3",
    }
)
_MOST_LINES = 20_000


def known_lines(folder: Path, packs: frozenset[str]) -> tuple[tuple[str, ...], int]:
    """Return the lines of the logs in a folder that may leave, oldest first, and how many may not."""
    kept: list[str] = []
    left_out = 0
    for file in sorted(folder.glob("*.log*"), key=_age, reverse=True):
        for line in _read(file):
            made = known_line(line, packs)
            if made is not None:
                kept.append(made)
            elif line.strip():
                left_out += 1
    return tuple(kept[-_MOST_LINES:]), left_out


def known_line(line: str, packs: frozenset[str]) -> str | None:
    """Return a line made anew of its known parts, or None where its kind is not known."""
    head = _HEAD.fullmatch(line)
    if head is not None:
        at, level, logger, words = head.groups()
        message = _message(words, packs) if logger in _LOGGERS else None
        return f"{at} {level} {logger} {message}" if message else None
    if line.strip() == "Traceback (most recent call last):":
        return "Traceback"
    frame = _FRAME.fullmatch(line)
    if frame is not None:
        return _place(frame["path"], frame["line"])
    last = _LAST.fullmatch(line.strip())
    return f"  {last['name']}" if last is not None and _is_error_name(last["name"]) else None


def _message(words: str, packs: frozenset[str]) -> str | None:
    for pattern, made in _KNOWN:
        found = pattern.fullmatch(words)
        if found is not None:
            parts = found.groupdict()
            is_ours = _is_error_name(parts.get("error", "OSError")) and parts.get("pack", "") in packs | {""}
            return made.format(**parts) if is_ours else None
    return None


def _is_error_name(name: str) -> bool:
    known = getattr(builtins, name, None) or getattr(errors, name, None)
    return isinstance(known, type) and issubclass(known, BaseException)


def _place(path: str, line: str) -> str | None:
    """Return a place in the program, or in a library, without the folders above it."""
    parts = path.replace("\\", "/").split("/")
    for top in ("site-packages", "dist-packages"):
        if top in parts:
            library = parts[parts.index(top) + 1].removesuffix(".py")
            return f"  library {library}:{line}" if library in _LIBRARIES else None
    for start in range(len(parts)):
        inner = "/".join(parts[start:])
        if parts[start] in _ROOMS and _is_in_program(inner):
            return f"  {inner}:{line}"
    return None


def _is_in_program(inner: str) -> bool:
    """Whether a place is one of the program's own; a frozen program has no files to compare with."""
    if re.fullmatch(r"[a-z_0-9/]+\.py", inner) is None:
        return False
    return hasattr(sys, "_MEIPASS") or (program_folder() / inner).is_file()


def _read(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                yield line.rstrip("\n")
    except OSError:
        return


def _age(file: Path) -> tuple[str, int]:
    """Return what sorts a log's files: ``window.log.3`` is older than ``window.log``."""
    name, _, number = file.name.partition(".log")
    digits = number.strip(".")
    return name, int(digits) if digits.isdigit() else 0
