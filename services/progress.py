"""How long work tells of itself and how it is stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.errors import Cancelled

Stage = Literal[
    "scanning",
    "loading",
    "reading",
    "looking",
    "explaining",
    "writing",
    "checking",
    "measuring",
    "counting",
    "tiles",
    "copying",
    "verifying",
    "restoring",
    "salvaging",
    "unpacking",
    "trying",
    "rows",
    "keeping",
    "deleting",
    "wiping",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a piece of work is; ``total`` is None while it is unknown.

    ``item`` is the path or name at hand: it may be shown, never logged.
    """

    stage: Stage
    done: int = 0
    total: int | None = None
    item: str = ""


Report = Callable[[Progress], None]
IsCancelled = Callable[[], bool]


def nobody_listens(progress: Progress) -> None:
    """Take a progress report and do nothing with it."""


def never() -> bool:
    """Return that the work is not to be stopped."""
    return False


def stop_if(cancelled: IsCancelled) -> None:
    """Raise where the user has asked to stop.

    Raises:
        Cancelled: the user stopped the work.
    """
    if cancelled():
        raise Cancelled
