"""Opens a profile for a test as somebody who set it up would: with a password, at a low cost of guessing."""

from pathlib import Path

from core.clock import Clock, SystemClock
from core.duty import Duty
from services.access import Access
from services.staff import NewPerson
from services.workplace import Workplace
from store.keyring import KeyRing
from store.people import PersonRow
from store.secret_words import Cost
from store.sqlcipher import connect, dbapi

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
ADMINISTRATOR = "Dr. M. Achieng"
PASSWORD = "maize and beans"


def open_workplace(profile: Path, *, clock: Clock | None = None) -> Workplace:
    """Return the profile open for its administrator, who does not sign; it is set up where it is new."""
    access = Access(profile, clock=clock, cost=CHEAP)
    try:
        if not access.is_new:
            return access.log_in(access.holders()[0].holder_id, PASSWORD)
        made = access.set_up(NewPerson(name=ADMINISTRATOR, duty="administrator"), PASSWORD)
    except BaseException:
        access.close()
        raise
    made.workplace.staff.confirm_sheet()
    return made.workplace


def key_of_store(profile: Path) -> bytes:
    """Return the key of a profile that was set up."""
    ring = KeyRing(profile / "keys.json", SystemClock())
    return ring.unlock(ring.holders()[0].holder_id, PASSWORD)


def raw_database(profile: Path) -> dbapi.Connection:
    """Return the profile's database as a stranger with the key would open it; the program must be closed."""
    return connect(profile / "farlight.db", key_of_store(profile))


def enter_signer(
    workplace: Workplace,
    *,
    name: str,
    role: str,
    registration_number: str,
    pin: str,
    duty: Duty = "clinician",
) -> PersonRow:
    """Enter somebody who signs, as the administrator who is logged in would; their password is PASSWORD."""
    new = NewPerson(name=name, duty=duty, role=role, registration_number=registration_number, pin=pin)
    return workplace.staff.add(new, PASSWORD)
