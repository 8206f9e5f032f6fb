"""The people of a clinic's computer: who may log in, as what, and with which PIN they sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from core.clock import Clock
from core.duty import Duty
from core.errors import NotPermittedError, PasswordGivenError, RequestError
from core.wording import say
from services.key_changes import KeyChanges, Meant
from services.session import Session
from services.trail import Trail
from store.keyring import KeyHolder, KeyRing
from store.people import PeopleStore, PersonRow, PreparedPerson
from store.secret_words import new_code

SHORTEST_PIN, LONGEST_PIN = 4, 12
SHORTEST_PASSWORD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What is asked of somebody who is to work here; who signs has a PIN."""

    name: str
    duty: Duty
    role: str = ""
    registration_number: str = ""
    pin: str = field(default="", repr=False)


class Staff:
    """Enters, changes and takes away the people of one store."""

    def __init__(
        self,
        people: PeopleStore,
        ring: KeyRing,
        *,
        changes: KeyChanges,
        session: Session,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._people, self._ring, self._changes = people, ring, changes
        self._session, self._trail, self._clock = session, trail, clock

    def all(self) -> tuple[PersonRow, ...]:
        """Return everybody who has not left."""
        return self._people.all()

    def add(self, new: NewPerson, password: str) -> PersonRow:
        """Enter a person who logs in with a password.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: a field is empty, or a password or PIN too short; the detail says which.
            ProfileNotWritableError: it could not be kept; nobody was entered.
        """
        me = self._session.require("people")
        require_person(new)
        require_password(password, new.name)
        if any(one.name.casefold() == new.name.strip().casefold() for one in self.all()):
            raise RequestError(say("people.person.same_name"))
        self._changes.ready()
        change = self._ring.with_added(new.name.strip(), password)
        entered = prepare(self._people, new, change.holder_id)
        meant = Meant(act="person_added", by=me, detail={"duty": new.duty}, entered=entered)
        return cast("PersonRow", self._changes.make(change, meant))

    def give_password(self, person_id: int, password: str) -> PersonRow:
        """Give a person a (further) password; a person kept by an early Farlight gets their first.

        One that somebody else gave does for logging in; to sign they choose their own.

        Raises:
            NotPermittedError: it is neither their own nor asked for by an administrator.
            RequestError: it is too short, or the one that was given to them.
        """
        person = self._person(person_id)
        me = self._session.person
        given_by = ""
        if me is None or me.person_id != person_id:
            me = self._session.require("people")
            given_by = me.name
        require_password(password, person.name)
        if (
            not given_by
            and self.given_password(person)
            and self._ring.is_password(person.holder_id, password)
        ):
            raise RequestError(say("people.person.same_password"))
        meant = Meant(act="password_changed", by=me, subject=f"person:{person_id}", detail={}, changed=None)
        self._changes.ready()
        if person.holder_id:
            change = self._ring.with_password(person.holder_id, password, given_by=given_by)
        else:
            change = self._ring.with_added(person.name, password, given_by=given_by)
            meant = replace(meant, changed=replace(person, holder_id=change.holder_id))
        return self._changes.make(change, meant) or person

    def given_password(self, person: PersonRow) -> KeyHolder | None:
        """Return who gave a person the password that they have, and when; None where it is their own."""
        holders = self._ring.holders()
        return next((one for one in holders if one.holder_id == person.holder_id and one.given_by), None)

    def change_own_password(self, old: str, password: str) -> None:
        """Give the person who is logged in another password.

        Raises:
            NotPermittedError: nobody is logged in.
            WrongPasswordError: ``old`` is not their password, or a wait is not over.
            RequestError: the new one will not do.
        """
        person = self._require_self(old)
        self.give_password(person.person_id, password)

    def change_own_pin(self, pin: str, *, password: str) -> None:
        """Give the person who is logged in another PIN; nobody gives one to somebody else.

        Raises:
            NotPermittedError: nobody is logged in.
            WrongPasswordError: it is not their password, or a wait is not over.
            PasswordGivenError: their password is still the one that somebody else gave them.
            RequestError: it is too short, they are an assistant, or have no role to sign in.
        """
        person = self._session.person
        if person is None:
            raise NotPermittedError("pin")
        if person.duty == "assistant":
            raise RequestError(say("services.person.assistant_pin"))
        require_pin(pin)
        if not person.role:
            raise RequestError(say("people.person.no_role"))
        self._require_self(password)
        if self.given_password(person) is not None:
            raise PasswordGivenError
        with self._people.transaction():
            self._people.set_pin(person.person_id, pin)
            self._trail.note("pin_changed", f"person:{person.person_id}")
        self._session.enter(replace(person, signs=True))

    def leave(self, person_id: int) -> None:
        """Take a person away: they log in and sign no more; what they signed stays.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: they are the last administrator.
        """
        me = self._session.require("people")
        person = self._person(person_id)
        others = [one for one in self.all() if one.person_id != person_id and one.holder_id]
        if person.duty == "administrator" and not any(one.duty == "administrator" for one in others):
            raise RequestError(say("services.person.last_administrator"))
        gone = replace(person, holder_id="", left_at=self._clock.now().isoformat())
        meant = Meant(act="person_left", by=me, subject=f"person:{person_id}", detail={}, changed=gone)
        if person.holder_id:
            self._changes.ready()
            self._changes.make(self._ring.without(person.holder_id), meant)
            return
        with self._people.transaction():
            self._people.change(gone)
            self._trail.note("person_left", meant.subject)

    def new_sheet(self, hand_out: Callable[[str], None] = lambda _: None) -> str:
        """Return a new code for the recovery sheet; the earlier sheet opens nothing any more.

        ``hand_out`` is given the code before: where it raises, the earlier sheet stays.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            StoreError: it could not be kept; the earlier sheet stays, and the code that was given is none.
        """
        me = self._session.require("people")
        self._changes.ready()
        code = new_code()
        hand_out(code)
        self._changes.make(self._ring.with_sheet(code), Meant(act="sheet_made", by=me, detail={}))
        return code

    @property
    def key_waits(self) -> bool:
        """Whether the last change stands, and the records have not got their new key yet."""
        return self._ring.turning

    @property
    def sheet_kept(self) -> bool:
        """Whether somebody said that they keep the recovery sheet."""
        return self._ring.sheet_kept

    def confirm_sheet(self) -> None:
        """Remember that somebody keeps the sheet (it was printed, or copied by hand).

        Raises:
            NotPermittedError: who is logged in is no administrator.
        """
        self._session.require("people")
        self._ring.confirm_sheet()

    def _require_self(self, password: str) -> PersonRow:
        """Return who is logged in, if it is they who sit there."""
        person = self._session.person
        if person is None:
            raise NotPermittedError("password")
        self._ring.unlock(person.holder_id, password)
        return person

    def _person(self, person_id: int) -> PersonRow:
        person = self._people.find(person_id)
        if person is None or person.left_at:
            raise RequestError(say("services.person.unknown"))
        return person


def require_person(new: NewPerson) -> None:
    """Check what is said of a person.

    Raises:
        RequestError: the detail says what is missing.
    """
    if not new.name.strip() or (new.pin and not new.role.strip()):
        raise RequestError(say("services.person.empty"))
    if new.pin and new.duty == "assistant":
        raise RequestError(say("services.person.assistant_pin"))
    if new.duty == "clinician" or new.pin:
        require_pin(new.pin)


def require_pin(pin: str) -> None:
    """Check a PIN.

    Raises:
        RequestError: it is no row of four to twelve digits.
    """
    if not SHORTEST_PIN <= len(pin) <= LONGEST_PIN or not pin.isdigit():
        raise RequestError(say("services.person.short_pin"))


def require_password(password: str, name: str) -> None:
    """Check a password: at least eight signs, not the name, not one sign over and over.

    Raises:
        RequestError: the detail says why it will not do.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise RequestError(say("services.person.short_password", least=SHORTEST_PASSWORD))
    if len(set(password)) < 3 or password.casefold() == name.strip().casefold():
        raise RequestError(say("services.person.weak_password"))


def prepare(people: PeopleStore, new: NewPerson, holder_id: str) -> PreparedPerson:
    """Return a person that was checked, ready to be entered."""
    return people.prepare(
        name=new.name.strip(),
        role=new.role.strip(),
        registration_number=new.registration_number.strip(),
        pin=new.pin,
        duty=new.duty,
        holder_id=holder_id,
    )
