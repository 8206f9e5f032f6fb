"""Where the time comes from, so that reports can be repeated and clocks can be doubted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present time as an aware datetime."""

    def now(self) -> datetime:
        """Return the present time with its offset from UTC."""
        ...


class SystemClock:
    """The computer's own clock, in its local time zone."""

    def now(self) -> datetime:
        """Return the present local time with its offset from UTC."""
        return datetime.now(UTC).astimezone()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedClock:
    """A clock that stands still, for reports that must come out byte for byte the same."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant that was given."""
        return self.instant
