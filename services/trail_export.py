"""The audit trail as a file of JSON lines that anybody can check without password or key."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core.clock import Clock
from core.errors import NotATrailError, TrailNotWrittenError
from services.trail import Trail
from services.version import VERSION
from store.audit import AuditLine, Broken
from store.audit_lines import check_lines

FORMAT = "farlight-audit/1"
_LONGEST_LINE_BYTES = 4 * 1024 * 1024
_TOLD_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedExport:
    """What an export says of itself, and where it does not hold."""

    store: str
    exported_at: str
    first_at: str | None
    last_at: str | None
    last_seq: int
    last_digest: str
    names: bool
    lines: int
    broken: tuple[Broken, ...]
    witness_holds: bool | None = None


def export_trail(
    trail: Trail,
    file: Path,
    *,
    clock: Clock,
    store_id: str,
    with_names: bool = False,
    watch: Callable[[int], None] | None = None,
) -> int:
    """Write the whole trail into a file and return how many lines; the last one says who exported it.

    Patients' names go along only ``with_names``; without them the chain can be checked all the same.

    Raises:
        NotPermittedError: who is logged in may not read the trail.
        TrailNotWrittenError: it could not be written; nothing of it is left.
    """
    lines = trail.lines()
    trail.note("trail_exported", detail={"names": with_names})
    last, first = trail.last(), next(trail.lines(limit=1), None)
    assert last is not None
    header = {
        "format": FORMAT,
        "farlight": VERSION,
        "store": store_id,
        "exported_at": clock.now().isoformat(),
        "names": with_names,
        "lines": trail.count(),
        "first": {"seq": first.seq, "at": first.at} if first else None,
        "last": {"seq": last.seq, "at": last.at, "digest": last.digest},
    }
    partial = file.with_name(file.name + ".new")
    count = 0
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_to_bytes(header))
            for line in lines:
                if line.seq > last.seq:
                    break
                stream.write(_to_bytes(_plain(line, with_names=with_names)))
                count += 1
                if watch is not None and count % _TOLD_EVERY == 0:
                    watch(count)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise TrailNotWrittenError(type(error).__name__) from error
        raise
    return count


def check_export(file: Path, witness: tuple[int, str] | None = None) -> CheckedExport:
    """Check an export line by line; ``witness`` is a line and the first digits of the digest it must have.

    Raises:
        NotATrailError: the file cannot be read, or is no export of an audit trail.
    """
    try:
        with file.open("rb") as stream:
            return _check(stream, witness)
    except OSError as error:
        raise NotATrailError(type(error).__name__) from error


def _check(stream: BinaryIO, witness: tuple[int, str] | None) -> CheckedExport:
    header = _header(stream)
    seen = _Seen(witness)
    broken = list(check_lines(seen.watch(_lines(stream))))
    last = header["last"]
    if seen.last is None or seen.last.seq < last["seq"]:
        at = seen.last.at if seen.last else None
        first = seen.last.seq + 1 if seen.last else 1
        broken.append(Broken(seq=first, trouble="end_missing", until=last["seq"], before_at=at))
    elif (seen.last.seq, seen.last.digest) != (last["seq"], last["digest"]):
        broken.append(Broken(seq=last["seq"], trouble="changed", before_at=seen.last.at))
    return CheckedExport(
        store=str(header.get("store", "")),
        exported_at=str(header.get("exported_at", "")),
        first_at=seen.first.at if seen.first else None,
        last_at=seen.last.at if seen.last else None,
        last_seq=last["seq"],
        last_digest=last["digest"],
        names=bool(header.get("names")),
        lines=seen.count,
        broken=tuple(broken),
        witness_holds=None if witness is None else seen.holds,
    )


class _Seen:
    """The first and the last line of those that went by, how many there were, and if the witness fits."""

    def __init__(self, witness: tuple[int, str] | None) -> None:
        self._witness = witness
        self.holds = False
        self.first: AuditLine | None = None
        self.last: AuditLine | None = None
        self.count = 0

    def watch(self, lines: Iterator[AuditLine]) -> Iterator[AuditLine]:
        for line in lines:
            self.first = self.first or line
            self.last = line
            self.count += 1
            if self._witness is not None and line.seq == self._witness[0]:
                self.holds = line.digest.startswith(self._witness[1])
            yield line


def _header(stream: BinaryIO) -> dict[str, Any]:
    try:
        header = json.loads(stream.readline(_LONGEST_LINE_BYTES))
        last = header["last"]
        fits = header["format"] == FORMAT and isinstance(last["seq"], int) and isinstance(last["digest"], str)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotATrailError(type(error).__name__) from error
    if not fits:
        raise NotATrailError("format")
    return dict(header)


def _lines(stream: BinaryIO) -> Iterator[AuditLine]:
    """Yield the lines that can be read; one that cannot is missing."""
    while text := stream.readline(_LONGEST_LINE_BYTES):
        try:
            line = AuditLine(**json.loads(text))
            readable = isinstance(line.seq, int) and isinstance(line.at, str)
            words = all(one is None or isinstance(one, str) for one in (line.words, line.salt))
        except (ValueError, TypeError, RecursionError):
            continue
        if readable and words:
            yield line


def _plain(line: AuditLine, *, with_names: bool) -> dict[str, object]:
    plain = asdict(line)
    if not with_names:
        del plain["words"], plain["salt"]
    return plain


def _to_bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
