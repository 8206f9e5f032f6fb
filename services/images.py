"""Copies of images kept with the records: made when the clinic chose so, read like the files on the stick."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO, Literal

from core.errors import FarlightError, RequestError
from core.image import ReadingUnit
from services.drafts import KEPT_AS, key_of
from services.progress import IsCancelled, never
from services.record_json import from_plain, to_plain
from services.session import Session
from services.trail import Trail
from store.image_vault import ImageVault, KeptUnit
from store.image_writing import Source
from store.settings import Settings

Origin = Literal["medium", "copy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptImages:
    """What is kept of one reading unit; ``whole`` is False where the copying was cut short."""

    key: str
    kept_at: datetime
    files: int
    byte_count: int
    whole: bool


class ImageKeeper:
    """The copies of images of one profile."""

    def __init__(self, vault: ImageVault, settings: Settings, session: Session, trail: Trail) -> None:
        self._vault, self._settings = vault, settings
        self._session, self._trail = session, trail
        self._root = vault.folder

    @property
    def wanted(self) -> bool:
        """Whether the clinic chose to keep copies of what is opened."""
        return self._settings.text("images.keep") == "copy"

    def start(self) -> None:
        """Let kept images be read, and remove what a crash left half-written."""
        from imaging.source import serve

        self._vault.sweep()
        serve(self._root, self._open)

    def stop(self) -> None:
        """Let kept images be read no more."""
        from imaging.source import stop_serving

        stop_serving(self._root)

    def copy(
        self,
        unit: ReadingUnit,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: IsCancelled = never,
    ) -> None:
        """Keep a copy of a unit's files, encrypted; one that is whole is not made again.

        Slides are not copied: they take gigabytes, and cannot be read in parts from such a copy.

        ``progress`` is told bytes done and bytes in all.

        Raises:
            NotPermittedError: nobody is logged in who may enter patients.
            NoRoomForImagesError: the disk would be filled.
            ImagingError: the medium cannot be read; what was copied is gone on with at the next call.
            Cancelled: somebody stopped it; nothing of this unit is left.
        """
        self._session.require("enter_patient")
        if origin_of(unit) == "copy" or not unit.files or unit.kind == "slide":
            return
        key = key_of(unit)
        if self.keeps(key):
            return
        payload = json.dumps(to_plain(replace(unit, files=())))
        self._vault.keep(
            key, payload, _sources(unit), progress=progress or (lambda _done, _all: None), cancelled=cancelled
        )
        kept = self._vault.find(key)
        size = {"files": kept.files, "bytes": kept.byte_count} if kept is not None else {}
        self._trail.note("copy_images", f"unit:{key}", detail=size)

    def find(self, key: str) -> ReadingUnit | None:
        """Return a unit that reads from its copy; None where there is none, or it is not whole."""
        kept = self._vault.find(key)
        if kept is None or not kept.whole:
            return None
        unit = self._unit(kept)
        return unit if _has_all_files(unit) else None

    def at_hand(self, unit: ReadingUnit, key: str) -> ReadingUnit:
        """Return the unit where its first file is there, else its copy, where one is kept under that key."""
        from imaging.source import size_of

        if origin_of(unit) == "copy" or not unit.files:
            return unit
        try:
            size_of(unit.files[0])
        except FarlightError:
            return self.find(key) or unit
        return unit

    def keeps(self, key: str) -> bool:
        """Whether a whole copy of a unit is kept."""
        return self.find(key) is not None

    def all(self) -> tuple[KeptImages, ...]:
        """Return what is kept, the latest first."""
        return tuple(_told(kept) for kept in self._vault.all())

    def check(self, key: str) -> bool:
        """Whether the copy of a unit is there and what was written; all of it is read.

        Raises:
            RequestError: there is no copy of it.
        """
        kept = self._vault.find(key)
        if kept is None:
            raise RequestError("no copy")
        return self._vault.check(kept.unit_id)

    def _unit(self, kept: KeptUnit) -> ReadingUnit:
        unit = from_plain(ReadingUnit, json.loads(kept.payload))
        folder = self._root / str(kept.unit_id)
        files = tuple(
            folder.joinpath(*PurePosixPath(name).parts) for name in self._vault.relatives(kept.unit_id)
        )
        extras = {**unit.extras, KEPT_AS: kept.unit_key, "folder": str(folder)}
        return replace(unit, files=files, extras=MappingProxyType(extras))

    def _open(self, path: Path) -> BinaryIO | None:
        number, *names = path.relative_to(self._root).parts
        return self._vault.open(int(number), PurePosixPath(*names).as_posix()) if number.isdecimal() else None


def origin_of(unit: ReadingUnit) -> Origin:
    """Return whether a unit reads from the medium it was found on or from the copy kept with the records."""
    return "copy" if KEPT_AS in unit.extras else "medium"


def _has_all_files(unit: ReadingUnit) -> bool:
    """Whether no file is missing at the end: damaged records may have lost some without a gap."""
    return not unit.frames_per_file or len(unit.frames_per_file) == len(unit.files)


def _sources(unit: ReadingUnit) -> tuple[Source, ...]:
    from imaging.source import size_of

    common = Path(unit.extras.get("folder", str(unit.files[0].parent)))
    return tuple(
        Source(
            relative=(
                file.relative_to(common) if file.is_relative_to(common) else Path(f"{number}")
            ).as_posix(),
            byte_count=size_of(file),
            open=partial(_open_listed, unit, file),
        )
        for number, file in enumerate(unit.files)
    )


@contextmanager
def _open_listed(unit: ReadingUnit, file: Path) -> Iterator[BinaryIO]:
    """Open a file to be copied; one that was exchanged since it was listed would be another patient's."""
    from imaging.read import require_listed
    from imaging.source import open_source

    require_listed(unit, file)
    with open_source(file) as stream:
        yield stream
    require_listed(unit, file)


def _told(kept: KeptUnit) -> KeptImages:
    return KeptImages(
        key=kept.unit_key,
        kept_at=datetime.fromisoformat(kept.kept_at),
        files=kept.files,
        byte_count=kept.byte_count,
        whole=kept.whole,
    )
