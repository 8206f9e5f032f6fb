"""The door of a profile: nothing is read before somebody opened it with a password or the recovery sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from core.clock import Clock, SystemClock
from core.errors import KeysDamagedError, RequestError, StoreMissingError, WrongPasswordError
from core.wording import say
from services.staff import NewPerson, prepare, require_password, require_person
from store.database import Database
from store.key_turn import opening_key
from store.keyring import KeyHolder, KeyRing
from store.people import PeopleStore
from store.plain_store import encrypt_all, plain_files
from store.profile import Profile
from store.secret_words import COST, Cost
from store.sqlcipher import is_plain
from store.swap import finish_swap

if TYPE_CHECKING:
    from services.workplace import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """A profile that was set up: open, and the code for the recovery sheet, which is nowhere else."""

    workplace: Workplace
    code: str = field(repr=False)


class Access:
    """One profile before it is open. Once a workplace came of it, closing that gives the profile back."""

    def __init__(self, profile: Path | None = None, *, clock: Clock | None = None, cost: Cost = COST) -> None:
        """Take the profile folder (the platform's own where None) and its lock, and read its key ring.

        Raises:
            ProfileInUseError: another window is open on it.
            ProfileNotWritableError: it cannot be written.
            KeysDamagedError: its key file cannot be read, or is gone though there are records.
            NewerStoreError: a newer Farlight wrote it.
            NotReplacedError: restored records wait to be put in their place, and could not be.
        """
        self._profile = Profile(profile)
        self._clock = clock or SystemClock()
        self._given = False
        try:
            finish_swap(self._profile.folder)
            self._ring = KeyRing(self._profile.key_file, self._clock, cost)
            if not self._ring.exists and self._had_a_store():
                raise KeysDamagedError("gone")
        except BaseException:
            self._profile.close()
            raise

    @property
    def folder(self) -> Path:
        """The profile folder."""
        return self._profile.folder

    @property
    def is_new(self) -> bool:
        """Whether nobody has set this profile up."""
        return not self._ring.exists

    @property
    def has_plain_records(self) -> bool:
        """Whether an early Farlight kept records here that are not encrypted yet."""
        return bool(plain_files(self.folder))

    def holders(self) -> tuple[KeyHolder, ...]:
        """Return who can log in."""
        return self._ring.holders()

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long this person must wait after wrong passwords before the next try; 0 when none."""
        return self._ring.wait_seconds(holder_id)

    def set_up(self, first: NewPerson, password: str) -> SetUp:
        """Make the key and the store with its first administrator; encrypts what an early Farlight kept.

        Where it fails, the profile is as new again, or what was plain is still there.

        Raises:
            RequestError: something asked is missing or too short, they are no administrator, or the profile
                is set up already; the detail says which.
            StoreError: it could not be kept.
        """
        if first.duty != "administrator" or not self.is_new:
            raise RequestError(say("services.person.first_administers"))
        require_person(first)
        require_password(password, first.name)
        _key, holder, code = self._ring.create(first.name.strip(), password)
        self._finish_set_up(first, holder)
        workplace = self._workplace()
        self._log_in(workplace, holder.holder_id, first_time=True)
        return SetUp(workplace=workplace, code=code)

    def log_in(self, holder_id: str, password: str) -> Workplace:
        """Open the store for somebody who knows their password.

        Raises:
            WrongPasswordError: it is not their password, or a wait is not over.
            KeysReplacedError: the key file is not the latest one, or was changed by somebody else.
            StoreMissingError, StoreDamagedError, NewerStoreError: see ``Workplace``.
        """
        holder = next((one for one in self.holders() if one.holder_id == holder_id), None)
        if holder is None:
            raise WrongPasswordError
        self._ring.unlock(holder_id, password)
        if not self._ring.founded:
            self._finish_set_up(NewPerson(name=holder.name, duty="administrator"), holder)
        workplace = self._workplace()
        self._log_in(workplace, holder_id)
        return workplace

    def recover(self, code: str, holder_id: str, password: str) -> Workplace:
        """Open the store with the recovery sheet and give somebody a new password.

        Raises:
            WrongPasswordError: it is not the code on the latest sheet (``detail`` "slip" where it is
            mistyped). RequestError: the new password will not do. StoreError: the store does not open, or the
            password could not be kept; nothing has changed.
        """
        name = next((one.name for one in self.holders() if one.holder_id == holder_id), "")
        require_password(password, name)
        self._ring.unlock_with_sheet(code)
        workplace = self._workplace()
        self._log_in(workplace, holder_id, recovered=password)
        return workplace

    def close(self) -> None:
        """Give the profile back where no workplace came of it."""
        if not self._given:
            self._profile.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _had_a_store(self) -> bool:
        """Whether something lies here that only a store leaves."""
        file, images = self._profile.database_file, self._profile.image_folder
        encrypted = file.exists() and file.stat().st_size > 0 and not is_plain(file)
        return encrypted or self._profile.anchor_file.exists() or (images.is_dir() and any(images.iterdir()))

    def _finish_set_up(self, first: NewPerson, holder: KeyHolder) -> None:
        """Make of a profile that has a key one that has a store and a first person; again after a crash.

        Raises:
            StoreMissingError: a store was here before, so an empty one must not take its place.
        """
        key = self._ring.keys()[0]
        encrypt_all(self.folder, key)
        file = self._profile.database_file
        is_new = not file.exists()
        if is_new and (self._had_a_store() or len(self.holders()) != 1):
            raise StoreMissingError(file.name)
        database = Database(file, key, new=is_new)
        try:
            people = PeopleStore(database, self._clock, self._ring.cost)
            if not any(one.holder_id for one in people.all()):
                people.enter(prepare(people, first, holder.holder_id))
        finally:
            database.close()
        self._ring.found()

    def _workplace(self) -> Workplace:
        from services.workplace import Opened, Workplace  # heavy: a log-in screen stands before it is needed

        file, anchor = self._profile.database_file, self._profile.anchor_file
        key = opening_key(file, anchor, self._ring.keys())
        return Workplace(Opened(profile=self._profile, ring=self._ring, key=key, clock=self._clock))

    def _log_in(
        self, workplace: Workplace, holder_id: str, *, first_time: bool = False, recovered: str = ""
    ) -> None:
        """Log in at a workplace just opened, which is closed again where that fails."""
        try:
            if recovered:
                workplace.recover(holder_id, recovered)
            workplace.log_in(holder_id)
            if first_time:
                workplace.trail.note("set_up", detail={"store": self._ring.store_id})
        except BaseException:
            workplace.close(profile=False)  # it stays ours: whoever logs in may try again
            raise
        self._given = True
