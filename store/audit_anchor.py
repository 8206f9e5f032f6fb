"""The end of the audit trail, kept outside the database under the store's key.

That the end of the trail was cut off, or the whole store put back to an earlier day, shows against it.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from store.durable import replace_file

PURPOSE = b"audit anchor"
_BYTES = 256  # within one sector: a power cut leaves the old end or the new one


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEnd:
    """The last line as the anchor has it."""

    seq: int
    digest: str


class Anchor:
    """One small file that is written over in its place.

    It is not waited for: an anchor that lags behind (after a power cut, on a full disk) is true all the same,
    and waiting would cost each line more than the database does.
    """

    def __init__(self, file: Path, key: Callable[[], bytes]) -> None:
        """Take the file, and how its own key is asked for (the store's may be turned meanwhile)."""
        self._file, self._key = file, key

    @property
    def exists(self) -> bool:
        """Whether an end was ever kept."""
        return self._file.exists()

    def keep(self, end: TrailEnd) -> None:
        """Keep the end of the trail."""
        kept = {"seq": end.seq, "digest": end.digest, "seal": self._seal(end)}
        content = json.dumps(kept).encode().ljust(_BYTES)
        with suppress(OSError):
            if not self._write_over(content):
                replace_file(self._file, content)

    def settle(self) -> None:
        """Have the end on the disk (the profile is closed)."""
        with suppress(OSError), self._file.open("rb+") as stream:
            os.fsync(stream.fileno())

    def read(self) -> TrailEnd | Literal["anchor_missing", "anchor_forged"]:
        """Return the end that was kept, or what is wrong with it."""
        try:
            kept = json.loads(self._file.read_bytes())
            end = TrailEnd(seq=int(kept["seq"]), digest=str(kept["digest"]))
            seal = str(kept["seal"])
        except (OSError, ValueError, TypeError, KeyError):
            return "anchor_missing"
        sealed = hmac.compare_digest(seal.encode(), self._seal(end).encode())
        return end if sealed else "anchor_forged"

    def _write_over(self, content: bytes) -> bool:
        try:
            descriptor = os.open(self._file, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return False
        try:
            return os.fstat(descriptor).st_size == _BYTES and os.write(descriptor, content) == _BYTES
        finally:
            os.close(descriptor)

    def _seal(self, end: TrailEnd) -> str:
        return hmac.digest(self._key(), f"{end.seq} {end.digest}".encode(), "sha256").hex()
