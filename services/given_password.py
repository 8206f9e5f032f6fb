"""What somebody is told who logs in with a password that an administrator gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.wording import say
from services.staff import Staff
from services.trail import Trail
from store.key_slots import BY_SHEET
from store.people import PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPassword:
    """Who gave it, when, and when somebody last logged in with it before now (None: nobody)."""

    by: str
    at: datetime
    used_at: datetime | None

    @property
    def title(self) -> str:
        """What happened."""
        if self.by == BY_SHEET:
            return say("people.given.title_sheet", at=_time(self.at))
        return say("people.given.title", name=self.by, at=_time(self.at))

    @property
    def hint(self) -> str:
        """What to do, and whether somebody was here with it before."""
        used = say("people.given.used", at=_time(self.used_at)) if self.used_at is not None else ""
        return " ".join(part for part in (used, say("people.given.hint")) if part)


def given_password(staff: Staff, trail: Trail, person: PersonRow) -> GivenPassword | None:
    """Return what is to be said of a password that was given; before this log-in is written down."""
    holder = staff.given_password(person)
    if holder is None:
        return None
    used = trail.last_log_in(person.person_id, since=holder.changed_at)
    return GivenPassword(by=holder.given_by, at=datetime.fromisoformat(holder.changed_at), used_at=used)


def _time(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
