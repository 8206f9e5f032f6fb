"""Everything the window works with, built once: profile, settings, drafts, signing, papers, analysis."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from core.clock import Clock
from core.errors import KeysReplacedError, NotPermittedError, StoreError
from services.analyze import Analyzer
from services.analyzers import Analyzers
from services.backup import BackupDesk
from services.consent import ConsentDesk
from services.corrections import CorrectionDesk
from services.deletion import DeletionDesk
from services.deletion_plan import DeletionStores
from services.draft_trail import DraftTrail
from services.drafts import DraftKeeper
from services.given_password import GivenPassword, given_password
from services.images import ImageKeeper
from services.kept_settings import KeptSettings
from services.key_changes import KeyChanges, Meant
from services.pack_install import PackDesk
from services.pack_keys import KeyDesk
from services.papers import PaperDesk
from services.prevalence_desk import Asked, PrevalenceDesk
from services.progress import IsCancelled, Report, never, nobody_listens
from services.reading_trail import ReadingTrail
from services.records import RecordDesk
from services.register import RegisterDesk
from services.report_seals import ReportSeals
from services.retention import RetentionDesk
from services.session import Session
from services.sign import SigningDesk
from services.staff import Staff
from services.trail import Trail
from services.trail_check import TrailState, check_trail, name_of
from services.trail_export import export_trail
from services.tuning import Tuner
from services.wrong_guesses import forget_told, guess_sentences, note_wrong_guesses
from store.audit import AuditStore
from store.consents import ConsentStore
from store.database import Database
from store.deletion import DeletionStore
from store.drafts import DraftStore
from store.image_vault import ImageVault
from store.kept_values import KeptValues
from store.key_slots import BY_SHEET
from store.keyring import KeyHolder, KeyRing
from store.pack_folder import PackFolder
from store.pack_rows import PackStore
from store.papers import PaperStore
from store.people import PeopleStore, PersonRow
from store.prevalences import PrevalenceStore
from store.profile import Profile, start_log, stop_log
from store.records import RecordStore
from store.register import RegisterStore
from store.retention import RetentionStore
from store.settings import Value
from store.signed import SignedStore

if TYPE_CHECKING:
    from services.diagnostics import Bundle


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A profile that is ours, and the key that its records are under."""

    profile: Profile
    ring: KeyRing
    key: bytes = field(repr=False)
    clock: Clock


class Workplace:
    """One open profile. Close it at the end, or use it as a context manager."""

    def __init__(self, opened: Opened) -> None:
        """Join the rooms over a profile that was opened (``services.access`` does that).

        Raises:
            StoreMissingError: its database is gone.
            StoreDamagedError: its database is damaged; it is left where it is.
            NewerStoreError: a newer Farlight wrote it.
            ProfileNotWritableError: it cannot be written.
        """
        self._profile = opened.profile
        self._opened = opened
        self._database = Database(opened.profile.database_file, opened.key)
        clock = opened.clock
        self.clock = clock
        self.session = Session()
        people = PeopleStore(self._database, clock, opened.ring.cost)
        audit = AuditStore(self._database, clock, opened.profile.anchor_file)
        self.trail = Trail(audit, self.session, clock)
        self._keys = KeyChanges(
            self._database, opened.ring, people, self.trail, anchor=opened.profile.anchor_file, clock=clock
        )
        self._end_key_change()
        self.trail_state: TrailState | None = None
        self.settings = KeptSettings(
            opened.profile.settings_file, KeptValues(self._database), self.session, self.trail
        )
        self.clock_before = self.trail.last_at() if self.trail.clock_went_back() else None
        self.staff = Staff(
            people, opened.ring, changes=self._keys, session=self.session, trail=self.trail, clock=clock
        )
        draft_trail = DraftTrail(self.trail, clock)
        self.reading = ReadingTrail(self.trail, draft_trail)
        self.drafts = DraftKeeper(DraftStore(self._database), clock, self.session, trail=draft_trail)
        signed = SignedStore(self._database)
        record_store = RecordStore(self._database)
        self.records = RecordDesk(record_store, signed, session=self.session, trail=self.trail, clock=clock)
        self.corrections = CorrectionDesk(
            record_store,
            signed,
            records=self.records,
            drafts=self.drafts,
            session=self.session,
            trail=self.trail,
            clock=clock,
        )
        self.register = RegisterDesk(
            RegisterStore(self._database), record_store, session=self.session, trail=self.trail, clock=clock
        )
        self._build_packs(clock)
        self.signing = SigningDesk(
            people,
            signed,
            clock,
            self.session,
            records=self.records,
            trail=self.trail,
            staff=self.staff,
            keys=self.packs.keys,
        )
        self._seals = ReportSeals(signed, self.trail)
        self.papers = PaperDesk(
            signed,
            PaperStore(self._database),
            clock,
            self.session,
            records=self.records,
            trail=self.trail,
            seals=self._seals,
        )
        self.prevalences = PrevalenceDesk(
            PrevalenceStore(self._database), session=self.session, trail=self.trail, clock=clock
        )
        self.backups = BackupDesk(
            self._database, opened.profile, store_id=opened.ring.store_id, settings=self.settings,
            session=self.session, trail=self.trail, clock=clock,
        )  # fmt: skip
        self.analyzers = Analyzers(
            self.settings, self.packs, self.prevalences, folder=opened.profile.folder, clock=clock
        )
        vault = ImageVault(self._database, clock, opened.profile.image_folder)
        self.images = ImageKeeper(vault, self.settings, self.session, self.trail)
        self.images.start()
        self._build_keeping(vault, record_store, clock)
        self._trouble_noted = False
        self.wrong_guesses: tuple[str, ...] = ()
        self.given_password: GivenPassword | None = None
        self._log: logging.Handler | None = start_log(opened.profile.folder, "window")

    def _build_packs(self, clock: Clock) -> None:
        """Join what is installed of packs from other hands, and end what a power cut interrupted."""
        store, folder = PackStore(self._database), PackFolder(self._profile.folder)
        keys = KeyDesk(store, folder, session=self.session, trail=self.trail, clock=clock)
        self.packs = PackDesk(store, folder, keys, session=self.session, trail=self.trail, clock=clock)
        try:
            self.packs.finish()
        except StoreError as error:  # the records open all the same, and the next start tries again
            _log.warning("a change of packs is not finished yet: %s", error.code)

    def _end_key_change(self) -> None:
        """End what a crash left of a change of the keys; the trail's end is looked at first."""
        try:
            self._keys.end_turn()
        except KeysReplacedError:
            self._database.close()
            raise
        except StoreError as error:  # the records open all the same, and the next start tries again
            _log.warning("a turn of the key is not ended yet: %s", error.code)
        self.trail_trouble = self.trail.check_end()
        try:
            self._keys.settle()
        except StoreError as error:
            _log.warning("a change of the keys is not written down yet: %s", error.code)

    def _build_keeping(self, vault: ImageVault, records: RecordStore, clock: Clock) -> None:
        """Join what is kept of a patient: consent, how long, and deletion."""
        database, ring = self._database, self._opened.ring
        consents, belongings = ConsentStore(database), DeletionStore(database)
        self.consent = ConsentDesk(
            consents, records, belongings, session=self.session, trail=self.trail, clock=clock
        )
        self.retention = RetentionDesk(
            RetentionStore(database), consents, self.settings, session=self.session, clock=clock
        )
        stores = DeletionStores(records=records, belongings=belongings, consents=consents, images=vault)
        self.deletion = DeletionDesk(stores, self.session, self.trail, clock, ring.unlock)
        try:
            self.deletion.finish()
        except StoreError as error:  # the records open all the same, and the next start tries again
            _log.warning("traces of deleted records are not wiped yet: %s", error.code)

    def log_in(self, holder_id: str) -> None:
        """Make a holder of the key the person at the computer.

        ``services.access`` or ``switch`` has asked for the password.

        Raises:
            NotPermittedError: no person has this key (they have left, or the store is another one).
        """
        person = self._person_of(holder_id)
        if self.trail_trouble and not self._trouble_noted:
            found = [name_of(one) for one in self.trail_trouble]
            self.trail.note("trail_checked", detail={"found": found}, by=person)
            self._trouble_noted = True
            self.settings.set("trail.unseen", ", ".join(found))
        self.given_password = given_password(self.staff, self.trail, person)
        with self.trail.together():
            self.trail.note("log_in", f"person:{person.person_id}", by=person)
            told = note_wrong_guesses(self._opened.ring, self.trail, holder_id, person)
        self.session.enter(person)
        forget_told(self._opened.ring, holder_id, told)
        self.wrong_guesses = guess_sentences(told)
        self.reading.resume()
        self.records.adopt()

    def recover(self, holder_id: str, password: str) -> None:
        """Give a holder another password; ``services.access`` has asked for the recovery sheet.

        Whoever held the sheet knows it: nothing is signed with it, and the line names nobody.

        Raises:
            NotPermittedError: no person has this key.
            StoreError: it could not be kept; the old password stays.
        """
        person = self._person_of(holder_id)
        self._keys.ready()
        change = self._opened.ring.with_password(holder_id, password, given_by=BY_SHEET)
        subject = f"person:{person.person_id}"
        self._keys.make(
            change, Meant(act="sheet_used", by=None, subject=subject, detail={"holder": holder_id})
        )

    def _person_of(self, holder_id: str) -> PersonRow:
        person = next((one for one in self.staff.all() if one.holder_id == holder_id), None)
        if person is None:
            raise NotPermittedError("log_in")
        return person

    def check_trail(self, watch: Callable[[int], None] | None = None) -> TrailState:
        """Check the whole audit trail and remember how it stands (seconds for a long one: in the background).

        ``watch`` is told how many lines were looked at, and may end the check by raising.
        """
        self.trail_state = check_trail(self.trail, self.clock, self.trail_trouble, watch, seals=self._seals)
        if self.trail_state.fresh:
            unseen = filter(None, (self.trail_unseen, *self.trail_state.fresh))
            self.settings.set("trail.unseen", ", ".join(unseen))
        return self.trail_state

    def export_trail(
        self, file: Path, *, with_names: bool = False, watch: Callable[[int], None] | None = None
    ) -> int:
        """Write the audit trail into a file; see ``services.trail_export``."""
        return export_trail(
            self.trail,
            file,
            clock=self.clock,
            store_id=self._opened.ring.store_id,
            with_names=with_names,
            watch=watch,
        )

    def holders(self) -> tuple[KeyHolder, ...]:
        """Return who can log in."""
        return self._opened.ring.holders()

    def wait_seconds(self, holder_id: str) -> float:
        """Return how long this person must wait after wrong passwords before the next try; 0 when none."""
        return self._opened.ring.wait_seconds(holder_id)

    def switch(self, holder_id: str, password: str) -> None:
        """Let somebody log in, in place of whoever was (or after the lock).

        Raises:
            WrongPasswordError: it is not their password, or a wait is not over; whoever was logged in stays.
        """
        self._opened.ring.unlock(holder_id, password)
        self.log_in(holder_id)

    @property
    def trail_unseen(self) -> str:
        """What was found wrong with the audit trail and no administrator has seen yet; "" for nothing."""
        return self.settings.text("trail.unseen")

    def see_trail_trouble(self) -> None:
        """Remember that an administrator has seen what was found.

        Raises:
            NotPermittedError: who is logged in is none.
        """
        self.session.require("audit")
        self.trail.note("trail_checked", detail={"seen": self.trail_unseen})
        self.settings.set("trail.unseen", "")

    def accept_clock(self) -> None:
        """Remember that somebody said that the clock is right, although it was later before.

        Raises:
            NotPermittedError: nobody is logged in.
        """
        self.session.require("enter_patient")
        before = self.clock_before
        self.trail.note("clock_accepted", detail={"before": before.isoformat() if before else ""})
        self.clock_before = None

    def set_for_site(self, key: str, value: Value) -> None:
        """Set what holds for everybody here.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            RequestError: the setting does not take this value.
            ProfileNotWritableError: the profile cannot be written.
        """
        self.session.require("settings")
        self.settings.set(key, value)

    def enter_prevalence(self, about: Asked, share: float, source: str) -> None:
        """Keep how common a finding is here; what is analysed from now on says what its score means.

        Raises:
            NotPermittedError, PrevalenceError, StoreError: see ``PrevalenceDesk.enter``.
        """
        self.prevalences.enter(about, share, source)
        self.analyzers.use_prevalences()

    def remove_prevalence(self, about: Asked) -> None:
        """Forget how common a finding is here.

        Raises:
            NotPermittedError, StoreError: see ``PrevalenceDesk.remove``.
        """
        self.prevalences.remove(about)
        self.analyzers.use_prevalences()

    def lock(self) -> None:
        """Log out: the records stay open to the program, and are shown to nobody until somebody logs in."""
        if self.session.person is not None:
            self.trail.note("lock")
            self.session.leave()

    @property
    def folder(self) -> Path:
        """The profile folder."""
        return self._profile.folder

    def analyzer(self) -> Analyzer:
        """Return the one analyzer, built at the first call (heavy: use a background thread)."""
        return self.analyzers.current()

    def tuner(self) -> Tuner:
        """Return what is known of this computer's engines and devices (heavy: use a background thread)."""
        return self.analyzers.tuner()

    def renew_analyzer(self) -> None:
        """Have the next analysis look at the packs anew; one that runs goes on with those that it has."""
        self.analyzers.renew()

    def diagnostics(
        self, *, self_test: bool = False, progress: Report = nobody_listens, cancelled: IsCancelled = never
    ) -> "Bundle":
        """Return what support needs to know, without anything of a patient.

        Raises:
            NotPermittedError: who is logged in may not.
        """
        from services.diagnostics import collect, record_facts

        self.session.require("backup")
        last = self.backups.last_at
        days = None if last is None else (self.clock.now() - last).days
        facts = record_facts(self._database, self.trail, days)
        return collect(self.folder, facts, self_test=self_test, progress=progress, cancelled=cancelled)

    def close(self, *, profile: bool = True) -> None:
        """Close the database, and give the profile back unless somebody else still holds it."""
        if self.session.person is not None:
            try:
                self.trail.note("log_out")
            except StoreError as error:  # a full disk must not keep the window open
                _log.warning("the end of the session could not be written down: %s", error.code)
            self.session.leave()
        self.trail.settle()
        self.analyzers.stop()
        self.images.stop()
        self._database.close()
        if profile:
            self._profile.close()
        if self._log is not None:
            stop_log(self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
