"""Whether the computer's clock can be right: asked about when someone signs, marked on what is made."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.clock import Clock
from core.wording import say
from services.version import BUILD_DATE
from store.signed import SignedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubt:
    """Why the computer's clock cannot be right, as a question to the signer."""

    text: str
    now: datetime
    not_before: datetime


def clock_doubt(clock: Clock, signed: SignedStore) -> ClockDoubt | None:
    """Return a question where the clock is earlier than the build or the last signature, else None."""
    now = clock.now()
    build = datetime.fromisoformat(BUILD_DATE).replace(tzinfo=UTC)
    last = signed.last_signed_at()
    if last is not None and now < datetime.fromisoformat(last):
        return _doubt("before_signature", now, datetime.fromisoformat(last))
    return _doubt("before_build", now, build) if now < build else None


def _doubt(reason: str, now: datetime, other: datetime) -> ClockDoubt:
    text = say(f"services.clock.{reason}", now=f"{now:%Y-%m-%d %H:%M}", other=f"{other:%Y-%m-%d %H:%M}")
    return ClockDoubt(text=text, now=now, not_before=other)
