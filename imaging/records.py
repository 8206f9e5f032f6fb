"""What a scan tells besides reading units."""

from dataclasses import dataclass

from core.errors import FarlightError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something that should have been read and could not be; ``path`` is as the user gave it."""

    path: str
    error: FarlightError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanProgress:
    """How far a scan is.

    ``files`` were looked at, ``units`` found, ``skipped`` are no images; ``missing`` are listed by the
    medium's own directory and were not met so far.
    """

    files: int
    units: int
    skipped: int
    missing: int = 0
