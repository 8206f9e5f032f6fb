"""The copying of one unit's images into the vault: what is kept already is linked, the rest is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from core.errors import Cancelled
from store.sealed_file import CHUNK_BYTES
from store.shred import shred

if TYPE_CHECKING:
    from store.image_vault import ImageVault

_BATCH_FILES, _BATCH_BYTES = 32, 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to copy: its name inside its unit, its size, and how it is opened."""

    relative: str
    byte_count: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that is on the disk and in no row yet."""

    position: int
    relative: str
    name: str
    secret: bytes
    byte_count: int
    sha256: str


class UnitWriting:
    """The copying of one unit: files go to the disk, and their rows follow in batches."""

    def __init__(
        self,
        vault: ImageVault,
        unit_id: int,
        tell: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._vault, self._unit_id = vault, unit_id
        self._tell, self._cancelled = tell, cancelled
        self._written: list[Written] = []
        self._linked: list[tuple[int, str, int]] = []
        self._done = 0

    def add(self, position: int, source: Source) -> None:
        """Copy one file, or find that it is kept already."""
        if self._cancelled():
            raise Cancelled
        if not self._link_known(position, source):
            with source.open() as stream:
                name, secret, byte_count, sha256 = self._vault.write(stream, self._count, self._cancelled)
            written = Written(
                position=position, relative=source.relative, name=name, secret=secret,
                byte_count=byte_count, sha256=sha256,
            )  # fmt: skip
            self._take(written)
        if len(self._written) >= _BATCH_FILES or sum(one.byte_count for one in self._written) >= _BATCH_BYTES:
            self.settle()

    def settle(self) -> None:
        """Have the rows of what was copied so far on the disk."""
        if self._written or self._linked:
            written, linked = tuple(self._written), tuple(self._linked)
            self._vault.record(self._unit_id, written, linked)
            self._written.clear()
            self._linked.clear()

    def settle_quietly(self) -> None:
        """Keep what was copied so far, where that can be; what cannot is swept up."""
        try:
            self.settle()
        except Exception:  # noqa: BLE001 - another error is under way and is the one to tell
            self.drop()

    def drop(self) -> None:
        """Remove the files that have no rows yet."""
        for one in self._written:
            with suppress(OSError):
                shred(self._vault.folder / one.name)
        self._written.clear()
        self._linked.clear()

    def _link_known(self, position: int, source: Source) -> bool:
        """Whether a file with this content is kept; one of another size is not read to find out."""
        if not self._vault.has_size(source.byte_count):
            return False
        digest = hashlib.sha256()
        with source.open() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                if self._cancelled():
                    raise Cancelled
                digest.update(chunk)
        file_id = self._vault.find_content(digest.hexdigest())
        if file_id is None:
            return False
        self._linked.append((position, source.relative, file_id))
        self._count(source.byte_count)
        return True

    def _take(self, written: Written) -> None:
        """Keep a new file, unless its content is kept already."""
        twin = next((one for one in self._written if one.sha256 == written.sha256), None)
        if twin is not None:
            self.settle()
        file_id = self._vault.find_content(written.sha256)
        if file_id is None:
            self._written.append(written)
            return
        shred(self._vault.folder / written.name)
        self._linked.append((written.position, written.relative, file_id))

    def _count(self, more: int) -> None:
        self._done += more
        self._tell(self._done)
