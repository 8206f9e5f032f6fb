"""Bring a reading unit into memory: first frame, hash, moving heart; what fails stands in a record."""

import logging
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled, FarlightError
from core.image import CineVolume, Image, ReadingUnit, StudyHeader
from core.patient import Patient
from core.result import ErrorRecord, Source
from services.progress import IsCancelled, never, stop_if
from services.scan import Unreadable
from services.typed_table import is_typed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A reading unit whose pixels are in memory, ready to be looked at; ``error`` says why they are not."""

    unit: ReadingUnit
    sha256: str | None = None
    image: Image | None = None
    grey: NDArray[np.float32] | None = field(default=None, repr=False)
    error: ErrorRecord | None = None
    cine: CineVolume | None = field(default=None, repr=False)
    seconds: float = 0.0


def load(
    unit: ReadingUnit,
    *,
    image: Image | None = None,
    every_file: bool = False,
    cancelled: IsCancelled = never,
) -> Loaded:
    """Return the unit with its first frame decoded and its files hashed; what fails stands in ``error``.

    ``every_file`` decodes the first and last frame of each file, so that a damaged or cut one is noticed.

    Raises:
        Cancelled: the user stopped it.
    """
    from imaging.display import presentation
    from imaging.read import read_image, unit_sha256

    started = time.perf_counter()
    loaded = Loaded(unit=unit)
    if is_typed(unit):
        return loaded
    try:
        loaded = replace(loaded, sha256=unit_sha256(unit, cancelled))
        if unit.kind == "table":
            return loaded
        picture = image or read_image(unit, 0, cancelled)
        loaded = replace(loaded, image=picture, grey=presentation(picture))
        if every_file and unit.cine is not None:
            from imaging.cine_read import read_cine

            return replace(
                loaded,
                cine=read_cine(unit, cancelled=cancelled),
                seconds=time.perf_counter() - started,
            )
        for index in edge_frames(unit)[1:] if every_file else ():
            stop_if(cancelled)
            read_image(unit, index)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one file stands in its own record
        loaded = replace(loaded, error=error_record(error))
    return replace(loaded, seconds=time.perf_counter() - started)


def table_unit(file: Path) -> ReadingUnit:
    """Return a unit that has no image: a patient file by itself, for packs that read tables."""
    return ReadingUnit(
        kind="table", path=str(file), files=(file,), header=StudyHeader(), patient=Patient(), frames=0
    )


def unreadable_unit(found: Unreadable) -> Loaded:
    """Return what was asked for and could not be read, so that it still has its record."""
    file = Path(found.path)
    unit = ReadingUnit(
        kind="raster",
        path=found.path,
        files=(file,) if file.is_file() else (),
        header=StudyHeader(),
        patient=Patient(),
        frames=0,
    )
    return Loaded(unit=unit, error=found.error)


def edge_frames(unit: ReadingUnit) -> tuple[int, ...]:
    """Return the indices of the first and the last frame of each file."""
    edges: list[int] = []
    position = 0
    for frames in unit.frames_per_file or (unit.frames,):
        if unit.kind == "slide" and not frames:
            continue
        edges += {position: None, position + max(frames, 1) - 1: None}
        position += frames
    return tuple(edges)


def error_record(error: BaseException) -> ErrorRecord:
    """Return an error as a record keeps it; the traceback of an unexpected one goes to the log alone."""
    if not isinstance(error, FarlightError):
        # The message of a foreign exception may hold a path, and a path may hold a name: it is left out.
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.error("unexpected %s\n%s", type(error).__name__, frames)
        error = FarlightError()
    return ErrorRecord(code=error.code, message=error.message)


def source_of(loaded: Loaded) -> Source:
    """Return where the images of a loaded unit came from."""
    unit = loaded.unit
    return Source(
        path=unit.path,
        files=len(unit.files),
        sha256=loaded.sha256,
        modality=unit.header.modality,
        study_uid=unit.header.study_uid,
        series_uids=unit.header.series_uids,
        frames=unit.frames,
        typed=is_typed(unit),
    )
