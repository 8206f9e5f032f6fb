"""Reads one two-dimensional image of a reading unit."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from core.errors import Cancelled, ChangedFileError, DamagedImageError, NotAnImageError
from core.image import Image, ReadingUnit
from imaging.source import mark_of, open_source, state_of

_CHUNK_BYTES = 1 << 20


def read_image(unit: ReadingUnit, index: int = 0, cancelled: Callable[[], bool] | None = None) -> Image:
    """Return image ``index`` (0-based, slice then time) of ``unit``.

    Raises:
        Cancelled: ``cancelled`` said so; only slides, which are read in parts, ask.
        ChangedFileError: the file is no longer the one that was listed.
        ImagingError: it cannot be read; the class says why.
    """
    file, frame = locate(unit, index)
    require_listed(unit, file)
    image = _read(unit, file, frame, cancelled)
    if image.ref.sop_instance_uid != _listed_uid(unit, file):
        raise ChangedFileError("another instance")
    require_listed(unit, file)  # it may have been exchanged while it was read
    return image


def require_listed(unit: ReadingUnit, file: Path) -> None:
    """Check that a file is the one that was listed: by its size and time of change, where they are known.

    A stick that was copied, or filled by a device without a clock, may have the same of both: what carries
    no identifier that shows it is looked into as well.

    Raises:
        ChangedFileError: another one has taken its place.
    """
    listed = dict(zip(unit.files, unit.file_states, strict=False)).get(file)
    now = state_of(file) if listed is not None else None
    if now is not None and now != listed:
        raise ChangedFileError("another size or time")
    mark = dict(zip(unit.files, unit.file_marks, strict=False)).get(file)
    if now is not None and mark and mark_of(file) != mark:
        raise ChangedFileError("another content")


def _listed_uid(unit: ReadingUnit, file: Path) -> str | None:
    return dict(zip(unit.files, unit.sop_instance_uids, strict=False)).get(file)


def _read(unit: ReadingUnit, file: Path, frame: int, cancelled: Callable[[], bool] | None) -> Image:
    shown = shown_file(unit, file)
    if unit.kind == "raster":
        from imaging.raster_file import read_raster_image

        return read_raster_image(file, shown, frame)
    if unit.kind == "nifti":
        from imaging.nifti_file import read_nifti_image

        return read_nifti_image(file, shown, frame)
    if unit.kind in ("dicom-image", "dicom-series"):
        from imaging.dicom_image import read_dicom_image

        return read_dicom_image(file, shown, frame)
    if unit.kind == "slide":
        from imaging.slide import read_slide_image

        return read_slide_image(unit, file, shown, cancelled)
    raise NotAnImageError(unit.kind)


def locate(unit: ReadingUnit, index: int) -> tuple[Path, int]:
    """Return the file that holds image ``index`` and the frame in it.

    Raises:
        DamagedImageError: the unit has no such image.
    """
    left = index
    for file, frames in zip(unit.files, unit.frames_per_file or (unit.frames,), strict=True):
        if 0 <= left < frames:
            return file, left
        left -= frames
    raise DamagedImageError("no such image")


def shown_file(unit: ReadingUnit, file: Path) -> str:
    """Return the path of ``file`` as the user gave it: the unit's own, or inside it."""
    if len(unit.files) == 1:
        return unit.path
    common = Path(unit.extras.get("folder", str(file.parent)))
    return str(Path(unit.path) / file.relative_to(common)) if file.is_relative_to(common) else unit.path


def unit_sha256(unit: ReadingUnit, cancelled: Callable[[], bool] | None = None) -> str:
    """Return the SHA-256 of the unit's file; of several, that of their hex digests joined in reading order.

    Raises:
        ImagingError: a file cannot be read any more.
        Cancelled: ``cancelled`` said so.
    """
    digests = []
    for file in unit.files:
        digests.append(_file_sha256(file, cancelled))
        require_listed(unit, file)
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _file_sha256(file: Path, cancelled: Callable[[], bool] | None) -> str:
    digest = hashlib.sha256()
    with open_source(file) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if cancelled is not None and cancelled():
                raise Cancelled
            digest.update(chunk)
    return digest.hexdigest()
