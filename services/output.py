"""The folder that ``analyze`` writes: records appear whole or not at all, and an interrupted run can go on.

A record is written into a hidden folder beside its place, moved there in one step, and only then gets its
line in ``results.jsonl``; whatever has no line does not count. While a run goes on after an interruption,
the lines of the earlier run wait in ``.earlier.jsonl``.
"""

import json
import os
import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any, Literal, TextIO

from core.errors import OutputNotEmptyError, OutputNotWritableError
from services.folder_names import FolderNames
from services.result_json import SCHEMA, to_line

OutputMode = Literal["new", "force", "resume"]
Record = dict[str, Any]

LINES = "results.jsonl"
EARLIER = ".earlier.jsonl"
TABLE = "results.csv"
PAGE = "overview.pdf"
RECORD = "result.json"
_PARTIAL = ".partial-"
_LARGEST_RECORD_BYTES = 64 << 20


class OutputFolder:
    """An output folder that is being written, one record after another in input order."""

    def __init__(self, folder: Path, mode: OutputMode) -> None:
        """Open the folder.

        Raises:
            OutputNotEmptyError: it holds something, and neither ``force`` nor ``resume`` was asked for.
            OutputNotWritableError: it cannot be made, read or written.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if mode == "new" and any(folder.iterdir()):
                raise OutputNotEmptyError
            earlier = _complete_lines(folder / LINES) + _complete_lines(folder / EARLIER)
            if mode == "force":
                _remove_earlier(folder, earlier)
                earlier = []
            _remove_partials(folder)
            self._names = FolderNames(_not_ours(folder, {record["dir"] for record in earlier}))
            self._earlier = self._reserve(earlier)
            self._lines = self._start_lines()
        except OSError as error:
            raise OutputNotWritableError(type(error).__name__) from error

    def earlier(self, path: str) -> Record | None:
        """Return the next record of an earlier run for this path, or None; each is given once."""
        waiting = self._earlier.get(path)
        return waiting.popleft() if waiting else None

    def waiting(self) -> tuple[Record, ...]:
        """Return all records of an earlier run that may be kept."""
        return tuple(record for records in self._earlier.values() for record in records)

    def new_name(self, path: str, earlier: Record | None = None) -> str:
        """Return the folder name for a record: the one that it had, or a new one."""
        return str(earlier["dir"]) if earlier else self._names.give(path)

    def keep(self, record: Record) -> None:
        """Take over a record of an earlier run as it is.

        Raises:
            OutputNotWritableError: the line could not be written.
        """
        self._append(record)

    def put(self, name: str, record: Record) -> None:
        """Move a record's finished files (see ``fill_partial``) into their place, and write its line.

        Raises:
            OutputNotWritableError: that could not be done; nothing half-written is left.
        """
        partial, place = partial_folder(self.folder, name), self.folder / name
        try:
            if place.exists():
                shutil.rmtree(place)
            partial.rename(place)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise OutputNotWritableError(type(error).__name__, while_running=True) from error
        self._append(record)

    def close(self, *, complete: bool) -> None:
        """Put the last lines onto the disk; ``complete`` says that every input has its record.

        Raises:
            OutputNotWritableError: the disk did not take them.
        """
        try:
            _remove_partials(self.folder)
            with self._lines:
                self._lines.flush()
                os.fsync(self._lines.fileno())
            if complete:
                (self.folder / EARLIER).unlink(missing_ok=True)
        except OSError as error:
            raise OutputNotWritableError(type(error).__name__, while_running=True) from error

    def _reserve(self, earlier: list[Record]) -> Mapping[str, "deque[Record]"]:
        waiting: defaultdict[str, deque[Record]] = defaultdict(deque)
        for record in earlier:
            if (self.folder / record["dir"] / RECORD).is_file() and self._names.reserve(record["dir"]):
                waiting[record["source"]["path"]].append(record)
        return waiting

    def _start_lines(self) -> TextIO:
        waiting = "".join(map(to_line, self.waiting()))
        if waiting:
            write_whole(self.folder / EARLIER, waiting.encode(), durable=True)
        return (self.folder / LINES).open("w", encoding="utf-8", newline="\n")

    def _append(self, record: Record) -> None:
        try:
            self._lines.write(to_line(record))
            self._lines.flush()
        except OSError as error:
            raise OutputNotWritableError(type(error).__name__, while_running=True) from error


def partial_folder(folder: Path, name: str) -> Path:
    """Return where a record is made before it is put into its place in the output ``folder``."""
    return folder / (_PARTIAL + name)


def fill_partial(folder: Path, name: str, fill: Callable[[Path], Record]) -> Record:
    """Have ``fill`` write a record's files into a hidden folder, and return the record, whole with its file.

    Raises:
        OutputNotWritableError: something could not be written; nothing half-written is left.
    """
    partial = partial_folder(folder, name)
    try:
        partial.mkdir()
        try:
            record = fill(partial)
            write_whole(partial / RECORD, _pretty(record), durable=record.get("report") is not None)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise OutputNotWritableError(type(error).__name__, while_running=True) from error
    return record


def is_record(entry: Path) -> bool:
    """Return whether a folder is a record that Farlight wrote: its pictures are results, not images."""
    if entry.is_symlink() or not entry.is_dir():
        return False
    file = entry / RECORD
    try:
        if file.stat().st_size > _LARGEST_RECORD_BYTES:
            return False
        return bool(json.loads(file.read_bytes()).get("schema") == SCHEMA)
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def write_whole(file: Path, content: bytes, *, durable: bool) -> None:
    """Write a file so that it is there whole or not at all; ``durable`` waits until the disk has it.

    Raises:
        OSError: it could not be written.
    """
    partial = file.with_name(_PARTIAL + file.name)
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _pretty(record: Record) -> bytes:
    """Return a record with a line for each key and each pack (full indenting is four times slower)."""
    lines = [
        f"{_json(key)}: {_packs(value) if key == 'results' else _json(value)}"
        for key, value in record.items()
    ]
    return ("{\n " + ",\n ".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")


def _packs(results: list[Any]) -> str:
    return "[\n  " + ",\n  ".join(_json(entry) for entry in results) + "\n ]" if results else "[]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _complete_lines(file: Path) -> list[Record]:
    if not file.is_file():
        return []
    records = []
    for line in file.read_bytes().splitlines(keepends=True):
        record = _read_line(line)
        if record is not None:
            records.append(record)
    return records


def _read_line(line: bytes) -> Record | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
        name, path = record["dir"], record["source"]["path"]
    except (ValueError, KeyError, TypeError):
        return None
    plain = isinstance(name, str) and isinstance(path, str) and Path(name).name == name
    return record if plain and record.get("schema") == SCHEMA else None


def _not_ours(folder: Path, with_lines: Container[str]) -> tuple[str, ...]:
    """Return the names that no record may take; one that has a line is ours, even where it is damaged."""
    ours = {
        entry.name
        for entry in folder.iterdir()
        if is_record(entry) or (entry.name in with_lines and (entry / RECORD).is_file())
    }
    return (LINES, TABLE, PAGE, *(entry.name for entry in folder.iterdir() if entry.name not in ours))


def _remove_earlier(folder: Path, earlier: list[Record]) -> None:
    for record in earlier:
        place = folder / record["dir"]
        if is_record(place):
            shutil.rmtree(place)
    for name in (LINES, EARLIER, TABLE, PAGE):
        (folder / name).unlink(missing_ok=True)


def _remove_partials(folder: Path) -> None:
    for entry in folder.glob(_PARTIAL + "*"):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
