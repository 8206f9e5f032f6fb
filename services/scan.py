"""Find what can be read on a path or a medium: headers only, the first study at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.image import ReadingUnit
from core.result import ErrorRecord
from services.progress import IsCancelled, Progress, Report, never, nobody_listens

if TYPE_CHECKING:
    from imaging.records import Unreadable as FoundUnreadable
    from imaging.scan import ScanProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file or folder that was asked for and could not be read; ``path`` as the user gave it."""

    path: str
    error: ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A stick, card or disc that is plugged in."""

    path: Path
    name: str


def tell_nobody(_passed: Unreadable) -> None:
    """Tell nobody of a file that is no image."""


def scan(
    paths: Sequence[str],
    *,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
    passed_over: Callable[[Unreadable], None] = tell_nobody,
) -> Iterator[ReadingUnit | Unreadable]:
    """Yield reading units and what could not be read, in walk order (natural sort), as they are found.

    Files inside folders that are no images are not yielded; ``passed_over`` is told of each. Records of
    earlier runs inside a folder are left out: their pictures are results, not patients' images.

    Raises:
        Cancelled: the user stopped it.
    """
    from imaging.scan import scan_paths
    from services.output import is_record

    def tell(state: "ScanProgress") -> None:
        progress(Progress(stage="scanning", done=state.files))

    places = [Path(path) for path in paths]
    found = scan_paths(
        places,
        given=paths,
        progress=tell,
        cancelled=cancelled,
        leave_out=is_record,
        passed_over=lambda item: passed_over(_unread(item)),
    )
    for item in found:
        yield item if isinstance(item, ReadingUnit) else _unread(item)


def _unread(item: "FoundUnreadable") -> Unreadable:
    return Unreadable(path=item.path, error=ErrorRecord(code=item.error.code, message=item.error.message))


def list_media() -> tuple[Medium, ...]:
    """Return the sticks, cards and discs that are plugged in now (cheap: call it every two seconds)."""
    from imaging.media import list_media as plugged_in

    return tuple(Medium(path=found.path, name=found.name) for found in plugged_in())
