"""Several copies of one image on a medium: which of them can be read, and which are damaged."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Cancelled, FarlightError
from core.image import ReadingUnit
from services.analyze import edge_frames, error_record
from services.progress import IsCancelled, never, stop_if
from services.scan import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The copy to read, the first that can be, and the damaged ones with what is wrong with each."""

    unit: ReadingUnit
    damaged: tuple[Unreadable, ...] = ()


def look_alike(units: Sequence[ReadingUnit]) -> bool:
    """Return whether all copies have files of the same sizes: a copy that was cut short is smaller."""
    try:
        sizes = {tuple(file.stat().st_size for file in unit.files) for unit in units}
    except OSError:
        return False
    return len(sizes) == 1


def choose_copy(units: Sequence[ReadingUnit], *, cancelled: IsCancelled = never) -> Choice | None:
    """Decode the first and last frame of each file of each copy; None where no copy can be read.

    Raises:
        Cancelled: the user stopped it.
    """
    readable: ReadingUnit | None = None
    damaged = []
    for unit in units:
        error = _error_of(unit, cancelled)
        if error is not None:
            damaged.append(Unreadable(path=unit.path, error=error_record(error)))
        elif readable is None:
            readable = unit
    return None if readable is None else Choice(unit=readable, damaged=tuple(damaged))


def _error_of(unit: ReadingUnit, cancelled: IsCancelled) -> FarlightError | None:
    from imaging.read import read_image

    try:
        for index in edge_frames(unit):
            stop_if(cancelled)
            read_image(unit, index)
    except Cancelled:
        raise
    except FarlightError as error:
        return error
    return None
