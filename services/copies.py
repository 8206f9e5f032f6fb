"""Several copies of one image: which can be read, are damaged or gone, or show another picture."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import Cancelled, ChangedFileError, FarlightError, MediumGoneError, UnreadableFileError
from core.image import Image, ReadingUnit
from services.load import edge_frames, error_record
from services.progress import IsCancelled, never, stop_if
from services.scan import Unreadable

_CHUNK_BYTES = 1 << 20
_LEAST_PREFIX = 1024  # bytes: as much as proves that one file is the beginning of another


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What became of copies: the one to read, and what is to be said of the others.

    ``unit`` is the one that was read so far where no other may take its place. ``damaged`` have what is wrong
    with each; ``gone`` are not there now, or are not the files that were listed. ``others`` can be read and
    may not take the place: they show another picture, or where not ``compared``, nothing was left to compare.
    """

    unit: ReadingUnit
    damaged: tuple[Unreadable, ...] = ()
    gone: tuple[str, ...] = ()
    others: tuple[ReadingUnit, ...] = ()
    compared: bool = True


@dataclass(frozen=True, slots=True)
class _Looked:
    unit: ReadingUnit
    mark: str  # of its first frame; empty where that cannot be decoded
    error: FarlightError | None

    @property
    def is_gone(self) -> bool:
        error = self.error
        if isinstance(error, UnreadableFileError):
            return error.detail == "ENOENT"
        return isinstance(error, MediumGoneError | ChangedFileError)


def pixel_mark(image: Image) -> str:
    """Return what tells the pixels of one picture from those of another."""
    values = image.values
    digest = hashlib.blake2b(f"{values.shape} {values.dtype}".encode(), digest_size=20)
    digest.update(values.tobytes())
    return digest.hexdigest()


def are_twins(units: Sequence[ReadingUnit], *, cancelled: IsCancelled = never) -> bool:
    """Return whether the files of all copies are the same byte for byte, and those that were listed.

    Raises:
        Cancelled: the user stopped it.
    """
    try:
        sizes = {tuple(file.stat().st_size for file in unit.files) for unit in units}
        return len(sizes) == 1 and all(_same_bytes(units[0], unit, cancelled) for unit in units[1:])
    except Cancelled:
        raise
    except (OSError, FarlightError):
        return False


def choose_copy(
    units: Sequence[ReadingUnit], *, seen: str = "", begun: bool = False, cancelled: IsCancelled = never
) -> Choice | None:
    """Decode the first and last frame of each file of each copy; None where no copy can be read.

    The first of ``units`` is the one that was read so far, ``seen`` the mark of its picture where that is
    known. Only a copy that shows the same picture takes its place. Where a reading has ``begun`` and nothing
    is left to compare with, that is only one of which the damaged file is the beginning.

    Raises:
        Cancelled: the user stopped it.
    """
    looked = [_look(unit, cancelled) for unit in units]
    readable = [one for one in looked if one.error is None]
    if not readable:
        return None
    mark = seen or looked[0].mark
    if mark or not begun:
        same = [one for one in readable if one.mark == (mark or readable[0].mark)]
    else:
        same = [one for one in readable if _is_beginning_of(units[0], one.unit)]
    return Choice(
        unit=same[0].unit if same else units[0],
        damaged=tuple(
            Unreadable(path=one.unit.path, error=error_record(one.error))
            for one in looked
            if one.error is not None and not one.is_gone
        ),
        gone=tuple(one.unit.path for one in looked if one.is_gone),
        others=tuple(one.unit for one in readable if one not in same),
        compared=bool(mark) or not begun,
    )


def _look(unit: ReadingUnit, cancelled: IsCancelled) -> _Looked:
    from imaging.read import read_image

    mark = ""
    try:
        for index in edge_frames(unit):
            stop_if(cancelled)
            image = read_image(unit, index)
            mark = mark or pixel_mark(image)
    except Cancelled:
        raise
    except FarlightError as error:
        return _Looked(unit, mark, error)
    return _Looked(unit, mark, None)


def _same_bytes(one: ReadingUnit, other: ReadingUnit, cancelled: IsCancelled) -> bool:
    for part, its in _side_by_side(one, other):
        stop_if(cancelled)
        if part != its:
            return False
    return True


def _is_beginning_of(cut: ReadingUnit, whole: ReadingUnit) -> bool:
    """Return whether each file of a unit is the other's, or was cut out of the beginning of it."""
    read = 0
    try:
        for part, its in _side_by_side(cut, whole):
            read += len(part)
            if not its.startswith(part):
                return False
    except FarlightError:
        return False
    return read >= _LEAST_PREFIX and len(cut.files) == len(whole.files)


def _side_by_side(one: ReadingUnit, other: ReadingUnit) -> Iterator[tuple[bytes, bytes]]:
    """Yield the files of two units piece by piece.

    Raises:
        ImagingError: a file cannot be read, or is not the one that was listed.
    """
    from imaging.read import require_listed
    from imaging.source import open_source

    for mine, its in zip(one.files, other.files, strict=False):
        with ExitStack() as both:
            streams: list[BinaryIO] = []
            for unit, file in ((one, mine), (other, its)):
                require_listed(unit, file)
                streams.append(both.enter_context(open_source(file)))
            while True:
                parts = streams[0].read(_CHUNK_BYTES), streams[1].read(_CHUNK_BYTES)
                if not any(parts):
                    break
                yield parts
